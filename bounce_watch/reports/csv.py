"""The report as one long table for a spreadsheet or a notebook: a row for each number, the same columns for all.

| column | what it holds |
|---|---|
| `account`, `made_at`, `time_zone` | whose, when (ISO 8601, UTC), and the zone of the days |
| `period`, `first_day`, `last_day` | day, week or month, and its days; no days: as it stands, of all time |
| `group_kind`, `group` | a kind of the table below and which; empty: not known |
| `measure`, `basis`, `unit` | what it is; of `messages` or `buyers`; `share` (0..1), `count`, `points`, ... |
| `value`, `low`, `high` | the number and its 95 % interval; empty: there is none |
| `opted_out`, `contacted`, `design_effect`, `covered` | of a rate |
| `state` | of a rate or a silence |
| `unknown_purpose`, `withheld` | messages of the group |

| `group_kind` | `measure` |
|---|---|
| `period`, `before`, `trend`, `marketplace`, `label`, `order_age` | `rate`, `share`, and `notices`, `orders`, `buyers` |
| `period` | also `new_since_yesterday`, `unmatched`, `difference`, `slope` and over how many `slope_periods` |
| `change_point`, `group` the day | `rate_before`, `rate_after` |
| `silence`, `group` the marketplace | `notices` ever; `expected` since, by the `buyers` written to or by `days` (`basis`) |
| `leak`, `leak_label` | `messages`, `buyers`, the number of the `export`; `messages` of each label |
| `ever`, `suppression_list`, `reconciliation`, `waiting` | counts |
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import UTC

from bounce_watch.records.change import Change, Leak, Silence
from bounce_watch.records.rate import CohortRates, Period, Rate
from bounce_watch.reports import wording as say
from bounce_watch.reports.content import Counts, Reconciliation, ReportContent
from bounce_watch.reports.pieces import nameless
from bounce_watch.text.inert import csv_cell, csv_line

COLUMNS = (
    *("account", "made_at", "time_zone", "period", "first_day", "last_day", "group_kind", "group"),
    *("measure", "basis", "unit", "value", "low", "high"),
    *("opted_out", "contacted", "state", "design_effect", "covered", "unknown_purpose", "withheld"),
)

_Value = str | float | None


def render_csv(contents: Sequence[ReportContent]) -> str:
    """The table with its header, by RFC 4180; no cell of it is a formula, and it holds no name of a buyer."""
    return csv_line(COLUMNS) + "".join(
        _line(account, row) for content in contents for account, row in _rows(content)
    )


def _rows(content: ReportContent) -> Iterator[tuple[tuple[_Value, ...], dict[str, _Value]]]:
    """What all rows of a report begin with, and what each adds."""
    made = content.made_at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    begin = (say.listed(content.accounts), made, content.time_zone, content.period_name.value)
    for row in _content(content):
        yield begin, row


def _content(content: ReportContent) -> Iterator[dict[str, _Value]]:
    now = {**_days(content.rates.period), "group_kind": "period"}
    before = {**_days(content.rates_before.period), "group_kind": "before"}
    for start, counts, rates in (
        (now, content.counts, content.rates),
        (before, content.before, content.rates_before),
    ):
        yield from ({**start, **row} for row in (*_counts(counts), *_rates(rates)))
    yield from ({"group_kind": "ever", **row} for row in _counts(content.ever))
    yield {**now, **_count("new_since_yesterday", content.new_since_yesterday)}
    yield {**now, **_count("unmatched", content.unmatched)}
    yield from ({**now, **row} for row in _movement(content.change))
    for bucket in content.trend:
        start = {**_days(bucket.rates.period), "group_kind": "trend"}
        yield from ({**start, **row} for row in (_count("notices", bucket.notices), *_rates(bucket.rates)))
    yield from ({**now, **row} for row in _groups(content))
    yield from (row for silence in content.silences for row in _silence(silence))
    yield from ({**now, **row} for row in _leak(content.leak))
    yield from _standing(content)


def _groups(content: ReportContent) -> Iterator[dict[str, _Value]]:
    for place in content.marketplaces:
        start = {"group_kind": "marketplace", "group": _named(place.marketplace)}
        yield from ({**start, **row} for row in (*_counts(place.counts), *_rates(place.rates)))
    for kind, groups in (("label", content.labels), ("order_age", content.order_ages)):
        for each in groups:
            start = {"group_kind": kind, "group": _named(each.name)}
            yield from ({**start, **row} for row in _rates(each.rates))


def _named(label: str | None) -> str | None:
    return None if label is None else nameless(label)


def _days(period: Period) -> dict[str, _Value]:
    return {"first_day": period.first_day.isoformat(), "last_day": period.last_day.isoformat()}


def _counts(counts: Counts) -> Iterator[dict[str, _Value]]:
    for measure, value in (("notices", counts.notices), ("orders", counts.orders), ("buyers", counts.buyers)):
        yield _count(measure, value)


def _count(measure: str, value: float | None) -> dict[str, _Value]:
    return {"measure": measure, "unit": "count", "value": value}


def _rates(rates: CohortRates) -> Iterator[dict[str, _Value]]:
    sent: dict[str, _Value] = {
        "covered": rates.covered,
        "unknown_purpose": rates.sent.unknown_purpose,
        "withheld": rates.sent.withheld,
    }
    yield {"measure": "rate", **_rate(rates.messages), **sent}
    yield {"measure": "rate", **_rate(rates.buyers), **sent}
    yield {"measure": "share", **_rate(rates.share), **sent}


def _rate(rate: Rate) -> dict[str, _Value]:
    return {
        "basis": rate.basis.value,
        "unit": "share",
        "value": rate.value,
        "low": rate.low,
        "high": rate.high,
        "opted_out": rate.opted_out,
        "contacted": rate.contacted,
        "state": rate.state.value,
        "design_effect": rate.design_effect,
    }


def _movement(change: Change) -> Iterator[dict[str, _Value]]:
    of_buyers: dict[str, _Value] = {"basis": "buyers"}
    if (difference := change.difference) is not None:
        found = {"value": difference.points, "low": difference.low, "high": difference.high}
        yield {"measure": "difference", **of_buyers, "unit": "points", **found}
    if (slope := change.slope) is not None:
        found = {"value": slope.points_a_month, "low": slope.low, "high": slope.high}
        yield {"measure": "slope", **of_buyers, "unit": "points a month", **found}
        yield {**of_buyers, **_count("slope_periods", slope.periods)}
    if (point := change.point) is not None:
        start = {"group_kind": "change_point", "group": point.since.isoformat(), **of_buyers, "unit": "share"}
        yield {**start, "measure": "rate_before", "value": point.before}
        yield {**start, "measure": "rate_after", "value": point.after}


def _silence(one: Silence) -> Iterator[dict[str, _Value]]:
    start = {"group_kind": "silence", "group": _named(one.marketplace), "state": one.state.value}
    yield {**start, **_count("notices", one.notices)}
    yield {**start, **_count("expected", one.expected), "basis": "days" if one.by_days else "buyers"}


def _leak(leak: Leak | None) -> Iterator[dict[str, _Value]]:
    """Zeros without a leak, so that a series of reports has no holes."""
    start: dict[str, _Value] = {"group_kind": "leak"}
    yield {**start, **_count("messages", leak.messages if leak else 0)}
    yield {**start, **_count("buyers", leak.buyers if leak else 0)}
    if leak is not None:
        yield {**start, "measure": "export", "unit": "number", "value": leak.export_id}
        for one in leak.labels:
            labelled = {"group_kind": "leak_label", "group": _named(one.label)}
            yield {**labelled, **_count("messages", one.messages)}


def _standing(content: ReportContent) -> Iterator[dict[str, _Value]]:
    """What is told of no days, but as it stands now."""
    counts = (
        ("suppression_list", "entries", content.list_size),
        ("suppression_list", "without_alias", content.list_without_alias),
        *(("reconciliation", measure, value) for measure, value in _parts(content.reconciliation)),
        ("waiting", "mails", len(content.waiting)),
    )
    for kind, measure, value in counts:
        yield {"group_kind": kind, **_count(measure, value)}


def _parts(line: Reconciliation) -> Iterator[tuple[str, int]]:
    """All that was read, and its parts under their names in the record."""
    for field in fields(line):
        yield field.name, getattr(line, field.name)


def _line(begin: tuple[_Value, ...], row: dict[str, _Value]) -> str:
    cells = (*begin, *(row.get(column) for column in COLUMNS[len(begin) :]))
    return ",".join(map(_cell, cells)) + "\r\n"


def _cell(value: _Value) -> str:
    """A number as it is, a negative one too: a spreadsheet takes it for nothing else."""
    if value is None:
        return ""
    return csv_cell(value) if isinstance(value, str) else repr(value)
