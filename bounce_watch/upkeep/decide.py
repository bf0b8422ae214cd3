"""A person's say about the list: put somebody on it, take somebody off it, keep somebody off it.

What was decided are facts with an actor and an instant; the list follows from them. How they go together with
notices and with each other: docs/explanation/who-is-on-the-list.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from bounce_watch.errors import UsageError
from bounce_watch.listed import lookup
from bounce_watch.records.account import Account
from bounce_watch.records.decision import Action, By, Decision, DecisionScope
from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.opt_out import Answer
from bounce_watch.store.ledger import Ledger

Name = OrderId | Alias


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants of the list. `expires_at`: until when the decision holds (None: for good)."""

    action: Action
    name: Name
    scope: DecisionScope = DecisionScope.BUYER
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What became of a wish: how it stood before and stands after; `decision` is None where nothing would change.

    `ruled` is the decision that held about this buyer or order before, if there was one.
    """

    wish: Wish
    before: Answer
    after: Answer
    ruled: Decision | None = None
    decision: Decision | None = None


def parse_names(texts: Iterable[str], marketplaces: frozenset[str], *, place: str = "") -> list[Name]:
    """The order ids and aliases that these texts are, each once; UsageError for the first that is neither.

    `place` is what a text is called by its number where it stands in a file (`Line`), so that nobody's name is
    repeated; without it the text itself is.
    """
    found = dict[Name, None]()
    for number, text in enumerate(texts, 1):
        if place and not text.strip():
            continue
        found[_name(text, marketplaces, called=f"{place} {number}" if place else repr(text))] = None
    if not found:
        raise UsageError("Nobody is named.", "Name order ids or buyers' addresses.")
    return list(found)


def _name(text: str, marketplaces: frozenset[str], *, called: str) -> Name:
    name = OrderId.parse(text) or Alias.parse(text, marketplaces)
    if name is None:
        raise UsageError(
            f"{called} is neither an order id nor a buyer's address.",
            "Write an order id as 203-1234567-7654321, an address as it stands in a notice or report;"
            " nothing was filed.",
        )
    if isinstance(name, Alias) and name.is_shared:
        raise UsageError(
            f"{called} is an address that many buyers share.", "Name the order instead; nothing was filed."
        )
    return name


def end_of_day(day: date, zone: tzinfo) -> datetime:
    """The UTC instant at which a day of the zone has ended; UsageError for one at the end of all time."""
    try:
        return datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
    except OverflowError:
        raise UsageError(f"{day} is too far away.", "Leave the end out: then there is none.") from None


def expiry(*, until: str | None, days: int | None, at: datetime, zone: tzinfo) -> datetime | None:
    """When a decision ends: with the day `until` (ISO 8601), or with the day that is `days` after today, or never.

    UsageError for both, for what is no day, and for a day that is over.
    """
    if until is not None and days is not None:
        raise UsageError("--expires and --for exclude each other.", "Give one of them.")
    if until is None and days is None:
        return None
    day = at.astimezone(zone).date() + timedelta(days=days) if days is not None else _day(until or "")
    ends = end_of_day(day, zone)
    if ends <= at:
        raise UsageError(f"{day} is over already.", "Give a day that is still to come.")
    return ends


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise UsageError(f"{text!r} is not a day.", "Write it as 2026-12-31.") from None


def decide(ledger: Ledger, account: Account, wishes: Sequence[Wish], *, by: By) -> list[Decided]:
    """File what would change something, all of it or nothing, and say how each stood before and stands after.

    UsageError for an alias with the scope of an order.
    """
    for wish in wishes:
        if wish.scope is DecisionScope.ORDER and isinstance(wish.name, Alias):
            raise UsageError(
                f"{wish.name} is a buyer, not an order.", "Name the order, or leave --scope order out."
            )
    names = [wish.name for wish in wishes]
    before = lookup(ledger, account, names, at=by.at)
    ruled = {name: ruling(ledger, account, name, at=by.at) for name in names}
    filed = {
        wish: decision_of(ledger, account, wish, by=by)
        for wish in wishes
        if not _holds_already(wish, before[wish.name], ruled[wish.name], ledger.hash_of(wish.name))
    }
    ledger.decide(*filed.values())
    buyers = {entry.alias for answer in before.values() if (entry := answer.entry) and entry.alias}
    after = lookup(ledger, account, {*names, *buyers}, at=by.at) if filed else before
    return [
        Decided(
            wish=wish,
            before=before[wish.name],
            after=after[wish.name],
            ruled=ruled[wish.name],
            decision=filed.get(wish),
        )
        for wish in wishes
    ]


def decision_of(
    ledger: Ledger, account: Account, wish: Wish, *, by: By, run_id: int | None = None
) -> Decision:
    """The decision that a wish becomes; `run_id` is the import that brings it."""
    return Decision(
        account=account.name,
        action=wish.action,
        subject=ledger.hash_of(wish.name),
        actor=by.actor,
        decided_at=by.at,
        note=by.note,
        order_id=wish.name if isinstance(wish.name, OrderId) else None,
        alias=wish.name if isinstance(wish.name, Alias) else None,
        scope=wish.scope,
        expires_at=wish.expires_at,
        run_id=run_id,
    )


def ruling(ledger: Ledger, account: Account, name: Name, *, at: datetime) -> Decision | None:
    """The newest decision in force about this order or alias, or about its buyer under another name."""
    own, related = ledger.hash_of(name), ledger.related(account.name, [name])
    held = [
        decision
        for decision in ledger.list_decisions(account.name, hashes=related | {own})
        if decision.in_force(at) and (decision.subject == own or decision.scope is DecisionScope.BUYER)
    ]
    return held[-1] if held else None


def _holds_already(wish: Wish, now: Answer, ruled: Decision | None, own: str) -> bool:
    """True where filing the wish would change nothing, neither today nor later.

    Somebody whom only a notice or an import put on the list is still to be added: the notice may be dismissed or
    expire, the run undone. Whoever is allowed, or released for less long, is still to be released.
    """
    if now.is_listed is not (wish.action is Action.ADD):
        return False
    if ruled is None:
        return wish.action is Action.RELEASE
    is_theirs = wish.action is Action.RELEASE or ruled.subject == own
    says_it = ruled.action is wish.action and ruled.run_id is None
    return is_theirs and says_it and covers(ruled, wish.scope, wish.expires_at)


def covers(held: Decision, scope: DecisionScope, ends: datetime | None) -> bool:
    """True for a decision that is about as much as is asked, for as long."""
    return held.scope in {DecisionScope.BUYER, scope} and not ends_later(ends, held.expires_at)


def ends_later(one: datetime | None, other: datetime | None) -> bool:
    """True when `one` is a later end than `other`; None is no end at all."""
    return other is not None and (one is None or one > other)
