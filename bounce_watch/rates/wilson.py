"""The interval that stands beside every rate."""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist


def wilson(
    opted_out: int, contacted: int, *, level: float = 0.95, design_effect: float = 1.0
) -> tuple[float, float]:
    """Wilson's score interval for `opted_out` of `contacted`, as (low, high) in 0..1.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927),
    without continuity correction: the shares p that the count does not contradict at this level, solved
    from |x/n - p| = z * sqrt(p (1 - p) / n). It stays inside 0..1 and is honest for small counts. None of
    n is exactly 0 at the low end, all of n exactly 1 at the high end.

    `design_effect`: n counts as n divided by it, because what was counted is not independent (L. Kish,
    "Survey Sampling", 1965); the share stays as it is. ValueError for counts and effects that can't be.
    """
    if not 0 <= opted_out <= contacted or contacted == 0:
        raise ValueError(f"{opted_out} of {contacted} is no share")
    if not 0 < level < 1:
        raise ValueError(f"a level lies between 0 and 1, not {level}")
    if not design_effect >= 1:
        raise ValueError(f"a design effect is at least 1, not {design_effect}")
    z = NormalDist().inv_cdf((1 + level) / 2)
    share, sample = opted_out / contacted, contacted / design_effect
    weight = z * z / sample
    middle = (share + weight / 2) / (1 + weight)
    reach = z * sqrt(share * (1 - share) / sample + weight / (4 * sample)) / (1 + weight)
    low = 0.0 if opted_out == 0 else middle - reach
    high = 1.0 if opted_out == contacted else middle + reach
    return low, high
