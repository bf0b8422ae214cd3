"""Cohorts for the tests of what is concluded from rates."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bounce_watch.rates.wilson import wilson
from bounce_watch.records.rate import Basis, CohortRates, Period, Rate, RateState, SendTally

BEGIN = datetime(2026, 1, 5, tzinfo=UTC)
"""A Monday."""


def rate(
    opted_out: int,
    contacted: int,
    effect: float = 1.0,
    state: RateState = RateState.MEASURED,
    basis: Basis = Basis.BUYERS,
) -> Rate:
    """With value and interval when the state has them."""
    known = state in (RateState.MEASURED, RateState.MATURING)
    low, high = wilson(opted_out, contacted, design_effect=effect) if known else (None, None)
    return Rate(
        basis=basis,
        contacted=contacted,
        opted_out=opted_out,
        value=opted_out / contacted if known else None,
        low=low,
        high=high,
        state=state,
        design_effect=effect,
    )


UNKNOWN = rate(0, 0, state=RateState.NO_DENOMINATOR)


def week(number: int, buyers: Rate, messages: Rate = UNKNOWN, days: int = 7) -> CohortRates:
    """The rates of the week of this number, or of so many days."""
    start = BEGIN + timedelta(days=days * number)
    end = start + timedelta(days=days)
    return CohortRates(
        period=Period(first_day=start.date(), last_day=end.date() - timedelta(days=1), start=start, end=end),
        group=None,
        messages=messages,
        buyers=buyers,
        share=buyers,
        sent=SendTally(),
        covered=1.0,
    )
