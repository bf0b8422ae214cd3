"""Which orders and aliases are tied to a few names: what has to be looked at to answer for these names alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Connection, Select, Table, select, union

from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.store.identities import name_of
from bounce_watch.store.links import aliases_of_orders, linked_alias
from bounce_watch.store.readings import alias_from
from bounce_watch.store.scope import Scope
from bounce_watch.store.tables import DECISION, ORDER_LINK, RECOGNITION, SEND
from bounce_watch.store.writing import chunks

_KEYS = 500
_TIES = (SEND, ORDER_LINK, RECOGNITION, DECISION)
"""Facts that name an order and an alias; which of them are believed is for others to say."""


def related(connection: Connection, account: str, hashes: Collection[str]) -> set[str]:
    """The names (hashes) themselves, the aliases of those that are orders, and every order of all these aliases.

    More than is needed does no harm; less would answer wrongly. An alias that many buyers share ties nothing.
    """
    orders = set(hashes) | orders_of(connection, account, hashes)
    aliases = set(hashes) | _tied(connection, account, "order_id_hash", "alias_hash", orders)
    return orders | aliases | orders_of(connection, account, aliases)


def orders_of(connection: Connection, account: str, aliases: Collection[str]) -> set[str]:
    """Every order (hash) that a fact ties to one of these aliases (hashes)."""
    return _tied(connection, account, "alias_hash", "order_id_hash", aliases)


def _tied(connection: Connection, account: str, given: str, wanted: str, hashes: Collection[str]) -> set[str]:
    found: set[str] = set()
    for chunk in chunks(sorted(hashes), _KEYS):
        pairs = union(*(_pairs(table, account, given, wanted, chunk) for table in _TIES))
        found.update(connection.scalars(pairs))
    return found - {None}


def _pairs(table: Table, account: str, given: str, wanted: str, hashes: Collection[str]) -> Select[Any]:
    own = [table.c.alias_shared.is_(False)] if "alias_shared" in table.c else []
    return select(table.c[wanted]).where(table.c.account == account, table.c[given].in_(hashes), *own)


def linked_aliases(
    connection: Connection, scope: Scope, orders: Mapping[str, OrderId]
) -> dict[OrderId, Alias]:
    """The alias that notices and our own logs know of each order (by hash), by rank; without those of unknown ones."""
    known: dict[OrderId, Alias] = {}
    for chunk in chunks(sorted(orders), _KEYS):
        linked = aliases_of_orders(scope, chunk)
        query = select(linked.c.order_id_hash, name_of(scope.account, linked_alias(linked)))
        for hash_, name in connection.execute(query):
            alias = alias_from(name)
            if alias is not None:
                known[orders[hash_]] = alias
    return known
