"""Silence: notices that should have come since the last one, and did not.

The preference that lets notices come is set in Seller Central per marketplace, and switches off without a word.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import accumulate, pairwise
from math import floor

from bounce_watch.records.change import Silence, SilenceState
from bounce_watch.records.times import require_utc

ENOUGH_NOTICES = 50
MISSING = 10.0
"""How many expected notices make a silence."""

_LEAST_DAYS = 28
_LONGER = 1.5
_DAY = timedelta(days=1)
_INSTANT = timedelta(microseconds=1)


def find_silence(
    marketplace: str | None,
    *,
    notices: Sequence[datetime],
    contacted: Sequence[tuple[datetime, int]],
    now: datetime,
) -> Silence:
    """Whether the notices of one marketplace stay away; `notices` are all that ever came, in any order.

    `contacted`: the start of each day that the sent log covers, ascending, and the buyers written to on it that
    could be blocked, 0 included. A day that the log does not cover counts as an average one; without a log every
    day counts the same, and a pause of the seller looks like a silence.

    Expected are those of whole days after the last notice's, one day given to them to arrive. Their share is that
    of the last fifty notices, or of four weeks if those are more: recent, because a list that works makes the rate fall.
    SILENT (docs/decisions/0023): ten expected, and half as many buyers more than between any two of those notices.
    """
    require_utc(now=now)
    last = max(notices, default=None)
    if last is None or len(notices) < ENOUGH_NOTICES:
        return _silence(marketplace, SilenceState.CANNOT_TELL, notices, None)
    calendar = _Calendar(contacted, origin=contacted[0][0] if contacted else last + _INSTANT)
    came = sorted(map(calendar.number, notices))
    end = came[-1] + 1
    first = max(min(came[-ENOUGH_NOTICES], end - _LEAST_DAYS), came[0])
    came = [day for day in came if day >= first]
    heard = calendar.buyers(first, end, like=(first, end))
    missing = sum(calendar.buyers(end, calendar.number(now - _DAY), like=(first, end)))
    expected = len(came) / sum(heard) * missing
    is_silent = expected >= MISSING and missing >= _LONGER * _longest(came, heard)
    state = SilenceState.SILENT if is_silent else SilenceState.HEARD
    return _silence(marketplace, state, notices, expected, by_days=not contacted)


class _Calendar:
    """Days numbered from `origin` on, and how many buyers were written to on each."""

    def __init__(self, contacted: Sequence[tuple[datetime, int]], *, origin: datetime) -> None:
        self._origin = origin
        # Rounded, because a day begins an hour earlier or later after the clocks changed.
        self._rows = {round((start - origin) / _DAY): float(buyers) for start, buyers in contacted}

    def number(self, instant: datetime) -> int:
        return floor((instant - self._origin) / _DAY)

    def buyers(self, first: int, end: int, *, like: tuple[int, int]) -> list[float]:
        """Of the days from `first` to before `end`; days that are not known are like those of another stretch."""
        known = [self._rows[day] for day in range(*like) if day in self._rows]
        if not sum(known):  # without a log, or in one that does not hold what was answered, a day is a day
            return [1.0] * (end - first)
        average = sum(known) / len(known)
        return [self._rows.get(day, average) for day in range(first, end)]


def _longest(came: Sequence[int], buyers: Sequence[float]) -> float:
    """The most buyers on the days between two neighbouring notices; `buyers` end on the last notice's day."""
    written = list(accumulate(reversed(buyers), initial=0.0))
    last = came[-1]
    gaps = (written[last - one] - written[last - other + 1] for one, other in pairwise(sorted(set(came))))
    return max(gaps, default=0.0)


def _silence(
    marketplace: str | None,
    state: SilenceState,
    notices: Sequence[datetime],
    expected: float | None,
    *,
    by_days: bool = False,
) -> Silence:
    return Silence(
        marketplace=marketplace,
        state=state,
        notices=len(notices),
        expected=expected,
        last_notice_at=max(notices, default=None),
        by_days=by_days,
    )
