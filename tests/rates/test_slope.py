"""The line through the rates of a chart: by hand, and when there is none."""

from __future__ import annotations

import random
from math import sqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bounce_watch.rates.slope import slope
from bounce_watch.records.rate import Basis, CohortRates, RateState
from tests.rates.makers import UNKNOWN, rate, week

A_WEEK_IN_A_MONTH = 30.4375 / 7


def weeks(*counts: tuple[int, int]) -> list[CohortRates]:
    return [week(number, rate(*count)) for number, count in enumerate(counts)]


def test_a_line_by_hand() -> None:
    """Rates of 1, 2, 3 and 4 % of 1,000 each: one point a week, exactly on the line.

    The spread is 1000 * (2.25 + 0.25 + 0.25 + 2.25) = 5000 square weeks, the common share 2.5 %: the error is
    sqrt(0.025 * 0.975 / 5000) = 0.0022079 a week, 1.959964 of it 0.43275 points.
    """
    found = slope(weeks((10, 1000), (20, 1000), (30, 1000), (40, 1000)))
    assert found is not None
    assert found.points_a_month == pytest.approx(A_WEEK_IN_A_MONTH)
    assert found.high - found.points_a_month == pytest.approx(0.43275 * A_WEEK_IN_A_MONTH, rel=1e-4)
    assert found.low == pytest.approx(2 * found.points_a_month - found.high)
    assert found.is_clear
    assert found.periods == 4


def test_points_that_scatter_widen_the_interval() -> None:
    """1, 3, 1, 3 % of 1,000: the line rises by 0.4 a week, and misses by 4, 12, 12 and 4 of 1,000.

    Around 2 %: fitted 14, 18, 22, 26 against 10, 30, 10, 30: squares 16 + 144 + 144 + 16 = 320, over 1000 and
    2 degrees of freedom 0.16, more than 0.02 * 0.98 = 0.0196: the error is sqrt(0.16 / 5000).
    """
    found = slope(weeks((10, 1000), (30, 1000), (10, 1000), (30, 1000)))
    assert found is not None
    assert found.points_a_month == pytest.approx(0.4 * A_WEEK_IN_A_MONTH)
    reach = 1.959964 * 100 * sqrt(0.16 / 5000) * A_WEEK_IN_A_MONTH
    assert found.high - found.points_a_month == pytest.approx(reach, rel=1e-6)
    assert not found.is_clear


def test_weeks_without_a_notice_bend_nothing() -> None:
    """Each has too few expected: four joined ones stand for eight."""
    found = slope(weeks((0, 300), (6, 300), (0, 300), (6, 300), (0, 300), (6, 300), (0, 300), (6, 300)))
    assert found is not None
    assert found.points_a_month == pytest.approx(0, abs=1e-12)
    assert found.periods == 8


def test_what_is_left_over_joins_the_last_point() -> None:
    """The ninth week alone expects three: it joins the eighth, and all 27 of 2,700 are used."""
    found = slope(weeks(*[(3, 300)] * 9))
    assert found is not None
    assert found.points_a_month == pytest.approx(0, abs=1e-12)
    assert found.periods == 9


@pytest.mark.parametrize(
    "counts",
    [
        [],
        [(50, 1000)],
        [(50, 1000)] * 3,
        [(0, 1000)] * 13,
        [(1000, 1000)] * 13,
        [(2, 1000), (1, 1000)] * 6,
        [(19, 19)] + [(0, 1000)] * 3,
    ],
    ids=["no bucket", "one", "three", "nobody", "everybody", "18 in all", "19 in all"],
)
def test_too_little_is_no_slope(counts: list[tuple[int, int]]) -> None:
    assert slope(weeks(*counts)) is None


@pytest.mark.parametrize("state", [RateState.MATURING, RateState.INCONSISTENT, RateState.NO_DENOMINATOR])
def test_only_ripe_rates_count(state: RateState) -> None:
    ripe = weeks((10, 1000), (20, 1000), (30, 1000), (40, 1000))
    assert slope([*ripe, week(4, rate(0, 1000, state=state))]) == slope(ripe)
    assert slope([week(number, rate(30, 1000, state=state)) for number in range(8)]) is None


def test_each_basis_has_its_own() -> None:
    both = [week(number, rate(20, 1000), rate(20 + 10 * number, 3000, 3)) for number in range(8)]
    buyers, messages = slope(both), slope(both, basis=Basis.MESSAGES)
    assert buyers is not None
    assert messages is not None
    assert buyers.points_a_month == pytest.approx(0, abs=1e-12)
    assert messages.points_a_month == pytest.approx(100 / 300 * A_WEEK_IN_A_MONTH)
    assert slope([week(number, rate(20, 1000), UNKNOWN) for number in range(8)], basis=Basis.MESSAGES) is None


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 300).map(lambda n: (n, 1000)), min_size=4, max_size=13), st.randoms())
def test_the_order_does_not_matter(counts: list[tuple[int, int]], chance: random.Random) -> None:
    buckets = weeks(*counts)
    mixed = chance.sample(buckets, len(buckets))
    assert slope(mixed) == slope(buckets)
