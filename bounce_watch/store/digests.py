"""Row digests: by them `db check` finds a row that a failing disk or a stray hand has changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import Table

from bounce_watch.records.times import as_utc
from bounce_watch.store.column_types import storable
from bounce_watch.store.tables import (
    ALERT_TOLD,
    COVERAGE,
    CURSOR,
    DECISION,
    EXPORT,
    IDENTITY,
    MAIL,
    ORDER_LINK,
    RECOGNITION,
    RUN,
    SEND,
    SIGHTING,
    VERDICT,
)

_CHANGES = {IDENTITY.name: {"clear", "last_at", "erased_at"}}
"""What later facts change in a row, so no digest rests on it; a clear name is proven by its hash."""

DIGESTED: tuple[Table, ...] = (
    MAIL,
    RECOGNITION,
    VERDICT,
    SIGHTING,
    SEND,
    ORDER_LINK,
    COVERAGE,
    DECISION,
    RUN,
    CURSOR,
    EXPORT,
    ALERT_TOLD,
    IDENTITY,
)
"""Tables whose rows carry a digest; a run has none before it has ended."""


def row_digest(table: Table, row: Mapping[str, Any]) -> str:
    """SHA-256, hexadecimal, of the columns of a row, given by column; a missing one counts as None."""
    content = {name: _plain(row.get(name)) for name in _columns(table)}
    return hashlib.sha256(_JSON.encode(content).encode()).hexdigest()


_JSON = json.JSONEncoder()


@cache
def _columns(table: Table) -> tuple[str, ...]:
    left_out = _CHANGES.get(table.name, set()) | {"id", "row_digest"}
    return tuple(sorted({column.name for column in table.c} - left_out))


def with_digest(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    """The row with its digest."""
    return row | {"row_digest": row_digest(table, row)}


def _plain(value: Any) -> Any:  # noqa: ANN401  (a column may hold anything)
    """The value as it comes back from either database."""
    match value:
        case str():
            return storable(value)
        case datetime():
            return as_utc(value).isoformat()
        case date():
            return value.isoformat()
        case bytes():  # Nobody writes octets here, but a damaged file may hold some.
            return value.hex()
        case tuple() | list():
            return [_plain(item) for item in value]
        case _:
            return value
