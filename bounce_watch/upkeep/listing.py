"""Looks at the list from four sides: who is on it, who leaves it by himself, who did, whom a person took off it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from heapq import nlargest, nsmallest

from bounce_watch.listed import entries, lookup
from bounce_watch.records.account import Account
from bounce_watch.records.decision import Action, Decision
from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.opt_out import EntrySource, SuppressionEntry
from bounce_watch.reports.listing import EndsBy, Line, View
from bounce_watch.store.ledger import Ledger

_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked for: one side of the list, only entries of a source, only those that leave within some days."""

    view: View = View.ON
    source: EntrySource | None = None
    within: timedelta | None = None


def look(ledger: Ledger, account: Account, asked: Asked, *, at: datetime) -> Iterator[Line]:
    """Everybody who is asked for, in the list's own order; the account's `expire_after_days` is the policy."""
    match asked.view:
        case View.EXPIRED:
            found = _expired(ledger, account, at)
        case View.OFF:
            found = _off(ledger, account, at)
        case _:
            found = (_line(entry, account) for entry in entries(ledger, account, at=at))
    return (line for line in found if _is_asked_for(line, asked, at))


def newest(lines: Iterable[Line], limit: int, view: View) -> tuple[list[Line], int]:
    """The newest lines (of those that leave, the soonest), and how many there are in all."""
    counter = _Counting(lines)
    if view is View.EXPIRING:
        shown = nsmallest(limit, counter, key=lambda line: line.ends_at or _LONG_AGO)
    elif view is View.EXPIRED:
        shown = nlargest(limit, counter, key=lambda line: line.ends_at or _LONG_AGO)
    else:
        shown = nlargest(limit, counter, key=lambda line: line.at or _LONG_AGO)
    return shown, counter.seen


class _Counting:
    """Hands the lines on and counts them."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self._lines = lines
        self.seen = 0

    def __iter__(self) -> Iterator[Line]:
        for line in self._lines:
            self.seen += 1
            yield line


def _is_asked_for(line: Line, asked: Asked, at: datetime) -> bool:
    source = line.entry.source if line.entry else EntrySource.MANUAL
    if asked.source and source is not asked.source:
        return False
    if asked.view is not View.EXPIRING:
        return True
    return line.ends_at is not None and (asked.within is None or line.ends_at <= at + asked.within)


def _line(entry: SuppressionEntry, account: Account) -> Line:
    return Line(
        account=account.name,
        name=entry.alias or entry.order_ids[0],
        entry=entry,
        ends_at=entry.expires_at,
        ends_by=_ends_by(entry, account),
    )


def _ends_by(entry: SuppressionEntry, account: Account) -> EndsBy | None:
    """Why an entry ends: the policy ends those whose last notice is so long ago, a decision all others."""
    if entry.expires_at is None:
        return None
    return EndsBy.POLICY if entry.expires_at == _ends_by_policy(entry, account) else EndsBy.DECISION


def _ends_by_policy(entry: SuppressionEntry, account: Account) -> datetime | None:
    if account.expire_after_days is None or entry.last_noticed_at is None:
        return None
    return entry.last_noticed_at + timedelta(days=account.expire_after_days)


def _expired(ledger: Ledger, account: Account, at: datetime) -> Iterator[Line]:
    """Those whom the policy let go, and those whom a person added until a day that is over."""
    if account.expire_after_days is not None:
        on = {_key(entry) for entry in entries(ledger, account, at=at)}
        without = replace(account, expire_after_days=None)
        for entry in entries(ledger, without, at=at):
            if _key(entry) not in on:
                ends_at = _ends_by_policy(entry, account)
                yield replace(_line(entry, without), ends_at=ends_at, ends_by=EndsBy.POLICY)
    over = (each for each in _newest_decisions(ledger, account) if not each.in_force(at))
    added = [each for each in over if each.action is Action.ADD]
    yield from _not_listed(ledger, account, added, at)


def _off(ledger: Ledger, account: Account, at: datetime) -> Iterator[Line]:
    """Those whom the newest decision in force takes off the list, or keeps off it; not who came back since."""
    held = [each for each in _newest_decisions(ledger, account, at=at) if each.action is not Action.ADD]
    yield from _not_listed(ledger, account, held, at)


def _newest_decisions(ledger: Ledger, account: Account, *, at: datetime | None = None) -> list[Decision]:
    """The newest decision about each name; with `at`, of those in force then."""
    found = dict[str, Decision]()
    for decision in ledger.list_decisions(account.name):
        if at is None or decision.in_force(at):
            found[decision.subject] = decision
    return list(found.values())


def _not_listed(ledger: Ledger, account: Account, decisions: list[Decision], at: datetime) -> Iterator[Line]:
    for start in range(0, len(decisions), _AT_ONCE):
        named = [(each.alias or each.order_id, each) for each in decisions[start : start + _AT_ONCE]]
        names = [name for name, _ in named if name is not None]
        now = lookup(ledger, account, names, at=at)
        for name, decision in named:
            if name is not None and not now[name].is_listed:
                yield Line(
                    account=account.name,
                    name=name,
                    decision=decision,
                    ends_at=decision.expires_at,
                    ends_by=EndsBy.DECISION if decision.expires_at else None,
                )


def _key(entry: SuppressionEntry) -> OrderId | Alias:
    return entry.alias or entry.order_ids[0]
