"""Finds rows that are not what was written."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Table, column, func, select, text, tuple_
from sqlalchemy import table as table_of
from sqlalchemy.exc import OperationalError

from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.store.digests import DIGESTED, row_digest
from bounce_watch.store.key import Key as LedgerKey
from bounce_watch.store.readings import alias_from
from bounce_watch.store.tables import (
    DECISION,
    EXPORT,
    EXPORT_MEMBER,
    IDENTITY,
    METADATA,
    ORDER_LINK,
    RECOGNITION,
    RUN,
    SEND,
    SET_ASIDE,
)
from bounce_watch.store.trouble import is_unreadable_text
from bounce_watch.store.writing import chunks

_AT_ONCE = 500

Key = tuple[Any, ...]
"""The values of a row's primary key."""

NAMED = (RECOGNITION, SEND, ORDER_LINK, DECISION)
"""Facts whose columns `order_id_hash` and `alias_hash` refer to a name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """What is wrong with a row: its table, its key, and a few words; without a table it is the whole database."""

    table: str
    row: str
    what: str


def damages(connection: Connection, *, key: LedgerKey) -> Iterator[Damage]:
    """What the database itself finds wrong, then every damaged row, table by table."""
    yield from _of_database(connection)
    for table in DIGESTED:
        yield from (
            _damage(table, row_key, "is not what was written") for row_key in damaged(connection, table)
        )
    for hash_ in wrong_names(connection, key=key):
        yield Damage(table=IDENTITY.name, row=hash_, what="has a name that does not give its hash")
    for hash_ in missing_names(connection):
        yield Damage(table=IDENTITY.name, row=hash_, what="is missing, though facts refer to it")
    for mail_id in spoilt_octets(connection):
        yield Damage(table=SET_ASIDE.name, row=str(mail_id), what="can't be unpacked")
    for export_id in torn_exports(connection):
        yield Damage(table=EXPORT_MEMBER.name, row=str(export_id), what="is a list with gaps")


def _of_database(connection: Connection) -> Iterator[Damage]:
    """SQLite's own checks; PostgreSQL has its pages checked by its own tools."""
    if connection.dialect.name != "sqlite":
        return
    for (said,) in connection.execute(text("PRAGMA integrity_check")):
        if said != "ok":
            yield Damage(table="", row="", what=str(said))
    for child, row_id, parent, _ in connection.execute(text("PRAGMA foreign_key_check")):
        yield Damage(table=child, row=str(row_id), what=f"refers to no row of {parent}")


def _damage(table: Table, row_key: Key, what: str) -> Damage:
    return Damage(table=table.name, row=" ".join(map(str, row_key)), what=what)


def damaged(connection: Connection, table: Table) -> Iterator[Key]:
    """The primary keys of damaged rows of a table."""
    keys = [tuple(each) for each in connection.execute(_keys(table))]
    for chunk in chunks(keys, _AT_ONCE):
        yield from damaged_among(connection, table, chunk)


def damaged_among(connection: Connection, table: Table, keys: Sequence[Key]) -> list[Key]:
    """Those of the primary keys whose rows are damaged."""
    whole = {_key_of(table, row) for row in readable(connection, table, keys) if is_whole(table, row)}
    return [each for each in keys if each not in whole]


def is_whole(table: Table, row: RowMapping) -> bool:
    """True for a row whose digest is right; a run that has not ended needs none."""
    if table is RUN and row["row_digest"] is None:
        return row["finished_at"] is None
    return bool(row["row_digest"] == row_digest(table, dict(row)))


def _keys(table: Table) -> Any:  # noqa: ANN401  (a select of any columns)
    """SQL: the primary keys, as they lie there: a damaged value must not stop the search for others."""
    plain = table_of(table.name, *(column(each.name) for each in table.primary_key))
    return select(*plain.c).order_by(*plain.c)


def _key_of(table: Table, row: RowMapping) -> Key:
    return tuple(row[each.name] for each in table.primary_key)


def readable(connection: Connection, table: Table, keys: Sequence[Key]) -> list[RowMapping]:
    """The rows of these primary keys, but for those that are so damaged that they can't even be read."""
    try:
        query = select(table).where(tuple_(*table.primary_key).in_(keys))
        return list(connection.execute(query).mappings())
    except (ValueError, TypeError, AttributeError, OperationalError) as error:
        if isinstance(error, OperationalError) and not is_unreadable_text(error):
            raise
        if len(keys) == 1:
            return []
    half = len(keys) // 2
    return readable(connection, table, keys[:half]) + readable(connection, table, keys[half:])


def wrong_names(connection: Connection, *, key: LedgerKey) -> Iterator[str]:
    """The hashes of clear names that do not give them, or whose erasure left them in clear."""
    query = select(IDENTITY.c.hash, IDENTITY.c.clear, IDENTITY.c.erased_at).where(
        IDENTITY.c.clear.is_not(None)
    )
    for row in connection.execute(query, execution_options={"yield_per": _AT_ONCE}):
        if row.erased_at is not None or not _is_name_of(row.clear, row.hash, key):
            yield row.hash


def _is_name_of(clear: object, hash_: str, key: LedgerKey) -> bool:
    name: OrderId | Alias | None
    if not isinstance(clear, str):  # One flipped bit makes octets of a text.
        return False
    try:
        name = alias_from(clear) if "@" in clear else OrderId(clear)
    except ValueError:
        return False
    return name is not None and not name.is_hashed and key.of(name) == hash_


def missing_names(connection: Connection) -> Iterator[str]:
    """The hashes that facts refer to and that no row of `identity` has."""
    known = select(IDENTITY.c.hash)
    found = dict.fromkeys(
        hash_
        for table in NAMED
        for each in (table.c.order_id_hash, table.c.alias_hash)
        for hash_ in connection.scalars(
            select(each).distinct().where(each.is_not(None), each.not_in(known)).order_by(each)
        )
    )
    members = select(EXPORT_MEMBER.c.key_hash).distinct().where(EXPORT_MEMBER.c.key_hash.not_in(known))
    found |= dict.fromkeys(connection.scalars(members))
    yield from found


def spoilt_octets(connection: Connection) -> Iterator[int]:
    """Mails whose octets can't be unpacked; zlib has a checksum of its own."""
    query = select(SET_ASIDE.c.mail_id, SET_ASIDE.c.octets)
    for mail_id, octets in connection.execute(query, execution_options={"yield_per": 50}):
        try:
            zlib.decompress(octets)
        except (zlib.error, TypeError):
            yield mail_id


def torn_exports(connection: Connection) -> Iterator[int]:
    """Exports whose keys are not as many as came and went since the first of their series."""
    came, went = (_numbers(connection, EXPORT_MEMBER.c[name]) for name in ("since_export", "until_export"))
    held: Counter[int | None] = Counter()
    query = select(EXPORT.c.id, EXPORT.c.series, EXPORT.c.key_count).order_by(EXPORT.c.id)
    for export_id, series, keys in connection.execute(query):
        held[series] += came.get(export_id, 0) - went.get(export_id, 0)
        if held[series] != keys:
            yield export_id


def _numbers(connection: Connection, column: ColumnElement[Any]) -> dict[int, int]:
    query = select(column, func.count()).where(column.is_not(None)).group_by(column)
    return dict(connection.execute(query).all())


def tables_without_digest() -> set[str]:
    """The tables whose rows `damages` knows by other means."""
    return {table.name for table in METADATA.sorted_tables} - {table.name for table in DIGESTED}
