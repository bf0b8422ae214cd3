"""What a dispatch or e-mail tool says it sent, as a table of any dialect whose columns a person may name."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

from bounce_watch.errors import DataError
from bounce_watch.records.ids import MARKETPLACES, Alias, OrderId
from bounce_watch.records.sent import OrderLink, Origin, Purpose, SentCoverage, SentLog, SentMessage
from bounce_watch.sent_log.plan import LogOptions, LogPlan, plan_log
from bounce_watch.sent_log.rows import LeftOut, Outcome
from bounce_watch.sent_log.source import opened, whole_days
from bounce_watch.text.cells import read_cells

NAMED = 5
"""How many rows that can't be used are named; the rest is a number."""


def read_csv_log(
    source: bytes | Path,
    *,
    account: str,
    time_zone: tzinfo,
    options: LogOptions | None = None,
    coverage: tuple[date, date] | None = None,
    marketplaces: frozenset[str] = MARKETPLACES,
) -> SentLog:
    """Sends and order links of a log; `time_zone` is that of the settings, see LogPlan for the rest.

    `coverage` is the first and the last day for which the log is whole; without it, the first and last day that
    the log has a send on. A row that can't be used is named in `skipped` by its number and the reason, never by its
    content; one that was not sent, or is of another channel, is only counted.

    Raises DataError when the file is no table, lacks the instant or both of order id and alias, leaves a
    question open, or has no row at all that can be used.
    """
    with opened(source) as file:
        plan = plan_log(
            file, account=account, time_zone=time_zone, options=options, marketplaces=marketplaces
        )
        for question in plan.questions:
            raise DataError(question.what, question.answer)
        outcomes = list(read_log(file, plan))
    sends = [outcome for _, outcome in outcomes if isinstance(outcome, SentMessage)]
    tally = Tally()
    for number, outcome in outcomes:
        tally.add(number, outcome)
    tally.check()
    return SentLog(
        sends=tuple(sends),
        links=tuple(_links(sends)),
        coverage=coverage_of(plan, tally, coverage),
        rows=tally.rows,
        skipped=tuple(
            f"row {number}: {what}"
            for number, what in outcomes
            if isinstance(what, str) and not isinstance(what, LeftOut)
        ),
    )


def read_log(file: BinaryIO, plan: LogPlan) -> Iterator[tuple[int, Outcome]]:
    """Each row's number and what it is; the header and empty rows are none. DataError as read_cells."""
    reader = plan.reader()
    rows = read_cells(file, plan.table)
    if plan.has_header:
        next(rows, None)
    for number, cells in rows:
        yield number, reader.read(cells)


@dataclass(slots=True, kw_only=True)
class Tally:
    """What the rows of a log are, in numbers. `skipped` are those that can't be used, `reasons` the first of them."""

    rows: int = 0
    sends: int = 0
    skipped: int = 0
    reasons: list[str] = field(default_factory=list)
    left_out: Counter[LeftOut] = field(default_factory=Counter)
    purposes: Counter[Purpose] = field(default_factory=Counter)
    first: datetime | None = None
    last: datetime | None = None

    def add(self, number: int, outcome: Outcome) -> None:
        """Count one row."""
        self.rows += 1
        if isinstance(outcome, SentMessage):
            self.sends += 1
            self.purposes[outcome.purpose] += 1
            self.first = min(self.first or outcome.sent_at, outcome.sent_at)
            self.last = max(self.last or outcome.sent_at, outcome.sent_at)
        elif isinstance(outcome, LeftOut):
            self.left_out[outcome] += 1
        else:
            self.skipped += 1
            if len(self.reasons) < NAMED:
                self.reasons.append(f"row {number}: {outcome}")

    def days(self, zone: tzinfo) -> tuple[date, date] | None:
        """The first and the last day with a send, in `zone`; None without any."""
        if self.first is None or self.last is None:
            return None
        return self.first.astimezone(zone).date(), self.last.astimezone(zone).date()

    def check(self) -> None:
        """DataError when there are rows and none of them can be used."""
        if self.skipped and not self.sends:
            raise DataError(
                f"None of the {self.rows} rows of the sent log can be used; {self.reasons[0]}.",
                "Name the columns that hold the order id or alias and the time (--order-column,"
                " --alias-column, --sent-at-column), and its form (--time-format).",
            )


def tally_of(file: BinaryIO, plan: LogPlan) -> tuple[Tally, frozenset[int]]:
    """What the rows are, and the marks of the sends that stand there more than once (see `sends_in_chunks`)."""
    tally, marks = Tally(), array("q")
    for number, outcome in read_log(file, plan):
        tally.add(number, outcome)
        if isinstance(outcome, SentMessage):
            marks.append(hash(outcome))
    return tally, frozenset(mark for mark, after in pairwise(sorted(marks)) if mark == after)


def sends_in_chunks(
    file: BinaryIO, plan: LogPlan, *, repeated: frozenset[int], size: int
) -> Iterator[Sequence[SentMessage]]:
    """The sends in lists of at most `size`, and at the end one list of all that are there more than once.

    Together, because the ledger counts equal sends of what it files at once, and can't tell those that come later
    from the same ones read again.
    """
    chunk: list[SentMessage] = []
    together: list[SentMessage] = []
    for _, outcome in read_log(file, plan):
        if isinstance(outcome, SentMessage):
            (together if hash(outcome) in repeated else chunk).append(outcome)
        if len(chunk) == size:
            yield chunk
            chunk = []
    yield from (each for each in (chunk, together) if each)


def coverage_of(plan: LogPlan, tally: Tally, stated: tuple[date, date] | None) -> SentCoverage | None:
    """For which days the log is whole: those stated, else from its first to its last send; None without either.

    Raises DataError for days that end before they start.
    """
    days = stated or tally.days(plan.zone)
    if days is None:
        return None
    if days[0] > days[1]:
        raise DataError(
            "The days that the sent log covers end before they start.", "Name the first day first."
        )
    start, end = whole_days(*days, plan.zone)
    return SentCoverage(account=plan.account, origin=Origin.CSV_LOG, start=start, end=end)


def _links(sends: Iterable[SentMessage]) -> Iterator[OrderLink]:
    """The first link of each order and alias."""
    seen: set[tuple[OrderId, Alias]] = set()
    for send in sends:
        if not send.order_id or not send.alias or (send.order_id, send.alias) in seen:
            continue
        seen.add((send.order_id, send.alias))
        yield OrderLink(
            account=send.account,
            order_id=send.order_id,
            alias=send.alias,
            marketplace=send.alias.marketplace,
            origin=Origin.CSV_LOG,
            seen_at=send.sent_at,
        )
