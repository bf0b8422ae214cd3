"""The interval: published values, the equation it solves, and its ends."""

from __future__ import annotations

from math import isclose, sqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bounce_watch.rates.wilson import wilson

Z_95 = 1.959963984540054


@pytest.mark.parametrize(
    ("opted_out", "contacted", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_values_newcombe_published(opted_out: int, contacted: int, low: float, high: float) -> None:
    """R. G. Newcombe, Statistics in Medicine 17 (1998), table I, method 3."""
    found = wilson(opted_out, contacted)
    assert (round(found[0], 4), round(found[1], 4)) == (low, high)


def test_thirteen_of_a_thousand_by_hand() -> None:
    """z2 = 3.841459: (0.013 + 0.0019207 -+ 1.959964 * sqrt(0.000012831 + 0.00000096036)) / 1.0038415.

    The root is 0.0037137, times z 0.0072787: 0.0149207 -+ 0.0072787 is 0.0076420 and 0.0221994.
    """
    low, high = wilson(13, 1000)
    assert low == pytest.approx(0.0076420 / 1.0038415, abs=2e-7)
    assert high == pytest.approx(0.0221994 / 1.0038415, abs=2e-7)


counts = st.integers(1, 10_000_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(counts)
def test_the_ends_solve_the_equation(count: tuple[int, int]) -> None:
    opted_out, contacted = count
    share = opted_out / contacted
    low, high = wilson(opted_out, contacted)
    assert 0 <= low <= share <= high <= 1
    assert low < high
    for end in (low, high):
        if 0 < end < 1:
            distance = Z_95 * sqrt(end * (1 - end) / contacted)
            assert isclose(abs(share - end), distance, rel_tol=1e-6, abs_tol=1e-9)


@given(counts)
def test_who_stays_is_the_mirror_of_who_leaves(count: tuple[int, int]) -> None:
    opted_out, contacted = count
    low, high = wilson(opted_out, contacted)
    other_low, other_high = wilson(contacted - opted_out, contacted)
    assert low == pytest.approx(1 - other_high, abs=1e-12)
    assert high == pytest.approx(1 - other_low, abs=1e-12)


def test_none_and_all_are_exact() -> None:
    assert wilson(0, 17)[0] == 0.0
    assert wilson(17, 17)[1] == 1.0


def test_a_higher_level_is_wider() -> None:
    narrow, wide = wilson(13, 1000, level=0.9), wilson(13, 1000, level=0.99)
    assert wide[0] < narrow[0] < narrow[1] < wide[1]


@pytest.mark.parametrize(("opted_out", "contacted"), [(1, 0), (0, 0), (-1, 10), (11, 10)])
def test_what_is_no_share_is_refused(opted_out: int, contacted: int) -> None:
    with pytest.raises(ValueError, match="is no share"):
        wilson(opted_out, contacted)


@pytest.mark.parametrize("level", [0, 1, -0.5, 95])
def test_a_level_outside_zero_to_one_is_refused(level: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        wilson(1, 10, level=level)


@settings(max_examples=30, deadline=None)
@given(counts, st.floats(1, 30))
def test_a_design_effect_divides_the_sample(count: tuple[int, int], effect: float) -> None:
    """The ends solve the equation with n / effect, and the share stays what it is."""
    opted_out, contacted = count
    share, (low, high) = opted_out / contacted, wilson(opted_out, contacted, design_effect=effect)
    assert 0 <= low <= share <= high <= 1
    for end in (low, high):
        if 0 < end < 1:
            distance = Z_95 * sqrt(end * (1 - end) * effect / contacted)
            assert isclose(abs(share - end), distance, rel_tol=1e-6, abs_tol=1e-9)


def test_three_of_each_are_one_coin() -> None:
    assert wilson(39, 3000, design_effect=3) == pytest.approx(wilson(13, 1000), abs=1e-15)
    assert wilson(0, 30, design_effect=3)[0] == 0.0
    assert wilson(30, 30, design_effect=3)[1] == 1.0


@pytest.mark.parametrize("effect", [0, 0.99, -1, float("nan")])
def test_an_effect_under_one_is_refused(effect: float) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        wilson(1, 10, design_effect=effect)
