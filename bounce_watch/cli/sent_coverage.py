"""`sent coverage` tells for which days the logs of what was sent are whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from bounce_watch.cli.context import AccountName, AsJson, Config, ledger, settings
from bounce_watch.cli.talk import colour, out, unicode, width
from bounce_watch.text.inert import json_text

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    from bounce_watch.records.sent import LogSpan, SentCoverage
    from bounce_watch.reports.layout import Section

    Between = tuple[datetime, datetime]


def coverage(config: Config = None, account: AccountName = None, as_json: AsJson = False) -> None:
    """Show for which days the logs of what was sent are whole, which log is the denominator, and the gaps.

    Example: bounce-watch sent coverage
    """
    from bounce_watch.rates.coverage import denominator_spans
    from bounce_watch.reports.terminal import render_sections

    found = settings(config)
    chosen = [found.account(account)] if account else list(found.accounts.values())
    with ledger(found, create=False) as opened:
        logs = {one.account.name: opened.coverages(one.account.name) for one in chosen}
    if as_json:
        for name, known in logs.items():
            out(json_text(_as_data(name, known, denominator_spans(known)), sort_keys=True))
        return

    def sections(columns: int) -> Iterable[Section]:
        return (
            _section(name, denominator_spans(known), columns, found.time_zone) for name, known in logs.items()
        )

    out(render_sections(sections, width=width(), colour=colour(), unicode=unicode()))


def gaps(spans: Sequence[LogSpan]) -> list[Between]:
    """What lies between the spans (in the order of time) and in none of them."""
    return [(before.end, after.start) for before, after in pairwise(spans) if before.end < after.start]


def _section(name: str, spans: Sequence[LogSpan], columns: int, zone: tzinfo) -> Section:
    from bounce_watch.reports.layout import Grid, Look, Section, cell, cells, paragraph

    title = f"What {name} sent: days for which a log is whole"
    if not spans:
        nothing = "None yet. Load a log: bounce-watch sent import FILE.csv"
        return Section(title=title, grids=(paragraph(columns, (nothing, Look.PLAIN)),))
    known = sorted(
        [(span.start, span.end, span.origin.value.replace("_", " ")) for span in spans]
        + [(start, end, "") for start, end in gaps(spans)]
    )
    rows = [cells("from", "to", "days", "log", look=Look.QUIET)]
    for start, end, origin in known:
        what = cell(origin) if origin else cell("no log: no rate", Look.CHECK)
        rows.append([*cells(*_days(start, end, zone)), what])
    return Section(title=title, grids=(Grid(widths=(14, 14, 8, 24), rows=rows, gap=2),))


def _days(start: datetime, end: datetime, zone: tzinfo) -> tuple[str, str, str]:
    """The first and the last day, and how many they are."""
    from bounce_watch.reports.wording import day_text

    first, last = start.astimezone(zone).date(), (end - timedelta(microseconds=1)).astimezone(zone).date()
    return day_text(first), day_text(last), f"{(last - first).days + 1:,}"


def _as_data(name: str, known: Sequence[SentCoverage], spans: Sequence[LogSpan]) -> dict[str, object]:
    def said(start: datetime, end: datetime) -> dict[str, object]:
        return {"start": start.isoformat(), "end": end.isoformat()}

    return {
        "format": 1,
        "account": name,
        "logs": [said(each.start, each.end) | {"origin": each.origin.value} for each in known],
        "denominator": [said(each.start, each.end) | {"origin": each.origin.value} for each in spans],
        "gaps": [said(*each) for each in gaps(spans)],
    }
