"""What can be said of the movement of a rate, put together."""

from __future__ import annotations

from collections.abc import Sequence

from bounce_watch.rates.alarm import DayCount, find_change
from bounce_watch.rates.difference import difference
from bounce_watch.rates.slope import slope
from bounce_watch.records.change import Change
from bounce_watch.records.rate import CohortRates


def measure_change(
    now: CohortRates, before: CohortRates, buckets: Sequence[CohortRates], days: Sequence[DayCount]
) -> Change:
    """The movement of the buyers' rate: against the period before, along the chart's buckets, and day by day.

    `days` are those of find_change.
    """
    point, enough = find_change(days)
    return Change(
        difference=difference(now.buyers, before.buyers),
        slope=slope(buckets),
        point=point,
        enough_for_point=enough,
    )
