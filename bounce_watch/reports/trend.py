"""The chart over time as a section: one row a bucket, its bar, and the numbers the bar stands for."""

from __future__ import annotations

from collections.abc import Iterator

from bounce_watch.records.rate import Basis, Rate, RateState
from bounce_watch.reports import wording as say
from bounce_watch.reports.chart import (
    BarPart,
    Glyphs,
    Piece,
    axis,
    count_bar,
    count_scale,
    rate_bar,
    rate_scale,
)
from bounce_watch.reports.content import PeriodName, ReportContent, TrendBucket, rate_of
from bounce_watch.reports.layout import Cell, Grid, Look, Section, cell, cells, paragraph

_LOOKS = {
    BarPart.SOLID: Look.BAR,
    BarPart.BAND: Look.BAR,
    BarPart.MARK: Look.STRONG,
    BarPart.EMPTY: Look.PLAIN,
}
_TITLES = {Basis.MESSAGES: "Share of messages blocked", Basis.BUYERS: "Share of buyers who opted out"}
_NOUNS = {Basis.MESSAGES: "messages", Basis.BUYERS: "buyers"}
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


def _rate_chart(content: ReportContent, basis: Basis, width: int, glyphs: Glyphs) -> Section:
    found = [rate_of(bucket.rates, basis) for bucket in content.trend]
    top = rate_scale(found)
    of = 17 if width >= _WIDE else 0
    room = width - 12 - 9 - of
    scale = axis("0", f"{top * 50:.10g}", f"{top * 100:.10g} %", room)
    heads = cells(_label_head(content), scale, "rate ", f"of {_NOUNS[basis]}", look=Look.QUIET)
    rows = [heads]
    for bucket, rate in zip(content.trend, found, strict=True):
        bar = _cell(rate_bar(rate, top, room, glyphs))
        rows.append([cell(_label(content, bucket)), bar, _value(rate), cell(_of(rate), Look.QUIET)])
    widths = (12, room, 9, of) if of else (12, room, 9)
    grid = Grid(widths=widths, rows=[row[: len(widths)] for row in rows], right_from=2)
    legend = paragraph(width, (" ".join(_legend(found, glyphs)), Look.QUIET))
    title = f"{_TITLES[basis]}, last {say.counted(len(content.trend), content.period_name.value)}"
    return Section(title=title, grids=(grid, legend))


def _notices_chart(content: ReportContent, width: int, glyphs: Glyphs) -> Section:
    top = count_scale(bucket.notices for bucket in content.trend)
    room = width - 12 - 9
    scale = axis("0", f"{top // 2:,}", f"{top:,}", room)
    rows = [cells(_label_head(content), scale, "notices", look=Look.QUIET)]
    for bucket in content.trend:
        bar = _cell(count_bar(bucket.notices, top, room, glyphs))
        rows.append([cell(_label(content, bucket)), bar, cell(f"{bucket.notices:,}")])
    grid = Grid(widths=(12, room, 9), rows=rows, right_from=2)
    title = f"Messages blocked, last {say.counted(len(content.trend), content.period_name.value)}"
    return Section(title=title, grids=(grid,))


def _cell(pieces: list[Piece]) -> Cell:
    return tuple((text, _LOOKS[part]) for part, text in pieces)


def _value(rate: Rate) -> Cell:
    if rate.value is None:
        return cell("no rate ", Look.QUIET)
    mark = "*" if rate.state is RateState.MATURING else " "
    return ((say.percent(rate.value), Look.STRONG), (mark, Look.PLAIN))


def _of(rate: Rate) -> str:
    known = rate.state is not RateState.NO_DENOMINATOR
    return f"{rate.opted_out:,} of {rate.contacted:,}" if known else ""


def _legend(found: list[Rate], glyphs: Glyphs) -> Iterator[str]:
    yield f"{glyphs.mark} rate, {glyphs.band * 3} its 95 % interval."
    if any(rate.state is RateState.MATURING for rate in found):
        yield "* May still rise."
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
