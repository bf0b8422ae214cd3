"""A change point: from which day on the rate is another one.

Every morning the last two weeks are held against all before them, by the likelihood ratio of two shares against
one. The thresholds are those of a simulation (docs/decisions/0023): looked at every day, a rate that stays the
same raises less than one alarm in a hundred months, for rises and falls together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from math import inf, log
from statistics import fmean

from bounce_watch.records.change import ChangePoint

KNOWN_FOR_DAYS = 28
"""For how long a change stays told after it was found."""

_BEFORE_DAYS = 28
_MOST_BEFORE_DAYS = 182
_LEAST_EXPECTED = 5.0
_MATURING_DAYS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class DayCount:
    """The buyers first written to on a day (what could be blocked), and those of them who opted out.

    Each buyer on one day only, that of the first message: all messages to a buyer are one coin, and counted on
    each of their days they would raise false alarms.
    """

    day: date
    contacted: int
    opted_out: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One direction: the mean evidence of `windows`, which end `behind` days before the last known one."""

    rising: bool
    windows: tuple[int, ...]
    behind: int
    threshold: float


# A late notice can only add to a rate, so a rise may be told from days that still mature, and a fall may not. Two
# windows, because no day knows whether it is the thirteenth or fourteenth of a change.
RULES = (
    Rule(rising=True, windows=(13, 14), behind=0, threshold=4.8),
    Rule(rising=False, windows=(28,), behind=_MATURING_DAYS, threshold=9.0),
)


def find_change(days: Sequence[DayCount]) -> tuple[ChangePoint | None, bool]:
    """The newest change that was found within the last four weeks, and whether there is enough to say.

    `days` are in any order and end with yesterday; one that is missing counts as one without sends, and one with
    counts that can't be is left out. Hand over everything since the sent log begins, so that the same mornings are
    gone through again and `since` stays as it was found. A rise is at least by a third, a fall at least by a
    quarter; smaller moves are for the difference and the slope. Enough: four weeks before the two that are held
    against them, and five opted out expected in these. After a change the weeks before are counted from it.
    """
    series = _Series(days)
    point, begin, found_on, enough = None, 0, -inf, False
    for known in range(1, len(series) + 1):
        enough = series.is_enough(begin, known, RULES[0])
        since = _look(series, begin, known)
        if since is not None:
            point = (max(begin, since - _MOST_BEFORE_DAYS), since)
            begin, found_on = since, known
    if point is None or len(series) - found_on >= KNOWN_FOR_DAYS:
        return None, enough
    return series.change_point(*point), True


class _Series:
    """Running sums over days without a gap: the counts of the days from `a` to before `b` at no cost."""

    def __init__(self, days: Sequence[DayCount]) -> None:
        sound = [one for one in days if 0 <= one.opted_out <= one.contacted]
        self.first = min((one.day for one in days), default=date.min)
        length = max(((one.day - self.first).days + 1 for one in days), default=0)
        contacted, opted_out = [0] * length, [0] * length
        for one in sound:
            contacted[(one.day - self.first).days] += one.contacted
            opted_out[(one.day - self.first).days] += one.opted_out
        self._contacted = list(accumulate(contacted, initial=0))
        self._opted_out = list(accumulate(opted_out, initial=0))

    def __len__(self) -> int:
        return len(self._contacted) - 1

    def count(self, start: int, end: int) -> tuple[int, int]:
        """Opted out and contacted."""
        return (
            self._opted_out[end] - self._opted_out[start],
            self._contacted[end] - self._contacted[start],
        )

    def is_enough(self, begin: int, known: int, rule: Rule) -> bool:
        """True when the rule's longest window can be held against what was before it."""
        until = known - rule.behind
        since = until - max(rule.windows)
        if since - begin < _BEFORE_DAYS:
            return False
        opted_out, contacted = self.count(max(begin, since - _MOST_BEFORE_DAYS), until)
        expected = opted_out * self.count(since, until)[1] / contacted if contacted else 0
        return expected >= _LEAST_EXPECTED

    def evidence(self, begin: int, since: int, until: int, *, rising: bool) -> float:
        """For a change in this direction on the day `since`; 0 when the rate moved too little or the other way."""
        before = self.count(max(begin, since - _MOST_BEFORE_DAYS), since)
        after = self.count(since, until)
        low, high = (before, after) if rising else (after, before)
        if not before[1] or not after[1] or 3 * high[0] * low[1] < 4 * low[0] * high[1]:
            return 0.0
        return two_shares(before, after)

    def change_point(self, begin: int, since: int) -> ChangePoint:
        before, after = self.count(begin, since), self.count(since, len(self))
        return ChangePoint(
            since=self.first + timedelta(days=since),
            before=before[0] / before[1],
            after=after[0] / after[1],
        )


def two_shares(one: tuple[int, int], other: tuple[int, int]) -> float:
    """The logarithm of how much likelier two counts (opted out, contacted) are by two shares than by one.

    Half of the statistic G of the 2 x 2 table (S. S. Wilks, Annals of Mathematical Statistics 9, 1938).
    """
    both = (one[0] + other[0], one[1] + other[1])
    return _fit(*one) + _fit(*other) - _fit(*both)


def _fit(opted_out: int, contacted: int) -> float:
    """The likelihood's logarithm at the share that fits best."""
    return sum(part * log(part / contacted) for part in (opted_out, contacted - opted_out) if part)


def _look(series: _Series, begin: int, known: int) -> int | None:
    """The day since when there is another rate, as a morning sees it that knows so many days."""
    for rule in RULES:
        until, longest = known - rule.behind, max(rule.windows)

        def evidence(since: int, until: int = until, *, rising: bool = rule.rising) -> float:
            return series.evidence(begin, since, until, rising=rising)

        if series.is_enough(begin, known, rule) and (
            fmean(evidence(until - window) for window in rule.windows) >= rule.threshold
        ):
            oldest = max(until - 2 * longest, begin + _BEFORE_DAYS)
            return max(range(until - 1, oldest - 1, -1), key=evidence)
    return None
