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

    They are None unless the state is MEASURED or MATURING. INCONSISTENT: more opted out than contacted;
    the figures are shown as they are, never clipped.
    """

    basis: Basis
    contacted: int
    opted_out: int
    value: float | None
    low: float | None
    high: float | None
    state: RateState


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortCount:
    """What the store counted for the sends of one period and group (a marketplace, or None for all).

    `messages` and `buyers` are what could be blocked and was sent; `blocked_messages` and
    `opted_out_buyers` are those of them that a counted notice answers.
    """

    period: Period
    group: str | None
    messages: int
    buyers: int
    blocked_messages: int
    opted_out_buyers: int
    covered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortRates:
    """Both rates of one cohort; they stand side by side and are never mixed."""

    period: Period
    group: str | None
    messages: Rate
    buyers: Rate
