"""From the facts of the ledger to the list: what counts, who opted out, what persons decided. flow.py tells the journey.

It asks for facts by a protocol, so that an answer about one buyer needs no more of the store than that.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby

from bounce_watch.authenticity.judge import counts
from bounce_watch.notices.copies import count_events
from bounce_watch.records.account import Account
from bounce_watch.records.decision import Action
from bounce_watch.records.facts import Facts
from bounce_watch.records.filed import FiledNotice
from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.notice import Evidence
from bounce_watch.records.opt_out import Answer, OptOut, SuppressionEntry
from bounce_watch.suppression.build import build_list
from bounce_watch.suppression.opt_outs import Counted, derive_opt_outs
from bounce_watch.suppression.rulings import Rulings


def each_counted(
    ledger: Facts,
    account: Account,
    *,
    as_of: datetime | None = None,
    orders: Collection[str] | None = None,
    aside: list[FiledNotice] | None = None,
) -> Iterator[Counted]:
    """The opt-out notices that count, order by order, each with how many blocked messages it stands for.

    Those set aside are appended to `aside`. `orders`: only those of these hashes.
    """
    return count_each(ledger.opt_out_notices(account.name, as_of=as_of, orders=orders), account, aside=aside)


def count_each(
    notices: Iterable[FiledNotice], account: Account, *, aside: list[FiledNotice] | None = None
) -> Iterator[Counted]:
    """The same of notices that come order by order."""
    for _, of_order in groupby(notices, key=lambda filed: filed.notice.order_id):
        kept = list[FiledNotice]()
        for filed in of_order:
            if does_count(filed, account):
                kept.append(filed)
            elif aside is not None and filed.decided is not Action.DISMISS:
                aside.append(filed)
        yield from count_events(kept)


def does_count(filed: FiledNotice, account: Account) -> bool:
    """True for a notice that a person accepted, or that the account's policy lets count and nobody dismissed.

    What only a person took for an opt-out counts as long as it is accepted, whatever the policy.
    """
    if filed.decided is Action.DISMISS:
        return False
    if filed.decided is Action.ACCEPT or filed.notice.evidence is Evidence.PERSON:
        return filed.decided is Action.ACCEPT
    return counts(filed.outcome, account.trust.require_proof, known_to_us=filed.known_to_us)


def opt_outs(
    ledger: Facts,
    account: Account,
    *,
    as_of: datetime | None = None,
    orders: Collection[str] | None = None,
) -> Iterator[OptOut]:
    """Every order whose buyer opted out, with its alias as far as it is known today. `orders`: only these hashes."""
    return derive_opt_outs(account.name, each_counted(ledger, account, as_of=as_of, orders=orders))


def entries(
    ledger: Facts,
    account: Account,
    *,
    at: datetime,
    as_of: datetime | None = None,
    only: Collection[str] | None = None,
    ruled: Rulings | None = None,
) -> Iterator[SuppressionEntry]:
    """Whom not to write to at an instant, in order: from the facts in the ledger (and the decisions up to `as_of`).

    `only`: as far as these hashes of orders and aliases tell (see Ledger.related). `ruled`: the decisions, if they
    have been read already.
    """
    return build_list(
        opt_outs(ledger, account, as_of=as_of, orders=only),
        account=account.name,
        rulings=ruled or rulings(ledger, account, at=at, as_of=as_of, only=only),
        orders_of=partial(ledger.orders_of_aliases, account.name, as_of=as_of),
        at=at,
        expire_after=expire_after(account),
    )


def expire_after(account: Account) -> timedelta | None:
    """How long after the last notice a buyer leaves the list; None: never."""
    return None if account.expire_after_days is None else timedelta(days=account.expire_after_days)


def rulings(
    ledger: Facts,
    account: Account,
    *,
    at: datetime,
    as_of: datetime | None = None,
    only: Collection[str] | None = None,
    orders: Collection[OrderId] = (),
    lasting: bool = False,
) -> Rulings:
    """What persons decided about the list, with the aliases of the orders that they named (and of `orders`).

    `lasting`: as if nobody had been released or allowed for a time only, as it will be when that time is over.
    """
    decided = ledger.list_decisions(account.name, as_of=as_of, hashes=only)
    if lasting:
        decided = [each for each in decided if each.expires_at is None or each.action is Action.ADD]
    named = {*orders, *(decision.order_id for decision in decided if decision.order_id)}
    if not named:
        return Rulings(decided, alias_of={}, at=at)
    known = ledger.linked_aliases(account.name, named, as_of=as_of)
    hashes = {ledger.hash_of(order_id) for order_id in named}
    for each in opt_outs(ledger, account, as_of=as_of, orders=hashes):
        # What the notices of an order say of its buyer stands above what links say; they may say that it is open.
        known.pop(each.order_id, None)
        if each.alias and not each.alias.is_shared:
            known[each.order_id] = each.alias
    return Rulings(decided, alias_of=known, at=at)


def lookup(
    ledger: Facts, account: Account, names: Collection[OrderId | Alias], *, at: datetime
) -> dict[OrderId | Alias, Answer]:
    """For each order or alias whether it is on the list, by the facts that bear on these names alone."""
    only = ledger.related(account.name, names)
    ruled = rulings(
        ledger, account, at=at, only=only, orders=[name for name in names if isinstance(name, OrderId)]
    )
    found: dict[str, SuppressionEntry] = {}
    for entry in entries(ledger, account, at=at, only=only, ruled=ruled):
        for name in (*entry.order_ids, *((entry.alias,) if entry.alias else ())):
            found.setdefault(ledger.hash_of(name), entry)
    as_known = {ledger.hash_of(name): name for name in ruled.names()}
    answers = {}
    for name in names:
        hash_ = ledger.hash_of(name)
        allowed = hash_ not in found and ruled.is_allowed(as_known.get(hash_, name))
        answers[name] = Answer(name=name, entry=found.get(hash_), allowed=allowed)
    return answers
