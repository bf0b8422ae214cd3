"""When there is a rate, when there is none, and why."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bounce_watch.rates.measure import design_effect, measure_rates
from bounce_watch.rates.wilson import wilson
from bounce_watch.records.rate import Basis, CohortCount, Period, RateState, SendTally

WEEK = Period(
    first_day=datetime(2026, 11, 9, tzinfo=UTC).date(),
    last_day=datetime(2026, 11, 15, tzinfo=UTC).date(),
    start=datetime(2026, 11, 9, tzinfo=UTC),
    end=datetime(2026, 11, 16, tzinfo=UTC),
)
LATER = datetime(2026, 12, 24, tzinfo=UTC)


def cohort(
    messages: int,
    blocked: int,
    buyers: int = 100,
    opted_out: int = 2,
    *,
    covered: float = 1,
    squares: int = 0,
) -> CohortCount:
    return CohortCount(
        period=WEEK,
        group="amazon.co.uk",
        sent=SendTally(messages=messages, buyers=buyers, squares=squares, share_buyers=buyers + 10),
        blocked_messages=blocked,
        opted_out_buyers=opted_out,
        share_opted_out=opted_out + 10,
        covered=covered,
    )


def test_thirteen_of_a_thousand_messages_are_1_3_percent() -> None:
    (found,) = measure_rates([cohort(1000, 13, 800, 12)], now=LATER)
    assert (found.period, found.group) == (WEEK, "amazon.co.uk")
    assert found.messages.basis is Basis.MESSAGES
    assert found.messages.state is RateState.MEASURED
    assert found.messages.value == 0.013
    assert (found.messages.low, found.messages.high) == wilson(13, 1000)
    assert found.buyers.basis is Basis.BUYERS
    assert found.buyers.value == 0.015
    assert (found.buyers.opted_out, found.buyers.contacted) == (12, 800)


def test_the_share_counts_withheld_buyers_in_both_terms() -> None:
    (found,) = measure_rates([cohort(1000, 13, 800, 12)], now=LATER)
    assert (found.share.basis, found.share.opted_out, found.share.contacted) == (Basis.BUYERS, 22, 810)
    assert found.share.value == 22 / 810


def test_three_messages_to_each_buyer_are_one_coin() -> None:
    """300 messages to 100 buyers say as much as 100 messages do: the interval is that of 2 of 100."""
    (found,) = measure_rates([cohort(300, 6, 100, 2, squares=900)], now=LATER)
    assert found.messages.design_effect == 3
    assert (found.messages.low, found.messages.high) == pytest.approx((found.buyers.low, found.buyers.high))
    assert (found.buyers.design_effect, found.share.design_effect) == (1, 1)


@pytest.mark.parametrize(("messages", "squares", "effect"), [(4, 10, 2.5), (4, 4, 1), (0, 0, 1), (-1, 1, 1)])
def test_the_design_effect_is_never_below_one(messages: int, squares: int, effect: float) -> None:
    assert design_effect(SendTally(messages=messages, squares=squares)) == effect


def test_nobody_opted_out_is_a_rate_of_zero() -> None:
    (found,) = measure_rates([cohort(1000, 0)], now=LATER)
    assert (found.messages.value, found.messages.low) == (0.0, 0.0)
    assert found.messages.high is not None
    assert found.messages.high > 0


@pytest.mark.parametrize(
    ("count", "state"),
    [
        (cohort(1000, 13, covered=0), RateState.NO_DENOMINATOR),
        (cohort(10, 13, covered=0), RateState.NO_DENOMINATOR),
        (cohort(0, 0), RateState.NO_DENOMINATOR),
        (cohort(0, 4), RateState.INCONSISTENT),
        (cohort(12, 13), RateState.INCONSISTENT),
        (cohort(12, -1), RateState.INCONSISTENT),
        (cohort(-5, -5), RateState.INCONSISTENT),
    ],
    ids=[
        "no log",
        "no log, odd counts",
        "nothing sent",
        "blocked, none sent",
        "more than sent",
        "negative",
        "both",
    ],
)
def test_without_a_sound_denominator_there_is_no_number(count: CohortCount, state: RateState) -> None:
    (found,) = measure_rates([count], now=LATER)
    assert found.messages.state is state
    assert (found.messages.value, found.messages.low, found.messages.high) == (None, None, None)
    assert found.messages.contacted == count.sent.messages
    assert found.messages.opted_out == count.blocked_messages


def test_one_basis_can_fail_while_the_other_stands() -> None:
    (found,) = measure_rates([cohort(12, 13, 100, 2)], now=LATER)
    assert found.messages.state is RateState.INCONSISTENT
    assert found.buyers.state is RateState.MEASURED


def test_a_period_matures_seven_days_after_its_end() -> None:
    ripe = WEEK.end + timedelta(days=7)
    (found,) = measure_rates([cohort(1000, 13)], now=ripe)
    assert found.messages.state is RateState.MEASURED
    (found,) = measure_rates([cohort(1000, 13)], now=ripe - timedelta(seconds=1))
    assert found.messages.state is RateState.MATURING
    assert found.messages.value == 0.013
    (found,) = measure_rates([cohort(1000, 13)], now=WEEK.end, maturing_days=0)
    assert found.messages.state is RateState.MEASURED


def test_cohorts_keep_their_order_and_a_naive_clock_is_refused() -> None:
    found = measure_rates([cohort(100, 1), cohort(200, 1), cohort(300, 1)], now=LATER)
    assert [one.messages.contacted for one in found] == [100, 200, 300]
    assert measure_rates([], now=LATER) == []
    with pytest.raises(ValueError, match="now"):
        measure_rates([], now=datetime(2026, 12, 24))
