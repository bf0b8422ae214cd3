"""A second opinion: scipy on everything that it has, too."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np
import pytest
from scipy import optimize, stats

from bounce_watch.rates.alarm import two_shares
from bounce_watch.rates.slope import slope
from bounce_watch.rates.wilson import wilson
from bounce_watch.records.rate import Basis
from tests.rates import makers

MONTHS_A_WEEK = 7 / 30.4375


def counts(number: int) -> Iterator[tuple[int, int]]:
    chance = random.Random(5)
    for _ in range(number):
        contacted = chance.choice([chance.randint(1, 40), chance.randint(1, 100_000)])
        yield chance.choice([0, contacted, chance.randint(0, contacted)]), contacted


def test_intervals() -> None:
    for opted_out, contacted in counts(100):
        other = stats.binomtest(opted_out, contacted).proportion_ci(0.95, method="wilson")
        assert wilson(opted_out, contacted) == pytest.approx((other.low, other.high), abs=1e-9)


def test_the_likelihood_ratio_of_two_shares() -> None:
    """Half of G; scipy wants no empty margin."""
    for one, other in zip(counts(100), reversed(list(counts(100))), strict=True):
        table = [[one[0], one[1] - one[0]], [other[0], other[1] - other[0]]]
        if all(map(sum, zip(*table, strict=True))):
            half = stats.chi2_contingency(table, correction=False, lambda_="log-likelihood").statistic / 2
            assert two_shares(one, other) == pytest.approx(half, rel=1e-9, abs=1e-6)


@pytest.mark.parametrize(
    ("opted_out", "contacted", "effect"),
    [
        ([13, 15, 12, 18, 16, 20, 17], [1000, 1100, 900, 1200, 1000, 1150, 1020], 1.0),
        ([130, 60, 210, 90, 260, 40, 300, 110], [1000, 1100, 1000, 1200, 1300, 1000, 1100, 1000], 1.0),
        ([26, 40, 20, 36, 34, 42], [2000, 2600, 1800, 2400, 2000, 2200], 1.7),
    ],
    ids=["as chance has it", "scattered more", "with a design effect"],
)
def test_the_slope(opted_out: list[int], contacted: list[int], effect: float) -> None:
    """curve_fit: weighted least squares, once with the errors given and once with those that the scatter shows."""
    at = np.arange(len(contacted)) * MONTHS_A_WEEK
    share = np.array(opted_out) / np.array(contacted)
    pooled = sum(opted_out) / sum(contacted)
    sigma = np.sqrt(pooled * (1 - pooled) * effect / np.array(contacted))
    fits = [
        optimize.curve_fit(
            lambda x, a, b: a + b * x, at, share, p0=(0, 0), sigma=sigma, absolute_sigma=absolute
        )
        for absolute in (True, False)
    ]
    rise, error = fits[0][0][1], max(np.sqrt(spread[1][1]) for _, spread in fits)
    for basis in Basis:
        rates = [makers.rate(*pair, effect) for pair in zip(opted_out, contacted, strict=True)]
        found = slope([makers.week(number, one, one) for number, one in enumerate(rates)], basis=basis)
        assert found is not None
        assert found.points_a_month == pytest.approx(100 * rise, rel=1e-6)
        assert found.high - found.points_a_month == pytest.approx(
            100 * stats.norm.ppf(0.975) * error, rel=1e-6
        )
        assert found.points_a_month - found.low == pytest.approx(found.high - found.points_a_month)
