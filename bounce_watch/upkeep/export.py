"""Brings the list to a file in the shape of a preset: whole or as a delta, compared, guarded and recorded."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from filelock import FileLock, Timeout

from bounce_watch import flow, listed
from bounce_watch.errors import LedgerError, TryLater
from bounce_watch.records.account import Account
from bounce_watch.records.filed import ExportChange, ExportForm, ExportRecord
from bounce_watch.records.opt_out import SuppressionEntry
from bounce_watch.store.ledger import Ledger
from bounce_watch.suppression.build import Revision
from bounce_watch.suppression.export import export_parts, is_hash_only, is_left_out, keys_of
from bounce_watch.suppression.files import AtomicFiles, part_path, removed_path
from bounce_watch.suppression.guard import USUAL_DAYS, check_foreign, check_shrinkage, check_surge
from bounce_watch.suppression.preset_shape import Format, Key, Preset

_HASH_OCTETS = 16
_WAIT_S = 30


@dataclass(slots=True)
class Tally:
    """What the list of an export holds; filled while it is read.

    `left_out` are entries that the tool can't know (it goes by alias, and theirs is unknown), `hash_only` those whose
    names have passed their retention.
    """

    revision: str = ""
    entries: int = 0
    left_out: int = 0
    hash_only: int = 0

    @property
    def written(self) -> int:
        """Entries that the file of a full export holds."""
        return self.entries - self.left_out - self.hash_only


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportOptions:
    """How to export: full or as a delta; `check_only` writes and records nothing; which guards to override."""

    form: ExportForm = ExportForm.FULL
    check_only: bool = False
    allow_shrink: bool = False
    allow_surge: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What was written, and how it differs from the export before.

    `entries` are in `files`, `removed` holds what went (a delta only); nothing of it if it was only checked.
    """

    account: str
    tally: Tally
    change: ExportChange
    form: ExportForm
    entries: int = 0
    files: tuple[Path, ...] = ()
    removed: Path | None = None

    @property
    def came(self) -> tuple[str, ...]:
        """Names that came since the export before, as far as they are known in clear."""
        return tuple(name for name in self.change.came.values() if not name.startswith("#"))

    @property
    def went(self) -> tuple[str, ...]:
        """Names that went since the export before; those that are forgotten begin with `#`."""
        return tuple(self.change.went.values())


class Listing:
    """The lists of some accounts side by side, read once or twice; the first reading fills `tally` and `hashes`.

    The keys of a million entries are held as 16 octets each.
    """

    def __init__(self, ledger: Ledger, accounts: Sequence[Account], preset: Preset, at: datetime) -> None:
        self._ledger, self._accounts, self.preset, self._at = ledger, accounts, preset, at
        self._octets = bytearray()
        self.account = "+".join(account.name for account in accounts)
        self.tally = Tally()
        self.new = 0

    def read(self) -> Iterator[SuppressionEntry]:
        """Every entry; what is known afterwards is in `tally` and `hashes`."""
        revisions = []
        for account in self._accounts:
            revision = Revision(account.name)
            for entry in listed.entries(self._ledger, account, at=self._at):
                revision.add(entry)
                self._count(entry)
                yield entry
            revisions.append(str(revision))
        joined = "\n".join(revisions)
        self.tally.revision = joined if len(revisions) == 1 else hashlib.sha256(joined.encode()).hexdigest()

    def _count(self, entry: SuppressionEntry) -> None:
        self.tally.entries += 1
        if is_left_out(entry, self.preset):
            self.tally.left_out += 1
            return
        self.tally.hash_only += is_hash_only(entry, self.preset)
        for key in keys_of(entry, self.preset):
            self._octets += bytes.fromhex(self._ledger.hash_of(key))

    def hashes(self) -> Iterator[str]:
        """The keyed hash of every key, some perhaps twice."""
        for at in range(0, len(self._octets), _HASH_OCTETS):
            yield self._octets[at : at + _HASH_OCTETS].hex()

    def came(self, change: ExportChange) -> Iterator[SuppressionEntry]:
        """Read again: the entries of which a key came since the export before; all of them if there was none.

        `new` counts those that a file can hold.
        """
        for account in self._accounts:
            for entry in listed.entries(self._ledger, account, at=self._at):
                if change.last is not None:
                    if not any(
                        self._ledger.hash_of(key) in change.came for key in keys_of(entry, self.preset)
                    ):
                        continue
                    entry = self._narrowed(entry, change.came)  # noqa: PLW2901  (what is left of it)
                self.new += not is_left_out(entry, self.preset) and not is_hash_only(entry, self.preset)
                yield entry

    def _narrowed(self, entry: SuppressionEntry, came: Collection[str]) -> SuppressionEntry:
        """Where the tool goes by orders, only those that it does not know yet."""
        if self.preset.key is not Key.ORDER:
            return entry
        new = tuple(each for each in entry.order_ids if self._ledger.hash_of(each) in came)
        return replace(entry, order_ids=new)


def export(
    ledger: Ledger,
    accounts: Sequence[Account],
    preset: Preset,
    path: Path,
    *,
    at: datetime,
    options: ExportOptions | None = None,
    locks: Path | None = None,
    deliver: Callable[[Exported], None] | None = None,
) -> Exported:
    """Write the list of `accounts` to `path` in the shape of `preset`, let `deliver` bring it on, and record it.

    A delta writes what came to `path` and what went beside it (files.removed_path). GuardStopped, with the old files
    as they were, when somebody of the last export there would be missing whom no decision or expiry since then took off
    the list, when a longer list lies there that this ledger did not write, and when far more buyers opted out in a day
    than usual. TryLater while another process exports to the same path (`locks`: the folder of the lock files).
    Whatever `deliver` raises leaves the files in their places and the export unrecorded.
    """
    options = options or ExportOptions()
    for account in () if options.allow_surge else accounts:
        # Older ones are neither today's nor usual.
        notices = ledger.opt_out_notices(account.name, since=at - timedelta(days=USUAL_DAYS + 2))
        check_surge(flow.surge(listed.count_each(notices, account), at=at), account=account.name)
    with _alone(path, locks), AtomicFiles() as files:
        listing = Listing(ledger, accounts, preset, at)
        written = []
        if options.form is ExportForm.FULL and not options.check_only:
            written += _write(listing.read(), preset, path, files, one_account=len(accounts) == 1)
        else:
            for _ in listing.read():
                pass
        change = ledger.compare_export(preset=preset.name, path=str(path), hashes=listing.hashes())
        if not options.allow_shrink:
            _check_what_lies_there(path, change, listing)
            _check_shrinkage(ledger, accounts, preset, change, at=at)
        done = Exported(account=listing.account, tally=listing.tally, change=change, form=options.form)
        if options.check_only:
            return done
        if options.form is ExportForm.DELTA:
            written += _write(listing.came(change), preset, path, files, one_account=len(accounts) == 1)
            with files.write(removed_path(path)) as file:
                file.writelines(
                    f"{name}\n".encode() for name in change.went.values() if not name.startswith("#")
                )
        files.put()
        _remove_old_parts(path, change.last.files if change.last else 0, now=len(written))
        done = replace(
            done,
            files=tuple(written),
            removed=removed_path(path) if options.form is ExportForm.DELTA else None,
            entries=listing.new if options.form is ExportForm.DELTA else listing.tally.written,
        )
        if deliver is not None:
            deliver(done)  # Before it is recorded: what did not reach the tool is in the next delta again.
        _record(ledger, done, preset, path, at, listing)
        return done


def _write(
    entries: Iterator[SuppressionEntry], preset: Preset, path: Path, files: AtomicFiles, *, one_account: bool
) -> list[Path]:
    """Write the documents, which `files` will put in their places; their paths."""
    paths = []
    for number, document in enumerate(export_parts(entries, preset, one_account=one_account), start=1):
        paths.append(part_path(path, number))
        with files.write(paths[-1]) as file:
            file.writelines(document)
    return paths


def _check_what_lies_there(path: Path, change: ExportChange, listing: Listing) -> None:
    """A file of which the ledger knows nothing may be another ledger's list. Nobody counts the lines of a workbook."""
    if change.last is None and listing.preset.format is not Format.XLSX:
        check_foreign(path, rows=listing.tally.written)


def _check_shrinkage(
    ledger: Ledger, accounts: Sequence[Account], preset: Preset, change: ExportChange, *, at: datetime
) -> None:
    """What went may have gone by a decision or by expiry: both would be on the list without what came since then.

    But whoever is on the list still and only lost the alias, because the run that told it was undone, did opt out.
    """
    if not change.went or change.last is None:
        return
    left = dict(change.went)
    then = change.last.made_at
    for account in accounts:
        nameless = {
            order
            for entry in listed.entries(ledger, account, at=at)
            if is_left_out(entry, preset)
            for order in entry.order_ids
        }
        lasting = replace(account, expire_after_days=None)
        for entry in listed.entries(ledger, lasting, at=then, as_of=then):
            if not nameless.isdisjoint(entry.order_ids):
                continue
            for key in keys_of(entry, preset):
                left.pop(ledger.hash_of(key), None)
    check_shrinkage(left)


def _record(
    ledger: Ledger, done: Exported, preset: Preset, path: Path, at: datetime, listing: Listing
) -> None:
    record = ExportRecord(
        account=done.account,
        preset=preset.name,
        path=str(path),
        revision=done.tally.revision,
        made_at=at,
        form=done.form,
        files=len(done.files),
    )
    ledger.record_export(record, listing.hashes(), done.change)


def _remove_old_parts(path: Path, before: int, *, now: int) -> None:
    """Parts that the export before wrote and this one did not: a tool would go on importing them."""
    for number in range(now + 1, before + 1):
        part = part_path(path, number)
        try:
            part.unlink(missing_ok=True)
        except OSError as error:
            raise LedgerError(
                f"The old part {part} can't be removed: {error.strerror}.",
                "Remove it before the tool reads it.",
            ) from error


@contextmanager
def _alone(path: Path, locks: Path | None) -> Iterator[None]:
    """Hold the lock of a path, so that two exports there never mix; without `locks` there is none."""
    if locks is None:
        yield
        return
    locks.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = f"export-{hashlib.sha256(os.fsencode(path)).hexdigest()[:16]}.lock"
    try:
        with FileLock(locks / name, timeout=_WAIT_S):
            yield
    except Timeout as error:
        raise TryLater(
            f"Another export to {path} is running.", "Run it again when that one is done."
        ) from error
