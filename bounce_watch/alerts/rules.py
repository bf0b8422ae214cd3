"""What deserves an alert now: pure rules over what was found, and what was told when.

An alert that comes too often is switched off, so the same is told again only after the cool-down, whether or not
it has grown; what is new is told at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from bounce_watch.records.alert import Alert, AlertKind, Told
from bounce_watch.records.rate import CohortRates, Rate

ENOUGH_OPT_OUTS = 10
"""Fewer opted-out buyers are no ground for an alarm: with one buyer written to and one opted out, the interval
alone would be above any limit under 20 %."""

WEEKS_LOOKED_AT = 3
"""The running week, the one before, and the newest one whose notices are all in."""

_AT_LEAST = {
    AlertKind.RATE_CHANGED: timedelta(days=35),
    AlertKind.RATE_HIGH: timedelta(days=7),
    AlertKind.SILENCE: timedelta(days=7),
}
"""What is found anew every day in the same weeks, so that it is the same news for longer."""

LONGEST = max(_AT_LEAST.values())

_SLACK = timedelta(hours=1)
"""The line of cron that told it yesterday may have taken longer than today's."""


def again_after(kind: AlertKind, cool_down: timedelta) -> timedelta:
    """How long after it was told the same alert is told again."""
    wanted = max(cool_down, _AT_LEAST.get(kind, cool_down))
    return wanted - min(_SLACK, wanted / 4)


def due(found: Iterable[Alert], told: Iterable[Told], *, cool_down: timedelta) -> tuple[Alert, ...]:
    """Those of the alerts that were never told, or so long ago that they are told again."""
    last = {(each.kind, each.subject): each.told_at for each in told}

    def is_due(alert: Alert) -> bool:
        before = last.get((alert.kind, alert.subject))
        # One told in the future was told by a clock that was wrong.
        return (
            before is None or before > alert.at or (alert.at - before >= again_after(alert.kind, cool_down))
        )

    return tuple(filter(is_due, found))


def is_surely_above(rate: Rate, limit: float) -> bool:
    """True when at least ENOUGH_OPT_OUTS opted out and the lower end of the 95 % interval is above `limit` (0..1).

    It holds for a rate that is maturing, too: notices that are still to come only raise it.
    """
    return rate.opted_out >= ENOUGH_OPT_OUTS and rate.low is not None and rate.low > limit


def high_rate(weeks: Sequence[CohortRates], limit: float) -> CohortRates | None:
    """The newest of the last WEEKS_LOOKED_AT weeks (oldest first) whose rate of buyers is surely above the limit."""
    newest_first = reversed(weeks[-WEEKS_LOOKED_AT:])
    return next((week for week in newest_first if is_surely_above(week.buyers, limit)), None)
