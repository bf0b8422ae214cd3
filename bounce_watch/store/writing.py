"""Inserts that both back ends understand: what is there already stays, and is counted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Connection, CursorResult, Table
from sqlalchemy.dialects import postgresql, sqlite

from bounce_watch.store.rows import Values

_ROWS = 2_000
"""How many rows go to the driver at once: measured, more brings nothing and costs memory."""

T = TypeVar("T")


def chunks(items: Iterable[T], size: int) -> Iterator[Sequence[T]]:
    """The items in lists of at most `size`."""
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk


def insert_or_ignore(connection: Connection, table: Table, rows: Iterable[Values]) -> int:
    """Insert the rows that no UNIQUE constraint of the table knows yet; how many those were.

    Two processes that insert the same rows should do it in the same order, or PostgreSQL sees a deadlock.
    """
    maker = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    # The option: psycopg knows the count of many rows, but SQLAlchemy drops it unless asked.
    statement = maker(table).on_conflict_do_nothing().execution_options(preserve_rowcount=True)
    return sum(connection.execute(statement, chunk).rowcount for chunk in chunks(rows, _ROWS))


def insert_or_replace(connection: Connection, table: Table, row: Values) -> None:
    """Insert the row, or write it over the one with the same primary key."""
    maker = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    keys = [column.name for column in table.primary_key]
    rest = {name: value for name, value in row.items() if name not in keys}
    connection.execute(maker(table).values(row).on_conflict_do_update(index_elements=keys, set_=rest))


def new_id(result: CursorResult[Any]) -> int:
    """The id that the database gave to the row just inserted."""
    key = result.inserted_primary_key
    if key is None:
        raise ValueError("the statement inserted no row")
    return int(key[0])
