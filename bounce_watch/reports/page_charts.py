"""The charts of the page: each plot with the words that a reader gets who points at it, steps through it or hears it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bounce_watch.records.rate import Basis, Period, Rate, RateState
from bounce_watch.reports import wording as say
from bounce_watch.reports.content import PeriodName, ReportContent, TrendBucket, rate_of
from bounce_watch.reports.plots import Plot, notices_plot, rate_plot
from bounce_watch.reports.trend import is_partly_covered

_BASES = {
    Basis.BUYERS: ("Buyers who opted out", "buyers"),
    Basis.MESSAGES: ("Messages blocked", "messages"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tip:
    """What one step of a chart says; `label` is its short name below the chart."""

    label: str
    title: str
    lines: tuple[str, ...]
    maturing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A plot with its words; `bars` says how it is drawn, `change` what stands at its change point."""

    bars: bool
    title: str
    legend: str
    description: str
    plot: Plot
    tips: tuple[Tip, ...]
    change: str = ""


def charts(content: ReportContent) -> Iterator[Chart]:
    """Both rates over time as far as there are any, and the notices; nothing without a trend."""
    for basis in _BASES:
        plot = rate_plot(content, basis)
        if plot is not None:
            yield _rate_chart(content, basis, plot)
    plot = notices_plot(content)
    if plot is not None:
        numbers = [bucket.notices for bucket in content.trend]
        yield Chart(
            bars=True,
            title="Notices that came",
            legend="by the day they came",
            description=f"{_steps(content)}, from {min(numbers):,} to {max(numbers):,} notices; the last has {numbers[-1]:,}.",
            plot=plot,
            tips=tuple(
                _tip(content, bucket, (say.counted(bucket.notices, "notice"),)) for bucket in content.trend
            ),
        )


def _rate_chart(content: ReportContent, basis: Basis, plot: Plot) -> Chart:
    title, noun = _BASES[basis]
    found = [rate_of(bucket.rates, basis) for bucket in content.trend]
    point = content.change.point
    change = ""
    if plot.step is not None and point is not None:
        change = f"{say.percent(point.before)} before, {say.percent(point.after)} from {say.short_day(point.since)}"
    return Chart(
        bars=False,
        title=title,
        legend=_legend(found, plot),
        description=" ".join([_summary(content, found), *([f"Change point: {change}."] if change else [])]),
        plot=plot,
        tips=tuple(
            _tip(
                content,
                bucket,
                _rate_lines(content, bucket, rate, noun),
                maturing=rate.state is RateState.MATURING,
            )
            for bucket, rate in zip(content.trend, found, strict=True)
        ),
        change=change,
    )


def _legend(found: Sequence[Rate], plot: Plot) -> str:
    parts = ["by the day sent, shaded: 95 % interval"]
    if any(rate.state is RateState.MATURING for rate in found):
        parts.append("hatched: may still rise")
    if any(mark.partly and mark.y is not None for mark in plot.marks):
        parts.append("square: the sent log covers only part")
    if any(mark.beyond for mark in plot.marks):
        parts.append("arrow: beyond the scale, with its figure")
    if any(rate.value is None for rate in found):
        parts.append("gap: no rate")
    return "; ".join(parts)


def _summary(content: ReportContent, found: Sequence[Rate]) -> str:
    known = [rate.value for rate in found if rate.value is not None]
    missing = len(found) - len(known)
    gaps = f", {missing} without a rate" if missing else ""
    return f"{_steps(content)}{gaps}: from {say.percent(min(known))} to {say.percent(max(known))}; the newest known is {say.percent(known[-1])}."


def _steps(content: ReportContent) -> str:
    return say.counted(len(content.trend), content.period_name.value)


def _tip(
    content: ReportContent, bucket: TrendBucket, lines: tuple[str, ...], *, maturing: bool = False
) -> Tip:
    label, title = _names(content, bucket.rates.period)
    return Tip(label=label, title=title, lines=lines, maturing=maturing)


def _names(content: ReportContent, period: Period) -> tuple[str, str]:
    """A bucket's short name and its whole one."""
    day = period.first_day
    match content.period_name:
        case PeriodName.DAY:
            return say.short_day(day), f"{say.weekday(day)} {day.year}"
        case PeriodName.WEEK:
            return say.short_day(day), f"Week {say.period_text(period)}"
        case PeriodName.MONTH:
            return say.month_text(day), say.month_text(day)


def _rate_lines(content: ReportContent, bucket: TrendBucket, rate: Rate, noun: str) -> tuple[str, ...]:
    if rate.state is RateState.NO_DENOMINATOR:
        return ("no rate: no sent log, or nothing sent",)
    counted = f"{rate.opted_out:,} of {rate.contacted:,} {noun}"
    if rate.value is None or rate.low is None or rate.high is None:
        return ("no rate: more opted out than the log holds", counted)
    lines = [say.percent(rate.value), f"95 % interval {say.interval(rate.low, rate.high)}", counted]
    if rate.state is RateState.MATURING:
        lines.append("may still rise")
    if is_partly_covered(content, bucket.rates):
        lines.append(f"log covers {bucket.rates.covered * 100:.0f} % of it")
    return tuple(lines)
