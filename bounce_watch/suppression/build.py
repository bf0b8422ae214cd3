"""From opt-outs and decisions to the suppression list: one entry for each buyer, and for each order of an unknown one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby, islice

from bounce_watch.records.decision import Decision
from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.opt_out import EntrySource, OptOut, SuppressionEntry
from bounce_watch.suppression.rulings import Rulings
from bounce_watch.suppression.sorting import sorted_opt_outs

REASON = "opted out of unsolicited messages"
ADDED = "added by a person"

OrdersOf = Callable[[Collection[Alias]], Mapping[Alias, Sequence[OrderId]]]
"""Every known order of each of these aliases; asked for a few hundred at a time."""

_AT_ONCE = 500

_Key = Alias | OrderId


@dataclass(frozen=True, slots=True)
class _Group:
    """What stands behind one entry: opt-outs of a buyer (or of an order without alias), a decision, or both.

    `active` are the opt-outs that keep it on the list, until `ends` (None: for good); all of them are `opt_outs`.
    """

    key: _Key
    opt_outs: tuple[OptOut, ...]
    active: tuple[OptOut, ...]
    ends: datetime | None
    added: Decision | None


def build_list(
    opt_outs: Iterable[OptOut],
    *,
    account: str,
    rulings: Rulings,
    orders_of: OrdersOf,
    at: datetime,
    expire_after: timedelta | None = None,
) -> Iterator[SuppressionEntry]:
    """The entries of one account at an instant (UTC), in an order that depends on nothing else.

    One entry for each alias, sorted by alias, with the orders that were opted out and every other one that
    `orders_of` knows of that buyer; then one for each order whose alias is unknown or shared, or that a person added
    alone, sorted by order id. A buyer whose last notice is `expire_after` ago is off the list, unless a person added
    him. Raises ValueError for an opt-out of another account, because one seller's buyers are not told to another.
    """
    covered: set[OrderId] = set()
    added_alone = {order_id for order_id, _ in rulings.added_orders()}
    groups = _groups(opt_outs, account, rulings, expire_after, at)
    for chunk in _chunks(group for group in groups if group.active or group.added):
        known = orders_of([group.key for group in chunk if isinstance(group.key, Alias)])
        for group in chunk:
            if group.key in covered and not group.active:
                continue  # Added alone, but its buyer is on the list by now.
            entry = _entry(account, group, known, rulings)
            if entry.alias is not None:
                covered |= added_alone.intersection(entry.order_ids)
            yield entry


def _groups(
    opt_outs: Iterable[OptOut],
    account: str,
    rulings: Rulings,
    expire_after: timedelta | None,
    at: datetime,
) -> Iterator[_Group]:
    """Every buyer and every order without one, sorted; those that a person put on the list without a notice included."""
    noticed = sorted_opt_outs(_checked(opt_outs, account), lambda opt_out: _rank(_key(opt_out)))
    wanted: list[_Key] = [alias for alias, _ in rulings.added_buyers()]
    wanted += [order_id for order_id, _ in rulings.added_orders()]
    for key, group in _merged(noticed, sorted(wanted, key=_rank)):
        active = [each for each in group if not rulings.is_off(each)]
        ends = _ends(active, expire_after)
        if ends is not None and ends <= at:
            active = []
        added = rulings.added(key) if isinstance(key, Alias) else rulings.added_order(key)
        yield _Group(key, tuple(group), tuple(active), ends, added)


def _checked(opt_outs: Iterable[OptOut], account: str) -> Iterator[OptOut]:
    for opt_out in opt_outs:
        if opt_out.account != account:
            raise ValueError(f"an opt-out of account {opt_out.account!r} on the list of {account!r}")
        yield opt_out


def _merged(noticed: Iterable[OptOut], wanted: Sequence[_Key]) -> Iterator[tuple[_Key, list[OptOut]]]:
    """The opt-outs by their key, and the keys that are wanted without any, in one order."""
    left = list(reversed(wanted))
    for key, group in groupby(noticed, key=_key):
        while left and _rank(left[-1]) < _rank(key):
            yield left.pop(), []
        if left and left[-1] == key:
            left.pop()
        yield key, list(group)
    yield from ((key, []) for key in reversed(left))


def _chunks(groups: Iterable[_Group]) -> Iterator[list[_Group]]:
    iterator = iter(groups)
    while chunk := list(islice(iterator, _AT_ONCE)):
        yield chunk


def _key(opt_out: OptOut) -> _Key:
    return opt_out.alias if opt_out.alias and not opt_out.alias.is_shared else opt_out.order_id


def _rank(key: _Key) -> tuple[bool, str]:
    return isinstance(key, OrderId), str(key)


def _ends(active: Sequence[OptOut], expire_after: timedelta | None) -> datetime | None:
    """When the opt-out expires by policy; None without one, and where the time of a notice is unknown."""
    lasts = [each.last_noticed_at for each in active if each.last_noticed_at]
    return max(lasts) + expire_after if expire_after and lasts and len(lasts) == len(active) else None


def _entry(
    account: str, group: _Group, known: Mapping[Alias, Sequence[OrderId]], rulings: Rulings
) -> SuppressionEntry:
    alias = group.key if isinstance(group.key, Alias) else None
    orders = {*(each.order_id for each in group.opt_outs), *(known.get(alias, ()) if alias else ())}
    orders |= {group.key} if isinstance(group.key, OrderId) else set()
    heard_at = max((each.heard_at for each in group.opt_outs if each.heard_at), default=None)
    allowed = {each for each in orders if alias and rulings.allows(alias, each, heard_at=heard_at)}
    firsts = [each.first_noticed_at for each in group.active if each.first_noticed_at]
    lasts = [each.last_noticed_at for each in group.active if each.last_noticed_at]
    by_hand = group.added if not group.active else None
    return SuppressionEntry(
        account=account,
        alias=alias,
        order_ids=tuple(sorted(orders - allowed)),
        marketplace=_marketplace(alias, group),
        since=by_hand.decided_at if by_hand else min(firsts, default=None),
        last_noticed_at=max(lasts, default=None),
        notices=sum(each.notices for each in group.active),
        source=EntrySource.MANUAL if by_hand else EntrySource.OPT_OUT,
        reason=(by_hand.note or ADDED) if by_hand else REASON,
        expires_at=_expires_at(group),
        allowed_orders=tuple(sorted(allowed)),
    )


def _marketplace(alias: Alias | None, group: _Group) -> str | None:
    if alias is not None:
        return alias.marketplace
    return group.opt_outs[0].marketplace if group.opt_outs else None


def _expires_at(group: _Group) -> datetime | None:
    """When nothing keeps the entry on the list any more, neither a notice nor a decision."""
    ends = [group.ends] if group.active else []
    ends += [group.added.expires_at] if group.added else []
    known = [each for each in ends if each is not None]
    return max(known) if len(known) == len(ends) else None


class Revision:
    """A digest of a list's content, entry by entry; equal for equal lists whenever they were made."""

    def __init__(self, account: str) -> None:
        self._digest = hashlib.sha256(_line(account))

    def add(self, entry: SuppressionEntry) -> None:
        """Take the next entry in."""
        self._digest.update(
            _line(
                entry.account,
                str(entry.alias or ""),
                [str(order_id) for order_id in entry.order_ids],
                [str(order_id) for order_id in entry.allowed_orders],
                entry.marketplace,
                *(
                    each and each.isoformat()
                    for each in (entry.since, entry.last_noticed_at, entry.expires_at)
                ),
                entry.notices,
                entry.source.value,
                entry.reason,
            )
        )

    def __str__(self) -> str:
        """SHA-256, hexadecimal, of what was taken in so far."""
        return self._digest.hexdigest()


def _line(*values: object) -> bytes:
    return json.dumps(values, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"
