"""Numbers, days and times as a reader sees them. English, whatever the locale of the machine."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta, tzinfo
from decimal import ROUND_HALF_UP, Decimal

from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.rate import Period, Rate

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

FEW = 100
"""Buyers or messages below which a rate is told as "few": with 0 of 100 it can still be 3.7 %."""


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """`1 notice`, `2,710 notices`; `plural` for a noun that takes no `s`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {plural or noun + 's'}"


def listed(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join([*([", ".join(words[:-1])] if words[1:] else []), *words[-1:]])


def signed(number: int) -> str:
    """A difference: `+9`, `-3`, `0`."""
    return f"{number:+,}" if number else "0"


def share(value: float) -> str:
    """A share in 0..1 as a percentage without its sign: `2.1`; `0` and `100` only when truly so."""
    if value in (0, 1):
        return f"{value * 100:.0f}"
    shown = _one_decimal(Decimal(repr(value)) * 100)
    return {"0.0": "<0.1", "100.0": ">99.9"}.get(shown, shown)


def percent(value: float) -> str:
    """`2.1 %`, `<0.1 %`, `0 %`."""
    return f"{share(value)} %"


def interval(low: float, high: float) -> str:
    """`1.6 to 2.8 %`."""
    return f"{share(low)} to {share(high)} %"


def span_of_shares(low: float, high: float) -> str:
    """`1.6-2.8`, for a table whose head says the rest."""
    return f"{share(low)}-{share(high)}"


def is_few(rate: Rate) -> bool:
    """True when so little was sent that none at all of it could hide a rate of several percent."""
    return rate.contacted < FEW


def points(difference: float) -> str:
    """A difference in percentage points, already times 100: `+0.3`, `-0.1`, `0.0`."""
    shown = _one_decimal(Decimal(repr(difference)))
    return "0.0" if shown in ("0.0", "-0.0") else shown if shown.startswith("-") else f"+{shown}"


def points_span(low: float, high: float) -> str:
    """The interval of a difference: `-0.6 to +0.9`."""
    return f"{points(low)} to {points(high)}"


def day_text(day: date) -> str:
    """`21 Nov 2026`."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def short_day(day: date) -> str:
    """`21 Nov`."""
    return f"{day.day} {MONTHS[day.month - 1]}"


def weekday(day: date) -> str:
    """`Sat 21 Nov`."""
    return f"{WEEKDAYS[day.weekday()]} {short_day(day)}"


def month_text(day: date) -> str:
    """`Nov 2026`."""
    return f"{MONTHS[day.month - 1]} {day.year}"


def span_text(first: date, last: date) -> str:
    """`21 Nov 2026`, `16 to 22 Nov 2026`, `28 Sep to 4 Oct 2026`, or both years."""
    if first == last:
        return day_text(last)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day} to {day_text(last)}"
    return f"{short_day(first) if first.year == last.year else day_text(first)} to {day_text(last)}"


def period_text(period: Period) -> str:
    """The days of a period in words."""
    return span_text(period.first_day, period.last_day)


def moment(instant: datetime | None, zone: tzinfo) -> str:
    """`21 Nov 2026 06:30` in the report's zone; `never` for None."""
    if instant is None:
        return "never"
    local = instant.astimezone(zone)
    return f"{day_text(local.date())} {local:%H:%M}"


def ago(elapsed: timedelta) -> str:
    """`less than a minute ago`, `90 minutes ago`, `27 hours ago`, `2 days ago`: always rounded down."""
    minutes = int(elapsed.total_seconds()) // 60
    if elapsed.days >= 2:
        return f"{counted(elapsed.days, 'day')} ago"
    if minutes >= 120:
        return f"{counted(minutes // 60, 'hour')} ago"
    return f"{counted(minutes, 'minute')} ago" if minutes >= 1 else "less than a minute ago"


def _one_decimal(number: Decimal) -> str:
    return str(number.quantize(Decimal("0.1"), rounding=ROUND_HALF_UP))


def name_text(name: OrderId | Alias) -> str:
    """An order id or alias for a person; of one that was forgotten the begin of its hash."""
    return str(name) if not name.is_hashed else f"(forgotten) {str(name)[:9]}"


_FORGOTTEN = re.compile(r"(#[0-9a-f]{8})[0-9a-f]{24}s?(?:@marketplace(?:\.[a-z]+)+)?")


def names_shortened(text: str) -> str:
    """A sentence of the ledger's, each forgotten name in it as `name_text` shows it."""
    return _FORGOTTEN.sub(r"(forgotten) \1", text)
