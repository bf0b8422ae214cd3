"""Dates and times as tools write them: one cell taken apart, without a decision which number is the day.

That decision needs the whole column, see instants.py. What is known of zones by their letters is RFC 2822 (4.3)
for North America, and the abbreviations of Europe's and Japan's legal times; letters that stand for several
zones in the world's logs (IST) are no zone here.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from enum import StrEnum


class Way(StrEnum):
    """How a date is written. A column has one way, or something happened to it."""

    ISO = "year-month-day"
    YEAR_FIRST = "year/month/day"
    SLASHED = "numbers with slashes"
    DASHED = "numbers with dashes, the year last"
    DOTTED = "numbers with dots"
    NAMED = "the month as a word"
    SECONDS = "seconds since 1970"
    MILLISECONDS = "milliseconds since 1970"
    SERIAL = "a spreadsheet's day number"


AMBIGUOUS = frozenset({Way.SLASHED, Way.DASHED, Way.DOTTED})
"""Ways in which the day or the month may come first."""

COUNTED = frozenset({Way.SECONDS, Way.MILLISECONDS, Way.SERIAL})
"""Ways that any number may have by accident."""

NOON = time(12)

_HOURS = {
    **dict.fromkeys(("z", "utc", "gmt", "wet"), 0.0),
    **dict.fromkeys(("bst", "west", "cet", "mez"), 1.0),
    **dict.fromkeys(("cest", "mesz", "eet"), 2.0),
    "eest": 3.0,
    "jst": 9.0,
    "aest": 10.0,
    "aedt": 11.0,
    "est": -5.0,
    "edt": -4.0,
    "cst": -6.0,
    "cdt": -5.0,
    "mst": -7.0,
    "mdt": -6.0,
    "pst": -8.0,
    "pdt": -7.0,
}

_MONTHS = (
    "jan january januar janv janvier gen gennaio ene enero",
    "feb february februar fev fevr fevrier febbraio febrero",
    "mar march marz mrz mars marzo",
    "apr april avr avril aprile abr abril",
    "may mai mag maggio mayo",
    "jun june juni juin giu giugno junio",
    "jul july juli juil juillet lug luglio julio",
    "aug august aou aout ago agosto",
    "sep sept september septembre set sett settembre septiembre",
    "oct october okt oktober octobre ott ottobre octubre",
    "nov november novembre noviembre",
    "dec december dez dezember decembre dic dicembre diciembre",
)
_MONTH = {word: number for number, words in enumerate(_MONTHS, 1) for word in words.split()}

_ZONE = (
    r"(?:\s*(?P<letters>[A-Za-z]{1,5})(?![A-Za-z]))?"
    r"(?:\s*(?P<sign>[+-])(?P<oh>\d{1,2})(?::?(?P<om>\d{2}))?)?(?:\s*\([^()]*\))?"
)
_TIME = (
    r"(?:(?:T|,?\s*)(?:(?:at|um|à|alle|a las)\s+)?(?P<hour>\d{1,2})[:.h時](?P<minute>\d{2})分?"
    r"(?:[:.]?(?P<second>\d{2})(?:[.,](?P<part>\d{1,9}))?秒?)?(?:\s*(?:Uhr|hrs?|h|hs)\b)?"
    r"(?:\s*(?P<half>[AaPp])\.?\s?[Mm]\b\.?)?" + _ZONE + r")?\s*\Z"
)
_WEEKDAY = r"(?:[^\W\d_]{2,12}\.?,?\s+)?"
_WORD = r"(?P<word>[^\W\d_]{3,12})"
_DATES = (
    (None, r"(?P<year>\d{4})(?P<sep>[-/.])(?P<month>\d{1,2})(?P=sep)(?P<day>\d{1,2})"),
    (Way.YEAR_FIRST, r"(?P<year>\d{4})\s?年\s?(?P<month>\d{1,2})\s?月\s?(?P<day>\d{1,2})\s?日"),
    (None, r"(?P<first>\d{1,2})(?P<sep>[-/.])(?P<second_>\d{1,2})(?P=sep)(?P<year>\d{4}|\d{2})(?!\d)"),
    (
        Way.NAMED,
        _WEEKDAY + r"(?P<day>\d{1,2})(?:st|nd|rd|th|er|o|\.)?(?:\s+|-|/)(?:de\s+)?" + _WORD + r"\.?,?"
        r"(?:\s+|-|/)(?:de\s+)?(?P<year>\d{4}|\d{2})(?!\d)",
    ),
    (Way.NAMED, _WEEKDAY + _WORD + r"\.?\s+(?P<day>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<year>\d{4})(?!\d)"),
)
_FORMS = tuple((way, re.compile(date_ + _TIME)) for way, date_ in _DATES)
_SEPARATED = {"-": Way.DASHED, "/": Way.SLASHED, ".": Way.DOTTED}
_NUMBER = re.compile(r"\d{5,16}(?:[.,]\d{1,12})?\Z")
_TOGETHER = re.compile(r"(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2}))?\Z")
_LONGEST = 80
_DAYS_FROM = datetime(1899, 12, 30, tzinfo=UTC)
_SERIALS = range(36_526, 73_051)
"""The days of 2000 to 2099 as spreadsheets number them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A cell that says a time, taken apart; `numbers` are in the order in which they stand, day and month undecided.

    `time` is None for a day alone, `offset` None where the cell names no zone.
    """

    way: Way
    year: int
    numbers: tuple[int, int]
    time: time | None
    offset: tzinfo | None

    def at(self, zone: tzinfo, *, day_first: bool) -> datetime | None:
        """The UTC instant; without an offset in `zone`, a day alone at noon; None for a date that there is not."""
        first, second = self.numbers
        day, month = (first, second) if day_first else (second, first)
        try:
            local = datetime.combine(date(self.year, month, day), self.time or NOON, self.offset or zone)
            return local.astimezone(UTC)
        except (ValueError, OverflowError):
            return None


def moment_of(cell: str) -> Moment | None:
    """What a cell says of a time; None where it says none, or names a zone that nobody knows."""
    text = unicodedata.normalize("NFKC", cell).strip() if len(cell) <= _LONGEST else ""
    if text.isascii() and _NUMBER.match(text):
        return _counted(text)
    for way, form in _FORMS:
        if match := form.match(text):
            return _moment(way, match.groupdict())
    return None


def _counted(text: str) -> Moment | None:
    """A day or an instant that is counted; eight or fourteen digits are a date without its dashes."""
    whole, _, part = text.replace(",", ".").partition(".")
    if len(whole) == len("20260930") or len(whole) == len("20260930170500"):
        return _together(text)
    number = float(f"{whole}.{part or 0}")
    if len(whole) in (10, 13):
        way = Way.SECONDS if len(whole) == 10 else Way.MILLISECONDS
        instant = datetime.fromtimestamp(number if way is Way.SECONDS else number / 1000, UTC)
        return _counted_moment(way, instant, UTC)
    if int(whole) not in _SERIALS:
        return None
    instant = _DAYS_FROM + timedelta(seconds=round(number * 86_400))
    return _counted_moment(Way.SERIAL, instant, None, is_day=not part)


def _counted_moment(way: Way, at: datetime, offset: tzinfo | None, *, is_day: bool = False) -> Moment:
    return Moment(
        way=way,
        year=at.year,
        numbers=(at.day, at.month),
        time=None if is_day else at.time(),
        offset=offset,
    )


def _together(text: str) -> Moment | None:
    match = _TOGETHER.match(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(each) if each else 0 for each in match.groups())
    try:
        at = time(hour, minute, second) if match[4] else None
    except ValueError:
        return None
    return Moment(way=Way.ISO, year=year, numbers=(day, month), time=at, offset=None)


def _moment(way: Way | None, parts: dict[str, str | None]) -> Moment | None:
    said = {name: value for name, value in parts.items() if value is not None}
    numbers = _numbers(said)
    try:
        at, offset = _time_of_day(said), _offset(said)
    except (ValueError, KeyError):
        return None
    if numbers is None:
        return None
    year = int(said["year"]) + (2000 if len(said["year"]) == len("26") else 0)
    if way is None:
        separator = said["sep"]
        year_first = Way.ISO if separator == "-" else Way.YEAR_FIRST
        way = year_first if "month" in said else _SEPARATED[separator]
    return Moment(way=way, year=year, numbers=numbers, time=at, offset=offset)


def _numbers(said: dict[str, str]) -> tuple[int, int] | None:
    """Day and month where they are known, else both as they stand."""
    if "first" in said:
        return int(said["first"]), int(said["second_"])
    month = _MONTH.get(_plain(said["word"])) if "word" in said else int(said["month"])
    return None if month is None else (int(said["day"]), month)


def _plain(word: str) -> str:
    parts = unicodedata.normalize("NFKD", word.casefold())
    return "".join(char for char in parts if not unicodedata.combining(char))


def _time_of_day(said: dict[str, str]) -> time | None:
    if "hour" not in said:
        return None
    hour = int(said["hour"])
    if half := said.get("half"):
        if not 1 <= hour <= 12:
            raise ValueError(hour)
        hour = hour % 12 + (12 if half in "pP" else 0)
    part = said.get("part", "").ljust(6, "0")[:6]
    return time(hour, int(said["minute"]), int(said.get("second", 0)), int(part))


def _offset(said: dict[str, str]) -> tzinfo | None:
    """The zone that a cell names; KeyError for letters that are none."""
    letters, sign = said.get("letters"), said.get("sign")
    hours = _HOURS[letters.casefold()] if letters else 0.0
    if not sign:
        return timezone(timedelta(hours=hours)) if letters else None
    more = timedelta(hours=int(said["oh"]), minutes=int(said.get("om", 0)))
    return timezone(timedelta(hours=hours) + (more if sign == "+" else -more))
