"""The three answers about a movement, together."""

from __future__ import annotations

from datetime import date, timedelta

from bounce_watch.rates.alarm import DayCount
from bounce_watch.rates.change import measure_change
from bounce_watch.records.change import Change
from tests.rates.makers import UNKNOWN, rate, week


def test_nothing_known_is_not_enough_data() -> None:
    nothing = week(0, UNKNOWN)
    assert measure_change(nothing, nothing, [nothing], []) == Change(
        difference=None, slope=None, point=None, enough_for_point=False
    )


def test_all_three_speak_of_buyers() -> None:
    """Eight weeks of 2 % of 1,400 buyers, and two of 6 %; the messages stand still."""
    messages = rate(40, 4000, 2)
    weeks = [week(number, rate(28 if number < 8 else 84, 1400), messages) for number in range(10)]
    days = [
        DayCount(day=date(2026, 1, 5) + timedelta(days=day), contacted=200, opted_out=4 if day < 56 else 12)
        for day in range(70)
    ]
    found = measure_change(weeks[-1], weeks[-3], weeks, days)
    assert found.difference is not None
    assert round(found.difference.points, 9) == 4
    assert found.slope is not None
    assert found.slope.is_clear
    assert found.slope.periods == 10
    assert found.point is not None
    assert (found.point.since, found.point.before, found.point.after) == (date(2026, 3, 2), 0.02, 0.06)
    assert found.enough_for_point
