"""Counts to rates: with a denominator and an interval, or with the reason why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from bounce_watch.rates.wilson import wilson
from bounce_watch.records.rate import Basis, CohortCount, CohortRates, Rate, RateState
from bounce_watch.records.times import require_utc

MATURING_DAYS = 7
"""For how long after a period its notices may still come in."""


def measure_rates(
    counts: Sequence[CohortCount], *, now: datetime, maturing_days: int = MATURING_DAYS
) -> list[CohortRates]:
    """Both rates of each cohort, in the order of the counts.

    MATURING: the period ends less than `maturing_days` before `now`, so notices for it may still come.
    NO_DENOMINATOR: no sent log covers the period, or nothing was sent in it that could be blocked.
    INCONSISTENT: counts that can't be (more opted out than contacted, or below zero). Figures are kept as
    they are in every state; value and interval exist only when the rate does.
    """
    require_utc(now=now)
    ripe = now - timedelta(days=maturing_days)
    return [_cohort(count, maturing=count.period.end > ripe) for count in counts]


def _cohort(count: CohortCount, *, maturing: bool) -> CohortRates:
    def rate(basis: Basis, opted_out: int, contacted: int) -> Rate:
        state = _state(opted_out, contacted, covered=count.covered, maturing=maturing)
        return _rate(basis, opted_out, contacted, state)

    return CohortRates(
        period=count.period,
        group=count.group,
        messages=rate(Basis.MESSAGES, count.blocked_messages, count.messages),
        buyers=rate(Basis.BUYERS, count.opted_out_buyers, count.buyers),
    )


def _state(opted_out: int, contacted: int, *, covered: bool, maturing: bool) -> RateState:
    if not covered:
        return RateState.NO_DENOMINATOR
    if not 0 <= opted_out <= contacted:
        return RateState.INCONSISTENT
    if contacted == 0:
        return RateState.NO_DENOMINATOR
    return RateState.MATURING if maturing else RateState.MEASURED


def _rate(basis: Basis, opted_out: int, contacted: int, state: RateState) -> Rate:
    value = low = high = None
    if state in (RateState.MEASURED, RateState.MATURING):
        value = opted_out / contacted
        low, high = wilson(opted_out, contacted)
    return Rate(
        basis=basis,
        contacted=contacted,
        opted_out=opted_out,
        value=value,
        low=low,
        high=high,
        state=state,
    )
