"""Times as tools write them, and what a whole column shows of them."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bounce_watch.errors import UsageError
from bounce_watch.sent_log.instants import TimeColumn, TimeRule, check_format
from bounce_watch.sent_log.moments import moment_of

LONDON = ZoneInfo("Europe/London")
HALF_PAST_FOUR = datetime(2026, 9, 30, 16, 30, tzinfo=UTC)


def column(*cells: str) -> TimeColumn:
    found = TimeColumn()
    for number, cell in enumerate(cells, start=2):
        found.feed(number, cell)
    return found


@pytest.mark.parametrize(
    "cell",
    [
        "2026-09-30T17:30:00+01:00",
        "2026-09-30 17:30",
        "2026-09-30 17:30:00 +0100",
        "2026-09-30T16:30:00.000Z",
        "2026-09-30 17:30 BST",
        "2026-09-30 16:30:00 UTC",
        "2026-09-30 18:30 MESZ",
        "2026-9-30 17:30",
        "2026/09/30 17:30:00",
        "2026/9/30, 17:30",
        "2026.09.30 17:30",
        "2026年9月30日 17時30分",
        "2026年9月30日 17時30分00秒",
        "２０２６／０９／３０ １７：３０",
        "30/09/2026 17:30",
        "30/09/2026, 17:30:00",
        "30/9/26 5:30 pm",
        "30-09-2026 17:30",
        "30.09.2026 17:30 Uhr",
        "30.9.2026 um 17.30",
        "30/09/2026 à 17h30",
        "30/09/2026 17:30 h",
        "Wed, 30 Sep 2026 17:30:00 +0100",
        "Wed, 30 Sep 2026 16:30:00 GMT",
        "30 September 2026 17:30",
        "30. September 2026, 17:30",
        "30-Sep-26 5:30:00 PM",
        "30 sept. 2026 à 17:30",
        "30 de septiembre de 2026 17:30",
        "30 settembre 2026 17.30",
        "Sep 30, 2026 5:30 PM",
        "Sep 30th, 2026 at 5:30 p.m.",
        "Wed Sep 30 2026 17:30:00 GMT+0100 (British Summer Time)",
        "1790785800",
        "1790785800.0",
        "1790785800000",
        "46295.729166667",
        "46295,729166667",
        "20260930173000",
        "20260930T173000",
        "20260930T163000Z",
    ],
)
def test_usual_forms_are_read(cell: str) -> None:
    assert TimeRule(zone=LONDON).instant(cell) == HALF_PAST_FOUR


@pytest.mark.parametrize(
    "cell",
    ["2026-09-30", "30/09/2026", "46295", "30 Sep 2026", "20260930", "2026年9月30日"],
)
def test_a_day_alone_is_its_noon(cell: str) -> None:
    assert TimeRule(zone=LONDON).instant(cell) == datetime(2026, 9, 30, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    "cell",
    [
        "",
        "soon",
        "31/02/2026",
        "2026-09-31 10:00 UTC",
        "2026-09-30 25:00",
        "2026-09-30 10:61 UTC",
        "30/09/2026 13:00 PM",
        "30/09/2026 0:10 am",
        "30 Foo 2026",
        "2026-09-30 10:00 IST",
        "2026-09-30 10:00 XYZ",
        "30/09/0026",
        "30/09/1999",
        "123456",
        "99999",
        "20261330",
        "20260930256000",
        "12345678901234567",
        "1790784300 " + "x" * 90,
        "30/09/2026 10:00 +99:00",
    ],
)
def test_what_is_no_time_is_none(cell: str) -> None:
    assert TimeRule(zone=LONDON).instant(cell) is None


@pytest.mark.parametrize(
    ("cells", "day_first", "words"),
    [
        (["03/09/2026", "13/09/2026"], True, "numbers with slashes, day first"),
        (["09/03/2026", "09/13/2026"], False, "numbers with slashes, month first"),
        (["03.09.2026", "04.09.2026"], True, "numbers with dots, day first"),
        (["09.13.2026", "09.03.2026"], False, "numbers with dots, month first"),
        (["09/09/2026", "10/10/2026"], True, "numbers with slashes, day first"),
        (["2026-09-03", "2026-09-03 10:00"], True, "year-month-day"),
        (["soon"], True, "no time in any row"),
    ],
)
def test_a_number_above_twelve_tells_the_day(cells: list[str], day_first: bool, words: str) -> None:
    found = column(*cells)
    assert not found.is_mixed
    assert not found.is_undecided
    assert (found.is_day_first, str(found)) == (day_first, words)


def test_without_one_nobody_guesses() -> None:
    found = column("09/09/2026", "03/09/2026", "04/09/2026")
    assert (found.is_undecided, found.either_at, str(found)) == (True, 3, "numbers with slashes")


@pytest.mark.parametrize(
    ("cells", "mixture"),
    [
        (["13/09/2026", "09/13/2026"], "row 2: day first, row 3: month first"),
        (
            ["2026-09-13", "soon", "30-9-2026 10:00"],
            "row 2: year-month-day, row 4: numbers with dashes, the year last",
        ),
        (["1790784300", "2026-09-13"], "row 2: seconds since 1970, row 3: year-month-day"),
    ],
)
def test_what_is_written_in_two_ways_is_mixed(cells: list[str], mixture: str) -> None:
    found = column(*cells)
    assert found.is_mixed
    assert found.mixture() == mixture
    assert "first" not in str(found)


def test_the_month_stands_first_where_that_was_found() -> None:
    rule = TimeRule(zone=UTC, day_first=False)
    assert rule.instant("09/03/2026 10:00") == datetime(2026, 9, 3, 10, tzinfo=UTC)
    assert rule.instant("13/03/2026 10:00") is None
    assert rule.instant("3 Sep 2026 10:00") == datetime(2026, 9, 3, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given", "cell", "expected"),
    [
        ("%d|%m|%Y %H:%M", "30|09|2026 17:30", HALF_PAST_FOUR),
        ("%d|%m|%Y %H:%M %z", "30|09|2026 18:30 +0200", HALF_PAST_FOUR),
        ("%d|%m|%Y", " 30|09|2026 ", datetime(2026, 9, 30, 11, tzinfo=UTC)),
        ("%d|%m|%Y", "30|09|1826", None),
        ("%d|%m|%Y", "2026-09-30", None),
    ],
)
def test_a_format_that_is_given_is_the_only_one(given: str, cell: str, expected: datetime | None) -> None:
    assert check_format(given) == given
    assert TimeRule(zone=LONDON, given=given).instant(cell) == expected


@pytest.mark.parametrize("text", ["%Q", "%d.%m. %H:%M", "hello", "", "%"])
def test_what_is_no_format_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        check_format(text)


@pytest.mark.parametrize("text", [None, "day-first", "month-first"])
def test_two_words_are_formats_too(text: str | None) -> None:
    assert check_format(text) == text


def test_an_hour_that_the_clocks_leave_out_is_still_an_instant() -> None:
    assert TimeRule(zone=LONDON).instant("29/03/2026 01:30") == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_a_cell_is_taken_apart_and_nothing_decided() -> None:
    moment = moment_of("03/09/2026")
    assert moment is not None
    assert (moment.numbers, moment.time, moment.offset) == ((3, 9), None, None)
    assert moment_of("20260930.5") is None
