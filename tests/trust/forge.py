"""A seeded generator of forgeries, and of genuine notices in the header styles of providers.

A forgery is what a stranger can bring about: any From, any text, any field below the line by which our
receiver took the mail in; above it stands only what a receiver truthfully writes about such a mail.
Receivers take out fields under their own id (RFC 8601, 5) unless a table says by its name that a field
stands below one of ours: then what ours says has to be enough.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from bounce_watch.authenticity.judge import counts
from bounce_watch.examine import examine
from bounce_watch.notices.catalogue import Catalogue, load_catalogue
from bounce_watch.records.account import Account, RequireProof, Trust
from bounce_watch.records.mail import MessageRef, RawMessage
from bounce_watch.records.notice import Finding, Notice, NoticeKind

from .letters import LETTERS, Letter, octets, order_id
from .providers import STAMP, STYLES, Found, Style, fastmail, genuine, gmail, gmx, microsoft

US = "mx.seller.example"
EVIL = "evil.example"
CATALOGUE: Catalogue = load_catalogue()

AMAZON = tuple(
    f"amazon.{tld}" for tld in "com co.uk de co.jp it fr com.au ca es nl".split()
)  # the forger can't pass for these
OWNED = (
    "amazon.com.evil.example", "evil-amazon.com", "notamazon.com", "amaz0n.com", "аmazon.com", "xn--mazon-3ve.com",
    "amazon.com.", "amazonses.com", "amazon.cm", "amazon.con", "amazon.co", "amazon.example", "amazon-seller.com",
)  # fmt: skip
"""Look-alikes that may be the forger's own, so that they pass for themselves."""

OTHERS_OF_AMAZON = ("marketplace.amazon.com", "mail.amazon.com")
DOMAINS = (*AMAZON, *OTHERS_OF_AMAZON, *OWNED)

NOTICE = "auto-communication"
FROM_FORMS: dict[str, str] = {
    "bare": "From: auto-communication@{d}",
    "name": 'From: "Amazon" <auto-communication@{d}>',
    "upper case": "From: <AUTO-COMMUNICATION@{d}>",
    "encoded name": "From: =?utf-8?q?Amazon?= <auto-communication@{d}>",
    "comment behind": "From: auto-communication@{d} (Amazon)",
    "folded": 'From:\r\n "Amazon"\r\n <auto-communication@{d}>',
    "address as name": 'From: "auto-communication@{d}" <x@evil.example>',
    "address as bare name": "From: auto-communication@{d} <x@evil.example>",
    "encoded address as name": "From: =?utf-8?q?auto-communication=40{d}?= <x@evil.example>",
    "address in a comment": "From: x@evil.example (auto-communication@{d})",
    "two fields": "From: auto-communication@{d}\r\nFrom: x@evil.example",
    "two fields, other first": "From: x@evil.example\r\nFrom: auto-communication@{d}",
    "two mailboxes": "From: auto-communication@{d}, x@evil.example",
    "two in brackets": "From: <auto-communication@{d}> <x@evil.example>",
    "group": "From: Amazon: auto-communication@{d};",
    "route": "From: <@evil.example:auto-communication@{d}>",
    "two at signs": "From: auto-communication@{d}@evil.example",
    "quoted local part": 'From: "auto-communication@{d}"@evil.example',
    "NUL": "From: auto-communication@{d}\x00.evil.example",
    "Sender only": "Sender: auto-communication@{d}",
}  # fmt: skip

_BORDER = f"from out.{EVIL} (out.{EVIL} [203.0.113.9]) by {US} (Postfix) with ESMTPS id 6FFN8N3"
_PASS = "dmarc=pass header.from={d}"
_SIGNED = "dkim=pass header.d={d}"

_AT_OURS = {
    # what our receiver says, above or below its line; {v} is pass for a domain of the forger's own, else fail
    "dmarc above": f"A {US}; dmarc={{v}} header.from={{d}}\n>",
    "dmarc below": f">\nA {US}; dmarc={{v}} header.from={{d}}",
    "spf alone": f">\nA {US}; spf=fail smtp.mailfrom={EVIL}",
    "nothing but none": f">\nA {US}; dkim=none; spf=softfail; dmarc=none",
    "temperror": f">\nA {US}; dmarc=temperror header.from={{d}}; dkim=temperror header.d={{d}}",
    "permerror": f">\nA {US}; dmarc=permerror header.from={{d}}",
    "no field": ">",
    "no result": f">\nA {US}; none",
    "SES with dmarc": f">\nA {US}; dkim=pass header.d=amazonses.com; dmarc={{v}} header.from={{d}}",
    "SES alone": f">\nA {US}; dkim=pass header.d=amazonses.com; spf=pass smtp.mailfrom=eu-west-1.amazonses.com",
    "own signature": f">\nA {US}; dkim=pass header.d={EVIL}; spf=pass smtp.mailfrom={EVIL}",
    "broken signature": f">\nA {US}; dkim=fail header.d={{d}}; dkim=pass header.d={EVIL}",
    # ours stands above the line, the forger's under our id below it
    "spf above, dmarc injected": f"A {US}; spf=pass smtp.mailfrom={EVIL}\n>\nA {US}; {_PASS}",
    "spf above, dkim injected": f"A {US}; spf=pass smtp.mailfrom={EVIL}\n>\nA {US}; {_SIGNED}",
    "dkim above, dmarc injected": f"A {US}; dkim=pass header.d={EVIL}\n>\nA {US}; {_PASS}",
    "dkim above, dkim injected": f"A {US}; dkim=pass header.d={EVIL}\n>\nA {US}; {_SIGNED}",
    "none above, dmarc injected": f"A {US}; none\n>\nA {US}; {_PASS}",
    "none above, dkim injected": f"A {US}; none\n>\nA {US}; {_SIGNED}",
    "dmarc=none above, dmarc injected": f"A {US}; dmarc=none\n>\nA {US}; {_PASS}",
    "dmarc above, everything injected": f"A {US}; dmarc={{v}} header.from={{d}}\n>\nA {US}; {_PASS}; {_SIGNED}",
    # ours stands below the line, the forger's directly below it
    "dmarc, then injected": f">\nA {US}; dmarc={{v}} header.from={{d}}\nA {US}; {_PASS}",
    "dmarc, then injected thrice": f">\nA {US}; dmarc={{v}} header.from={{d}}\nA {US}; {_PASS}\nA {US}; {_SIGNED}\nA {US}; {_PASS}",
    "nothing passed, then injected": f">\nA {US}; dkim=none; spf=fail smtp.mailfrom={EVIL}\nA {US}; {_PASS}",
    "unsigned, then injected": f">\nA {US}; dkim=none\nA {US}; {_SIGNED}",
    "dmarc=none, then injected": f">\nA {US}; dmarc=none\nA {US}; {_PASS}",
    "softfail, then injected": f">\nA {US}; spf=softfail smtp.mailfrom={EVIL}\nA {US}; {_PASS}",
    # ids and names that are not ours
    "id with a prefix": f">\nA x{US}; {_PASS}",
    "id with a suffix": f">\nA {US}.{EVIL}; {_PASS}",
    "id in a comment": f">\nA mx.{EVIL} ({US}); {_PASS}",
    "id in the version's place": f">\nA mx.{EVIL} {US}; {_PASS}",
    "id with a space in quotes": f'>\nA "{US} "; {_PASS}',
    "id in another alphabet": f">\nA {US.replace('x', 'х')}; {_PASS}",
    "no id": f">\nA {_PASS}; {_SIGNED}",
    "the word microsoft": f">\nA microsoft; {_PASS}",
    "similar fields": f"X-Authentication-Results: {US}; {_PASS}\n>\nAuthentication-Results-Original: {US}; {_PASS}",
    "ARC": f">\nARC-Authentication-Results: i=1; {US}; {_PASS}\nA {US}; arc=pass",
    # hops that the forger feigns, or a peer that calls itself ours
    "feigned hop": f">\nR from {US} by {US}\nA {US}; {_PASS}",
    "feigned local hop": f">\nR by {US}\nA {US}; {_PASS}",
    "foreign hop": f">\nR from build.{EVIL} by relay.{EVIL}\nA {US}; {_PASS}",
    "feigned local host": f">\nR from localhost by build.internal\nA {US}; {_PASS}",
    "HELO is ours": f"A {US}; spf=pass smtp.mailfrom={EVIL}\nR from {US} (unknown [8.8.8.8]) by {US}\nA {US}; {_PASS}",
    "HELO is ours, qmail": f"A {US}; spf=pass\nR from unknown (HELO {US}) (8.8.8.8) by {US} with SMTP\nA {US}; {_PASS}",
    "HELO is ours, Exim, IPv6": f"A {US}; spf=pass\nR from [2a00:1450::1] (helo={US}) by {US} with esmtp\nA {US}; {_PASS}",
    "looked-up name may be forged": f"A {US}; spf=pass\nR from {US} ({US} [8.8.8.8] (may be forged)) by {US}\nA {US}; {_PASS}",
    # text of the forger's inside our field
    "in a comment": f">\nA {US}; spf=pass (domain of ; {_PASS}) smtp.mailfrom={EVIL}",
    "in a quoted local part": f'>\nA {US}; spf=pass smtp.mailfrom="; {_PASS}"@{EVIL}',
    "in a signer's identity": f'>\nA {US}; dkim=pass header.i="x@{{d}}"@{EVIL}',
    "in nested comments": f">\nA {US}; dmarc={{v}} (a (b) ; {_PASS}) header.from={{d}}",
    "behind an escaped quote": f'>\nA {US}; spf=none smtp.mailfrom="\\"; {_PASS}"@{EVIL}',
    "comment never ends": f">\nA {US}; {_PASS} (",
    "in a reason": f'>\nA {US}; dkim=fail reason="; {_SIGNED}" header.d={{d}}',
    "in a HELO name": f'>\nA {US}; spf=pass smtp.mailfrom={EVIL} smtp.helo="a; {_SIGNED}"',
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The fields on top of a forgery, and what has to be in `authserv_ids` where it arrives."""

    authserv_ids: tuple[str, ...]
    write: Callable[[str, Random], list[str]]


def is_owned(domain: str) -> bool:
    return domain in OWNED


def _written(text: str) -> Callable[[str, Random], list[str]]:
    def write(domain: str, _: Random) -> list[str]:
        return [_line(line, domain) for line in text.split("\n")]

    return write


def _line(line: str, domain: str) -> str:
    line = line.replace("{d}", domain).replace("{v}", "pass" if is_owned(domain) else "fail")
    kind, _, rest = line.partition(" ")
    if kind == ">":
        return f"Received: {_BORDER};\r\n {STAMP}"
    if kind == "R":
        return f"Received: {rest};\r\n {STAMP}"
    return f"Authentication-Results: {rest}" if kind == "A" else line


def _at(style: Style, injected: str) -> Callable[[str, Random], list[str]]:
    """A provider's receiver, which checks DMARC for every domain, and a field of the forger's below."""

    def write(domain: str, random: Random) -> list[str]:
        number = random.randrange(1, 255)
        found = Found(
            dkim=(("pass", EVIL),) if random.random() < 0.5 else (),
            spf=("pass", EVIL),
            dmarc=("pass" if is_owned(domain) else "fail", domain),
            host=f"host{number}.{EVIL}",
            address=f"203.0.113.{number}",
        )
        return [*style(found, random), "Authentication-Results: " + injected.replace("{d}", domain)]

    return write


TABLES: dict[str, Table] = {
    **{
        name: Table(authserv_ids=(US, "microsoft") if number % 3 == 0 else (US,), write=_written(text))
        for number, (name, text) in enumerate(_AT_OURS.items())
    },
    "Gmail, its id": Table(authserv_ids=("mx.google.com",), write=_at(gmail, f"mx.google.com; {_PASS}")),
    "Gmail, suffix": Table(
        authserv_ids=("mx.google.com",), write=_at(gmail, f"mx.google.com.{EVIL}; {_PASS}")
    ),
    "Microsoft, no id": Table(authserv_ids=("microsoft",), write=_at(microsoft, f"{_PASS}; {_SIGNED}")),
    "Microsoft, the word": Table(authserv_ids=("microsoft",), write=_at(microsoft, f"microsoft; {_PASS}")),
    "Fastmail, a host": Table(
        authserv_ids=("*.messagingengine.com",), write=_at(fastmail, f"mx1.messagingengine.com; {_PASS}")
    ),
    "Fastmail, suffix": Table(
        authserv_ids=("*.messagingengine.com",),
        write=_at(fastmail, f"mx1.messagingengine.com.{EVIL}; {_PASS}"),
    ),
    "GMX, its id": Table(authserv_ids=("gmx.net",), write=_at(gmx, "gmx.net; dkim=pass header.i=@{d}")),
    "GMX, quoted": Table(authserv_ids=("gmx.net",), write=_at(gmx, 'gmx.net; dkim=pass header.i="@{d}"')),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A made mail: its octets, for which settings, how it was made, its order, and what its Message-ID holds."""

    octets: bytes
    authserv_ids: tuple[str, ...]
    how: str
    order: str
    unique: str


def forgeries(seed: int, count: int) -> Iterator[Made]:
    """Forgeries without end to their variety: every table in turn, all else by the seed."""
    random = Random(seed)
    tables = list(TABLES.items())
    for number in range(count):
        name, table = tables[number % len(tables)]
        domain = random.choice(AMAZON if random.random() < 0.5 else DOMAINS)
        form = random.choice(list(FROM_FORMS)[:6] if random.random() < 0.5 else list(FROM_FORMS))
        letter = random.choice(list(LETTERS))
        yield forgery(
            random, table, domain, form, LETTERS[letter], how=f"{name} / {domain} / {form} / {letter}"
        )


def forgery(
    random: Random, table: Table, domain: str, form: str, letter: Letter, *, how: str, unique: str = ""
) -> Made:
    order, unique = order_id(random), unique or f"{random.getrandbits(64):016x}"
    senders = FROM_FORMS[form].replace("{d}", domain).split("\r\nFrom")
    lines = [senders[0], *(f"From{rest}" for rest in senders[1:])]
    made = octets(table.write(domain, random), lines, letter, order=order, unique=unique)
    return Made(octets=made, authserv_ids=table.authserv_ids, how=how, order=order, unique=unique)


def genuines(seed: int, count: int) -> Iterator[Made]:
    """Genuine notices, every provider's style in turn."""
    random = Random(seed)
    for number in range(count):
        yield genuine_notice(random, list(STYLES)[number % len(STYLES)])


def genuine_notice(random: Random, style_name: str) -> Made:
    """A notice as Amazon sends it; what stood in Amazon's own house before it left is below our fields."""
    style, authserv_id = STYLES[style_name]
    domain, name = random.choice(AMAZON), random.choice(list(LETTERS))
    order, unique = order_id(random), f"{random.getrandbits(64):016x}"
    trace = style(genuine(domain, random), random)
    if random.random() < 0.3:
        trace.append(
            f"Received: from build.internal (build.internal [10.0.0.7]) by relay.amazon.com; {STAMP}"
        )
        trace.append("Authentication-Results: relay.amazon.com; auth=pass smtp.auth=notices")
    sender = FROM_FORMS[random.choice(list(FROM_FORMS)[:6])].replace("{d}", domain)
    made = octets(trace, [sender], LETTERS[name], order=order, unique=unique)
    how = f"{style_name} / {domain} / {name}"
    return Made(octets=made, authserv_ids=(authserv_id,), how=how, order=order, unique=unique)


def account(authserv_ids: tuple[str, ...] = (), proof: RequireProof = RequireProof.AUTO) -> Account:
    return Account(name="uk", trust=Trust(require_proof=proof, authserv_ids=authserv_ids))


def found_in(octets: bytes, authserv_ids: tuple[str, ...]) -> Finding:
    raw = RawMessage(ref=MessageRef(account="uk", folder="INBOX"), octets=octets)
    return examine(raw, account(authserv_ids), catalogue=CATALOGUE)


def is_counted(finding: Finding, proof: RequireProof, *, known_to_us: bool = False) -> bool:
    """Whether it would get onto the list: an opt-out notice whose verdict counts under this policy."""
    result, verdict = finding.result, finding.verdict
    if not isinstance(result, Notice) or result.kind is not NoticeKind.OPT_OUT or verdict is None:
        return False
    return counts(verdict.outcome, proof, known_to_us=known_to_us)
