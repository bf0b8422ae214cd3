"""Makes invented findings, sends and links; every value can be given, the rest follows from a number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any

from bounce_watch.rates.coverage import IN_FORCE
from bounce_watch.records.filed import ExportChange, ExportForm, ExportRecord
from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.mail import Cursor, MessageRef
from bounce_watch.records.notice import (
    Evidence,
    Finding,
    Method,
    Notice,
    NoticeKind,
    NotOurs,
    Outcome,
    Recognised,
    Unreadable,
    Unrecognised,
    Verdict,
    WhyNotOurs,
    WhyUnrecognised,
)
from bounce_watch.records.rate import Dimension, Period, SendTally
from bounce_watch.records.sent import (
    LogSpan,
    OrderLink,
    Origin,
    Purpose,
    SendOutcome,
    SentCoverage,
    SentLog,
    SentMessage,
)
from bounce_watch.store.ledger import Ledger

ACCOUNT = "uk"
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
SHARED = Alias("no-reply-amazon-iba-buyer", "amazon.co.uk")

GENUINE = Verdict(
    outcome=Outcome.GENUINE,
    method=Method.AUTHENTICATION_RESULTS,
    reason="dmarc=pass",
    authserv_id="mx.seller.example",
    signing_domain="amazon.com",
    aligned=True,
)
FORGED = Verdict(outcome=Outcome.FORGED, method=Method.AUTHENTICATION_RESULTS, reason="dmarc=fail")
UNPROVEN = Verdict(outcome=Outcome.UNPROVEN, method=Method.NONE, reason="no field of our receiver")


def order(number: int) -> OrderId:
    return OrderId(f"026-{number:07d}-{number + 1:07d}")


def buyer(number: int, marketplace: str = "amazon.co.uk") -> Alias:
    return Alias(f"abc{number:010d}", marketplace)


def print_of(number: int | str) -> str:
    """A fingerprint."""
    return sha256(str(number).encode()).hexdigest()


def notice(
    number: int,
    *,
    kind: NoticeKind = NoticeKind.OPT_OUT,
    order_id: OrderId | None = None,
    alias: Alias | None = None,
    noticed_at: datetime | None = NOON,
    marketplace: str | None = "amazon.co.uk",
) -> Notice:
    return Notice(
        kind=kind,
        language="en-GB",
        wording="opt_out.en.header",
        evidence=Evidence.HEADER,
        order_id=order_id or order(number),
        alias=alias,
        marketplace=marketplace,
        blocked_on=date(2026, 2, 28),
        noticed_at=noticed_at,
        fingerprint=print_of(number),
        body_digest=print_of(f"body {number}"),
        recipients=("support@seller.example",),
    )


def without_digest(notice: Notice) -> Notice:
    """The notice as it can be compared: the ledger keys the digest of its body with a key of its own."""
    return replace(notice, body_digest="")


def finding(
    result: Recognised,
    *,
    verdict: Verdict | None = GENUINE,
    uid: int | None = None,
    folder: str = "INBOX",
    account: str = ACCOUNT,
    octets: bytes | None = None,
    subject: str = "Your message was not delivered",
) -> Finding:
    """A finding; the place is the UID, which follows from the fingerprint unless given."""
    return Finding(
        ref=MessageRef(
            account=account, folder=folder, uidvalidity=7, uid=uid or int(result.fingerprint[:7], 16) + 1
        ),
        message_id=f"<{result.fingerprint[:12]}@amazon.com>",
        from_address="auto-communication@amazon.com",
        subject=subject,
        result=result,
        verdict=verdict,
        cut=("body",),
        octets=octets,
        size_bytes=5_000_000_000,
    )


def opt_out(number: int, *, verdict: Verdict | None = GENUINE, uid: int | None = None) -> Finding:
    return finding(notice(number), verdict=verdict, uid=uid)


def unrecognised(number: int | str, *, noticed_at: datetime | None = NOON) -> Unrecognised:
    return Unrecognised(
        fingerprint=print_of(number),
        reason=WhyUnrecognised.NO_WORDING,
        candidates=("opt_out.de.2017", "opt_out.en.2026"),
        noticed_at=noticed_at,
    )


def misdirected(number: int) -> NotOurs:
    return NotOurs(fingerprint=print_of(number), reason=WhyNotOurs.MISDIRECTED)


def foreign(number: int) -> NotOurs:
    return NotOurs(fingerprint=print_of(number), reason=WhyNotOurs.NOT_AMAZON)


def unreadable(number: int) -> Unreadable:
    return Unreadable(fingerprint=print_of(number), reason="over 50 levels of parts")


def cursor(
    next_uid: int, *, folder: str = "INBOX", account: str = ACCOUNT, due: tuple[int, ...] = ()
) -> Cursor:
    return Cursor(
        account=account,
        folder=folder,
        uidvalidity=4_294_967_295,
        next_uid=next_uid,
        scope="s1",
        due=due,
        swept_uid=3,
        swept_at=NOON,
        checked_at=NOON + HOUR,
    )


def send(
    number: int,
    *,
    sent_at: datetime = NOON,
    order_id: OrderId | None = None,
    alias: Alias | None = None,
    marketplace: str | None = None,
    origin: Origin = Origin.CSV_LOG,
    purpose: Purpose = Purpose.UNSOLICITED,
    outcome: SendOutcome = SendOutcome.SENT,
    account: str = ACCOUNT,
    message_id: str | None = None,
    label: str | None = "review request",
) -> SentMessage:
    """A send; without order and alias it has the number's order."""
    return SentMessage(
        account=account,
        order_id=order_id or (None if alias else order(number)),
        alias=alias,
        marketplace=marketplace,
        sent_at=sent_at,
        origin=origin,
        message_id=message_id,
        purpose=purpose,
        outcome=outcome,
        label=label,
    )


def link(
    order_id: OrderId, alias: Alias, *, origin: Origin = Origin.ORDER_REPORT, account: str = ACCOUNT
) -> OrderLink:
    return OrderLink(
        account=account, order_id=order_id, alias=alias, marketplace=None, origin=origin, seen_at=NOON
    )


def coverage(start: datetime, end: datetime, *, origin: Origin = Origin.CSV_LOG) -> SentCoverage:
    return SentCoverage(account=ACCOUNT, origin=origin, start=start, end=end)


def log(
    sends: Sequence[SentMessage] = (), links: Sequence[OrderLink] = (), whole: SentCoverage | None = None
) -> SentLog:
    return SentLog(
        sends=tuple(sends), links=tuple(links), coverage=whole, rows=len(sends) + len(links), skipped=()
    )


def export_record(
    revision: str = "r",
    *,
    hours: int = 0,
    preset: str = "csv",
    path: str = "out.csv",
    account: str = ACCOUNT,
    form: ExportForm = ExportForm.FULL,
) -> ExportRecord:
    return ExportRecord(
        account=account,
        preset=preset,
        path=path,
        revision=revision,
        made_at=NOON + hours * HOUR,
        form=form,
    )


def exported(
    ledger: Ledger,
    numbers: Iterable[int],
    *,
    record: ExportRecord | None = None,
    **of_record: Any,
) -> ExportChange:
    """Record an export of the buyers of these numbers with their orders; how it differed from the one before."""
    record = record or export_record(**of_record)
    both: list[OrderId | Alias] = [name for number in numbers for name in (buyer(number), order(number))]
    hashes = [ledger.hash_of(name) for name in both]
    change = ledger.compare_export(preset=record.preset, path=record.path, hashes=hashes)
    ledger.record_export(record, hashes, change)
    return change


def sent_between(
    ledger: Ledger,
    start: datetime,
    end: datetime,
    *,
    origin: Origin = Origin.CSV_LOG,
    by: Dimension | None = None,
    account: str = ACCOUNT,
) -> dict[str | None, SendTally]:
    """What was sent from start to before end, when the log of this origin is whole for all of it."""
    period = Period(first_day=start.date(), last_day=end.date(), start=start, end=end)
    (tally,) = ledger.tally_sends(account, [period], [LogSpan(start=start, end=end, origin=origin)], by=by)
    return tally


def messages_ever(ledger: Ledger) -> int:
    """How many messages that can be blocked any log of ours holds."""
    start, end = NOON - timedelta(days=9_000), NOON + timedelta(days=9_000)
    tallies = [sent_between(ledger, start, end, origin=origin) for origin in IN_FORCE]
    return sum(tally.messages for groups in tallies for tally in groups.values())
