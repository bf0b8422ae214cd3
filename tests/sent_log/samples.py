from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from bounce_watch.records.filed import FiledSend
from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.notice import Evidence, Notice, NoticeKind
from bounce_watch.records.sent import Origin, Purpose, SendOutcome, SentMessage

FIXTURES = Path(__file__).parents[2] / "fixtures" / "sent"
ORDER = OrderId("203-1111111-1111111")
OTHER_ORDER = OrderId("203-2222222-2222222")
ALIAS = Alias("aaaaaaaaaaaaaa1", "amazon.co.uk")
OTHER_ALIAS = Alias("aaaaaaaaaaaaaa2", "amazon.co.uk")
NOON = datetime(2026, 9, 10, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def notice(
    name: str,
    *,
    at: datetime | None = NOON,
    order_id: OrderId | None = ORDER,
    alias: Alias | None = None,
    blocked_on: date | None = None,
    kind: NoticeKind = NoticeKind.OPT_OUT,
) -> Notice:
    return Notice(
        kind=kind,
        language="en",
        wording="opt_out.en.2017",
        evidence=Evidence.WORDING,
        order_id=order_id,
        alias=alias,
        marketplace="amazon.co.uk",
        blocked_on=blocked_on,
        noticed_at=at,
        fingerprint=name,
        body_digest=name,
        recipients=(),
    )


def send(
    at: datetime,
    *,
    order_id: OrderId | None = ORDER,
    alias: Alias | None = ALIAS,
    purpose: Purpose = Purpose.UNSOLICITED,
    outcome: SendOutcome = SendOutcome.SENT,
    message_id: str | None = None,
) -> FiledSend:
    message = SentMessage(
        account="uk",
        order_id=order_id,
        alias=alias,
        marketplace="amazon.co.uk",
        sent_at=at,
        origin=Origin.CSV_LOG,
        purpose=purpose,
        outcome=outcome,
        message_id=message_id,
    )
    return FiledSend(send=message, buyer=str(alias or order_id))
