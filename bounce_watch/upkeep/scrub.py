"""Splits an outgoing file by an account's list, puts both outputs in place, and then files what was withheld.

In this order, so that whoever finds the rows that may go finds the others, too, and nothing is filed of a
run that failed. What comes through a pipe is spooled first: nothing goes out before the last row is read.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import IO, BinaryIO

from bounce_watch.errors import BounceWatchError, DataError, LedgerError, UsageError
from bounce_watch.flow import Clock
from bounce_watch.listed import entries
from bounce_watch.records.account import Account
from bounce_watch.records.filed import Filed, RunState
from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.sent import Origin, Purpose, SendOutcome, SentLog, SentMessage
from bounce_watch.store.ledger import Ledger
from bounce_watch.suppression.files import atomic_file
from bounce_watch.suppression.scrub import Hit, ScrubMode, ScrubOptions, ScrubResult
from bounce_watch.suppression.scrub import scrub as sort_rows

Pour = Callable[[IO[bytes]], None]
"""Passes the rows that may go on to standard output."""

_FILED_AT_ONCE = 5_000
_ASKED_FOR = 200
"""Sends that are looked for in the ledger: a list that has grown since knows the others of a file still."""

_SAME_WITHIN = timedelta(hours=12)
"""The same file after that is another mailing, as one that goes to the same buyers every day."""

_IN_MEMORY = 1 << 20
_PIECE = 1 << 20
_ROOM = "Make room on the disk for temporary files, and run it again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Scrubbed:
    """What became of the rows, and how many of them were filed as sends (withheld, or critical).

    `known` are those that an earlier run over the same file has filed.
    """

    result: ScrubResult
    filed: int
    known: int


def scrub(
    ledger: Ledger,
    account: Account,
    source: Path | BinaryIO,
    *,
    clean_path: Path | None,
    dropped_path: Path | None,
    options: ScrubOptions,
    clock: Clock,
    pour: Pour | None = None,
) -> Scrubbed:
    """Split an outgoing file by the list of `account` (see suppression/scrub.py), and file what is on the list.

    `source` is a file's path or an open stream. Rows that may go become the file `clean_path` or, without one, are
    given to `pour`; the others become `dropped_path`, which only a CRITICAL run can do without. Both
    appear whole or, after an error, not at all. Rows on the list are filed as WITHHELD sends; those of a CRITICAL
    run, which go all the same, as SENT ones that are order-critical. ALL_MARKETPLACE files nothing: its rows are
    contacts of a marketing tool, not messages that an opt-out stopped, and would count as such in the opt-out
    share, without the kept ones beside them. The same file within twelve hours is a second attempt: what the first
    one filed is not filed again.

    Raises UsageError when two of the paths are one or lead to no plain file, DataError for a faulty table or a file
    that changes meanwhile, LedgerError for the disk, and what `pour` raises.
    """
    check_request(source, clean_path, dropped_path, mode=options.mode)
    at = clock()
    with _spool() as hits, _spool() as pipe, _opened(source) as rows_in:
        tell = None if options.mode is ScrubMode.ALL_MARKETPLACE else _Trace(hits)
        with _output(clean_path, pipe) as kept, _output(dropped_path) as dropped:
            before = _state(rows_in)
            with _on_disk():
                result = sort_rows(
                    rows_in,
                    entries=entries(ledger, account, at=at),
                    kept=kept,
                    dropped=dropped,
                    options=options,
                    known_as=ledger.hash_of,
                    tell=tell,
                )
            digest = _digest(rows_in) if hits.tell() else ""
            if _state(rows_in) != before:
                raise DataError(
                    f"{source} changed while it was read.", "Wait until it is whole; run it again."
                )
        if clean_path is None and pour is not None:
            pipe.seek(0)
            pour(pipe)
        hits_of = _Hits(hits, account=account.name, mode=options.mode, digest=digest)
        sends = hits_of.sends(_began_at(ledger, account, hits_of.sends(at), at))
        filed = _file(ledger, account, sends, read=result.read, clock=clock)
    return Scrubbed(result=result, filed=filed.new, known=filed.duplicates)


def check_request(
    source: Path | BinaryIO, clean_path: Path | None, dropped_path: Path | None, *, mode: ScrubMode
) -> None:
    """UsageError or DataError for files that `scrub` would refuse, so that this is said before anything is opened."""
    _check_paths(source, clean_path, dropped_path)
    if dropped_path is None and mode is not ScrubMode.CRITICAL:
        raise UsageError("The rows that are taken out would be lost.", "Name a file for them: --dropped FILE")
    try:
        if isinstance(source, Path):
            source.stat()
    except OSError as error:
        raise _unreadable(source, str(error.strerror)) from error


def _unreadable(source: Path | BinaryIO, why: str) -> DataError:
    return DataError(f"{source} can't be read: {why}.", "Check the path.")


def _check_paths(source: Path | BinaryIO, *outputs: Path | None) -> None:
    paths = [path.resolve() for path in (source, *outputs) if isinstance(path, Path)]
    if len(set(paths)) < len(paths):
        raise UsageError(
            "Two of the three files are the same.", "Give the clean and the dropped rows new files."
        )
    for path in outputs:
        if path is not None and path.exists() and not path.is_file():
            raise UsageError(
                f"{path} is not a plain file, so it can't be replaced.",
                "Name a file; without -o the rows that may go are written to standard output.",
            )


@contextmanager
def _opened(source: Path | BinaryIO) -> Iterator[BinaryIO]:
    """The source as a file that can be read twice; a pipe is copied to a private one."""
    if not isinstance(source, Path):
        with _copied(source) as copy:
            yield copy
        return
    try:
        file = source.open("rb")
    except OSError as error:
        raise _unreadable(source, str(error.strerror)) from error
    with file:
        if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            yield file
            return
        with _copied(file) as copy:
            yield copy


@contextmanager
def _copied(stream: BinaryIO) -> Iterator[BinaryIO]:
    with tempfile.TemporaryFile() as copy:
        with _on_disk():
            shutil.copyfileobj(stream, copy, _PIECE)
            copy.seek(0)
        yield copy


@contextmanager
def _spool() -> Iterator[IO[bytes]]:
    """A file without a name, which nobody else can open and which is gone when this ends, however it ends."""
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as file:
        yield file


@contextmanager
def _output(path: Path | None, instead: IO[bytes] | None = None) -> Iterator[IO[bytes]]:
    if path is not None:
        with atomic_file(path) as file:
            yield file
    else:
        with _spool() as nowhere:
            yield instead or nowhere


@contextmanager
def _on_disk() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise LedgerError(f"The rows can't be copied: {error.strerror or error}.", _ROOM) from error


def _state(file: BinaryIO) -> tuple[int, int]:
    held = os.fstat(file.fileno())
    return held.st_size, held.st_mtime_ns


class _Trace:
    """Keeps what is told of rows on the list, so that a million of them need no memory."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def __call__(self, hit: Hit) -> None:
        names = (hit.number, hit.order_id or "", hit.alias or "", hit.marketplace or "")
        self._file.write("\t".join(map(str, names)).encode() + b"\n")


def _digest(file: BinaryIO) -> str:
    """Some of a digest of the whole file."""
    file.seek(0)
    digest = hashlib.sha256()
    while octets := file.read(_PIECE):
        digest.update(octets)
    return digest.hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class _Hits:
    """The rows that were told, as messages. Their label is the file and the row, which keeps two equal ones apart."""

    file: IO[bytes]
    account: str
    mode: ScrubMode
    digest: str

    def sends(self, at: datetime) -> Iterator[SentMessage]:
        """The messages, as sent or withheld at an instant."""
        is_critical = self.mode is ScrubMode.CRITICAL
        self.file.seek(0)
        for line in self.file:
            number, order_id, alias, marketplace = line.decode().rstrip("\n").split("\t")
            yield SentMessage(
                account=self.account,
                order_id=OrderId(order_id) if order_id else None,
                alias=_alias(alias),
                marketplace=marketplace or None,
                sent_at=at,
                origin=Origin.SCRUB,
                purpose=Purpose.ORDER_CRITICAL if is_critical else Purpose.UNKNOWN,
                outcome=SendOutcome.SENT if is_critical else SendOutcome.WITHHELD,
                label=f"row {number} of {self.digest}",
            )


def _began_at(ledger: Ledger, account: Account, sends: Iterator[SentMessage], at: datetime) -> datetime:
    """When a first attempt at the same file filed these sends, so that they are known; `at` if there was none."""
    asked = {(send.label, send.outcome): send for send in islice(sends, _ASKED_FOR)}
    orders = [send.order_id for send in asked.values() if send.order_id]
    aliases = [send.alias for send in asked.values() if send.alias]
    earlier = (each.send for each in ledger.sends_for(account.name, orders, aliases))
    return next(
        (
            send.sent_at
            for send in earlier
            if send.origin is Origin.SCRUB
            and (send.label, send.outcome) in asked
            and timedelta(0) <= at - send.sent_at <= _SAME_WITHIN
        ),
        at,
    )


def _alias(text: str) -> Alias | None:
    local, _, marketplace = text.partition("@marketplace.")
    return Alias(local, marketplace) if text else None


def _file(
    ledger: Ledger, account: Account, sends: Iterator[SentMessage], *, read: int, clock: Clock
) -> Filed:
    """File the sends in one run, piece by piece; how many are new and known. Without any there is no run."""
    piece = tuple(islice(sends, _FILED_AT_ONCE))
    if not piece:
        return Filed()
    try:
        run = ledger.start_run(account.name, "scrub", at=clock())
        filed, state = Filed(), RunState.FAILED
        try:
            while piece:
                filed += ledger.file_sent_log(
                    run, SentLog(sends=piece, links=(), coverage=None, rows=len(piece))
                )
                piece = tuple(islice(sends, _FILED_AT_ONCE))
            state = RunState.COMPLETE
        finally:
            # Where the ledger is what failed, the run stays RUNNING.
            with suppress(BounceWatchError):
                ledger.finish_run(run, at=clock(), state=state, read=read, filed=filed)
    except BounceWatchError as error:
        raise type(error)(
            f"Both outputs are in place, but not all rows taken out were filed. {error.message}", error.advice
        ) from error
    return filed
