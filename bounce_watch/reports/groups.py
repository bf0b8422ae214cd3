"""The same rates told apart: by marketplace, by template or campaign, by days since the order."""

from __future__ import annotations

from collections.abc import Sequence

from bounce_watch.records.rate import CohortRates, Rate, RateState
from bounce_watch.reports import wording as say
from bounce_watch.reports.content import GroupRow, ReportContent
from bounce_watch.reports.layout import Cell, Grid, Look, Section, cell, cells, paragraph, table

SHOWN = 8
"""How many templates or campaigns are listed; the rest is a number."""

_HEADS = ("opted out", "95 %", "buyers", "blocked", "95 %", "messages")
_BUYERS_ONLY = ("rate", "95 %", "buyers")
_BOTH = 60
"""From this width on, names have both rates; below, that of buyers."""

_COUNTS = ("notices", "orders")


def marketplaces(content: ReportContent, width: int) -> Section:
    """Counts and rates by marketplace; rates only when at least one marketplace has one."""
    found = content.marketplaces
    rated = any(_known(rate) for row in found for rate in (row.rates.buyers, row.rates.messages))
    heads = ["", *_COUNTS, *(_HEADS if rated else ["buyers"])]
    rows = [cells(*heads, look=Look.QUIET)]
    for row in found:
        figures = _figures(row.rates) if rated else cells(f"{row.counts.buyers:,}")
        counts = cells(f"{row.counts.notices:,}", f"{row.counts.orders:,}")
        rows.append([cell(row.marketplace or "not named"), *counts, *figures])
    drop = (2, 8, 7, 6, 1, 5) if rated else (2,)
    return Section(title="By marketplace", grids=(table(width, rows, names=14, drop=drop),))


def labels(content: ReportContent, width: int) -> Section | None:
    """The rates by template or campaign, the first few of them; None when no name is known."""
    return _by_name("By template or campaign", content.labels, "not named", width)


def order_ages(content: ReportContent, width: int) -> Section | None:
    """The rates by days from the order to the message; None when no date of an order is known."""
    return _by_name("By days since the order", content.order_ages, "not known", width)


def _by_name(title: str, found: Sequence[GroupRow], unnamed: str, width: int) -> Section | None:
    if not found:
        return None
    both = width >= _BOTH
    rows = [cells("", *(_HEADS if both else _BUYERS_ONLY), look=Look.QUIET)]
    for row in found[:SHOWN]:
        figures = _figures(row.rates) if both else _rate(row.rates.buyers)
        rows.append([cell(row.name or unnamed), *figures])
    grids: list[Grid] = [table(width, rows, names=12, drop=(6, 3) if both else (3,))]
    if len(found) > SHOWN:
        grids.append(paragraph(width, (f"and {len(found) - SHOWN:,} more", Look.QUIET)))
    return Section(title=title, grids=tuple(grids))


def _figures(rates: CohortRates) -> list[Cell]:
    return [*_rate(rates.buyers), *_rate(rates.messages)]


def _rate(rate: Rate) -> list[Cell]:
    """The rate, its interval, and of how many; what can't be is shown as it is."""
    if rate.value is not None and rate.low is not None and rate.high is not None:
        shown = say.span_of_shares(rate.low, rate.high)
        return [cell(say.percent(rate.value)), cell(shown, Look.QUIET), cell(f"{rate.contacted:,}")]
    if rate.state is RateState.INCONSISTENT:
        return cells("can't be", "", f"{rate.opted_out:,} of {rate.contacted:,}")
    return [cell("no rate", Look.QUIET), cell(""), cell("")]


def _known(rate: Rate) -> bool:
    return rate.state is not RateState.NO_DENOMINATOR
