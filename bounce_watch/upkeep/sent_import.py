"""Looks at a file of what was sent, and files it: a log in pieces, however long it is, an order report at once."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from io import UnsupportedOperation
from typing import BinaryIO

from bounce_watch.errors import BounceWatchError, DataError, UsageError
from bounce_watch.flow import Clock
from bounce_watch.records.account import Account
from bounce_watch.records.filed import Filed, RunState
from bounce_watch.records.ids import MARKETPLACES
from bounce_watch.records.sent import SentCoverage, SentLog
from bounce_watch.sent_log.csv_log import Tally, coverage_of, sends_in_chunks, tally_of
from bounce_watch.sent_log.detect import ReportPlan, plan_sent_file
from bounce_watch.sent_log.order_report import read_order_report
from bounce_watch.sent_log.plan import LogOptions, LogPlan
from bounce_watch.store.ledger import Ledger

AT_ONCE = 20_000
"""Sends that are filed in one transaction."""

AHEAD = timedelta(days=1)
"""How far ahead of our clock a log may lie: clocks differ, and a day begins earlier in the east."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LookedLog:
    """A log as it will be filed; `tally` is None while questions are open, `repeated` are marks of equal sends."""

    file: BinaryIO
    plan: LogPlan
    tally: Tally | None = None
    repeated: frozenset[int] = frozenset()
    coverage: SentCoverage | None = None
    state: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class LookedReport:
    """An order report as it will be filed."""

    plan: ReportPlan
    log: SentLog


Looked = LookedLog | LookedReport


def look(
    file: BinaryIO,
    *,
    account: str,
    time_zone: tzinfo,
    seen_at: datetime,
    options: LogOptions,
    coverage: tuple[date, date] | None = None,
    marketplaces: frozenset[str] = MARKETPLACES,
) -> Looked:
    """What a seekable file says, without filing it; see plan_sent_file, read_order_report and read_csv_log.

    Raises DataError for what can't be read, and for a log of which no row can be used or one tells of a day to
    come; UsageError for a `coverage` that ends on such a day. One to come is more than AHEAD after `seen_at`.
    """
    plan = plan_sent_file(
        file, account=account, time_zone=time_zone, options=options, marketplaces=marketplaces
    )
    if isinstance(plan, ReportPlan):
        file.seek(0)
        log = read_order_report(file.read(), account=account, seen_at=seen_at, marketplaces=marketplaces)
        return LookedReport(plan=plan, log=log)
    if plan.questions:
        return LookedLog(file=file, plan=plan)
    before = _state(file)
    tally, repeated = tally_of(file, plan)
    tally.check()
    _check_past(tally, coverage, zone=plan.zone, until=seen_at + AHEAD)
    return LookedLog(
        file=file,
        plan=plan,
        tally=tally,
        repeated=repeated,
        coverage=coverage_of(plan, tally, coverage),
        state=before,
    )


def file_looked(ledger: Ledger, account: Account, looked: Looked, *, clock: Clock) -> tuple[int, Filed]:
    """File what `look` found, in one run; its number, and what was new and known.

    The days that a log covers are filed with its last piece: a run that failed covers none. Raises DataError
    for a file that changed since, LedgerError for the disk.
    """
    run = ledger.start_run(account.name, "sent import", at=clock())
    try:
        read, filed = _file(ledger, run, looked)
    except (Exception, KeyboardInterrupt, SystemExit) as error:
        said = error.message if isinstance(error, BounceWatchError) else "It was stopped before its end"
        with suppress(BounceWatchError):
            ledger.finish_run(run, at=clock(), state=RunState.FAILED, read=0, filed=Filed(), message=said)
        raise
    ledger.finish_run(run, at=clock(), state=RunState.COMPLETE, read=read, filed=filed)
    return run, filed


def _check_past(tally: Tally, stated: tuple[date, date] | None, *, zone: tzinfo, until: datetime) -> None:
    """What is sent on days to come is not known; a log that says so was read in another way than it was written."""
    if stated is not None and stated[1] > until.astimezone(zone).date():
        raise UsageError(
            f"The last day for which the log is whole is a day to come ({stated[1]}).",
            "Name one that is over with --to-day.",
        )
    if tally.last is not None and tally.last > until:
        raise DataError(
            f"The log has messages of a day to come ({tally.last.astimezone(zone).date()}).",
            "Check how its times are to be read: --time-format, --time-zone.",
        )


def _file(ledger: Ledger, run: int, looked: Looked) -> tuple[int, Filed]:
    if isinstance(looked, LookedReport):
        return looked.log.rows, ledger.file_sent_log(run, looked.log)
    if looked.tally is None:
        raise ValueError("a log with open questions can't be filed")
    filed = Filed()
    for sends in sends_in_chunks(looked.file, looked.plan, repeated=looked.repeated, size=AT_ONCE):
        piece = SentLog(sends=tuple(sends), links=(), coverage=None, rows=len(sends))
        filed += ledger.file_sent_log(run, piece)
    if _state(looked.file) != looked.state:
        raise DataError("The file changed while it was read.", "Wait until it is whole; import it again.")
    if looked.coverage is not None:
        filed += ledger.file_sent_log(run, SentLog(sends=(), links=(), coverage=looked.coverage, rows=0))
    return looked.tally.rows, filed


def _state(file: BinaryIO) -> tuple[int, int]:
    """What changes with a file's content; nothing does in memory."""
    try:
        found = os.fstat(file.fileno())
    except UnsupportedOperation:
        return 0, 0
    return found.st_size, found.st_mtime_ns
