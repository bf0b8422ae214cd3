"""What we sent, and what ties an order to a buyer's alias."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.times import require_utc


class Purpose(StrEnum):
    """Why a message was sent; only UNSOLICITED and UNKNOWN can be blocked by an opt-out."""

    UNSOLICITED = "unsolicited"
    ORDER_CRITICAL = "order_critical"
    REPLY = "reply"
    UNKNOWN = "unknown"


class SendOutcome(StrEnum):
    """SENT, or WITHHELD: scrub took it out because the buyer is on the list."""

    SENT = "sent"
    WITHHELD = "withheld"


class Origin(StrEnum):
    """Where we learnt of a send or of an order's alias."""

    CSV_LOG = "csv_log"
    ORDER_REPORT = "order_report"
    SENT_FOLDER = "sent_folder"
    SCRUB = "scrub"
    BUYER_MESSAGE = "buyer_message"


@dataclass(frozen=True, slots=True, kw_only=True)
class SentMessage:
    """One message to a buyer. At least one of order id and alias is known."""

    account: str
    order_id: OrderId | None
    alias: Alias | None
    marketplace: str | None
    sent_at: datetime
    origin: Origin
    message_id: str | None = None
    purpose: Purpose = Purpose.UNKNOWN
    outcome: SendOutcome = SendOutcome.SENT
    label: str | None = None

    def __post_init__(self) -> None:
        require_utc(sent_at=self.sent_at)
        if self.order_id is None and self.alias is None:
            raise ValueError("a send needs an order id or an alias")


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLink:
    """An order and the alias of its buyer, and where we learnt it. A shared alias is never a link."""

    account: str
    order_id: OrderId
    alias: Alias
    marketplace: str | None
    origin: Origin
    seen_at: datetime
    ordered_at: datetime | None = None

    def __post_init__(self) -> None:
        require_utc(ordered_at=self.ordered_at, seen_at=self.seen_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class SentCoverage:
    """The instants from `start` to before `end` for which the log of this origin is whole."""

    account: str
    origin: Origin
    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        require_utc(start=self.start, end=self.end)
        if self.start >= self.end:
            raise ValueError("a coverage ends after it starts")


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSpan:
    """The instants from `start` to before `end` in which the log of this origin, and no other, is the denominator."""

    start: datetime
    end: datetime
    origin: Origin

    def __post_init__(self) -> None:
        require_utc(start=self.start, end=self.end)
        if self.start >= self.end:
            raise ValueError("a span ends after it starts")


@dataclass(frozen=True, slots=True, kw_only=True)
class SentLog:
    """What one imported file says: sends, links, the days it covers, and how many rows it could not use."""

    sends: tuple[SentMessage, ...]
    links: tuple[OrderLink, ...]
    coverage: SentCoverage | None
    rows: int
    skipped: tuple[str, ...] = ()
