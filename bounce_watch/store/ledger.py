"""The ledger as the flow sees it. Every method is one transaction (or one look); `file` is the only way in for mail.

All of them raise LedgerError or TryLater, with advice, when the database refuses.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, Engine

from bounce_watch.errors import LedgerError, TryLater
from bounce_watch.records.filed import (
    ExportRecord,
    Filed,
    FiledNotice,
    FiledSend,
    Run,
    RunState,
    SendCount,
    Totals,
    WaitingMail,
)
from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.mail import Cursor
from bounce_watch.records.notice import Finding, NoticeKind
from bounce_watch.records.sent import SentCoverage, SentLog
from bounce_watch.store import exports, intake, queries, runs, sends
from bounce_watch.store.engine import make_engine, name_of, parse_url, reading, refresh_statistics, writing
from bounce_watch.store.schema import bring_up_to_date
from bounce_watch.store.trouble import translated

_MUCH = 1_000


def open_ledger(url: str, *, create: bool = True) -> Ledger:
    """The ledger at a URL (`sqlite:///FILE` or `postgresql://…`), migrated to today's schema; a context manager.

    SettingsError for a URL we can't use; LedgerError for one that leads to no ledger, to another program's
    database, to a newer ledger (left untouched), and, without `create`, to none yet.
    """
    parsed = parse_url(url)
    name = name_of(parsed)
    engine = make_engine(parsed, create=create)
    try:
        with translated(name):
            bring_up_to_date(engine, name, create=create)
    except BaseException:
        engine.dispose()
        raise
    return Ledger(engine, name=name)


class Ledger:
    """Facts of all accounts, written once. `name` is the file's path, or the URL without its password."""

    def __init__(self, engine: Engine, *, name: str) -> None:
        self._engine = engine
        self.name = name

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database."""
        with translated(self.name):
            self._engine.dispose()

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with translated(self.name), writing(self._engine) as connection:
            yield connection

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with translated(self.name), reading(self._engine) as connection:
            yield connection

    def _after_filing(self, filed: Filed) -> None:
        """Much that is new deserves new statistics; that they can't be had now is no reason to fail."""
        if filed.new >= _MUCH:
            with suppress(LedgerError, TryLater), self._writing() as connection:
                refresh_statistics(connection)

    def start_run(self, account: str, command: str, *, at: datetime) -> int:
        """Begin a run (`poll`, `import`, `sent import`, ...); its id, for `file` and `finish_run`."""
        with self._writing() as connection:
            return runs.start(connection, account, command=command, at=at)

    def progress_run(self, run_id: int, *, read: int, filed: Filed) -> None:
        """Add to a run's figures. `file` and `file_sent_log` do this themselves."""
        with self._writing() as connection:
            runs.progress(connection, run_id, read=read, filed=filed)

    def finish_run(
        self, run_id: int, *, at: datetime, state: RunState, read: int, filed: Filed, message: str = ""
    ) -> None:
        """End a run; `read` and `filed` are its sums and replace what it counted on its way."""
        with self._writing() as connection:
            runs.finish(connection, run_id, at=at, state=state, read=read, filed=filed, message=message)
        self._after_filing(filed)

    def runs(self, account: str, limit: int) -> list[Run]:
        """The newest runs of an account, newest first."""
        with self._reading() as connection:
            return runs.newest(connection, account, limit=limit)

    def last_complete_poll(self, account: str) -> Run | None:
        """The last `poll` or `daily` that read the mailbox to its end."""
        with self._reading() as connection:
            return runs.last_complete_poll(connection, account)

    def accounts(self) -> list[str]:
        """Every account that ever had a run, sorted."""
        with self._reading() as connection:
            return runs.accounts(connection)

    def file(
        self, run_id: int, findings: Sequence[Finding], *, cursor: Cursor | None, read: int, passed: int
    ) -> Filed:
        """File a chunk of findings, the run's counters and the cursor, in one transaction.

        `read` is how many mails were looked at, `passed` how many of them nobody wanted; the rest are the
        findings (ValueError if they are not). A mail that is not Amazon's is counted and leaves no row. A
        known mail adds its place and, where it differs, its verdict, and counts as a duplicate; if it had
        no notice and has one now, the notice is filed as well.
        """
        with self._writing() as connection:
            return intake.file_findings(
                connection, run_id, findings=findings, cursor=cursor, read=read, passed=passed
            )

    def cursors(self, account: str) -> dict[str, Cursor]:
        """How far each folder of an account has been read."""
        with self._reading() as connection:
            return intake.cursors(connection, account)

    def file_sent_log(self, run_id: int, log: SentLog) -> Filed:
        """File the sends, links and coverage of one file in one transaction; new and known sends are counted.

        A send with an order and an alias of its own is a link, too.
        """
        with self._writing() as connection:
            filed = sends.file_sent_log(connection, run_id, log)
        self._after_filing(filed)
        return filed

    def opt_out_notices(self, account: str) -> Iterator[FiledNotice]:
        """Opt-out notices by order id, time (unknown first) and fingerprint, read piece by piece."""
        with self._reading() as connection:
            yield from queries.notices(connection, account, kinds=(NoticeKind.OPT_OUT,))

    def other_notices(self, account: str, kinds: Sequence[NoticeKind]) -> list[FiledNotice]:
        """Notices of these kinds, in the same order; those without an order id first."""
        with self._reading() as connection:
            return list(queries.notices(connection, account, kinds=kinds))

    def totals(self, account: str) -> Totals:
        """The figures of the reconciliation line, over all runs of an account."""
        with self._reading() as connection:
            return queries.totals(connection, account)

    def waiting(self, account: str) -> list[WaitingMail]:
        """Unrecognised, misdirected and unreadable mails, newest first, those of unknown time last."""
        with self._reading() as connection:
            return queries.waiting(connection, account)

    def orders_of_aliases(self, account: str, aliases: Collection[Alias]) -> dict[Alias, list[OrderId]]:
        """Every known order of each alias, from sends, links and genuine notices, sorted."""
        with self._reading() as connection:
            return sends.orders_of(connection, account, aliases=aliases)

    def count_sends(
        self, account: str, period_start: datetime, period_end: datetime, *, by_marketplace: bool = True
    ) -> list[SendCount]:
        """Messages sent that an opt-out could block, and their distinct buyers, from start to before end.

        One row for each marketplace (of the send, else of its alias, else of its order's link; unknown
        first), or one row for all: buyers of two marketplaces can't be added up.
        """
        with self._reading() as connection:
            return sends.count(
                connection, account, start=period_start, end=period_end, by_marketplace=by_marketplace
            )

    def sends_for(
        self, account: str, orders: Collection[OrderId], aliases: Collection[Alias]
    ) -> Iterator[FiledSend]:
        """Every send of one of these orders or to one of these aliases, each once, read piece by piece."""
        with self._reading() as connection:
            yield from sends.matching(connection, account, orders=orders, aliases=aliases)

    def coverages(self, account: str) -> list[SentCoverage]:
        """For which instants the account's logs are whole."""
        with self._reading() as connection:
            return sends.coverages(connection, account)

    def send_totals(self, account: str) -> tuple[datetime, datetime, int] | None:
        """First and last instant of what was sent (not withheld), and how many; None without any."""
        with self._reading() as connection:
            return sends.totals(connection, account)

    def record_export(self, record: ExportRecord) -> None:
        """File an export that was made."""
        with self._writing() as connection:
            exports.record(connection, record)

    def last_export(self, account: str, *, preset: str, path: str) -> ExportRecord | None:
        """The last export of a preset to a path, or None."""
        with self._reading() as connection:
            return exports.last(connection, account, preset=preset, path=path)
