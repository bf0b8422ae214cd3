from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bounce_watch.records.rate import Basis
from bounce_watch.reports import wording as say

from .example import rate


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.0, "0 %"),
        (1e-9, "<0.1 %"),
        (0.000499, "<0.1 %"),
        (0.0005, "0.1 %"),
        (0.013, "1.3 %"),
        (0.0125, "1.3 %"),
        (0.0205, "2.1 %"),
        (0.2, "20.0 %"),
        (0.9994, "99.9 %"),
        (0.9999, ">99.9 %"),
        (1.0, "100 %"),
    ],
)
def test_nought_and_all_only_when_truly_so(value: float, shown: str) -> None:
    assert say.percent(value) == shown


@given(st.floats(0, 1))
def test_a_percentage_is_off_by_half_a_tenth_at_most(value: float) -> None:
    shown = say.share(value)
    if shown[0] not in "<>":
        assert abs(float(shown) - value * 100) <= 0.05 + 1e-9
    assert (shown == "0") == (value == 0)
    assert (shown == "100") == (value == 1)


def test_an_interval_names_the_unit_once() -> None:
    assert say.interval(0.0163, 0.0272) == "1.6 to 2.7 %"
    assert say.interval(0.0, 0.0004) == "0 to <0.1 %"


@pytest.mark.parametrize(
    ("difference", "shown"),
    [(0.0, "0.0"), (0.3, "+0.3"), (-0.149, "-0.1"), (0.04, "0.0"), (-0.04, "0.0"), (12.0, "+12.0")],
)
def test_points(difference: float, shown: str) -> None:
    assert say.points(difference) == shown


def test_spans_in_a_table_have_no_unit() -> None:
    assert say.span_of_shares(0.0163, 0.0272) == "1.6-2.7"
    assert say.points_span(-0.5866, 0.9266) == "-0.6 to +0.9"


@pytest.mark.parametrize(("contacted", "few"), [(99, True), (100, False), (0, True)])
def test_below_a_hundred_are_few(contacted: int, few: bool) -> None:
    assert say.is_few(rate(Basis.BUYERS, 0, contacted, (0.0, 0.5) if contacted else None)) is few


def test_numbers_and_their_nouns() -> None:
    assert say.counted(1, "notice") == "1 notice"
    assert say.counted(0, "notice") == "0 notices"
    assert say.counted(2710, "message") == "2,710 messages"
    assert [say.signed(number) for number in (0, 9, -3, 12345)] == ["0", "+9", "-3", "+12,345"]
    assert say.listed([]) == ""
    assert say.listed(["a"]) == "a"
    assert say.listed(["a", "b"]) == "a and b"
    assert say.listed(["a", "b", "c"]) == "a, b and c"


@pytest.mark.parametrize(
    ("first", "last", "shown"),
    [
        (date(2026, 11, 21), date(2026, 11, 21), "21 Nov 2026"),
        (date(2026, 11, 16), date(2026, 11, 22), "16 to 22 Nov 2026"),
        (date(2026, 9, 28), date(2026, 10, 4), "28 Sep to 4 Oct 2026"),
        (date(2026, 12, 28), date(2027, 1, 3), "28 Dec 2026 to 3 Jan 2027"),
        (date(2025, 11, 1), date(2026, 11, 2), "1 Nov 2025 to 2 Nov 2026"),
    ],
)
def test_spans_of_days(first: date, last: date, shown: str) -> None:
    assert say.span_text(first, last) == shown


def test_moments_are_local() -> None:
    instant = datetime(2026, 7, 1, 23, 5, tzinfo=UTC)
    assert say.moment(instant, ZoneInfo("Europe/London")) == "2 Jul 2026 00:05"
    assert say.moment(instant, UTC) == "1 Jul 2026 23:05"
    assert say.moment(None, UTC) == "never"
    assert say.weekday(date(2026, 11, 22)) == "Sun 22 Nov"


@pytest.mark.parametrize(
    ("elapsed", "words"),
    [
        (timedelta(seconds=-5), "less than a minute ago"),
        (timedelta(seconds=59), "less than a minute ago"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(minutes=119, seconds=59), "119 minutes ago"),
        (timedelta(hours=2), "2 hours ago"),
        (timedelta(hours=47, minutes=59), "47 hours ago"),
        (timedelta(days=2), "2 days ago"),
        (timedelta(days=400), "400 days ago"),
    ],
)
def test_ago(elapsed: timedelta, words: str) -> None:
    assert say.ago(elapsed) == words
