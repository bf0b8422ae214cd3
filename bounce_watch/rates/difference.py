"""This period against the one before: the difference of two rates, with its own interval."""

from __future__ import annotations

from math import hypot

from bounce_watch.records.change import Difference
from bounce_watch.records.rate import Rate


def difference(now: Rate, before: Rate) -> Difference | None:
    """`now` less `before` in percentage points, with a 95 % interval; None unless both have a value.

    R. G. Newcombe, "Interval estimation for the difference between independent proportions", Statistics in
    Medicine 17 (1998), method 10: the ends are joined from those of both Wilson intervals, so that a design
    effect counts here as it does there, and the ends stay inside -100..100.
    """
    if now.value is None or now.low is None or now.high is None:
        return None
    if before.value is None or before.low is None or before.high is None:
        return None
    points = now.value - before.value
    below = hypot(now.value - now.low, before.high - before.value)
    above = hypot(now.high - now.value, before.value - before.low)
    return Difference(points=100 * points, low=100 * (points - below), high=100 * (points + above))
