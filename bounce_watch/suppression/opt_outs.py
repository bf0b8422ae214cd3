"""From counted notices to opt-outs: one for each order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from bounce_watch.records.decision import Action
from bounce_watch.records.filed import FiledNotice
from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.notice import Evidence, NoticeKind, Outcome
from bounce_watch.records.opt_out import AliasFrom, OptOut

Counted = tuple[FiledNotice, int]
"""A notice that counts, and how many blocked messages it stands for (0: a copy of one that is counted)."""


def derive_opt_outs(account: str, counted: Iterable[Counted]) -> Iterator[OptOut]:
    """One opt-out for each order of `account`, from its counted notices sorted by order id.

    The alias is the one that the order's proven notices name; else (none, or a shared one) the one that our own
    logs know; else the one that unproven notices name. Proven notices of one order that name different aliases
    leave it open: see conflicting_orders.
    """
    for order_id, group in _by_order(counted):
        yield _opt_out(account, order_id, group)


def conflicting_orders(counted: Iterable[Counted]) -> Iterator[OrderId]:
    """The orders, sorted as the input is, whose notices name more than one alias: a person must look."""
    return (order_id for order_id, group in _by_order(counted) if len(_named(group)) > 1)


def _by_order(counted: Iterable[Counted]) -> Iterator[tuple[OrderId, Sequence[Counted]]]:
    opt_outs = (pair for pair in counted if pair[0].notice.kind is NoticeKind.OPT_OUT)
    for order_id, group in groupby(opt_outs, key=lambda pair: OrderId(str(pair[0].notice.order_id))):
        yield order_id, list(group)


def _opt_out(account: str, order_id: OrderId, group: Sequence[Counted]) -> OptOut:
    alias, alias_from = _alias_of(group)
    notices = [filed.notice for filed, _ in group]
    instants = [notice.noticed_at for notice in notices if notice.noticed_at]
    heard = [filed.notice.noticed_at or filed.filed_at for filed, _ in group]
    said = {notice.evidence for notice in notices}
    return OptOut(
        account=account,
        order_id=order_id,
        alias=alias,
        alias_from=alias_from,
        marketplace=alias.marketplace if alias else _marketplace_of(group),
        first_noticed_at=min(instants, default=None),
        last_noticed_at=max(instants, default=None),
        notices=sum(messages for _, messages in group),
        evidence=next((each for each in Evidence if each in said), Evidence.WORDING),
        heard_at=max((instant for instant in heard if instant), default=None),
    )


def _alias_of(group: Sequence[Counted]) -> tuple[Alias | None, AliasFrom]:
    """Proven notices first, then our own logs, then notices that only an order of ours lets count."""
    proven = _named([pair for pair in group if _is_proven(pair[0])])
    linked = {
        (filed.linked_alias, filed.linked_from)
        for filed, _ in group
        if filed.linked_alias and not filed.linked_alias.is_shared
    }
    if proven:
        return (proven.pop(), AliasFrom.NOTICE) if len(proven) == 1 else (None, AliasFrom.NONE)
    if linked:
        return linked.pop() if len(linked) == 1 else (None, AliasFrom.NONE)
    named = _named(group)
    return (named.pop(), AliasFrom.NOTICE) if len(named) == 1 else (None, AliasFrom.NONE)


def _is_proven(filed: FiledNotice) -> bool:
    """True where Amazon, or a person, stands behind what the notice says."""
    return filed.outcome is Outcome.GENUINE or filed.decided is Action.ACCEPT


def _named(group: Sequence[Counted]) -> set[Alias]:
    """The aliases that the notices themselves name, without shared ones."""
    return {
        filed.notice.alias for filed, _ in group if filed.notice.alias and not filed.notice.alias.is_shared
    }


def _marketplace_of(group: Sequence[Counted]) -> str | None:
    """The marketplace that the order's notices agree on."""
    named = {filed.notice.marketplace for filed, _ in group} - {None}
    return named.pop() if len(named) == 1 else None
