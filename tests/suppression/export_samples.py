"""One small list with everything that an export can meet; what stands in fixtures/exports was written down from it by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.opt_out import EntrySource, SuppressionEntry

FIXTURES = Path(__file__).parents[2] / "fixtures" / "exports"

ANN = Alias("aaaaaaaaaaaaaa1", "amazon.co.uk")
BEA = Alias("bbbbbbbbbbbbbb2", "amazon.it")
CAM = Alias("cccccccccccccc3", "amazon.com.au")
ANN_1, ANN_2 = OrderId("203-1111111-1111111"), OrderId("203-7777777-7777777")
BEA_1 = OrderId("404-2222222-2222222")
LONE = OrderId("S01-9999999-9999999")
HASH = "0123456789abcdef" * 2
HASHED_ALIAS, HASHED_ORDER = Alias(f"#{HASH}", "amazon.co.uk"), OrderId(f"#{HASH}")
NOTE = '=asked by phone, "no more"; ünï'


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 7, day, hour, minute, 59, 999, tzinfo=UTC)


def entry(
    alias: Alias | None,
    *order_ids: OrderId,
    account: str = "uk",
    since: datetime | None = None,
    last: datetime | None = None,
    notices: int = 1,
    source: EntrySource = EntrySource.OPT_OUT,
    reason: str = "opted out of unsolicited messages",
    expires_at: datetime | None = None,
    marketplace: str | None = None,
) -> SuppressionEntry:
    return SuppressionEntry(
        account=account,
        alias=alias,
        order_ids=order_ids,
        marketplace=marketplace or (alias.marketplace if alias else None),
        since=since,
        last_noticed_at=last,
        notices=notices,
        source=source,
        reason=reason,
        expires_at=expires_at,
    )


ENTRIES = [
    entry(HASHED_ALIAS, HASHED_ORDER, since=at(1, 8), last=at(1, 8)),
    entry(ANN, ANN_1, ANN_2, since=at(3, 9, 34), last=at(20, 15), notices=3),
    entry(BEA, BEA_1, HASHED_ORDER, since=at(5, 10), last=at(5, 10), expires_at=at(31, 23)),
    entry(CAM, since=at(6, 7), notices=0, source=EntrySource.MANUAL, reason=NOTE),
    entry(None, LONE, marketplace="amazon.co.uk"),
    entry(ANN, ANN_1, account="de, the other", since=at(9, 12), last=at(9, 12)),
]
"""An alias with two orders, one with a forgotten order, a manual entry without orders, an order without an alias, a buyer
who is forgotten, and one alias on the lists of two accounts."""
