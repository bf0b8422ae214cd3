"""The ledger as the flow sees it. Every method is one transaction (or one look); `file` is the only way in for mail.

All of them raise LedgerError or TryLater, with advice, when the database refuses.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from bounce_watch.errors import LedgerError, TryLater
from bounce_watch.records.alert import Told
from bounce_watch.records.decision import Action, Decision
from bounce_watch.records.filed import (
    Event,
    ExportChange,
    ExportRecord,
    Filed,
    FiledNotice,
    FiledSend,
    MailFacts,
    Run,
    RunContents,
    RunState,
    SetAside,
    Totals,
    WaitingMail,
)
from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.mail import Cursor, Fingerprint
from bounce_watch.records.notice import Finding, NoticeKind
from bounce_watch.records.rate import Dimension, Period, SendTally
from bounce_watch.records.sent import LogSpan, SentCoverage, SentLog
from bounce_watch.store import exports, intake, leaks, lookup, queries, runs, sends, tallies, undone
from bounce_watch.store.alerts import file_told, told_since
from bounce_watch.store.backup import backup_before
from bounce_watch.store.care import Care
from bounce_watch.store.decisions import about_the_list, confirmed_receivers, decisions, file_decisions
from bounce_watch.store.engine import make_engine, name_of, parse_url, refresh_statistics
from bounce_watch.store.history import history
from bounce_watch.store.leaks import OnExport
from bounce_watch.store.links import known_names
from bounce_watch.store.place import place_of
from bounce_watch.store.schema import bring_up_to_date
from bounce_watch.store.scope import SUPPOSED, scope_of
from bounce_watch.store.trouble import translated

_MUCH = 1_000


def open_ledger(
    url: str,
    *,
    create: bool = True,
    migrate: bool = True,
    key_file: Path | None = None,
    key_folder: Path | None = None,
) -> Ledger:
    """The ledger at a URL (`sqlite:///FILE` or `postgresql://…`), migrated to today's schema; a context manager.

    `key_file` is where its key lies (None: beside a SQLite file, else in `key_folder`; see place.place_of). Before
    a migration the ledger is backed up. SettingsError for a URL we can't use; LedgerError for one that leads to no
    ledger, to another program's database, to a newer ledger (left untouched), to one whose key is lost, without
    `create` to none yet, and without `migrate` to one of an older schema.
    """
    parsed = parse_url(url)
    name = name_of(parsed)
    place = place_of(parsed, key_file=key_file, key_folder=key_folder)
    engine = make_engine(parsed, create=create)
    try:
        with translated(name):
            key = bring_up_to_date(
                engine,
                name,
                create=create,
                migrate=migrate,
                key_file=place.key_file,
                backup=partial(backup_before, engine, place),
            )
    except BaseException:
        engine.dispose()
        raise
    return Ledger(engine, name=name, key=key, place=place)


class Ledger(Care):
    """Facts of all accounts, written once. `name` is the file's path, or the URL without its password."""

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

    def run(self, account: str, run_id: int) -> Run | None:
        """The run of that number; None when the account has no such run (the numbers are the whole ledger's)."""
        with self._reading() as connection:
            return runs.one(connection, account, run_id)

    def contents_of(self, run_id: int) -> RunContents:
        """How many facts a run filed, whether it is undone or not."""
        with self._reading() as connection:
            return undone.contents_of(connection, run_id)

    def supposing(self, run_id: int, *, undone: bool) -> Ledger:
        """The same ledger as it would be with that run undone, or not undone: to look at, not to close."""
        engine = self._engine.execution_options(**{SUPPOSED: {run_id: undone}})
        return Ledger(engine, name=self.name, key=self._key, place=self._place)

    def last_complete_poll(self, account: str) -> Run | None:
        """The last `poll` or `daily` that read the mailbox to its end."""
        with self._reading() as connection:
            return runs.last_complete_poll(connection, account)

    def has_read_mail(self, account: str) -> bool:
        """True when a mail of the account was ever read, whatever it was taken for."""
        with self._reading() as connection:
            return runs.has_read_mail(connection, account)

    def accounts(self) -> list[str]:
        """Every account that ever had a run, sorted."""
        with self._reading() as connection:
            return runs.accounts(connection)

    def file(
        self,
        run_id: int,
        findings: Sequence[Finding],
        *,
        cursor: Cursor | None,
        read: int,
        passed: int,
        mend: bool = False,
    ) -> Filed:
        """File a chunk of findings, the run's counters and the cursor, in one transaction.

        `read` is how many mails were looked at, `passed` how many of them nobody wanted; the rest are the
        findings (ValueError if they are not). A mail that is not Amazon's is counted and leaves no row. A
        known mail adds its place and, where it differs, its verdict, and counts as a duplicate; if it had
        no notice and has one now, the notice is filed as well. `mend` is for a rebuild: what a mail is taken
        for today replaces what it was taken for, and damaged rows of it are written anew.
        """
        with self._writing() as connection:
            return intake.file_findings(
                connection,
                run_id,
                findings=findings,
                cursor=cursor,
                read=read,
                passed=passed,
                key=self._key,
                mend=mend,
            )

    def cursors(self, account: str) -> dict[str, Cursor]:
        """How far each folder of an account has been read."""
        with self._reading() as connection:
            return intake.cursors(connection, account)

    def file_sent_log(self, run_id: int, log: SentLog, *, cursor: Cursor | None = None) -> Filed:
        """File the sends, links and coverage of one file in one transaction; new and known sends are counted.

        `cursor` is how far a folder of sent mail has been read with them.

        A send with an order and an alias of its own is a link, too.
        """
        with self._writing() as connection:
            filed = sends.file_sent_log(connection, run_id, log, key=self._key, cursor=cursor)
        self._after_filing(filed)
        return filed

    def opt_out_notices(
        self,
        account: str,
        *,
        as_of: datetime | None = None,
        orders: Collection[str] | None = None,
        since: datetime | None = None,
    ) -> Iterator[FiledNotice]:
        """Opt-out notices by order id, time (unknown first) and fingerprint, read piece by piece.

        `as_of` leaves out what was decided after that instant (accepted, dismissed, undone ...); `orders` are the
        hashes of the only orders asked for, `since` the instant from which on notices came.
        """
        with self._reading() as connection:
            scope = scope_of(connection, account, as_of=as_of)
            yield from queries.notices(
                connection, scope, kinds=(NoticeKind.OPT_OUT,), orders=orders, since=since
            )

    def other_notices(self, account: str, kinds: Sequence[NoticeKind]) -> list[FiledNotice]:
        """Notices of these kinds, in the same order; those without an order id first."""
        with self._reading() as connection:
            return list(queries.notices(connection, scope_of(connection, account), kinds=kinds))

    def totals(self, account: str) -> Totals:
        """The figures of the reconciliation line, over all runs of an account."""
        with self._reading() as connection:
            return queries.totals(connection, scope_of(connection, account))

    def waiting(self, account: str) -> list[WaitingMail]:
        """Unrecognised, misdirected and unreadable mails, newest first, those of unknown time last."""
        with self._reading() as connection:
            return queries.waiting(connection, scope_of(connection, account))

    def orders_of_aliases(
        self, account: str, aliases: Collection[Alias], *, as_of: datetime | None = None
    ) -> dict[Alias, list[OrderId]]:
        """Every known order of each alias, from sends, links and genuine notices, sorted."""
        with self._reading() as connection:
            scope = scope_of(connection, account, as_of=as_of)
            return sends.orders_of(connection, scope, aliases=aliases, key=self._key)

    def tally_sends(
        self,
        account: str,
        periods: Sequence[Period],
        spans: Sequence[LogSpan],
        *,
        by: Dimension | None = None,
    ) -> list[dict[str | None, SendTally]]:
        """For each period, in order, what was sent (or withheld) of what can be blocked, by group.

        Only what a log holds while it is the denominator (`spans`); periods may overlap. Without `by` the only
        group is None; with it None is what is not known. The marketplace is that of the send, else of its
        alias, else of its order's link. A group in which nothing was sent or withheld is absent.
        """
        with self._reading() as connection:
            scope = scope_of(connection, account)
            return tallies.tally(connection, scope, periods=periods, spans=spans, by=by)

    def first_contacts(self, account: str, periods: Sequence[Period], spans: Sequence[LogSpan]) -> list[int]:
        """For each period how many buyers got in it the first of their messages that can be blocked.

        The first in all these periods, which come in the order of time and do not overlap; `spans` as above.
        """
        with self._reading() as connection:
            scope = scope_of(connection, account)
            return tallies.first_contacts(connection, scope, periods=periods, spans=spans)

    def sends_for(
        self, account: str, orders: Collection[OrderId], aliases: Collection[Alias]
    ) -> Iterator[FiledSend]:
        """Every send of one of these orders or to one of these aliases, each once, read piece by piece."""
        with self._reading() as connection:
            scope = scope_of(connection, account)
            yield from sends.matching(connection, scope, orders=orders, aliases=aliases, key=self._key)

    def coverages(self, account: str) -> list[SentCoverage]:
        """For which instants the account's logs are whole."""
        with self._reading() as connection:
            return sends.coverages(connection, scope_of(connection, account))

    def ordered_at(self, account: str, orders: Collection[OrderId]) -> dict[OrderId, datetime]:
        """When each of these orders was placed, as far as an order report says it."""
        with self._reading() as connection:
            return sends.ordered_at(connection, scope_of(connection, account), orders=orders, key=self._key)

    def order_report_span(self, account: str) -> tuple[datetime, datetime] | None:
        """When the first and the last order of the loaded order reports was placed; None without any."""
        with self._reading() as connection:
            return sends.order_report_span(connection, scope_of(connection, account))

    def file_anew(self, run_id: int, findings: Sequence[Finding]) -> int:
        """File what mails that were set aside are taken for today, and their verdicts; how many are something else.

        For a review or `reprocess`: a mail stays where it was seen, and no count of mails read changes.
        """
        with self._writing() as connection:
            return intake.file_anew(connection, run_id, findings, key=self._key)

    def set_aside(self, account: str, *, fingerprint: Fingerprint | None = None) -> Iterator[SetAside]:
        """Every mail whose octets are kept (or the one of this fingerprint), oldest first, read piece by piece."""
        with self._reading() as connection:
            yield from intake.set_aside(connection, account, fingerprint=fingerprint)

    def differing(self, account: str, findings: Sequence[Finding]) -> set[Fingerprint]:
        """Those of these mails for which `file_anew` would file something new beside their verdicts."""
        with self._reading() as connection:
            return intake.differing(connection, account, findings, key=self._key)

    def kept(self, account: str) -> set[Fingerprint]:
        """The mails whose octets are kept."""
        with self._reading() as connection:
            return queries.kept(connection, account)

    def mail_facts(self, account: str, fingerprints: Collection[Fingerprint]) -> dict[Fingerprint, MailFacts]:
        """What is known of each of these mails today; those of undone runs are left out."""
        with self._reading() as connection:
            return queries.mail_facts(connection, scope_of(connection, account), fingerprints)

    def known(self, account: str, names: Collection[OrderId | Alias]) -> set[OrderId | Alias]:
        """Those of these orders and aliases that stand in our own sends or order reports."""
        hashes = {self._key.of(name): name for name in names}
        with self._reading() as connection:
            found = known_names(connection, scope_of(connection, account), hashes=hashes)
        return {hashes[each] for each in found}

    def decide(self, *decided: Decision) -> None:
        """File what a person decided, all of it or nothing; from now on it holds."""
        with self._writing() as connection:
            file_decisions(connection, decided, key=self._key)

    def decisions(self, account: str, *actions: Action) -> list[Decision]:
        """Every decision of these kinds (without any: of all), in the order in which they were taken."""
        with self._reading() as connection:
            return decisions(connection, account, actions=actions or tuple(Action))

    def list_decisions(
        self, account: str, *, as_of: datetime | None = None, hashes: Collection[str] | None = None
    ) -> list[Decision]:
        """Decisions about the list (add, release, allow) that no undone import brought, in their order.

        `hashes`: only those about these orders and aliases. Whether one has expired is for its reader to say.
        """
        with self._reading() as connection:
            scope = scope_of(connection, account, as_of=as_of)
            return about_the_list(connection, scope, hashes=hashes)

    def related(self, account: str, names: Collection[OrderId | Alias]) -> set[str]:
        """The hashes of these names, of their buyers' aliases and of all orders of these: all that bears on them."""
        with self._reading() as connection:
            return lookup.related(connection, account, {self._key.of(name) for name in names})

    def linked_aliases(
        self, account: str, orders: Collection[OrderId], *, as_of: datetime | None = None
    ) -> dict[OrderId, Alias]:
        """The alias that genuine notices and our own logs know of each order, by rank; without unknown ones."""
        with self._reading() as connection:
            scope = scope_of(connection, account, as_of=as_of)
            return lookup.linked_aliases(connection, scope, {self._key.of(order): order for order in orders})

    def confirmed_receivers(self, account: str) -> tuple[str, ...]:
        """The authserv-ids that a person confirmed and did not withdraw."""
        with self._reading() as connection:
            return confirmed_receivers(connection, account)

    def history(self, account: str, name: OrderId | Alias) -> list[Event]:
        """Every fact and decision about an order, or about an alias and its orders, in their order, undone ones included."""
        hashes = {self._key.of(name)}
        with self._reading() as connection:
            if isinstance(name, Alias):
                hashes |= lookup.orders_of(connection, account, hashes)
            return history(connection, account, hashes)

    def compare_export(self, *, preset: str, path: str, hashes: Iterable[str]) -> ExportChange:
        """How a list with the keys of these hashes differs from the last export of a preset to a path."""
        with self._reading() as connection:
            return exports.compare(connection, preset=preset, path=path, hashes=hashes)

    def record_export(self, record: ExportRecord, hashes: Iterable[str], change: ExportChange) -> None:
        """File an export that was made, of the keys of these hashes, as it was compared.

        TryLater when another one was filed since then.
        """
        with self._writing() as connection:
            exports.record(connection, record, hashes, change)

    def last_export(self, *, preset: str, path: str) -> ExportRecord | None:
        """The last export of a preset to a path, of whichever accounts, or None."""
        with self._reading() as connection:
            return exports.last(connection, preset=preset, path=path)

    def exports(self, account: str, limit: int) -> list[ExportRecord]:
        """The newest exports that the account's list went into, newest first."""
        with self._reading() as connection:
            return exports.newest(connection, account, limit=limit)

    def file_told(self, told: Sequence[Told]) -> None:
        """File which alerts were delivered to whom."""
        with self._writing() as connection:
            file_told(connection, told, key=self._key)

    def told_since(
        self, account: str, *, target: str, since: datetime, until: datetime | None = None
    ) -> list[Told]:
        """When each alert of an account was last delivered to a target, from `since` (to `until`) on."""
        with self._reading() as connection:
            return told_since(connection, account, target=target, since=since, until=until, key=self._key)

    def on_exports(
        self, account: str, names: Collection[OrderId | Alias]
    ) -> dict[OrderId | Alias, list[OnExport]]:
        """On which exported lists of the account these orders and aliases stood, first one first; the others are absent."""
        by_hash = {self._key.of(name): name for name in names}
        with self._reading() as connection:
            found = leaks.on_exports(connection, account, by_hash.keys())
        return {by_hash[hash_]: spans for hash_, spans in found.items()}
