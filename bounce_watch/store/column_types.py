"""How values lie in the ledger's columns, the same on SQLite and PostgreSQL.

Each type takes no argument, so that tables and migrations name them alike.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, Text, TypeDecorator
from sqlalchemy.types import TypeEngine

from bounce_watch.records.times import as_utc

_T = TypeVar("_T")


class DamagedValueError(ValueError):
    """A column holds what nobody wrote there."""


def storable(text: str) -> str:
    """The text without NUL (PostgreSQL refuses it) and with U+FFFD for lone surrogates (not UTF-8)."""
    if text.isascii():
        return text.replace("\0", "")
    octets = text.replace("\0", "").encode("utf-16-le", "surrogatepass")
    return octets.decode("utf-16-le", "replace")


class Words(TypeDecorator[str]):
    """Text of any length. PostgreSQL compares it by code point (collation C), as SQLite does."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        collation = "C" if dialect.name == "postgresql" else None
        return dialect.type_descriptor(Text(collation=collation))

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else storable(value)


def _list_from(value: str | None, kind: type[_T]) -> tuple[_T, ...]:
    try:
        items = json.loads(value) if value else []
    except ValueError as error:
        raise DamagedValueError("not a list") from error
    if not isinstance(items, list) or not all(isinstance(item, kind) for item in items):
        raise DamagedValueError("not such a list")
    return tuple(items)


class WordList(TypeDecorator[tuple[str, ...]]):
    """A tuple of texts, as a JSON array."""

    impl = Words
    cache_ok = True

    def process_bind_param(self, value: Iterable[str] | None, dialect: Dialect) -> str:
        return json.dumps([storable(item) for item in value or ()], ensure_ascii=False)

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[str, ...]:
        return _list_from(value, str)


class NumberList(TypeDecorator[tuple[int, ...]]):
    """A tuple of whole numbers, as a JSON array."""

    impl = Words
    cache_ok = True

    def process_bind_param(self, value: Iterable[int] | None, dialect: Dialect) -> str:
        return json.dumps([int(item) for item in value or ()], separators=(",", ":"))

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[int, ...]:
        return _list_from(value, int)


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant: `timestamptz` on PostgreSQL, ISO text in UTC on SQLite (so that it sorts)."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(DateTime(timezone=dialect.name == "postgresql"))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive instant can't be filed")
        instant = as_utc(value)
        return instant if dialect.name == "postgresql" else instant.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else as_utc(value).replace(tzinfo=UTC)


class Whole(TypeDecorator[int]):
    """A whole number of up to 63 bits; SQLite wants the word INTEGER for a row's own id."""

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Integer() if dialect.name == "sqlite" else BigInteger())
