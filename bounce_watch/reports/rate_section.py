"""The rates of the period: both bases and the opt-out share, what moved, and what to know about them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from math import sqrt
from zoneinfo import ZoneInfo

from bounce_watch.records.rate import CohortRates, Rate, RateState
from bounce_watch.reports import wording as say
from bounce_watch.reports.content import ReportContent, SentLogState, WhyNoRate
from bounce_watch.reports.layout import Cell, Grid, Look, Section, cell, cells, lines, paragraph, table
from bounce_watch.reports.sections import sent_log_text

_LONG_WORDS = 60
"""From this width on, the table spells out what it shows."""

_TITLE = "Rates of what was sent"
_LABELS = ("Messages blocked", "Buyers who opted out", "Opt-out share")
_SHORT_LABELS = ("Messages", "Buyers", "Share")


def rates(content: ReportContent, width: int) -> Section:
    """Both rates with their intervals, or the one sentence on why there is none and what to do."""
    if why := content.why_no_rate:
        said = lines(width, *((text, Look.PLAIN) for text in no_rate_text(why, content.sent_log)))
        grid = Grid(widths=(width,), rows=[[line] for line in said], wraps=True)
        return Section(title=_TITLE, grids=(grid,))
    facts = [[cell(label, Look.QUIET), cell(text)] for label, text in _facts(content)]
    movement = Grid(widths=(11, width - 11), rows=facts, wraps=True)
    small_print = paragraph(width, (" ".join(_small_print(content)), Look.QUIET))
    return Section(title=_TITLE, grids=(_figures(content, width), movement, small_print))


def _figures(content: ReportContent, width: int) -> Grid:
    roomy = width >= _LONG_WORDS
    heads = ("", "rate ", "95 % interval", "counted", f"{content.period_name.value} before")
    rows = [cells(*heads, look=Look.QUIET)]
    named = zip(_LABELS if roomy else _SHORT_LABELS, _three(content), strict=False)
    rows += [_row(label, now, before, roomy=roomy) for label, (now, before) in named]
    if not roomy:
        rows[0] = cells("", "rate ", "95 %", "counted", "before", look=Look.QUIET)
    return table(width, rows, names=21 if roomy else 8, drop=(4, 3), most=16)


def _three(content: ReportContent) -> list[tuple[Rate, Rate]]:
    """Each rate and that of the period before; the share only where the list kept buyers back."""
    now, before = content.rates, content.rates_before
    pairs = [(now.messages, before.messages), (now.buyers, before.buyers)]
    return [*pairs, (now.share, before.share)] if _has_share(now) else pairs


def _row(label: str, rate: Rate, before: Rate, *, roomy: bool) -> list[Cell]:
    earlier = cell("no rate" if before.value is None else say.percent(before.value))
    if rate.value is None or rate.low is None or rate.high is None:
        odd = rate.state is RateState.INCONSISTENT
        told = f"{rate.opted_out:,} of {rate.contacted:,}" if odd else ""
        return [cell(label), cell("can't be " if odd else "no rate "), cell(""), cell(told), earlier]
    shown = say.interval(rate.low, rate.high) if roomy else say.span_of_shares(rate.low, rate.high)
    mark = "*" if rate.state is RateState.MATURING else " "
    few = "few: " if say.is_few(rate) else ""
    return [
        cell(label),
        ((say.percent(rate.value), Look.STRONG), (mark, Look.PLAIN)),
        cell(shown),
        cell(f"{few}{rate.opted_out:,} of {rate.contacted:,}"),
        earlier,
    ]


def _facts(content: ReportContent) -> Iterator[tuple[str, str]]:
    """What stands under the figures, each behind its label."""
    yield from _movement(content)
    if content.unread_since is not None:
        yield "Mail", unread_text(content, content.unread_since)
    elif content.misses_days:
        yield "Sent log", f"covers {covered_text(content)}: the rates speak of that part only"
    if content.unmatched:
        blocked = say.counted(content.unmatched, "blocked message")
        yield "Unmatched", f"{blocked} in no sent log, and so in no rate"


def _movement(content: ReportContent) -> Iterator[tuple[str, str]]:
    difference, slope, name = content.change.difference, content.change.slope, content.period_name.value
    if difference is None and slope is None:
        yield "Trend", "not enough data yet, to compare or for a trend"
        return
    if difference is None:
        yield "Change", f"not enough data to compare with the {name} before"
    else:
        points = f"{say.points(difference.points)} points"
        span, since = say.points_span(difference.low, difference.high), f"since the {name} before"
        yield (
            "Change",
            f"{points} {since} ({span})" if difference.is_clear else _unclear("change", since, points, span),
        )
    if slope is None:
        yield "Trend", "not enough data for a trend"
    else:
        points, span = (
            f"{say.points(slope.points_a_month)} points a month",
            say.points_span(slope.low, slope.high),
        )
        over = f"over {say.counted(slope.periods, name)}"
        yield (
            "Trend",
            f"{points} {over} ({span})" if slope.is_clear else _unclear("trend", over, points, span),
        )


def _unclear(noun: str, when: str, points: str, span: str) -> str:
    return f"no clear {noun} {when} ({points}, {span})"


def unread_text(content: ReportContent, since: datetime) -> str:
    """Of which messages nothing is known because the notices about them were not read."""
    return (
        f"not read since {say.moment(since, ZoneInfo(content.time_zone))}: what was sent later is in no rate"
    )


def covered_text(content: ReportContent) -> str:
    """`5 of 7 days`; while the period runs, of those that are over."""
    end = min(content.period.end, max(content.made_at, content.period.start + timedelta(hours=1)))
    days = (end - content.period.start) / timedelta(days=1)
    of, part = f"{days:.1f}".removesuffix(".0"), f"{days * content.rates.covered:.1f}".removesuffix(".0")
    if part == of or days < 1:
        return f"{say.percent(content.rates.covered)} of the time"
    return f"{part} of {of} days"


def _small_print(content: ReportContent) -> Iterator[str]:
    rates = content.rates
    three = [rate for rate, _ in _three(content)]
    yield "By the day on which the message was sent."
    if any(rate.state is RateState.MATURING and rate.value is not None for rate in three):
        yield f"* May still rise: notices can come until {say.day_text(content.matures_on)}."
    if any(rate.state is RateState.INCONSISTENT for rate in three):
        yield "More opted out than the sent log holds, so it misses sends."
    if content.change.difference or content.change.slope:
        yield "Change and trend: of buyers."
    if _has_share(rates):
        yield "Share: with the buyers whom the list kept back."
    if rates.sent.unknown_purpose:
        unknown = say.counted(rates.sent.unknown_purpose, "message")
        yield f"{unknown} of unknown purpose counted too."
    wider = round((sqrt(rates.messages.design_effect) - 1) * 100)
    if wider >= 5 and rates.messages.value is not None:  # less than that nobody sees
        yield f"Several messages to one buyer tell little more than one: their interval is {wider} % wider."


def _has_share(rates: CohortRates) -> bool:
    """True when the share says something that the rate of buyers does not."""
    return rates.sent.withheld_buyers > 0


def no_rate_text(why: WhyNoRate, log: SentLogState) -> tuple[str, str]:
    """Why the period has no rate, and what to do ("" for nothing)."""
    command = "bounce-watch sent import FILE.csv"
    match why:
        case WhyNoRate.NO_SENT_LOG:
            return "No rate: no sent log covers this period.", f"Load one: {command}"
        case WhyNoRate.NOT_COVERED:
            return (
                f"No rate: no sent log covers this period; the first and the last covered day are {sent_log_text(log)}.",
                "See the gaps: bounce-watch sent coverage",
            )
        case WhyNoRate.NOT_READ:
            return (
                "No rate: the mail of this period was not read, so nobody knows what was blocked.",
                "Read it: bounce-watch poll",
            )
        case WhyNoRate.NOTHING_SENT:
            return "No rate: nothing was sent in this period that an opt-out could block.", ""
