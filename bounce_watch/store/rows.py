"""The one place that knows both the records and the tables: a record to a row's values, and back."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping

from bounce_watch.records.filed import ExportRecord, MailFacts, SetAside, WaitingMail
from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.mail import Cursor, MessageRef, RawMessage
from bounce_watch.records.notice import (
    Evidence,
    Finding,
    Method,
    Notice,
    NotOurs,
    Outcome,
    Recognised,
    Unreadable,
    Unrecognised,
    Verdict,
)
from bounce_watch.records.sent import OrderLink, Origin, Purpose, SendOutcome, SentCoverage, SentMessage
from bounce_watch.store.digests import with_digest
from bounce_watch.store.key import Key
from bounce_watch.store.readings import alias_from, order_from
from bounce_watch.store.tables import (
    COVERAGE,
    CURSOR,
    IDENTITY,
    MAIL,
    ORDER_LINK,
    RECOGNITION,
    SEND,
    SIGHTING,
    VERDICT,
)
from bounce_watch.text.names import names_replaced

Values = dict[str, Any]
"""What is written into one row, by column."""

UNRECOGNISED, MISDIRECTED, UNREADABLE = WAITING = ("unrecognised", "misdirected", "unreadable")
"""What `recognition.result` says of a mail without a notice; the rest are notice kinds."""


def digest(*parts: str | int | bool | None) -> str:
    """SHA-256 of the parts, hexadecimal; no two lists of parts run together."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _hash(name: Alias | OrderId | None, key: Key) -> str | None:
    return None if name is None else key.of(name)


def _is_shared(alias: Alias | None) -> bool:
    return alias is not None and alias.is_shared


def identity_values(name: Alias | OrderId, account: str, *, key: Key, at: datetime) -> Values:
    """The `identity` row of an order id or alias that something at this instant names."""
    row = {
        "account": account,
        "hash": key.of(name),
        "clear": None if name.is_hashed else str(name),
        "marketplace": name.marketplace if isinstance(name, Alias) else None,
        "shared": isinstance(name, Alias) and name.is_shared,
        "last_at": at,
    }
    return with_digest(IDENTITY, row)


def mail_values(finding: Finding, account: str, run_id: int) -> Values:
    """The `mail` row of a finding."""
    row = {
        "account": account,
        "fingerprint": finding.result.fingerprint,
        "run_id": run_id,
        "message_id": finding.message_id,
        "from_address": finding.from_address,
        "subject": finding.subject,
        "cut": finding.cut,
        "size_bytes": finding.size_bytes,
    }
    return with_digest(MAIL, row)


def recognition_values(result: Recognised, account: str, *, mail_id: int, run_id: int, key: Key) -> Values:
    """The `recognition` row of what a mail was taken for."""
    kind, reason, candidates = _result(result)
    row = dict.fromkeys(_NOTICE_COLUMNS) | {
        "account": account,
        "result": kind,
        "reason": reason,
        "candidates": candidates,
        "noticed_at": getattr(result, "noticed_at", None),
        "alias_shared": False,
        "body_digest": "",
        "recipients": (),
    }
    if isinstance(result, Notice):
        row |= _notice_values(result, key)
    content = digest(*(str(value) for _, value in sorted(row.items())))
    return with_digest(RECOGNITION, row | {"mail_id": mail_id, "run_id": run_id, "digest": content})


_NOTICE_COLUMNS = (
    "language",
    "wording",
    "evidence",
    "order_id_hash",
    "alias_hash",
    "marketplace",
    "blocked_on",
)


def _notice_values(notice: Notice, key: Key) -> Values:
    return {
        "language": notice.language,
        "wording": notice.wording,
        "evidence": notice.evidence and notice.evidence.value,
        "order_id_hash": _hash(notice.order_id, key),
        "alias_hash": _hash(notice.alias, key),
        "alias_shared": _is_shared(notice.alias),
        "marketplace": notice.marketplace,
        "blocked_on": notice.blocked_on,
        # The text is known and the order id can be guessed, so a plain digest would tell it.
        "body_digest": key.digest("body", notice.body_digest),
        "recipients": tuple(_recipient(address, key) for address in notice.recipients),
    }


def _recipient(address: str, key: Key) -> str:
    """An address of the seller's own as it is; a buyer's, in a copy of a message, by its hash."""
    alias = Alias.parse(address)
    return address if alias is None else f"#{key.of(alias)}"


def _result(result: Recognised) -> tuple[str, str, tuple[str, ...]]:
    match result:
        case Notice():
            return result.kind.value, "", ()
        case Unrecognised():
            return UNRECOGNISED, result.reason.value, result.candidates
        case NotOurs():
            return MISDIRECTED, result.reason.value, ()
        case Unreadable():
            return UNREADABLE, result.reason, ()


def sighting_values(finding: Finding, mail_id: int, run_id: int) -> Values:
    """The `sighting` row of a finding."""
    ref = finding.ref
    folder = without_names(ref.folder)  # A mail's file may be named after its subject.
    row = {
        "mail_id": mail_id,
        "run_id": run_id,
        "place": digest(folder, ref.uidvalidity, ref.uid, ref.position),
        "folder": folder,
        "uidvalidity": ref.uidvalidity,
        "uid": ref.uid,
        "position": ref.position,
    }
    return with_digest(SIGHTING, row)


def verdict_values(verdict: Verdict, mail_id: int, run_id: int) -> Values:
    """The `verdict` row of a finding's verdict."""
    said = (verdict.outcome.value, verdict.method.value, verdict.reason)
    row = {
        "mail_id": mail_id,
        "run_id": run_id,
        "digest": digest(*said, verdict.authserv_id, verdict.signing_domain, verdict.aligned),
        "outcome": verdict.outcome.value,
        "method": verdict.method.value,
        "reason": verdict.reason,
        "authserv_id": verdict.authserv_id,
        "signing_domain": verdict.signing_domain,
        "aligned": verdict.aligned,
    }
    return with_digest(VERDICT, row)


def set_aside_values(octets: bytes, mail_id: int) -> Values:
    """The `set_aside` row: the octets, compressed."""
    return {"mail_id": mail_id, "octets": zlib.compress(octets)}


def set_aside_from(
    account: str, row: RowMapping, place: RowMapping | None, noticed_at: datetime | None
) -> SetAside:
    """A mail that was set aside, ready to be examined again.

    It counts as inexact, for the ledger does not know whether it came from an mbox.
    """
    where = (
        {name: place[name] for name in ("folder", "uidvalidity", "uid", "position")}
        if place
        else {"folder": "?"}
    )
    raw = RawMessage(
        ref=MessageRef(account=account, **where),
        octets=zlib.decompress(row["octets"]),
        exact=False,
        received_at=noticed_at,
        cut=row["cut"],
    )
    return SetAside(fingerprint=row["fingerprint"], raw=raw)


_OWN_WORD = (Origin.SENT_FOLDER,)
"""Origins that tell of a send for themselves, and not in the place of a log.

One origin a day is the denominator, so what the sent folder holds must not stand in for a row of a log.
"""


def _send_digest(send: SentMessage) -> str:
    origin = (send.origin.value,) if send.origin in _OWN_WORD else ()
    if origin and send.message_id:
        # One mail wherever it lies, and however much could be told of it when it was read.
        to = send.marketplace if send.alias is None or send.alias.is_shared else str(send.alias)
        return digest(*origin, send.message_id, to)
    return digest(
        *origin,
        None if send.order_id is None else str(send.order_id),
        None if send.alias is None else str(send.alias),
        send.sent_at.isoformat(),
        send.message_id,
        send.label,
        send.purpose.value,
        send.outcome.value,
    )


def send_values(sends: Iterable[SentMessage], run_id: int, *, key: Key) -> Iterator[Values]:
    """The `send` rows of one file.

    The identity holds all but the origin (see _OWN_WORD), and counts equal rows of the file, so that two equal sends
    of one file stay two while the same file read again adds nothing.
    The alias names its marketplace where the log does not. A label that names a buyer is not kept.
    """
    seen: Counter[str] = Counter()
    for send in sends:
        content = _send_digest(send)
        row = {
            "account": send.account,
            "identity": key.digest("send", digest(content, seen[content])),
            "run_id": run_id,
            "order_id_hash": _hash(send.order_id, key),
            "alias_hash": _hash(send.alias, key),
            "alias_shared": _is_shared(send.alias),
            "marketplace": send.marketplace or (send.alias.marketplace if send.alias else None),
            "sent_at": send.sent_at,
            "origin": send.origin.value,
            "message_id": send.message_id,
            "purpose": send.purpose.value,
            "outcome": send.outcome.value,
            "label": None if send.label is None else without_names(send.label),
        }
        yield with_digest(SEND, row)
        seen[content] += 1


def without_names(text: str) -> str:
    """A person's or a tool's own words with every order id and address in them replaced by a dash."""
    return names_replaced(text, "–")


def send_from(row: RowMapping) -> SentMessage:
    """A send again, from the columns of `send`."""
    return SentMessage(
        account=row["account"],
        order_id=order_from(row["order_id"]),
        alias=alias_from(row["alias"]),
        marketplace=row["marketplace"],
        sent_at=row["sent_at"],
        origin=Origin(row["origin"]),
        message_id=row["message_id"],
        purpose=Purpose(row["purpose"]),
        outcome=SendOutcome(row["outcome"]),
        label=row["label"],
    )


def link_values(link: OrderLink, run_id: int, *, key: Key) -> Values:
    """The `order_link` row of a link; the alias names its marketplace where the link does not."""
    row = {
        "account": link.account,
        "run_id": run_id,
        "order_id_hash": key.of(link.order_id),
        "alias_hash": key.of(link.alias),
        "marketplace": link.marketplace or link.alias.marketplace,
        "origin": link.origin.value,
        "seen_at": link.seen_at,
        "ordered_at": link.ordered_at,
    }
    return with_digest(ORDER_LINK, row)


def coverage_values(coverage: SentCoverage, run_id: int) -> Values:
    """The `coverage` row of a coverage."""
    row = {
        "account": coverage.account,
        "run_id": run_id,
        "origin": coverage.origin.value,
        "start_at": coverage.start,
        "end_at": coverage.end,
    }
    return with_digest(COVERAGE, row)


def coverage_from(row: RowMapping) -> SentCoverage:
    """A coverage again."""
    return SentCoverage(
        account=row["account"], origin=Origin(row["origin"]), start=row["start_at"], end=row["end_at"]
    )


_CURSOR_FIELDS = tuple(field.name for field in fields(Cursor))


def cursor_values(cursor: Cursor) -> Values:
    """The `cursor` row of a cursor; the columns are the fields."""
    return with_digest(CURSOR, {name: getattr(cursor, name) for name in _CURSOR_FIELDS})


def cursor_from(row: RowMapping) -> Cursor:
    """A cursor again."""
    return Cursor(**{name: row[name] for name in _CURSOR_FIELDS})


def waiting_from(row: RowMapping) -> WaitingMail:
    """A mail that waits for a person."""
    return WaitingMail(
        fingerprint=row["fingerprint"],
        result=row["result"],
        reason=row["reason"],
        candidates=row["candidates"],
        subject=row["subject"],
        from_address=row["from_address"],
        noticed_at=row["noticed_at"],
    )


VERDICT_FIELDS = tuple(field.name for field in fields(Verdict))
PLACE_FIELDS = ("folder", "uidvalidity", "uid", "position")


def mail_facts_from(account: str, row: RowMapping) -> MailFacts:
    """What is known of one mail, from its own columns, those of its verdict (`verdict_…`) and of its place."""
    said = {name: row[f"verdict_{name}"] for name in VERDICT_FIELDS}
    place = {name: row[name] for name in PLACE_FIELDS}
    return MailFacts(
        **{name: row[name] for name in _PLAIN_FACTS},
        evidence=None if row["evidence"] is None else Evidence(row["evidence"]),
        verdict=None if said["outcome"] is None else verdict_from(said),
        place=None if row["folder"] is None else MessageRef(account=account, **place),
        kept=row["kept"] is not None,
    )


_PLAIN_FACTS = ("fingerprint", "result", "reason", "candidates", "noticed_at", "subject", "from_address")


def verdict_from(said: Values) -> Verdict:
    """A verdict again, from its columns."""
    return Verdict(**said | {"outcome": Outcome(said["outcome"]), "method": Method(said["method"])})


def export_values(record: ExportRecord) -> Values:
    """The `export` row of an export, without its series and its digest; its keys have rows of their own."""
    return {
        "account": record.account,
        "preset": record.preset,
        "path": record.path,
        "form": record.form.value,
        "revision": record.revision,
        "made_at": record.made_at,
        "key_count": record.keys,
        "files": record.files,
    }
