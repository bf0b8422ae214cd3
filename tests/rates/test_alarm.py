"""Since when the rate is another one. How often it errs is measured by tests.bench.rates_alarm."""

from __future__ import annotations

import random
from datetime import date, timedelta
from math import log

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bounce_watch.rates.alarm import DayCount, find_change, two_shares
from bounce_watch.records.change import ChangePoint

BEGIN = date(2026, 8, 10)
TWELVE_WEEKS = 84


def stretch(*parts: tuple[int, int, int]) -> list[DayCount]:
    """Days on end: (so many, contacted, opted out) of each."""
    rows = [(contacted, opted_out) for length, contacted, opted_out in parts for _ in range(length)]
    return [
        DayCount(day=BEGIN + timedelta(days=number), contacted=contacted, opted_out=opted_out)
        for number, (contacted, opted_out) in enumerate(rows)
    ]


DOUBLED = stretch((TWELVE_WEEKS, 143, 3), (60, 143, 6))
SINCE = BEGIN + timedelta(days=TWELVE_WEEKS)


def test_a_doubled_rate_is_told_with_its_day_and_both_levels() -> None:
    point, enough = find_change(DOUBLED[: TWELVE_WEEKS + 14])
    assert point == ChangePoint(since=SINCE, before=3 / 143, after=6 / 143)
    assert enough


def test_a_change_is_told_once_and_for_four_weeks() -> None:
    points = [find_change(DOUBLED[:known])[0] for known in range(TWELVE_WEEKS, len(DOUBLED))]
    told = [number for number, point in enumerate(points) if point is not None]
    assert told == list(range(told[0], told[0] + 28))
    assert 1 < told[0] <= 14
    assert {point.since for point in points if point is not None} == {SINCE}


def test_a_steady_rate_never_changes() -> None:
    assert find_change(stretch((200, 143, 3))) == (None, True)
    assert find_change(stretch((200, 143, 0))) == (None, False)
    assert find_change(stretch((100, 50, 50))) == (None, True)


def test_a_rate_that_was_zero() -> None:
    """None in sixty days, then fifteen a day."""
    point, enough = find_change(stretch((60, 100, 0), (2, 100, 15)))
    assert point == ChangePoint(since=BEGIN + timedelta(days=60), before=0.0, after=0.15)
    assert enough


def test_a_week_of_notices_that_may_be_late_is_no_fall() -> None:
    fall = stretch((TWELVE_WEEKS, 143, 10), (60, 143, 1))
    assert [find_change(fall[: TWELVE_WEEKS + late])[0] for late in range(8)] == [None] * 8
    point, _ = find_change(fall[: TWELVE_WEEKS + 28])
    assert point == ChangePoint(since=SINCE, before=10 / 143, after=1 / 143)


def test_a_rise_is_told_from_days_that_still_mature() -> None:
    point, _ = find_change(stretch((TWELVE_WEEKS, 143, 3), (5, 143, 14)))
    assert point is not None
    assert point.since == SINCE


@pytest.mark.parametrize(("opted_out", "told"), [(325, False), (350, True), (180, True), (190, False)])
def test_moves_that_are_certain_and_small_are_no_change(opted_out: int, told: bool) -> None:
    """Of 5,000 a day 250 before: a rise counts from 333.3 on, a fall up to 187.5."""
    point, enough = find_change(stretch((TWELVE_WEEKS, 5000, 250), (35, 5000, opted_out)))
    assert (point is not None) is told
    assert enough


def test_more_mails_are_no_higher_rate() -> None:
    assert find_change(stretch((TWELVE_WEEKS, 100, 3), (14, 1000, 30), (14, 0, 0), (14, 10, 0)))[0] is None
    assert find_change([*stretch((TWELVE_WEEKS, 100, 3), (5, 1000, 30))])[0] is None


@pytest.mark.parametrize(
    ("days", "enough"),
    [
        ([], False),
        (stretch((41, 143, 3)), False),
        (stretch((42, 143, 3)), True),
        (stretch(*[(1, 100, 1), (3, 100, 0)] * 21), False),
        (stretch(*[(5, 100, 1), (9, 100, 0)] * 6), True),
        (stretch((70, 143, 3), (14, 0, 0)), False),
        (stretch((84, 0, 0)), False),
    ],
    ids=["none", "41 days", "42 days", "3.5 expected", "5 expected", "a pause", "nothing sent"],
)
def test_what_is_enough(days: list[DayCount], enough: bool) -> None:
    """Four weeks before two, and five expected in these: 21 in 84 days are 3.5 in 14, 30 are 5."""
    assert find_change(days) == (None, enough)


def test_back_again_is_another_change() -> None:
    days = stretch((TWELVE_WEEKS, 500, 10), (60, 500, 40), (60, 500, 10))
    (first, _), (second, _) = (
        find_change(days[: TWELVE_WEEKS + 14]),
        find_change(days[: TWELVE_WEEKS + 60 + 28]),
    )
    assert first == ChangePoint(since=SINCE, before=0.02, after=0.08)
    assert second == ChangePoint(since=SINCE + timedelta(days=60), before=0.08, after=0.02)
    assert find_change(days) == (None, True)


def test_the_oldest_days_are_forgotten() -> None:
    """What is before is half a year at most: years at another rate are no change of today."""
    assert find_change(stretch((400, 143, 30), (300, 143, 3))) == (None, True)
    days = stretch((400, 143, 2), (300, 143, 3), (10, 143, 9))
    point, _ = find_change(days)
    assert point is not None
    assert point.before == pytest.approx(3 / 143)


def test_counts_that_cannot_be_are_left_out() -> None:
    odd = [
        DayCount(day=BEGIN + timedelta(days=90), contacted=contacted, opted_out=opted_out)
        for contacted, opted_out in ((5, 6), (-1000, 0), (10, -900), (0, 1))
    ]
    assert find_change([*DOUBLED[:98], *odd]) == find_change(DOUBLED[:98])


def test_days_without_sends_need_no_row() -> None:
    weekdays = [one for one in DOUBLED[:98] if one.day.weekday() < 5]
    pauses = [
        DayCount(day=one.day, contacted=0, opted_out=0) for one in DOUBLED[:98] if one.day.weekday() >= 5
    ]
    point, enough = find_change(weekdays)
    assert (point, enough) == find_change([*weekdays, *pauses])
    assert point is not None
    assert point.since == SINCE


def test_rows_of_one_day_add_up() -> None:
    halves = [
        DayCount(day=one.day, contacted=contacted, opted_out=one.opted_out // 3 * part)
        for one in DOUBLED[:98]
        for contacted, part in ((100, 1), (43, 2))
    ]
    assert find_change(halves) == find_change(DOUBLED[:98])


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 12), min_size=42, max_size=120), st.randoms())
def test_the_order_does_not_matter(opted_out: list[int], chance: random.Random) -> None:
    days = stretch(*((1, 100, count) for count in opted_out))
    assert find_change(chance.sample(days, len(days))) == find_change(days)


def test_two_shares_by_hand() -> None:
    """None of 10 and 10 of 10: certain by two shares, by one of a half 0.5 ** 20."""
    assert two_shares((0, 10), (10, 10)) == pytest.approx(20 * log(2))
    assert two_shares((3, 100), (6, 200)) == pytest.approx(0, abs=1e-12)
