"""Files the list of another tool as decisions, in one run that `undo` takes back.

An import never weakens: unless it is told to, it only adds, and it never shortens how long somebody stays.

What it adds holds whatever other import is undone. So a row counts as said already only where a notice or a person's own
decision keeps everybody in it on the list, of the same scope and for as long; what another import added is added once more.
The one exception is a list that is brought twice: where one earlier import that still holds said all that this one would
add (names, scopes, ends and notes) and nothing that this file does not say, nothing is added. See import_kept.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from bounce_watch.errors import BounceWatchError, DataError
from bounce_watch.listed import lookup
from bounce_watch.records.account import Account
from bounce_watch.records.decision import Action, By, Decision
from bounce_watch.records.filed import Filed, RunState
from bounce_watch.records.opt_out import Answer
from bounce_watch.reports.wording import counted
from bounce_watch.store.ledger import Ledger
from bounce_watch.upkeep.decide import Name, Wish, covers, decision_of, ruling
from bounce_watch.upkeep.import_kept import Earlier, Hold, Said, kept
from bounce_watch.upkeep.import_rows import LeftOut, ListRow

COMMAND = "suppressions import"
_AT_ONCE = 500


@dataclass(kw_only=True)
class Imported:
    """What an import does, or did: rows = added + released + allowed + already + left_out, always.

    `again`: how many of those added a person had released; `kept`: how many of them were on the list by another import;
    `leaving`: how many of `already` will leave the list by themselves. `wishes` are what it files, each with the row's
    own note; `run` is None for a look that files nothing.
    """

    account: str
    weaken: bool = False
    rows: int = 0
    filed: Counter[Action] = field(default_factory=Counter)
    again: int = 0
    kept: int = 0
    already: int = 0
    leaving: int = 0
    left_out: Counter[LeftOut] = field(default_factory=Counter)
    wishes: list[tuple[Wish, str]] = field(default_factory=list)
    run: int | None = None


def import_list(
    ledger: Ledger,
    account: Account,
    rows: Iterable[ListRow],
    *,
    by: By,
    weaken: bool = False,
    dry_run: bool = False,
) -> Imported:
    """File what the rows say and the list does not; all of it or, after an error, nothing.

    `by.note` is for rows without one of their own. With `dry_run` nothing is filed. DataError, with its number, for
    a row that can't be understood or that contradicts another one.
    """
    done = _plan(ledger, account, rows, by=by, weaken=weaken)
    if not dry_run:
        done.run = _file(ledger, account, done, by=by)
    return done


def _file(ledger: Ledger, account: Account, done: Imported, *, by: By) -> int:
    run = ledger.start_run(account.name, COMMAND, at=by.at)
    filed = Filed(new=sum(done.filed.values()), duplicates=done.already)
    try:
        ledger.decide(*_decisions(ledger, account, done, by=by, run=run))
    except BaseException:
        # Where the ledger is what failed, the run stays RUNNING, and reports speak of it after an hour.
        with suppress(BounceWatchError):
            ledger.finish_run(run, at=by.at, state=RunState.FAILED, read=done.rows, filed=Filed())
        raise
    left_out = sum(done.left_out.values())
    message = f"{counted(left_out, 'row')} left out" if left_out else ""
    ledger.finish_run(run, at=by.at, state=RunState.COMPLETE, read=done.rows, filed=filed, message=message)
    return run


def _decisions(ledger: Ledger, account: Account, done: Imported, *, by: By, run: int) -> Iterator[Decision]:
    for wish, note in done.wishes:
        who = By(actor=by.actor, at=by.at, note=note or by.note)
        yield decision_of(ledger, account, wish, by=who, run_id=run)


def _plan(ledger: Ledger, account: Account, rows: Iterable[ListRow], *, by: By, weaken: bool) -> Imported:
    done = Imported(account=account.name, weaken=weaken)
    told = _Told(off=_Off(ledger, account, by.at), earlier=Earlier(ledger, account, by.at), note=by.note)
    left = iter(rows)
    while chunk := list(islice(left, _AT_ONCE)):
        now = lookup(ledger, account, list({name for row in chunk for name in row.names}), at=by.at)
        on = [name for name, answer in now.items() if answer.is_listed]
        told.now, told.kept = now, kept(ledger, account, on, at=by.at)
        for row in chunk:
            done.rows += 1
            reason = row.left_out or _not_wanted(row, at=by.at, weaken=weaken)
            if reason:
                done.left_out[reason] += 1
            else:
                _take(done, row, told)
    _take_once(done, told)
    return done


def _take_once(done: Imported, told: _Told) -> None:
    """Take all additions back where an earlier import brought the same list."""
    if not told.wanted or not told.earlier.is_the_same(told.wanted, told.said):
        return
    done.already += done.filed.pop(Action.ADD)
    done.leaving += told.leaving
    done.again = done.kept = 0
    done.wishes = [(wish, note) for wish, note in done.wishes if wish.action is not Action.ADD]


def _not_wanted(row: ListRow, *, at: datetime, weaken: bool) -> LeftOut | None:
    if row.action is not Action.ADD and not weaken:
        return LeftOut.WEAKENS
    return LeftOut.EXPIRED if row.expires_at and row.expires_at <= at else None


@dataclass(frozen=True, slots=True)
class _Meant:
    """What an earlier row of the file says of a name."""

    row: int
    action: Action
    hold: Hold
    files: bool


class _Off:
    """Whom persons took off the list: asked for each name that is not on it.

    Who can be meant at all is known beforehand, so that a long list is not looked up name by name.
    """

    def __init__(self, ledger: Ledger, account: Account, at: datetime) -> None:
        self._ledger, self._account, self._at = ledger, account, at
        held = (each for each in ledger.list_decisions(account.name) if each.action is not Action.ADD)
        names = {each.alias or each.order_id for each in held if each.in_force(at)}
        self._near = ledger.related(account.name, {name for name in names if name}) if names else set()

    def by(self, name: Name) -> Decision | None:
        """The release or allowance that holds of a name; None where nothing of the kind does."""
        if self._ledger.hash_of(name) not in self._near:
            return None
        ruled = ruling(self._ledger, self._account, name, at=self._at)
        return ruled if ruled and ruled.action is not Action.ADD else None


@dataclass(kw_only=True)
class _Told:
    """What the rows are compared with: the list, what keeps names on it, earlier imports, and earlier rows of the file.

    `said` is everything that the file adds, `wanted` what of it is to be filed, and `leaving` how many rows with that
    name somebody who will leave the list by himself.
    """

    off: _Off
    earlier: Earlier
    note: str
    now: Mapping[Name, Answer] = field(default_factory=dict)
    kept: Mapping[Name, tuple[Hold, ...]] = field(default_factory=dict)
    meant: dict[Name, _Meant] = field(default_factory=dict)
    said: set[Said] = field(default_factory=set)
    wanted: dict[Said, Wish] = field(default_factory=dict)
    leaving: int = 0

    def note_down(self, wish: Wish, note: str, *, files: bool) -> None:
        """Remember an addition, to compare it with those of earlier imports."""
        said = self.earlier.said(wish, note or self.note)
        if said and wish.action is Action.ADD:
            self.said.add(said)
            if files:
                self.wanted[said] = wish


def _take(done: Imported, row: ListRow, told: _Told) -> None:
    """Count a row, and keep what it wants of each name where that is not so already."""
    wanted = [name for name in row.names if _is_new(row, name, told)]
    for name in row.names:
        files, known = name in wanted, told.meant.get(name)
        if files or known is None:
            told.meant[name] = _Meant(row.number, row.action, Hold(row.scope, row.expires_at), files)
        wish = Wish(action=row.action, name=name, scope=row.scope, expires_at=row.expires_at)
        told.note_down(wish, row.note, files=files)
        if files:
            done.wishes.append((wish, row.note))
    entries = [told.now[name].entry for name in row.names]
    leaves = any(entry is not None and entry.expires_at is not None for entry in entries)
    if wanted:
        done.filed[row.action] += 1
        if row.action is Action.ADD:
            done.again += any(told.off.by(name) for name in wanted)
            done.kept += all(entries)
            told.leaving += leaves
        return
    known_here = any(name in told.meant and told.meant[name].files for name in row.names)
    if row.action is Action.ADD and not any(entries) and not known_here:
        done.left_out[LeftOut.ALLOWED] += 1
        return
    done.already += 1
    done.leaving += leaves


def _is_new(row: ListRow, name: Name, told: _Told) -> bool:
    """True where the row wants of the name what is not so yet, neither by the list nor by an earlier row."""
    earlier = told.meant.get(name)
    if earlier and earlier.action is not row.action:
        raise DataError(
            f"Row {row.number} contradicts row {earlier.row}; nothing was filed.",
            "Take one of them out, and import again.",
        )
    if earlier and earlier.files:
        return row.action is Action.ADD and not earlier.hold.covers(row.scope, row.expires_at)
    is_listed = told.now[name].is_listed
    if row.action is Action.ADD and is_listed:
        return not any(hold.covers(row.scope, row.expires_at) for hold in told.kept[name])
    return is_listed or _changes_who_is_off(row, told.off.by(name))


def _changes_who_is_off(row: ListRow, ruled: Decision | None) -> bool:
    """True where a row about somebody who is not on the list changes what holds of him."""
    is_allowed = ruled is not None and ruled.action is Action.ALLOW
    match row.action:
        case Action.ADD:
            return not is_allowed
        case Action.RELEASE:
            return ruled is not None and not is_allowed and not covers(ruled, row.scope, row.expires_at)
        case _:
            return ruled is None or not is_allowed or not covers(ruled, row.scope, row.expires_at)
