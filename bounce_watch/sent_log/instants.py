"""How a column writes its times, told by all of its cells; and then the instant of each cell.

Whether 03/09/2026 is in March or in September shows where some cell has a number above twelve. Where none has,
nobody can tell, and nobody guesses: half a month of sends would lie in wrong months.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo

from bounce_watch.errors import UsageError
from bounce_watch.sent_log.moments import AMBIGUOUS, NOON, Moment, Way, moment_of
from bounce_watch.sent_log.source import PLAUSIBLE_YEARS, parse_instant

DAY_FIRST, MONTH_FIRST = "day-first", "month-first"
"""What `--time-format` takes beside a format of strptime."""

_TIME_DIRECTIVES = ("%H", "%I", "%c", "%X", "%s")
_EXAMPLE = datetime(2026, 9, 30, 17, 5, 59, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeRule:
    """How a column is read: by `given`, a format of strptime, else freely, the day before the month or behind it.

    Without an offset a cell is local time in `zone`; a day alone is noon there.
    """

    zone: tzinfo
    day_first: bool = True
    given: str | None = None

    def instant(self, cell: str) -> datetime | None:
        """The UTC instant that a cell says, or None."""
        if self.given is not None:
            return _by_format(cell, self.given, self.zone)
        known = parse_instant(cell, self.zone)
        if known is not None:
            return known
        moment = moment_of(cell)
        instant = moment and moment.at(self.zone, day_first=self.day_first or moment.way not in AMBIGUOUS)
        return instant if instant and instant.year in PLAUSIBLE_YEARS else None


def check_format(text: str | None) -> str | None:
    """The text, if it is one of the two words, None, or a format that strptime knows; else UsageError."""
    if text in (None, DAY_FIRST, MONTH_FIRST):
        return text
    try:
        datetime.strptime(_EXAMPLE.strftime(text), text)  # noqa: DTZ007 - only whether it can be read
        year = any(directive in text for directive in ("%Y", "%y", "%s", "%c", "%x"))
    except (ValueError, OverflowError, UnicodeError) as error:
        raise UsageError(f"{text!r} is no format of a time.", _FORMATS) from error
    if not year:
        raise UsageError(f"The format {text!r} has no year.", _FORMATS)
    return text


_FORMATS = f'Take {DAY_FIRST}, {MONTH_FIRST}, or one as "%d.%m.%Y %H:%M".'


def _by_format(cell: str, given: str, zone: tzinfo) -> datetime | None:
    try:
        read = datetime.strptime(cell.strip(), given)  # noqa: DTZ007 - the zone comes below
        if not any(directive in given for directive in _TIME_DIRECTIVES):
            read = datetime.combine(read, NOON, read.tzinfo)
        instant = (read if read.tzinfo else read.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return instant if instant.year in PLAUSIBLE_YEARS else None


@dataclass(slots=True, kw_only=True)
class TimeColumn:
    """Collects what the cells of a column show, one after the other, and keeps none of them."""

    ways: dict[Way, int] = field(default_factory=dict)
    """The number of the first row of each way."""

    day_first_at: int = 0
    month_first_at: int = 0
    either_at: int = 0
    """The number of the first row that shows it; 0: none does. `either`: the two readings differ, and nothing decides."""

    def feed(self, number: int, cell: str) -> None:
        """Take the cell of row `number` in."""
        if Way.ISO in self.ways and cell[4:5] == "-" and cell[:4].isdecimal():
            return  # Most logs are all like this; whether it is a date that there is, the reading will tell.
        moment = moment_of(cell)
        if moment is not None:
            self.ways.setdefault(moment.way, number)
            if moment.way in AMBIGUOUS:
                self._weigh(number, moment)

    def _weigh(self, number: int, moment: Moment) -> None:
        first, second = moment.numbers
        if first > 12:
            self.day_first_at = self.day_first_at or number
        elif second > 12:
            self.month_first_at = self.month_first_at or number
        elif first != second:
            self.either_at = self.either_at or number

    @property
    def is_mixed(self) -> bool:
        """True when cells are written in several ways, or the day stands first in some and last in others."""
        return len(self.ways) > 1 or bool(self.day_first_at and self.month_first_at)

    @property
    def is_undecided(self) -> bool:
        """True when day and month could be either, and it matters. Dots are of countries where the day comes first."""
        shown = self.day_first_at or self.month_first_at or Way.DOTTED in self.ways
        return bool(self.either_at) and not shown

    @property
    def is_day_first(self) -> bool:
        """Whether the day stands before the month, once nothing is mixed or undecided."""
        return not self.month_first_at

    def __str__(self) -> str:
        """How the times are written, in words."""
        if not self.ways:
            return "no time in any row"
        said = " and ".join(sorted(self.ways))
        if not self.ways.keys() & AMBIGUOUS or self.is_mixed or self.is_undecided:
            return said
        return f"{said}, {'day' if self.is_day_first else 'month'} first"

    def mixture(self) -> str:
        """Where the ways differ, by the numbers of rows."""
        if len(self.ways) > 1:
            rows = sorted((number, way) for way, number in self.ways.items())
            return ", ".join(f"row {number}: {way}" for number, way in rows)
        return f"row {self.day_first_at}: day first, row {self.month_first_at}: month first"
