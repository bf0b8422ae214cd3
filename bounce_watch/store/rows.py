"""The one place that knows both the records and the tables: a record to a row's values, and back."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import Any

from sqlalchemy import RowMapping

from bounce_watch.records.filed import ExportRecord, Filed, Run, RunState, WaitingMail
from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.mail import Cursor
from bounce_watch.records.notice import (
    Evidence,
    Finding,
    Notice,
    NoticeKind,
    NotOurs,
    Recognised,
    Unreadable,
    Unrecognised,
    Verdict,
)
from bounce_watch.records.sent import OrderLink, Origin, Purpose, SendOutcome, SentCoverage, SentMessage

Values = dict[str, Any]
"""What is written into one row, by column."""

UNRECOGNISED, MISDIRECTED, UNREADABLE = WAITING = ("unrecognised", "misdirected", "unreadable")
"""What `mail.result` says of a mail without a notice; the rest are notice kinds."""


def digest(*parts: str | int | bool | None) -> str:
    """SHA-256 of the parts, hexadecimal; no two lists of parts run together."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def alias_from(text: str | None) -> Alias | None:
    """An alias as we wrote it. Not `Alias.parse`: a seller's own marketplaces are trusted here."""
    if text is None:
        return None
    local, _, marketplace = text.partition("@marketplace.")
    return Alias(local, marketplace)


def _order_from(text: str | None) -> OrderId | None:
    return None if text is None else OrderId(text)


def _text(value: Alias | OrderId | None) -> str | None:
    return None if value is None else str(value)


def _is_shared(alias: Alias | None) -> bool:
    return alias is not None and alias.is_shared


def mail_values(finding: Finding, account: str, run_id: int) -> Values:
    """The `mail` row of a finding."""
    result, reason, candidates = _result(finding.result)
    return {
        "account": account,
        "fingerprint": finding.result.fingerprint,
        "run_id": run_id,
        "result": result,
        "reason": reason,
        "candidates": candidates,
        "message_id": finding.message_id,
        "from_address": finding.from_address,
        "subject": finding.subject,
        "cut": finding.cut,
        "size_bytes": finding.size_bytes,
        "noticed_at": getattr(finding.result, "noticed_at", None),
    }


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
    return {
        "mail_id": mail_id,
        "run_id": run_id,
        "place": digest(ref.folder, ref.uidvalidity, ref.uid, ref.position),
        "folder": ref.folder,
        "uidvalidity": ref.uidvalidity,
        "uid": ref.uid,
        "position": ref.position,
    }


def verdict_values(verdict: Verdict, mail_id: int, run_id: int) -> Values:
    """The `verdict` row of a finding's verdict."""
    said = (verdict.outcome.value, verdict.method.value, verdict.reason)
    return {
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


def notice_values(notice: Notice, account: str, mail_id: int) -> Values:
    """The `notice` row of a notice."""
    return {
        "mail_id": mail_id,
        "account": account,
        "kind": notice.kind.value,
        "language": notice.language,
        "wording": notice.wording,
        "evidence": notice.evidence and notice.evidence.value,
        "order_id": _text(notice.order_id),
        "alias": _text(notice.alias),
        "alias_shared": _is_shared(notice.alias),
        "marketplace": notice.marketplace,
        "blocked_on": notice.blocked_on,
        "noticed_at": notice.noticed_at,
        "body_digest": notice.body_digest,
        "recipients": notice.recipients,
    }


def notice_from(row: RowMapping) -> Notice:
    """A notice again, from the columns of `notice` and the mail's fingerprint."""
    return Notice(
        kind=NoticeKind(row["kind"]),
        language=row["language"],
        wording=row["wording"],
        evidence=None if row["evidence"] is None else Evidence(row["evidence"]),
        order_id=_order_from(row["order_id"]),
        alias=alias_from(row["alias"]),
        marketplace=row["marketplace"],
        blocked_on=row["blocked_on"],
        noticed_at=row["noticed_at"],
        fingerprint=row["fingerprint"],
        body_digest=row["body_digest"],
        recipients=row["recipients"],
    )


def set_aside_values(octets: bytes, mail_id: int) -> Values:
    """The `set_aside` row: the octets, compressed."""
    return {"mail_id": mail_id, "octets": zlib.compress(octets)}


def _send_digest(send: SentMessage) -> str:
    return digest(
        _text(send.order_id),
        _text(send.alias),
        send.sent_at.isoformat(),
        send.message_id,
        send.label,
        send.purpose.value,
        send.outcome.value,
    )


def send_values(sends: Iterable[SentMessage], run_id: int) -> Iterator[Values]:
    """The `send` rows of one file.

    The identity leaves the origin out, so that one send told by two logs is one row, and counts equal rows
    of the file, so that two equal sends of one file stay two while the same file read again adds nothing.
    The alias names its marketplace where the log does not.
    """
    seen: Counter[str] = Counter()
    for send in sends:
        content = _send_digest(send)
        yield {
            "account": send.account,
            "identity": digest(content, seen[content]),
            "run_id": run_id,
            "order_id": _text(send.order_id),
            "alias": _text(send.alias),
            "alias_shared": _is_shared(send.alias),
            "marketplace": send.marketplace or (send.alias.marketplace if send.alias else None),
            "sent_at": send.sent_at,
            "origin": send.origin.value,
            "message_id": send.message_id,
            "purpose": send.purpose.value,
            "outcome": send.outcome.value,
            "label": send.label,
        }
        seen[content] += 1


def send_from(row: RowMapping) -> SentMessage:
    """A send again, from the columns of `send`."""
    return SentMessage(
        account=row["account"],
        order_id=_order_from(row["order_id"]),
        alias=alias_from(row["alias"]),
        marketplace=row["marketplace"],
        sent_at=row["sent_at"],
        origin=Origin(row["origin"]),
        message_id=row["message_id"],
        purpose=Purpose(row["purpose"]),
        outcome=SendOutcome(row["outcome"]),
        label=row["label"],
    )


def link_values(link: OrderLink, run_id: int) -> Values:
    """The `order_link` row of a link; the alias names its marketplace where the link does not."""
    return {
        "account": link.account,
        "run_id": run_id,
        "order_id": str(link.order_id),
        "alias": str(link.alias),
        "marketplace": link.marketplace or link.alias.marketplace,
        "origin": link.origin.value,
        "seen_at": link.seen_at,
        "ordered_at": link.ordered_at,
    }


def coverage_values(coverage: SentCoverage, run_id: int) -> Values:
    """The `coverage` row of a coverage."""
    return {
        "account": coverage.account,
        "run_id": run_id,
        "origin": coverage.origin.value,
        "start_at": coverage.start,
        "end_at": coverage.end,
    }


def coverage_from(row: RowMapping) -> SentCoverage:
    """A coverage again."""
    return SentCoverage(
        account=row["account"], origin=Origin(row["origin"]), start=row["start_at"], end=row["end_at"]
    )


_CURSOR_FIELDS = tuple(field.name for field in fields(Cursor))


def cursor_values(cursor: Cursor) -> Values:
    """The `cursor` row of a cursor; the columns are the fields."""
    return {name: getattr(cursor, name) for name in _CURSOR_FIELDS}


def cursor_from(row: RowMapping) -> Cursor:
    """A cursor again."""
    return Cursor(**{name: row[name] for name in _CURSOR_FIELDS})


def run_from(row: RowMapping) -> Run:
    """A run again."""
    return Run(
        id=row["id"],
        account=row["account"],
        command=row["command"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        state=RunState(row["state"]),
        read=row["read"],
        filed=Filed(new=row["filed_new"], duplicates=row["duplicates"], not_amazon=row["not_amazon"]),
        message=row["message"],
    )


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


def export_values(record: ExportRecord) -> Values:
    """The `export` row of an export; its members have rows of their own."""
    return {
        "account": record.account,
        "preset": record.preset,
        "path": record.path,
        "revision": record.revision,
        "made_at": record.made_at,
    }
