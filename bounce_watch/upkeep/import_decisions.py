"""Files the list of another tool as decisions, in one run that `undo` takes back.

An import never weakens: unless it is told to, it only adds, and it never shortens how long somebody stays.
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
from bounce_watch.records.decision import Action, Decision
from bounce_watch.records.filed import Filed, RunState
from bounce_watch.records.opt_out import Answer
from bounce_watch.reports.wording import counted, listed
from bounce_watch.store.ledger import Ledger
from bounce_watch.upkeep.decide import By, Name, Wish, decision_of, ends_later, ruling
from bounce_watch.upkeep.import_rows import Found, LeftOut, ListRow

COMMAND = "suppressions import"
_AT_ONCE = 500

_WHY = {
    LeftOut.NOT_AMAZON: "with an address that is no buyer's at a marketplace",
    LeftOut.SHARED: "with an address that many buyers share and no order id",
    LeftOut.EXPIRED: "whose end is over",
    LeftOut.OTHER_ACCOUNT: "of another account",
    LeftOut.WEAKENS: "that would take somebody off the list (--weaken lets them)",
    LeftOut.ALLOWED: "about somebody whom a person allowed",
}


@dataclass(kw_only=True)
class Imported:
    """What an import does, or did: rows = added + released + allowed + already + left_out, always.

    `again`: how many of those added a person had released; `leaving`: how many of `already` will leave the list by
    themselves. `wishes` are what it files, each with
    the row's own note; `run` is None for a look that files nothing.
    """

    account: str
    weaken: bool = False
    rows: int = 0
    filed: Counter[Action] = field(default_factory=Counter)
    again: int = 0
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
    done = _plan(ledger, account, rows, at=by.at, weaken=weaken)
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


def _plan(
    ledger: Ledger, account: Account, rows: Iterable[ListRow], *, at: datetime, weaken: bool
) -> Imported:
    done = Imported(account=account.name, weaken=weaken)
    meant: dict[Name, _Meant] = {}
    left, off = iter(rows), _Off(ledger, account, at)
    while chunk := list(islice(left, _AT_ONCE)):
        now = lookup(ledger, account, list({name for row in chunk for name in row.names}), at=at)
        for row in chunk:
            done.rows += 1
            reason = row.left_out or _not_wanted(row, at=at, weaken=weaken)
            if reason:
                done.left_out[reason] += 1
            else:
                _take(done, row, now, meant, off)
    return done


def _not_wanted(row: ListRow, *, at: datetime, weaken: bool) -> LeftOut | None:
    if row.action is not Action.ADD and not weaken:
        return LeftOut.WEAKENS
    return LeftOut.EXPIRED if row.expires_at and row.expires_at <= at else None


@dataclass(frozen=True, slots=True)
class _Meant:
    """What an earlier row of the file says of a name."""

    row: int
    action: Action
    ends: datetime | None
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

    def by(self, name: Name) -> Action | None:
        """RELEASE or ALLOW where that is what holds of a name; None where nothing of the kind does."""
        if self._ledger.hash_of(name) not in self._near:
            return None
        ruled = ruling(self._ledger, self._account, name, at=self._at)
        return ruled.action if ruled and ruled.action is not Action.ADD else None


def _take(
    done: Imported, row: ListRow, now: Mapping[Name, Answer], meant: dict[Name, _Meant], off: _Off
) -> None:
    """Count a row, and keep what it wants of each name where that is not so already."""
    wanted = [name for name in row.names if _is_new(row, name, now[name], meant, off)]
    for name in row.names:
        known = meant.get(name)
        if name in wanted or known is None:
            meant[name] = _Meant(row.number, row.action, row.expires_at, name in wanted)
    for name in wanted:
        wish = Wish(action=row.action, name=name, scope=row.scope, expires_at=row.expires_at)
        done.wishes.append((wish, row.note))
    if wanted:
        done.filed[row.action] += 1
        done.again += row.action is Action.ADD and any(off.by(name) for name in wanted)
        return
    entries = [now[name].entry for name in row.names]
    known_here = any(name in meant and meant[name].files for name in row.names)
    if row.action is Action.ADD and not any(entries) and not known_here:
        done.left_out[LeftOut.ALLOWED] += 1
        return
    done.already += 1
    done.leaving += any(entry is not None and entry.expires_at is not None for entry in entries)


def _is_new(row: ListRow, name: Name, now: Answer, meant: Mapping[Name, _Meant], off: _Off) -> bool:
    """True where the row wants of the name what is not so yet, neither by the list nor by an earlier row."""
    earlier = meant.get(name)
    if earlier and earlier.action is not row.action:
        raise DataError(
            f"Row {row.number} contradicts row {earlier.row}; nothing was filed.",
            "Take one of them out, and import again.",
        )
    if earlier and earlier.files:
        return row.action is Action.ADD and ends_later(row.expires_at, earlier.ends)
    match row.action:
        case Action.ADD:
            return _strengthens(row, now) if now.entry else off.by(name) is not Action.ALLOW
        case Action.RELEASE:
            return now.is_listed
        case _:
            return now.is_listed or off.by(name) is not Action.ALLOW


def _strengthens(row: ListRow, now: Answer) -> bool:
    """True for a row that says until when, and later than the list does; one that says nothing leaves it at that."""
    ends = now.entry.expires_at if now.entry else None
    return row.expires_at is not None and ends is not None and row.expires_at > ends


def columns_told(name: str, found: Found) -> str:
    """How the file was understood, in a sentence."""
    more = [f'{what} in column "{found.called(meaning)}"' for meaning, what in _MORE if meaning in found.more]
    header = "a header" if found.columns.titles else "no header"
    return f"{name}: {found.dialect}, {header}: {', '.join([str(found.columns), *more])}."


_MORE = (("note", "note"), ("action", "action"), ("expires_at", "end"), ("scope", "scope"))


def told(done: Imported) -> Iterator[str]:
    """What an import does, in sentences."""
    parts = [f"{done.filed[Action.ADD]:,} added"]
    parts += [f"{done.filed[each]:,} {verb}" for each, verb in _VERBS if done.filed[each]]
    already = "so already" if done.weaken else "already on the list"
    parts += [f"{done.already:,} {already}", f"{sum(done.left_out.values()):,} left out"]
    yield f"{done.account}: {counted(done.rows, 'row')} read: {', '.join(parts)}."
    if done.left_out:
        yield f"Left out: {listed([f'{number:,} {_WHY[why]}' for why, number in sorted(done.left_out.items())])}."
    if done.again:
        yield f"Of those added a person had released {done.again:,}; `suppressions allow` holds against imports, too."
    if done.leaving:
        one = "leaves" if done.leaving == 1 else "leave"
        yield (
            f"Of those on the list already {done.leaving:,} {one} it by themselves:"
            " bounce-watch suppressions list --expiring"
        )
    if done.run is None:
        yield "Nothing was changed."
    elif done.wishes:
        yield f"It is run {done.run}; `bounce-watch undo {done.run}` takes it back."


_VERBS = ((Action.RELEASE, "released"), (Action.ALLOW, "allowed"))


def changes(done: Imported) -> Iterator[str]:
    """`+ name` for one who comes onto the list, `- name` for one who leaves it."""
    return (f"{'+' if wish.action is Action.ADD else '-'} {wish.name}" for wish, _ in done.wishes)


def as_data(done: Imported, found: Found) -> dict[str, object]:
    """The same for a program."""
    return {
        "account": done.account,
        "dry_run": done.run is None,
        "run": done.run,
        "encoding": str(found.dialect.coding),
        "delimiter": found.dialect.delimiter,
        "header": found.columns.titles is not None,
        "alias_columns": [place + 1 for place in found.columns.alias_at],
        "order_columns": [place + 1 for place in found.columns.order_at],
        "columns": {meaning: found.called(meaning) for meaning, _ in _MORE},
        "rows": done.rows,
        "added": done.filed[Action.ADD],
        "released": done.filed[Action.RELEASE],
        "allowed": done.filed[Action.ALLOW],
        "again": done.again,
        "already": done.already,
        "left_out": {why.value: done.left_out[why] for why in LeftOut},
        "names": [{"name": str(wish.name), "action": wish.action.value} for wish, _ in done.wishes],
    }
