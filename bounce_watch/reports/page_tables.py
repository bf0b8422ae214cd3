"""The tables of the page and of the Markdown form."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

from bounce_watch.records.change import SilenceState
from bounce_watch.records.rate import CohortRates, Rate, RateState
from bounce_watch.reports import wording as say
from bounce_watch.reports.content import PeriodName, Reconciliation, ReportContent
from bounce_watch.reports.pieces import Cell, Table, name, number
from bounce_watch.reports.trend import is_partly_covered

_SILENCES = {
    SilenceState.HEARD: "as expected",
    SilenceState.SILENT: "missing",
    SilenceState.CANNOT_TELL: "too few yet to tell",
}

_Column = tuple[str, Callable[[CohortRates], Cell]]


def counts_table(content: ReportContent) -> Table:
    """Notices, orders and buyers by when the notice came, beside the period before and all time."""
    period = content.period_name.value
    now, before, change, ever = content.counts, content.before, content.counts_change, content.ever
    figures = (
        ("Messages blocked", now.notices, before.notices, change.notices, ever.notices),
        ("Orders opted out", now.orders, before.orders, change.orders, ever.orders),
        ("Buyers opted out", now.buyers, before.buyers, change.buyers, ever.buyers),
    )
    over = content.made_at >= content.period.end
    new = f"on {say.weekday(content.period.last_day)}" if over else "in the last 24 hours"
    return Table(
        key="counts",
        title="Notices that came",
        heads=("By the day they came", f"this {period}", f"{period} before", "change", "ever"),
        rows=tuple(
            (Cell(text=label), number(this), number(last), number(moved, say.signed(moved)), number(total))
            for label, this, last, moved, total in figures
        ),
        numeric=frozenset({1, 2, 3, 4}),
        note=f"New {new}: {say.counted(content.new_since_yesterday, 'order')}.",
        sorts=False,
    )


def trend_table(content: ReportContent) -> Table:
    """The numbers of the charts, oldest first."""
    first = "Week from" if content.period_name is PeriodName.WEEK else content.period_name.value.capitalize()
    rows = []
    for bucket in content.trend:
        rates, day = bucket.rates, bucket.rates.period.first_day
        label = say.month_text(day) if content.period_name is PeriodName.MONTH else say.day_text(day)
        partly = f"log covers {rates.covered * 100:.0f} %" if is_partly_covered(content, rates) else None
        start = (Cell(text=label, detail=partly, value=day.toordinal()), number(bucket.notices))
        rows.append((start, rates))
    return _rated("trend", "Over time", (first, "Notices"), rows, draws=False)


def group_tables(content: ReportContent) -> Iterator[Table]:
    """The same rates by marketplace, by label and by days since the order, each where something is known of it."""
    places = [
        ((name(row.marketplace, "not named"), number(row.counts.notices)), row.rates)
        for row in content.marketplaces
    ]
    labels = [((name(row.name, "not named"),), row.rates) for row in content.labels]
    ages = [
        ((replace(name(row.name, "not known"), value=place),), row.rates)
        for place, row in enumerate(content.order_ages)
    ]
    if places:
        yield _rated("marketplaces", "By marketplace", ("Marketplace", "Notices"), places)
    if labels:
        yield _rated("labels", "By template or campaign", ("Template or campaign",), labels)
    if ages:
        yield _rated("ages", "By days since the order", ("Days since the order",), ages)


def accounts_table(contents: Sequence[ReportContent], firsts: Sequence[str]) -> Table:
    """Several accounts side by side; `firsts` says what matters most in each."""
    rows = [
        (
            name(say.listed(content.accounts), ""),
            Cell(text=first),
            number(content.counts.notices),
            rate_cell(content.rates.buyers),
            rate_cell(content.rates.messages),
        )
        for content, first in zip(contents, firsts, strict=True)
    ]
    return Table(
        key="accounts",
        title="Accounts",
        heads=("Account", "What matters most", "Notices", "Buyers who opted out", "Messages blocked"),
        rows=tuple(rows),
        numeric=frozenset({2, 3, 4}),
        sorts=False,
    )


def _rated(
    key: str,
    title: str,
    heads: tuple[str, ...],
    rows: Sequence[tuple[tuple[Cell, ...], CohortRates]],
    *,
    draws: bool = True,
) -> Table:
    """Rows that begin with some cells and go on with rates, as far as any row has such a rate."""
    every = [rates for _, rates in rows]
    columns = list(_columns(every, draws=draws))
    maturing = columns and any(RateState.MATURING in {one.buyers.state, one.messages.state} for one in every)
    few = columns and any(one.buyers.value is not None and say.is_few(one.buyers) for one in every)
    notes = ["* May still rise."] if maturing else []
    notes += [f"Few: fewer than {say.FEW} written to, see the interval."] if few else []
    return Table(
        key=key,
        title=title,
        heads=(*heads, *(head for head, _ in columns)),
        rows=tuple((*cells, *(make(rates) for _, make in columns)) for cells, rates in rows),
        numeric=frozenset(range(1, len(heads) + len(columns))),
        note=" ".join(notes),
    )


def _columns(every: Sequence[CohortRates], *, draws: bool) -> Iterator[_Column]:
    if all(one.buyers.state is one.messages.state is RateState.NO_DENOMINATOR for one in every):
        return
    yield "Buyers who opted out", lambda rates: rate_cell(rates.buyers, draws=draws)
    yield "of buyers", lambda rates: _of(rates.buyers)
    yield "Messages blocked", lambda rates: rate_cell(rates.messages)
    yield "of messages", lambda rates: _of(rates.messages)
    if any(one.sent.withheld_buyers for one in every):
        yield "Opt-out share", lambda rates: rate_cell(rates.share)


def rate_cell(rate: Rate, *, draws: bool = False) -> Cell:
    """A rate with its interval, or why there is none."""
    if rate.value is None or rate.low is None or rate.high is None:
        return Cell(text="can't be" if rate.state is RateState.INCONSISTENT else "no rate", detail="")
    mark = "*" if rate.state is RateState.MATURING else ""
    return Cell(
        text=f"{say.percent(rate.value)}{mark}",
        detail=say.interval(rate.low, rate.high).removesuffix(" %"),
        value=rate.value,
        rate=rate if draws else None,
    )


def _of(rate: Rate) -> Cell:
    if rate.state is RateState.NO_DENOMINATOR:
        return Cell(text="")
    few = "few: " if rate.value is not None and say.is_few(rate) else ""
    return Cell(text=f"{few}{rate.opted_out:,} of {rate.contacted:,}", value=rate.contacted)


def silences_table(content: ReportContent) -> Table:
    """Whether the notices of each marketplace still come."""
    zone = ZoneInfo(content.time_zone)
    rows = [
        (
            name(one.marketplace, "not named"),
            Cell(text=_SILENCES[one.state], value=_SILENCES[one.state]),
            number(one.notices),
            Cell(text="" if one.expected is None else f"{one.expected:,.1f}", value=one.expected),
            Cell(
                text=say.moment(one.last_notice_at, zone),
                value=one.last_notice_at.timestamp() if one.last_notice_at else None,
            ),
        )
        for one in content.silences
    ]
    return Table(
        key="silences",
        title="Do the notices still come?",
        heads=("Marketplace", "They come", "Notices ever", "Due since the last", "Last notice"),
        rows=tuple(rows),
        numeric=frozenset({2, 3}),
    )


def reconciliation_table(line: Reconciliation) -> Table:
    """Every mail ever read, by what became of it."""
    parts = [
        ("Opt-outs", line.opt_outs),
        ("Other kinds of notice", line.other_kinds),
        ("Not Amazon's", line.not_amazon),
        ("Duplicates", line.duplicates),
        ("Set aside", line.set_aside),
        ("Unrecognised", line.unrecognised),
        ("Unreadable", line.unreadable),
    ]
    parts += [
        (each, count) for each, count in (("Dismissed", line.dismissed), ("Undone", line.undone)) if count
    ]
    wrong = f"The parts add up to {line.parts:,}: a mail was lost or counted twice."
    return Table(
        key="reconciliation",
        title="Mails read",
        heads=("What became of them", "Mails"),
        rows=tuple(
            (Cell(text=each), number(count)) for each, count in (*parts, ("All that was read", line.read))
        ),
        numeric=frozenset({1}),
        note="" if line.adds_up else wrong,
        sorts=False,
    )


def waiting_table(content: ReportContent, *, names: bool) -> Table:
    """What a person has to look at; only with `names` which order, which subject and whose mail."""
    zone = ZoneInfo(content.time_zone)
    rows = []
    for row in content.waiting:
        at, reason = row.noticed_at, row.reason.replace("_", " ")
        when = Cell(text=say.moment(at, zone) if at else "not known", value=at.timestamp() if at else None)
        shown = [when, Cell(text=reason, value=reason, foreign=True)]
        if names:
            shown += [
                name(each, unknown) for each, unknown in ((row.about or None, "no subject"), (row.sender, ""))
            ]
        rows.append(tuple(shown))
    return Table(
        key="waiting",
        title=f"Waiting for you: {len(content.waiting):,}",
        heads=("Noticed", "Why it waits", *(("Order or subject", "From") if names else ())),
        rows=tuple(rows),
        note="" if names else "Which mails these are: bounce-watch review",
    )
