"""SQL that tells whose a send is: its buyer's alias, given or linked, else its order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, select
from sqlalchemy.sql.selectable import FromClause

from bounce_watch.records.sent import Purpose
from bounce_watch.store.links import aliases_of_orders, linked_alias
from bounce_watch.store.scope import Scope
from bounce_watch.store.tables import SEND

BLOCKABLE = (Purpose.UNSOLICITED.value, Purpose.UNKNOWN.value)
"""Purposes of what an opt-out can block."""

_OWN_ALIAS = case((SEND.c.alias_shared.is_(False), SEND.c.alias_hash))
"""SQL: the hash of the send's alias where it stands for one buyer."""


def with_buyer(
    scope: Scope,
    wanted: ColumnElement[bool],
    *,
    source: FromClause = SEND,
    more: Sequence[ColumnElement[Any]] = (),
    among: ColumnElement[bool] | None = None,
) -> Select[Any]:
    """SQL: the wanted sends with `buyer` (hash of the alias, given or linked, else of the order) and `place`.

    `source` is the sends joined with whatever `more` columns come from. `among` are sends that hold all wanted ones,
    where `source` narrows them down further.
    """
    orders = select(SEND.c.order_id_hash).where(wanted if among is None else among, _OWN_ALIAS.is_(None))
    linked = aliases_of_orders(scope, orders)
    buyer = func.coalesce(_OWN_ALIAS, linked_alias(linked), SEND.c.order_id_hash, SEND.c.alias_hash)
    place = func.coalesce(SEND.c.marketplace, linked.c.linked_marketplace)
    joined = source.outerjoin(linked, linked.c.order_id_hash == SEND.c.order_id_hash)
    return select(SEND, buyer.label("buyer"), place.label("place"), *more).select_from(joined).where(wanted)
