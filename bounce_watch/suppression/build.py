"""From opt-outs to the suppression list: one entry for each buyer, and for each order of an unknown one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.opt_out import (
    EntrySource,
    OptOut,
    OptOutState,
    SuppressionEntry,
    SuppressionList,
)

REASON = "opted out of unsolicited messages"

_Key = Alias | OrderId


def build_list(
    opt_outs: Iterable[OptOut],
    *,
    account: str,
    orders_of: Mapping[Alias, Sequence[OrderId]],
    made_at: datetime,
) -> SuppressionList:
    """The list of one account from its active opt-outs, in an order that depends on nothing else.

    One entry for each alias, sorted by alias, with the orders that were opted out and every other one that
    `orders_of` knows of that buyer; then one for each opt-out whose alias is unknown or shared, sorted by
    order id. `made_at` is UTC; the revision does not depend on it. Raises ValueError for an opt-out of
    another account, because one seller's buyers are not told to another.
    """
    groups: dict[_Key, list[OptOut]] = {}
    for opt_out in opt_outs:
        if opt_out.account != account:
            raise ValueError(f"an opt-out of account {opt_out.account!r} on the list of {account!r}")
        if opt_out.state is OptOutState.ACTIVE:
            groups.setdefault(_key(opt_out), []).append(opt_out)
    entries = tuple(_entry(account, key, groups[key], orders_of) for key in sorted(groups, key=_rank))
    return SuppressionList(
        account=account, entries=entries, made_at=made_at, revision=_revision(account, entries)
    )


def _key(opt_out: OptOut) -> _Key:
    return opt_out.alias if opt_out.alias and not opt_out.alias.is_shared else opt_out.order_id


def _rank(key: _Key) -> tuple[bool, str]:
    return isinstance(key, OrderId), str(key)


def _entry(
    account: str, key: _Key, opt_outs: Sequence[OptOut], orders_of: Mapping[Alias, Sequence[OrderId]]
) -> SuppressionEntry:
    alias = key if isinstance(key, Alias) else None
    known = orders_of.get(alias, ()) if alias else ()
    firsts = [each.first_noticed_at for each in opt_outs if each.first_noticed_at]
    lasts = [each.last_noticed_at for each in opt_outs if each.last_noticed_at]
    return SuppressionEntry(
        account=account,
        alias=alias,
        order_ids=tuple(sorted({each.order_id for each in opt_outs} | set(known))),
        marketplace=alias.marketplace if alias else opt_outs[0].marketplace,
        since=min(firsts, default=None),
        last_noticed_at=max(lasts, default=None),
        notices=sum(each.notices for each in opt_outs),
        source=EntrySource.OPT_OUT,
        reason=REASON,
    )


def _revision(account: str, entries: Sequence[SuppressionEntry]) -> str:
    """SHA-256, hexadecimal, over the list's content in one agreed form."""
    digest = hashlib.sha256(_line(account))
    for entry in entries:
        digest.update(
            _line(
                str(entry.alias or ""),
                [str(order_id) for order_id in entry.order_ids],
                entry.marketplace,
                entry.since and entry.since.isoformat(),
                entry.last_noticed_at and entry.last_noticed_at.isoformat(),
                entry.notices,
                entry.source.value,
                entry.reason,
            )
        )
    return digest.hexdigest()


def _line(*values: object) -> bytes:
    return json.dumps(values, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"
