"""One rate less another: published intervals, and what must hold for any two."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bounce_watch.rates.difference import difference
from bounce_watch.records.rate import Rate
from tests.rates.makers import UNKNOWN, rate

COUNTS = st.integers(1, 1_000_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@pytest.mark.parametrize(
    ("now", "before", "low", "high"),
    [
        ((56, 70), (48, 80), 5.24, 33.39),
        ((9, 10), (3, 10), 17.05, 80.90),
        ((6, 7), (2, 7), 5.82, 80.62),
        ((5, 56), (0, 29), -3.81, 19.26),
        ((0, 10), (0, 20), -16.11, 27.75),
        ((0, 10), (0, 10), -27.75, 27.75),
        ((10, 10), (0, 20), 67.91, 100.00),
        ((10, 10), (0, 10), 60.75, 100.00),
    ],
)
def test_the_intervals_newcombe_published(
    now: tuple[int, int], before: tuple[int, int], low: float, high: float
) -> None:
    """R. G. Newcombe, Statistics in Medicine 17 (1998), pages 873-890, table II, method 10."""
    found = difference(rate(*now), rate(*before))
    assert found is not None
    assert (round(found.low, 2), round(found.high, 2)) == (low, high)


def test_points_are_percentage_points() -> None:
    found = difference(rate(26, 1000), rate(13, 1000))
    assert found is not None
    assert found.points == pytest.approx(1.3)
    assert found.is_clear


@settings(max_examples=30, deadline=None)
@given(COUNTS, COUNTS)
def test_the_other_way_round_is_the_negative(one: tuple[int, int], other: tuple[int, int]) -> None:
    forth, back = difference(rate(*one), rate(*other)), difference(rate(*other), rate(*one))
    assert forth is not None
    assert back is not None
    assert (forth.points, forth.low, forth.high) == pytest.approx(
        (-back.points, -back.high, -back.low), abs=1e-9
    )
    assert -100 - 1e-9 <= forth.low <= forth.points <= forth.high <= 100 + 1e-9


def test_a_design_effect_widens_it() -> None:
    plain, wide = difference(rate(60, 900), rate(30, 900)), difference(rate(60, 900, 3), rate(30, 900, 3))
    alike = difference(rate(20, 300), rate(10, 300))
    assert plain is not None
    assert wide is not None
    assert alike is not None
    assert wide.points == plain.points
    assert wide.high - wide.low > plain.high - plain.low
    assert (wide.low, wide.high) == pytest.approx((alike.low, alike.high))


@pytest.mark.parametrize(
    ("now", "before"), [(UNKNOWN, rate(1, 10)), (rate(1, 10), UNKNOWN), (UNKNOWN, UNKNOWN)]
)
def test_without_both_rates_there_is_no_difference(now: Rate, before: Rate) -> None:
    assert difference(now, before) is None
