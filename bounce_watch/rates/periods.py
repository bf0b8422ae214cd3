"""Days, weeks and months of a time zone as half-open UTC instants.

A period starts at its first day's local midnight and ends at the midnight after its last day, so that a
day has 23, 24 or 25 hours and neighbouring periods touch without a gap, whatever the clocks do.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from bounce_watch.records.rate import Period

DAYS_SHOWN = 14
"""Two weeks of days: each weekday can be held against the one before."""

PERIODS_SHOWN = 13
"""Thirteen weeks, a quarter; also for periods of any other length."""

MONTHS_SHOWN = 12


def day(which: date, zone: tzinfo) -> Period:
    """One day. ValueError for a day that the zone left out (Samoa, 30 December 2011)."""
    return days(which, 1, zone)


def days(last_day: date, count: int, zone: tzinfo) -> Period:
    """The `count` days that end with `last_day`."""
    if count < 1:
        raise ValueError(f"a period has at least one day, not {count}")
    return _between(last_day - timedelta(days=count - 1), last_day, zone)


def week(which: date, zone: tzinfo) -> Period:
    """The week, Monday to Sunday (ISO 8601), that holds this day."""
    return days(which + timedelta(days=6 - which.weekday()), 7, zone)


def month(which: date, zone: tzinfo) -> Period:
    """The calendar month that holds this day."""
    length = monthrange(which.year, which.month)[1]
    return days(which.replace(day=length), length, zone)


def previous(period: Period, zone: tzinfo) -> Period:
    """The period just before: the month before a calendar month, else as many days as this one has."""
    day_before = period.first_day - timedelta(days=1)
    return month(day_before, zone) if _is_month(period) else days(day_before, _length(period), zone)


def buckets(period: Period, zone: tzinfo) -> list[Period]:
    """The periods of a chart that ends with this one, oldest first.

    A day stands behind thirteen others, a month behind eleven, a week (or any other number of days) behind
    twelve of its own length.
    """
    found = [period]
    while len(found) < _shown(period):
        found.append(previous(found[-1], zone))
    return found[::-1]


def _between(first_day: date, last_day: date, zone: tzinfo) -> Period:
    after = last_day + timedelta(days=1)
    return Period(
        first_day=first_day, last_day=last_day, start=_midnight(first_day, zone), end=_midnight(after, zone)
    )


def _midnight(which: date, zone: tzinfo) -> datetime:
    """Local midnight; where it comes twice the first, where the clocks skip it the instant they do so."""
    return datetime.combine(which, time.min, tzinfo=zone).astimezone(UTC)


def _length(period: Period) -> int:
    return (period.last_day - period.first_day).days + 1


def _is_month(period: Period) -> bool:
    first = period.first_day
    return first.day == 1 and _length(period) == monthrange(first.year, first.month)[1]


def _shown(period: Period) -> int:
    if _is_month(period):
        return MONTHS_SHOWN
    return DAYS_SHOWN if _length(period) == 1 else PERIODS_SHOWN
