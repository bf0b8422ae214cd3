"""The chart over time as a section: one row a bucket, its bar, and the numbers the bar stands for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from bounce_watch.records.rate import Basis, CohortRates, Rate, RateState
from bounce_watch.reports import wording as say
from bounce_watch.reports.chart import (
    BarPart,
    Glyphs,
    Piece,
    axis,
    count_bar,
    count_scale,
    rate_bar,
    shared_scale,
)
from bounce_watch.reports.content import PeriodName, ReportContent, TrendBucket, rate_of
from bounce_watch.reports.layout import Cell, Grid, Look, Section, cell, cells, paragraph

_LOOKS = {
    BarPart.SOLID: Look.BAR,
    BarPart.BAND: Look.BAR,
    BarPart.MARK: Look.STRONG,
    BarPart.EMPTY: Look.PLAIN,
}
_TITLES = {
    Basis.MESSAGES: ("Share of messages blocked", "Messages blocked"),
    Basis.BUYERS: ("Share of buyers who opted out", "Buyers who opted out"),
}
PARTLY = "~"
"""Behind the rate of a step that the sent log covers only in part."""

_WHOLE = 0.99
"""From this share on the log is as good as whole: an hour of a week, told in rounded figures, misleads nobody."""

_NOUNS = {Basis.MESSAGES: "messages", Basis.BUYERS: "buyers"}
_LABEL = 12
_WIDE = 70
"""From this width on, a row also says of how many."""


def charts(content: ReportContent, width: int, glyphs: Glyphs) -> list[Section]:
    """Both rates over time, buyers first; without any rate, the notices over time; nothing without a trend."""
    if not content.trend:
        return []
    known = [basis for basis in (Basis.BUYERS, Basis.MESSAGES) if _has_rate(content, basis)]
    if not known:
        return [_notices_chart(content, width, glyphs)]
    return [_rate_chart(content, basis, width, glyphs) for basis in known]


def _has_rate(content: ReportContent, basis: Basis) -> bool:
    return any(rate_of(bucket.rates, basis).value is not None for bucket in content.trend)


def is_partly_covered(content: ReportContent, rates: CohortRates) -> bool:
    """True when the sent log lacks a part of this step; of a running period, more than its running day."""
    lacks = 0 < rates.covered < _WHOLE
    return lacks and (rates.period != content.period or content.misses_days)


def trend_top(content: ReportContent) -> float:
    """The one right end of the scales of both rates over time: drawn side by side they are compared."""
    return shared_scale(*([rate_of(bucket.rates, basis) for bucket in content.trend] for basis in Basis))


def _rate_chart(content: ReportContent, basis: Basis, width: int, glyphs: Glyphs) -> Section:
    found = [rate_of(bucket.rates, basis) for bucket in content.trend]
    partly = [is_partly_covered(content, bucket.rates) for bucket in content.trend]
    signs, top = 1 + any(partly), trend_top(content)
    of = 17 if width >= _WIDE else 0
    room = width - _LABEL - 9 - of
    scale = axis("0", f"{top * 50:.10g}", f"{top * 100:.10g} %", room)
    heads = cells(_label_head(content), scale, "rate" + " " * signs, f"of {_NOUNS[basis]}", look=Look.QUIET)
    rows = [heads]
    for bucket, rate, part in zip(content.trend, found, partly, strict=True):
        bar = _cell(rate_bar(rate, top, room, glyphs))
        rows.append(
            [
                cell(_label(content, bucket)),
                bar,
                _value(rate, signs, partly=part),
                cell(_of(rate), Look.QUIET),
            ]
        )
    widths = (_LABEL, room, 9, of) if of else (_LABEL, room, 9)
    grids = _split(
        content, Grid(widths=widths, rows=[row[: len(widths)] for row in rows], right_from=2), glyphs
    )
    legend = paragraph(width, (" ".join(_legend(found, glyphs, partly=any(partly))), Look.QUIET))
    last = _last(content)
    titles = [f"{words}, {last}" for words in _TITLES[basis]]
    return Section(title=_fitting(titles, width), grids=(*grids, legend))


def changed_bucket(content: ReportContent) -> int | None:
    """Above which step of the chart the change stands; None without a change, or one that lies before.

    A day in the first half of a step stands above it, a later one above the next (of the last step, above it).
    """
    point = content.change.point
    if point is None:
        return None
    periods = [bucket.rates.period for bucket in content.trend]
    for at, one in enumerate(periods):
        if one.first_day <= point.since <= one.last_day:
            late = point.since - one.first_day > one.last_day - point.since
            return min(at + late, len(periods) - 1)
    return None


def _split(content: ReportContent, grid: Grid, glyphs: Glyphs) -> tuple[Grid, ...]:
    """The rows of the chart (the first is its head), with a line of words where the rate changed."""
    at, point = changed_bucket(content), content.change.point
    if at is None or point is None:
        return (grid,)
    since, width = f"{glyphs.rule * 2} from {say.short_day(point.since)}:", sum(grid.widths)
    after, before = say.percent(point.after), f"{say.percent(point.before)} before {glyphs.rule * 2}"
    said = _fitting([f"{since} {after} of buyers, {before}", f"{since} {after}, {before}"], width)
    between = Grid(widths=(width,), rows=[[cell(said, Look.STRONG)]])
    return replace(grid, rows=grid.rows[: at + 1]), between, replace(grid, rows=grid.rows[at + 1 :])


def _last(content: ReportContent) -> str:
    """`last month`, `last 13 weeks`."""
    number, name = len(content.trend), content.period_name.value
    return f"last {name}" if number == 1 else f"last {say.counted(number, name)}"


def _fitting(texts: Sequence[str], width: int) -> str:
    """The first text that fits, else the last."""
    return next((text for text in texts if len(text) <= width), texts[-1])


def _notices_chart(content: ReportContent, width: int, glyphs: Glyphs) -> Section:
    top = count_scale(bucket.notices for bucket in content.trend)
    room = width - _LABEL - 9
    scale = axis("0", f"{top // 2:,}", f"{top:,}", room)
    rows = [cells(_label_head(content), scale, "notices", look=Look.QUIET)]
    for bucket in content.trend:
        bar = _cell(count_bar(bucket.notices, top, room, glyphs))
        rows.append([cell(_label(content, bucket)), bar, cell(f"{bucket.notices:,}")])
    grid = Grid(widths=(_LABEL, room, 9), rows=rows, right_from=2)
    title = f"Messages blocked, {_last(content)}"
    return Section(title=title, grids=(grid,))


def _cell(pieces: list[Piece]) -> Cell:
    return tuple((text, _LOOKS[part]) for part, text in pieces)


def _value(rate: Rate, signs: int, *, partly: bool) -> Cell:
    """The rate and its signs, with room for as many as any row of the chart has."""
    if rate.value is None:
        return cell("no rate" + " " * signs, Look.QUIET)
    mark = ("*" if rate.state is RateState.MATURING else "") + (PARTLY if partly else "")
    return ((say.percent(rate.value), Look.STRONG), (mark.ljust(signs), Look.PLAIN))


def _of(rate: Rate) -> str:
    known = rate.state is not RateState.NO_DENOMINATOR
    return f"{rate.opted_out:,} of {rate.contacted:,}" if known else ""


def _legend(found: list[Rate], glyphs: Glyphs, *, partly: bool) -> Iterator[str]:
    yield f"{glyphs.mark} rate, {glyphs.band * 3} its 95 % interval."
    if any(rate.state is RateState.MATURING for rate in found):
        yield "* May still rise."
    if partly:
        yield f"{PARTLY} Log covers only part."
    if any(rate.state is RateState.INCONSISTENT for rate in found):
        yield "No rate where more opted out than the sent log holds."


def _label_head(content: ReportContent) -> str:
    return "week from" if content.period_name is PeriodName.WEEK else content.period_name.value


def _label(content: ReportContent, bucket: TrendBucket) -> str:
    first = bucket.rates.period.first_day
    match content.period_name:
        case PeriodName.DAY:
            return f"{say.WEEKDAYS[first.weekday()]} {say.short_day(first):>6}"
        case PeriodName.WEEK:
            return f"{say.short_day(first):>6}"
        case PeriodName.MONTH:
            return say.month_text(first)
