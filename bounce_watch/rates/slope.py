"""How a rate moves over the periods of a chart, in percentage points a month."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from math import sqrt
from statistics import NormalDist
from typing import NamedTuple

from bounce_watch.records.change import Slope
from bounce_watch.records.rate import Basis, CohortRates, Period, RateState

MONTH = timedelta(days=30.4375)
"""A twelfth of a Julian year."""

_BEGIN = datetime(2000, 1, 1, tzinfo=UTC)
_LEAST_EXPECTED = 5.0
_LEAST_POINTS = 4
_Z = NormalDist().inv_cdf(0.975)


class _Point(NamedTuple):
    """When (in months), of how many, how many opted out."""

    at: float
    contacted: float
    opted_out: float

    def joined(self, other: _Point) -> _Point:
        contacted = self.contacted + other.contacted
        at = (self.at * self.contacted + other.at * other.contacted) / contacted
        return _Point(at, contacted, self.opted_out + other.opted_out)


def slope(buckets: Sequence[CohortRates], *, basis: Basis = Basis.BUYERS) -> Slope | None:
    """The straight line through the rates of the buckets, in any order; None: not enough data.

    Only ripe rates count (MEASURED): one that still matures is too low and would bend the line. Neighbours are
    joined until five opted out are expected in each point at the common share; four such points are needed. The
    line is that of weighted least squares, weights by those contacted (divided by the design effect), and the
    interval that of a binomial share; where the points scatter around the line more than chance does, it is wider
    by as much (D. J. Finney, "Probit Analysis", 1947, heterogeneity factor).
    """
    used = sorted(_used(buckets, basis))
    share = _share(used)
    points = _joined(used, _LEAST_EXPECTED / share) if 0 < share < 1 else []
    if len(points) < _LEAST_POINTS:
        return None
    middle = sum(p.contacted * p.at for p in points) / sum(p.contacted for p in points)
    spread = sum(p.contacted * (p.at - middle) ** 2 for p in points)
    rise = sum((p.at - middle) * p.opted_out for p in points) / spread
    misfit = sum(
        (p.opted_out - p.contacted * (share + rise * (p.at - middle))) ** 2 / p.contacted for p in points
    )
    chance = share * (1 - share)
    reach = _Z * sqrt(max(chance, misfit / (len(points) - 2)) / spread)
    return Slope(
        points_a_month=100 * rise,
        low=100 * (rise - reach),
        high=100 * (rise + reach),
        periods=len(used),
    )


def _used(buckets: Iterable[CohortRates], basis: Basis) -> Iterable[_Point]:
    for bucket in buckets:
        rate = bucket.buyers if basis is Basis.BUYERS else bucket.messages
        if rate.state is RateState.MEASURED:
            effect = rate.design_effect
            yield _Point(_middle(bucket.period), rate.contacted / effect, rate.opted_out / effect)


def _middle(period: Period) -> float:
    """In months since 2000."""
    return ((period.start - _BEGIN) + (period.end - period.start) / 2) / MONTH


def _share(points: Sequence[_Point]) -> float:
    contacted = sum(point.contacted for point in points)
    return sum(point.opted_out for point in points) / contacted if contacted else 0.0


def _joined(points: Iterable[_Point], least: float) -> list[_Point]:
    """Neighbours joined until at least so many were contacted in each; what is left over joins the last."""
    found: list[_Point] = []
    rest: _Point | None = None
    for point in points:
        rest = rest.joined(point) if rest else point
        if rest.contacted >= least:
            found.append(rest)
            rest = None
    if rest and found:
        found[-1] = found[-1].joined(rest)
    return found
