"""Notices that stay away. How soon and how often in vain is measured by tests.bench.rates_silence."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bounce_watch.rates.silence import find_silence
from bounce_watch.records.change import Silence, SilenceState

BEGIN = datetime(2026, 1, 5, tzinfo=UTC)
DAY = timedelta(days=1)
LONDON = ZoneInfo("Europe/London")

Rows = list[tuple[datetime, int]]


def rows(days: int, buyers: int = 50) -> Rows:
    return [(BEGIN + number * DAY, buyers) for number in range(days)]


def noon(*days: int) -> list[datetime]:
    return [BEGIN + (number + 0.5) * DAY for number in days]


def find(notices: list[datetime], contacted: Rows, now: float) -> Silence:
    """`now` is in days since the beginning."""
    return find_silence("amazon.de", notices=notices, contacted=contacted, now=BEGIN + now * DAY)


def test_one_a_day_and_then_none() -> None:
    """50 buyers and a notice a day. From day 100 on none: the tenth day is over at 110, and a day older at 111."""
    heard, silent = find(noon(*range(100)), rows(112), 110.99), find(noon(*range(100)), rows(112), 111)
    assert heard.state is SilenceState.HEARD
    assert heard.expected == pytest.approx(9)
    assert silent.state is SilenceState.SILENT
    assert silent.expected == pytest.approx(10)
    assert (silent.marketplace, silent.notices) == ("amazon.de", 100)
    assert silent.last_notice_at == BEGIN + 99.5 * DAY


def test_who_writes_to_nobody_misses_nobody() -> None:
    found = find(noon(*range(100)), rows(100) + [(start, 0) for start, _ in rows(140)[100:]], 140)
    assert (found.state, found.expected) == (SilenceState.HEARD, 0)


@pytest.mark.parametrize(
    "contacted", [[], rows(100), rows(100, 0)], ids=["no log", "log ends", "log of others"]
)
@pytest.mark.parametrize(("now", "state"), [(110.5, SilenceState.HEARD), (111.5, SilenceState.SILENT)])
def test_days_that_no_log_covers_are_like_the_others(
    contacted: Rows, now: float, state: SilenceState
) -> None:
    """Without a log, days are counted from the last notice on, at noon."""
    assert find(noon(*range(100)), contacted, now).state is state


def test_under_fifty_nothing_can_be_told() -> None:
    found = find(noon(*range(49)), rows(300), 300)
    assert (found.state, found.notices, found.expected) == (SilenceState.CANNOT_TELL, 49, None)
    assert found.last_notice_at == BEGIN + 48.5 * DAY
    assert find(noon(*range(50)), rows(300), 300).state is SilenceState.SILENT
    nothing = find([], rows(300), 300)
    assert (nothing.state, nothing.notices, nothing.last_notice_at) == (SilenceState.CANNOT_TELL, 0, None)


def test_the_share_is_the_recent_one() -> None:
    """Three a day for a hundred days, then one a day for fifty: one a day is expected."""
    found = find(noon(*sorted([*range(100)] * 3), *range(100, 150)), rows(200), 160)
    assert found.expected == pytest.approx(9)
    assert found.state is SilenceState.HEARD


def test_one_busy_day_is_no_share() -> None:
    """Sixty on the last of 100 days and one on each before: 27 + 60 in four weeks."""
    found = find(noon(*range(99), *[99] * 60), rows(120), 103)
    assert found.expected == pytest.approx(87 / 28 * 2)


def test_a_mailbox_younger_than_four_weeks() -> None:
    """Ten a day for six days: the days before the first notice say nothing."""
    found = find(noon(*range(6)) * 10, rows(40), 8)
    assert found.expected == pytest.approx(10)
    assert found.state is SilenceState.SILENT


def test_a_pause_like_an_earlier_one_is_no_silence() -> None:
    """One a day, but none on twelve days: 50 in 62 days. Fifteen days expect 12; silent after 1.5 times twelve."""
    notices = noon(*range(25), *range(37, 62))
    found = find(notices, rows(90), 78)
    assert found.state is SilenceState.HEARD
    assert found.expected == pytest.approx(50 / 62 * 15)
    assert find(notices, rows(90), 81).state is SilenceState.SILENT


def test_campaigns() -> None:
    """Every seventh day 100 buyers and five notices: silent a day after the second campaign that nobody answers."""
    weekly = [(start, 100 if number % 7 == 0 else 0) for number, (start, _) in enumerate(rows(200))]
    notices = noon(*range(0, 84, 7)) * 5
    assert find(notices, weekly, 91).state is SilenceState.HEARD
    assert find(notices, weekly, 92.9).expected == pytest.approx(5)
    assert find(notices, weekly, 93).state is SilenceState.SILENT


def test_days_of_23_and_25_hours() -> None:
    """Local days around 25 October 2026, when London's clocks go back."""
    first = date(2026, 9, 1)
    starts = [datetime.combine(first + number * DAY, time(), LONDON).astimezone(UTC) for number in range(100)]
    notices = [start + timedelta(hours=12) for start in starts[:60]]
    contacted = [(start, 50) for start in starts]
    found = find_silence(None, notices=notices, contacted=contacted, now=starts[71] + timedelta(hours=1))
    assert found.state is SilenceState.SILENT
    assert found.expected == pytest.approx(10)


def test_a_notice_of_the_future_is_heard() -> None:
    found = find(noon(*range(100)), rows(100), 50)
    assert (found.state, found.expected) == (SilenceState.HEARD, 0)


def test_a_naive_clock_is_refused() -> None:
    with pytest.raises(ValueError, match="now"):
        find_silence(None, notices=[], contacted=[], now=datetime(2026, 12, 24))


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 90), min_size=50, max_size=80), st.integers(80, 130), st.randoms())
def test_the_order_of_notices_does_not_matter(days: list[int], now: int, chance: random.Random) -> None:
    notices = noon(*days)
    assert find(chance.sample(notices, len(notices)), rows(100), now) == find(notices, rows(100), now)
