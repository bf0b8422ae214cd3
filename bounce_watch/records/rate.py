"""Periods and rates. A period is half-open; a rate without a denominator is a state, not a zero."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from bounce_watch.records.times import require_utc


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """The days from `first_day` to `last_day` in a time zone, as the instants `start` to before `end`."""

    first_day: date
    last_day: date
    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        require_utc(start=self.start, end=self.end)
        if self.start >= self.end or self.first_day > self.last_day:
            raise ValueError("a period ends after it starts")


class Basis(StrEnum):
    """MESSAGES: blocked notices over messages sent. BUYERS: opted-out buyers over buyers contacted."""

    MESSAGES = "messages"
    BUYERS = "buyers"


class RateState(StrEnum):
    """MATURING: notices for these sends may still come. NO_DENOMINATOR: no sent log covers the period."""

    MEASURED = "measured"
    MATURING = "maturing"
    NO_DENOMINATOR = "no_denominator"
    INCONSISTENT = "inconsistent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A share of what was sent in a period, with its 95 % Wilson interval; `value`, `low`, `high` in 0..1.

    They are None unless the state is MEASURED or MATURING. INCONSISTENT: counts that can't be (more opted out
    than contacted, or below zero); the figures are shown as they are, never clipped. `design_effect` is by what
    `contacted` was divided for the interval, because messages to one buyer are one coin: 1 on BUYERS.
    """

    basis: Basis
    contacted: int
    opted_out: int
    value: float | None
    low: float | None
    high: float | None
    state: RateState
    design_effect: float = 1.0


class Dimension(StrEnum):
    """What the sends of a period are told apart by. ORDER_AGE: days from the order to the message (ORDER_AGES)."""

    MARKETPLACE = "marketplace"
    LABEL = "label"
    ORDER_AGE = "order_age"


ORDER_AGES = (
    (1, "under 1 day"),
    (4, "1 to 3 days"),
    (8, "4 to 7 days"),
    (15, "8 to 14 days"),
    (31, "15 to 30 days"),
)
"""Groups of Dimension.ORDER_AGE: below so many whole days of 24 hours from the order to the message."""

OLDER = "over 30 days"


def order_age(ordered_at: datetime | None, sent_at: datetime) -> str | None:
    """The group of a message by how long after its order it was sent; None: not known, or sent before it."""
    if ordered_at is None:
        return None
    # Whole seconds on both sides, as the ledger counts.
    seconds = int(sent_at.timestamp()) - int(ordered_at.timestamp())
    if seconds < 0:
        return None
    return next((name for days, name in ORDER_AGES if seconds < days * 86_400), OLDER)


@dataclass(frozen=True, slots=True, kw_only=True)
class SendTally:
    """What the ledger counted of the sends of one group in one period; only what an opt-out can block.

    `messages` went out to `buyers` distinct buyers, and `squares` is the sum over these of (messages to the
    buyer) squared. `unknown_purpose` of the messages say nothing of their purpose. `withheld` is what scrub took
    out, and `share_buyers` the distinct buyers written to or withheld from, `withheld_buyers` the latter.
    """

    messages: int = 0
    buyers: int = 0
    squares: int = 0
    unknown_purpose: int = 0
    withheld: int = 0
    withheld_buyers: int = 0
    share_buyers: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortCount:
    """The sends of one period and group (None: all, or not known), and those a counted notice answers.

    `blocked_messages` and `opted_out_buyers` are those of the tally's messages and buyers that a counted notice
    answers; `share_opted_out` are the buyers who opted out, known before (withheld) or by such a notice.
    `covered` is for which part of the period (until now, while it runs) the sent log is whole, in 0..1.
    """

    period: Period
    group: str | None
    sent: SendTally
    blocked_messages: int
    opted_out_buyers: int
    share_opted_out: int
    covered: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortRates:
    """Both rates of one cohort, side by side and never mixed, and beside them the opt-out share.

    `share`: buyers known as opted out over buyers written to or withheld from. It does not fall because the list
    works, as the block rates do.
    """

    period: Period
    group: str | None
    messages: Rate
    buyers: Rate
    share: Rate
    sent: SendTally
    covered: float
