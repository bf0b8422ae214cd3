"""What keeps somebody on the list whichever import is undone, and whether an earlier import brought this very list."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bounce_watch.listed import lookup, rulings
from bounce_watch.records.account import Account
from bounce_watch.records.decision import Action, Decision, DecisionScope
from bounce_watch.records.ids import OrderId
from bounce_watch.records.opt_out import EntrySource, SuppressionEntry
from bounce_watch.store.ledger import Ledger
from bounce_watch.store.rows import without_names
from bounce_watch.upkeep.decide import Name, Wish, ends_later

_AT_ONCE = 500

Said = tuple[str, DecisionScope | None, datetime | None, str]
"""What an addition says: of whom (keyed hash), how much of it, until when, and why."""


@dataclass(frozen=True, slots=True)
class Hold:
    """A reason to be on the list: of the buyer or of one order, until `ends` (None: for good)."""

    scope: DecisionScope
    ends: datetime | None

    def covers(self, scope: DecisionScope, ends: datetime | None) -> bool:
        """True where it is about as much, for as long."""
        return self.scope in {DecisionScope.BUYER, scope} and not ends_later(ends, self.ends)


def kept(
    ledger: Ledger, account: Account, names: Collection[Name], *, at: datetime, run: int | None = None
) -> dict[Name, tuple[Hold, ...]]:
    """Why each of these names would be on the list if no import had added anybody, but for `run`.

    Notices and what a person added by hand hold, and nothing does where a release or an allowance is newer. One that
    an import brought counts, too: who was off by it and was added by an import since is off again without that.
    """
    if not names:
        return {}
    facts = _Without(ledger, but=run)
    only = facts.related(account.name, names)
    orders = [name for name in names if isinstance(name, OrderId)]
    ruled = rulings(facts, account, at=at, only=only, orders=orders)
    found = dict[Name, tuple[Hold, ...]]()
    for name, answer in lookup(facts, account, names, at=at).items():
        if answer.entry is None:
            found[name] = ()
            continue
        alias = answer.entry.alias
        added = (
            ruled.added(alias) if alias else None,
            ruled.added_order(name) if isinstance(name, OrderId) else None,
        )
        found[name] = (*_by_notice(answer.entry, account), *_by_hand(added))
    return found


def _by_notice(entry: SuppressionEntry, account: Account) -> Iterator[Hold]:
    if entry.source is not EntrySource.OPT_OUT:
        return
    last, days = entry.last_noticed_at, account.expire_after_days
    yield Hold(DecisionScope.BUYER, None if last is None or days is None else last + timedelta(days=days))


def _by_hand(added: Iterable[Decision | None]) -> Iterator[Hold]:
    return (
        Hold(each.scope, each.expires_at) for each in added if each is not None and each.scope is not None
    )


class Earlier:
    """What each import that is not undone added, as far as it is in force."""

    def __init__(self, ledger: Ledger, account: Account, at: datetime) -> None:
        self._ledger, self._account, self._at = ledger, account, at
        self._by_run: dict[int, set[Said]] = {}
        for each in ledger.list_decisions(account.name):
            if each.run_id is not None and each.action is Action.ADD and each.in_force(at):
                said = (each.subject, each.scope, each.expires_at, each.note)
                self._by_run.setdefault(each.run_id, set()).add(said)

    def said(self, wish: Wish, note: str) -> Said | None:
        """What a wish says, as the ledger would keep it; None where there was no import to compare with."""
        if not self._by_run:
            return None
        return self._ledger.hash_of(wish.name), wish.scope, wish.expires_at, without_names(note)

    def is_the_same(self, wishes: Mapping[Said, Wish], said: Collection[Said | None]) -> bool:
        """True where one import said before all that these wishes say, nothing else than the file does, and still holds.

        `said` is everything that the file says, with what needs no wish. Several imports are not taken together:
        each can be undone by itself.
        """
        whole = set(said)
        return any(
            wishes.keys() <= filed <= whole and self._holds(run, list(wishes.values()))
            for run, filed in reversed(self._by_run.items())
        )

    def _holds(self, run: int, wishes: Sequence[Wish]) -> bool:
        chunks = (wishes[start : start + _AT_ONCE] for start in range(0, len(wishes), _AT_ONCE))
        return all(self._holds_all(run, chunk) for chunk in chunks)

    def _holds_all(self, run: int, wishes: Sequence[Wish]) -> bool:
        found = kept(self._ledger, self._account, {wish.name for wish in wishes}, at=self._at, run=run)
        return all(
            any(hold.covers(wish.scope, wish.expires_at) for hold in found[wish.name]) for wish in wishes
        )


class _Without:
    """The facts of a ledger without what imports added, but for one run of them (see records.facts.Facts)."""

    def __init__(self, ledger: Ledger, *, but: int | None) -> None:
        self._ledger, self._but = ledger, but
        self.hash_of, self.related = ledger.hash_of, ledger.related
        self.opt_out_notices, self.last_complete_poll = ledger.opt_out_notices, ledger.last_complete_poll
        self.linked_aliases, self.orders_of_aliases = ledger.linked_aliases, ledger.orders_of_aliases
        self.close = ledger.close

    def list_decisions(
        self, account: str, *, as_of: datetime | None = None, hashes: Collection[str] | None = None
    ) -> list[Decision]:
        """See Ledger.list_decisions."""
        found = self._ledger.list_decisions(account, as_of=as_of, hashes=hashes)
        return [each for each in found if each.action is not Action.ADD or each.run_id in {None, self._but}]
