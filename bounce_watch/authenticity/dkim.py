"""Our own check of a mail's DKIM signatures (RFC 6376), on exact octets; DNS only through the resolver argument.

dkimpy computes; the rules around it are ours, because it takes what a mailbox must not: several From fields
and bare line ends that our parser reads otherwise, `l=` that leaves text uncovered, keys for tests, fields of
any size. See docs/decisions/0014-own-dkim.md.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bounce_watch.authenticity.dkim_mail import COVERED, StrictMail, canonical_body, strict_mail
from bounce_watch.errors import SettingsError
from bounce_watch.records.mail import Message, RawMessage

Resolver = Callable[[str], bytes | None]
"""The TXT record of a name (its strings joined), None when there is none; OSError when DNS gives no answer."""

SIGNATURES = 5
FAILURES = 2
"""Signatures whose mathematics may fail before we look no further; signing twice is normal, by two kinds of key."""

LOOKUPS = 3
"""Distinct names that one mail can make us ask for."""

SIGNATURE_OCTETS = 4 * 1024
SIGNED_NAMES = 100
RECORD_OCTETS = 1024
"""A key of 4096 bits takes 736 of them."""

KEY_BITS = range(1024, 4097)
"""RFC 8301, 3.2: keys below 1024 bits prove nothing; beyond 4096 they only cost time."""

_NAME = re.compile(r"(?=.{3,180}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
_SELECTOR = re.compile(
    r"(?=.{1,60}\Z)[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*"
)
_LONG_SPACE = re.compile(rb"\s{25}")
"""dkimpy looks for b= by an expression that is slow on long white space."""

_TROUBLE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What a resolver, or dkimpy on odd octets, was seen to raise; none of it says anything of the mail."""

_LOG = logging.getLogger("dkimpy")  # it writes what mails say
_LOG.addHandler(logging.NullHandler())
_LOG.propagate = False


class DkimResult(StrEnum):
    """PASS, FAIL: the mathematics. NONE: no usable key. TEMPORARY: DNS gave no answer. POLICY: not accepted."""

    PASS = "pass"  # noqa: S105  (no password)
    FAIL = "fail"
    NONE = "none"
    TEMPORARY = "temporary"
    POLICY = "policy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One DKIM-Signature and what became of it; domain and selector are empty when it can't be read."""

    domain: str
    selector: str
    result: DkimResult
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fields:
    """The tags of a signature that we look at, checked for form."""

    domain: str
    selector: str
    tags: Mapping[bytes, bytes]

    @property
    def signed(self) -> list[str]:
        names = re.split(rb"\s*:\s*", self.tags[b"h"])
        return [name.decode("latin-1").lower() for name in names]

    @property
    def relaxed_body(self) -> bool:
        return self.tags.get(b"c", b"").endswith(b"/relaxed")

    @property
    def identity_domain(self) -> str:
        identity = self.tags.get(b"i", b"@" + self.domain.encode())
        return identity.decode("latin-1").rpartition("@")[2].lower()


def require_library() -> None:
    """SettingsError when dkimpy is not installed; to be called before the first mail is read."""
    try:
        _library()
    except (ImportError, RuntimeError) as error:  # dkimpy raises the second where it finds no DNS library
        raise SettingsError(
            "own_dkim = true needs the package dkimpy, which is not installed.",
            "Install bounce-watch with the extra dkim, or set own_dkim = false.",
        ) from error


def check_signatures(
    raw: RawMessage, message: Message, *, domains: Collection[str], resolver: Resolver
) -> tuple[Signature, ...]:
    """The DKIM signatures of `raw`, topmost first, up to the first that passes; empty when none can be checked.

    `message` is `raw` parsed. Nothing is checked unless the octets are exact and whole and the From domain is
    one of `domains`. The resolver is asked for keys of the From domain and of names below it, of nobody else:
    any other name would be the sender's choice. It may raise anything that the standard library does.
    """
    if not raw.exact or raw.cut or message.cut or message.from_domain not in domains:
        return ()
    mail = strict_mail(raw.octets)
    if mail is None:
        return ()
    keys, checked = _Keys(resolver), list[Signature]()
    values = [value for name, value in mail.fields if name == "dkim-signature"]
    for index, value in enumerate(values[:SIGNATURES]):
        checked.append(_check(mail, index, value, message.from_domain or "", keys))
        results = [signature.result for signature in checked]
        if DkimResult.PASS in results or results.count(DkimResult.FAIL) == FAILURES:
            break
    return tuple(checked)


def aligned(signing_domain: str, domain: str) -> bool:
    """Relaxed alignment (RFC 7489, 3.1.1); the From domain is one of Amazon's organisational domains."""
    name = signing_domain.rstrip(".")
    return bool(domain) and (name == domain or name.endswith("." + domain))


class _Keys:
    """Key records of one mail, each asked for once."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._known = dict[str, bytes | OSError | None]()

    def record(self, name: str) -> bytes | None:
        """The record, or None; OSError when DNS gave no answer or too many names were asked for."""
        if name not in self._known and len(self._known) < LOOKUPS:
            self._known[name] = self._ask(name)
        known = self._known.get(name, OSError("too many names"))
        if isinstance(known, OSError):
            raise known
        return known

    def _ask(self, name: str) -> bytes | OSError | None:
        try:
            return self._resolver(name)
        except _TROUBLE as error:
            return OSError(type(error).__name__)


def _library() -> Any:  # noqa: ANN401  (dkimpy has no types)
    import dkim

    return dkim


def _check(mail: StrictMail, index: int, value: bytes, domain: str, keys: _Keys) -> Signature:
    fields = _read(value)
    if fields is None:
        return Signature(domain="", selector="", result=DkimResult.POLICY, reason="it is malformed")
    result, reason = DkimResult.POLICY, "it is not of the From domain"
    if aligned(fields.domain, domain):
        result, reason = _checked(mail, index, fields, keys)
    return Signature(domain=fields.domain, selector=fields.selector, result=result, reason=reason)


def _read(value: bytes) -> _Fields | None:
    """The tags of a signature; None when they break a rule of form, or are larger than any real signature's."""
    if len(value) > SIGNATURE_OCTETS or _LONG_SPACE.search(value):
        return None
    try:
        tags = _library().util.parse_tag_value(value)
        domain, selector = (tags[tag].decode("ascii").lower() for tag in (b"d", b"s"))
    except (*_TROUBLE, _library().util.InvalidTagValueList):
        return None
    if not _NAME.fullmatch(domain) or not _SELECTOR.fullmatch(selector) or b"h" not in tags:
        return None
    return _Fields(domain=domain, selector=selector, tags=tags)


def _checked(mail: StrictMail, index: int, fields: _Fields, keys: _Keys) -> tuple[DkimResult, str]:
    """Rules first, then DNS, then the key, then the mathematics: the dear steps last."""
    body = canonical_body(mail.body, relaxed=fields.relaxed_body)
    signer = _library().DKIM(mail.head, logger=_LOG, minkey=KEY_BITS.start)
    signer.body = body
    if reason := _refused(mail, fields, body) or _malformed(signer, index):
        return DkimResult.POLICY, reason
    try:
        record = keys.record(f"{fields.selector}._domainkey.{fields.domain}")
    except OSError:
        return DkimResult.TEMPORARY, "DNS gave no answer about its key"
    if record is None or (facts := _key(record)) is None:
        return DkimResult.NONE, "there is no usable key for it"
    if reason := _key_refused(facts, fields):
        return DkimResult.POLICY, reason
    return _verified(signer, index, record)


def _refused(mail: StrictMail, fields: _Fields, body: bytes) -> str | None:
    """Why a signature is not accepted whatever its key says, or None."""
    if fields.tags.get(b"a") not in {b"rsa-sha256", b"ed25519-sha256"}:  # RFC 8301, 3.1: no SHA-1
        return "its algorithm is not accepted"
    signed = fields.signed
    present = {name for name, _ in mail.fields}
    if open_fields := [name for name in COVERED if name in present and name not in signed]:
        return f"it leaves the field {open_fields[0]} unsigned"
    if len(signed) > SIGNED_NAMES:
        return "it signs too many fields"
    if b"l" in fields.tags and fields.tags[b"l"] != str(len(body)).encode():
        return "it does not cover the whole body"
    return None


def _malformed(signer: Any, index: int) -> str | None:  # noqa: ANN401  (dkimpy has no types)
    """What dkimpy has against the tags before any key is known, or None."""
    try:
        signer.verify_headerprep(index)
    except (*_TROUBLE, _library().DKIMException):
        return "its tags are malformed, or it has expired"
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class _KeyFacts:
    """What a key record says: kind, length, and its tags."""

    kind: bytes
    bits: int
    tags: Mapping[bytes, bytes]

    def words(self, tag: bytes) -> set[bytes]:
        return {word.strip().lower() for word in self.tags.get(tag, b"").split(b":")} - {b""}


def _key(record: bytes) -> _KeyFacts | None:
    """The facts of a key record; None when it is absent, revoked, no record or too large to be one."""
    if len(record) > RECORD_OCTETS:
        return None
    try:
        tags = _library().util.parse_tag_value(record)
        _, bits, kind, _ = _library().evaluate_pk("", record)
    except (*_TROUBLE, _library().DKIMException, _library().util.InvalidTagValueList):
        return None
    return _KeyFacts(kind=kind, bits=bits, tags=tags) if kind else None  # none: it is not for mail


def _key_refused(key: _KeyFacts, fields: _Fields) -> str | None:
    """Why a key is not accepted (RFC 6376, 3.6.1), or None; dkimpy asks none of these but the length."""
    tests = {
        f"its key has {key.bits} bits": key.kind == b"rsa" and key.bits not in KEY_BITS,
        "its key is of another kind": not fields.tags[b"a"].startswith(key.kind),
        "its key is not for mail": bool(key.words(b"s")) and not key.words(b"s") & {b"*", b"email"},
        "its key is for another algorithm": bool(key.words(b"h")) and b"sha256" not in key.words(b"h"),
        "its key is for tests only": b"y" in key.words(b"t"),
        "its key is not for names below it": b"s" in key.words(b"t")
        and fields.identity_domain != fields.domain,
    }
    return next((reason for reason, applies in tests.items() if applies), None)


def _verified(signer: Any, index: int, record: bytes) -> tuple[DkimResult, str]:  # noqa: ANN401  (as above)
    try:
        valid = signer.verify(index, dnsfunc=lambda _name, **_: record)
    except _library().ValidationError:
        return DkimResult.FAIL, "the body was changed"
    except (*_TROUBLE, _library().DKIMException):
        return DkimResult.POLICY, "the library can't check it"
    return (DkimResult.PASS, "it is valid") if valid else (DkimResult.FAIL, "a signed field was changed")
