"""Days, weeks and months: exact over clock changes, touching without a gap."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bounce_watch.rates.periods import buckets, day, days, month, previous, week

LONDON = ZoneInfo("Europe/London")
NEW_YORK = ZoneInfo("America/New_York")
TOKYO = ZoneInfo("Asia/Tokyo")
ZONES = ["Europe/London", "America/New_York", "Asia/Tokyo", "Australia/Lord_Howe", "America/Sao_Paulo"]
SINCE_2017 = st.dates(date(2017, 1, 1), date(2030, 12, 31))


def utc(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("which", "zone", "start", "end"),
    [
        (date(2026, 11, 21), LONDON, utc(2026, 11, 21), utc(2026, 11, 22)),
        (date(2026, 7, 1), LONDON, utc(2026, 6, 30, 23), utc(2026, 7, 1, 23)),
        (date(2026, 3, 29), LONDON, utc(2026, 3, 29), utc(2026, 3, 29, 23)),
        (date(2026, 10, 25), LONDON, utc(2026, 10, 24, 23), utc(2026, 10, 26)),
        (date(2026, 11, 1), NEW_YORK, utc(2026, 11, 1, 4), utc(2026, 11, 2, 5)),
        (date(2026, 11, 21), TOKYO, utc(2026, 11, 20, 15), utc(2026, 11, 21, 15)),
        (date(2017, 10, 15), ZoneInfo("America/Sao_Paulo"), utc(2017, 10, 15, 3), utc(2017, 10, 16, 2)),
    ],
    ids=["winter", "summer", "23 hours", "25 hours", "25 hours west", "no changes", "midnight skipped"],
)
def test_a_day_runs_from_midnight_to_midnight(
    which: date, zone: ZoneInfo, start: datetime, end: datetime
) -> None:
    period = day(which, zone)
    assert (period.first_day, period.last_day) == (which, which)
    assert (period.start, period.end) == (start, end)


@pytest.mark.parametrize("name", ZONES)
def test_fourteen_years_of_days_leave_no_gap_and_hold_their_own_instants(name: str) -> None:
    zone = ZoneInfo(name)
    every = [day(date(2017, 1, 1) + timedelta(days=count), zone) for count in range(14 * 365)]
    assert all(one.end == two.start for one, two in pairwise(every))
    for one in every:
        last = one.end - timedelta(seconds=1)
        assert one.start.astimezone(zone).date() == last.astimezone(zone).date() == one.first_day


def test_a_week_is_monday_to_sunday() -> None:
    for which in (date(2026, 11, 16), date(2026, 11, 19), date(2026, 11, 22)):
        found = week(which, LONDON)
        assert (found.first_day, found.last_day) == (date(2026, 11, 16), date(2026, 11, 22))
    assert week(date(2026, 10, 22), LONDON).end - week(date(2026, 10, 22), LONDON).start == timedelta(
        hours=169
    )


@pytest.mark.parametrize(
    ("which", "first", "last"),
    [
        (date(2026, 11, 5), date(2026, 11, 1), date(2026, 11, 30)),
        (date(2028, 2, 29), date(2028, 2, 1), date(2028, 2, 29)),
        (date(2026, 12, 31), date(2026, 12, 1), date(2026, 12, 31)),
    ],
)
def test_a_month_is_a_calendar_month(which: date, first: date, last: date) -> None:
    found = month(which, LONDON)
    assert (found.first_day, found.last_day) == (first, last)


def test_days_end_with_the_last_day() -> None:
    found = days(date(2026, 3, 2), 7, LONDON)
    assert (found.first_day, found.last_day) == (date(2026, 2, 24), date(2026, 3, 2))


@pytest.mark.parametrize("count", [0, -1])
def test_a_period_without_days_is_refused(count: int) -> None:
    with pytest.raises(ValueError, match="at least one day"):
        days(date(2026, 3, 2), count, LONDON)


def test_a_day_that_never_was_is_refused() -> None:
    with pytest.raises(ValueError, match="ends after it starts"):
        day(date(2011, 12, 30), ZoneInfo("Pacific/Apia"))


def test_the_previous_of_each_kind() -> None:
    assert previous(day(date(2026, 3, 1), LONDON), LONDON) == day(date(2026, 2, 28), LONDON)
    assert previous(week(date(2026, 11, 18), LONDON), LONDON) == week(date(2026, 11, 11), LONDON)
    assert previous(month(date(2026, 3, 1), LONDON), LONDON) == month(date(2026, 2, 1), LONDON)
    assert previous(month(date(2026, 1, 1), LONDON), LONDON) == month(date(2025, 12, 1), LONDON)
    assert previous(days(date(2026, 3, 10), 5, LONDON), LONDON) == days(date(2026, 3, 5), 5, LONDON)


@pytest.mark.parametrize(
    ("kind", "shown", "oldest"),
    [
        (day, 14, date(2026, 11, 9)),
        (week, 13, date(2026, 8, 24)),
        (month, 12, date(2025, 12, 1)),
    ],
)
def test_a_chart_ends_with_the_period(kind: object, shown: int, oldest: date) -> None:
    assert callable(kind)
    period = kind(date(2026, 11, 22), LONDON)
    found = buckets(period, LONDON)
    assert len(found) == shown
    assert found[-1] == period
    assert found[0].first_day == oldest


def test_seven_days_that_are_no_calendar_week_chart_as_thirteen_such_weeks() -> None:
    found = buckets(days(date(2026, 11, 21), 7, LONDON), LONDON)
    assert len(found) == 13
    assert {(one.last_day - one.first_day).days for one in found} == {6}


@given(SINCE_2017, st.sampled_from(ZONES), st.sampled_from([day, week, month]))
def test_the_periods_of_a_chart_touch(which: date, name: str, kind: object) -> None:
    assert callable(kind)
    zone = ZoneInfo(name)
    found = buckets(kind(which, zone), zone)
    assert all(one.end == two.start for one, two in pairwise(found))
    assert all(one.last_day + timedelta(days=1) == two.first_day for one, two in pairwise(found))


def test_a_fixed_offset_is_a_zone_too() -> None:
    east = timezone(timedelta(hours=14))
    assert day(date(2026, 1, 1), east).start == utc(2025, 12, 31, 10)
