"""The geometry of the page's charts: shares of the plot's width and height, in percent; nothing here draws.

A plot has one column for each bucket. Runs of neighbouring buckets with a rate make a line and a band; a bucket
without one is a gap, since "not known" is not zero.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from bounce_watch.records.change import ChangePoint
from bounce_watch.records.rate import Basis, Rate, RateState
from bounce_watch.reports import wording as say
from bounce_watch.reports.chart import count_scale, is_beyond, rate_scale
from bounce_watch.reports.content import ReportContent, TrendBucket, rate_of
from bounce_watch.reports.trend import is_partly_covered, trend_top

_WIDEST = 8
"""Percent of the plot's width that a bar takes at most, and half a band around one rate."""

_LABELS = 7
"""At most so many labels fit below a plot; on a narrow screen half of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A line of the grid: how far from the top, and what it says."""

    y: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One bucket: where its bar begins, its middle, and where its value lies (None: it has none).

    `height` is that of its bar. `rank` is 1 for a label that is always
    shown, 2 for one that a wide screen has room for, 0 for none. `beyond` is the figure of a value that the
    scale has no room for, `line` on which of two lines it stands, so that neighbours don't meet; `ends`: a label
    below its middle would stick out on the right, `turned`: so would a figure behind it.
    """

    x: str
    y: str | None
    maturing: bool
    rank: int
    left: str = ""
    height: str = "0"
    partly: bool = False
    beyond: str = ""
    line: int = 1
    ends: bool = False
    turned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A change point: where it lies, on which side of it its words have room, and how high the rate stood before and since."""

    x: str
    anchor: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """A chart. `bands` and `lines` are lists of points on a field of 1000 by 1000; `bar` is a bar's width."""

    ticks: tuple[Tick, ...]
    marks: tuple[Mark, ...]
    bar: str = "0"
    bands: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    step: Step | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One rate on a line of its own: where its interval begins and ends, and where the rate lies."""

    low: str
    high: str
    x: str


def spans(rates: Sequence[Rate | None]) -> list[Span | None]:
    """The rates of a column on one scale that holds each of them; None where there is no rate."""
    known = [rate for rate in rates if rate is not None]
    top = max([rate_scale(known), *(1.05 * (rate.value or 0.0) for rate in known)])
    return [_span(rate, top) if rate is not None else None for rate in rates]


def _span(rate: Rate, top: float) -> Span | None:
    if rate.value is None or rate.low is None or rate.high is None:
        return None
    low, x, high = (_number(min(value / top, 1) * 100) for value in (rate.low, rate.value, rate.high))
    return Span(low=low, high=high, x=x)


def rate_plot(content: ReportContent, basis: Basis) -> Plot | None:
    """One rate over time with its interval, and the change point of the buyers; None without any rate."""
    found = [rate_of(bucket.rates, basis) for bucket in content.trend]
    if all(rate.value is None for rate in found):
        return None
    top = trend_top(content)
    partly = [is_partly_covered(content, bucket.rates) for bucket in content.trend]
    point = content.change.point if basis is Basis.BUYERS else None
    return Plot(
        ticks=tuple(
            Tick(y=_number(100 - part * 100), label=f"{top * part * 100:.10g} %") for part in (0, 0.5, 1)
        ),
        marks=tuple(_rate_marks(found, partly, top)),
        bands=tuple(_band(run, found, top) for run in _runs(found)),
        lines=tuple(_line(run, found, top) for run in _runs(found) if len(run) > 1),
        step=_step(content.trend, point, top) if point else None,
    )


def notices_plot(content: ReportContent) -> Plot | None:
    """The notices that came, a bar for each bucket; None without a trend."""
    numbers = [bucket.notices for bucket in content.trend]
    if not numbers:
        return None
    top = count_scale(numbers)
    return Plot(
        ticks=tuple(Tick(y=_number(100 - part * 100), label=f"{int(top * part):,}") for part in (0, 0.5, 1)),
        marks=tuple(_count_mark(place, number, top, len(numbers)) for place, number in enumerate(numbers)),
        bar=_number(_bar(len(numbers))),
    )


def _rate_marks(found: Sequence[Rate], partly: Sequence[bool], top: float) -> Iterator[Mark]:
    number, line = len(found), 2
    for place, rate in enumerate(found):
        beyond = rate.value is not None and is_beyond(rate.value, top)
        line = (3 - line) if beyond else 2
        yield Mark(
            x=_number((place + 0.5) * 100 / number),
            y=None if rate.value is None else _percent(rate.value, top),
            maturing=rate.state is RateState.MATURING,
            rank=_rank(place, number),
            partly=partly[place],
            beyond=say.percent(rate.value) if beyond and rate.value is not None else "",
            line=line,
            ends=_ends_there(place, number),
            turned=place * 2 >= number,
        )


def _count_mark(place: int, count: int, top: int, number: int) -> Mark:
    height = min(count / top, 1) * 100
    return Mark(
        left=_number((place + 0.5) * 100 / number - _bar(number) / 2),
        x=_number((place + 0.5) * 100 / number),
        y=_number(100 - height),
        height=_number(height),
        maturing=False,
        rank=_rank(place, number),
        ends=_ends_there(place, number),
    )


def _ends_there(place: int, number: int) -> bool:
    """True for the last of many columns: its label is wider than the column."""
    return place == number - 1 and number >= _LABELS


def _bar(number: int) -> float:
    """The width of a bar: a few of them are no walls."""
    return min(64 / number, _WIDEST)


def _rank(place: int, number: int) -> int:
    """The newest bucket always has a label, the others at equal distances before it."""
    every = -(-number // _LABELS)
    back = number - 1 - place
    return 0 if back % every else 1 if back // every % 2 == 0 else 2


def _runs(found: Sequence[Rate]) -> Iterator[range]:
    """The places of neighbours that all have a rate."""
    for known, places in groupby(range(len(found)), key=lambda place: found[place].value is not None):
        if known:
            run = list(places)
            yield range(run[0], run[-1] + 1)


def _band(run: range, found: Sequence[Rate], top: float) -> str:
    """The outline of a run's intervals, drawn out by a third of a column at most: one alone is seen, too."""
    high = _ends(run, [found[place].high or 0.0 for place in run], top, len(found))
    low = _ends(run, [found[place].low or 0.0 for place in run], top, len(found))
    return " ".join([*high, *reversed(low)])


def _ends(run: range, values: Sequence[float], top: float, number: int) -> list[str]:
    out = min(0.33, _WIDEST / 100 * number)
    xs = [run[0] + 0.5 - out, *(place + 0.5 for place in run), run[-1] + 0.5 + out]
    ys = [values[0], *values, values[-1]]
    return [_point(x, y, top, number) for x, y in zip(xs, ys, strict=True)]


def _line(run: range, found: Sequence[Rate], top: float) -> str:
    return " ".join(_point(place + 0.5, found[place].value or 0.0, top, len(found)) for place in run)


def _point(x: float, value: float, top: float, number: int) -> str:
    return f"{_number(x * 1000 / number)},{_number(1000 - min(value / top, 1) * 1000)}"


def _step(trend: Sequence[TrendBucket], point: ChangePoint, top: float) -> Step | None:
    """None when the change lies outside of what is drawn."""
    for place, bucket in enumerate(trend):
        period = bucket.rates.period
        if period.first_day <= point.since <= period.last_day:
            days = (period.last_day - period.first_day).days + 1
            x = (place + (point.since - period.first_day).days / days) * 100 / len(trend)
            return Step(
                x=_number(x),
                anchor="start" if x < 33 else "end" if x > 67 else "middle",
                before=_percent(point.before, top),
                after=_percent(point.after, top),
            )
    return None


def _percent(value: float, top: float) -> str:
    """How far from the top of the plot, in percent; what lies beyond the scale stands at its end."""
    return _number(100 - min(value / top, 1) * 100)


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
