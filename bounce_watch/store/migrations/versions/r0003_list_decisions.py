"""Decisions about the list, with scope and expiry; exports as series, of which each tells what came and went."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from typing import Any

import sqlalchemy as sa
from alembic import op

from bounce_watch.store import tables
from bounce_watch.store.column_types import Instant, Whole, Words
from bounce_watch.store.digests import row_digest
from bounce_watch.store.writing import chunks

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

Row = dict[str, Any]

_OLD = {
    "decision": "id account action subject order_id_hash alias_hash actor note decided_at row_digest",
    "export": "id account preset path revision made_at row_digest",
    "export_member": "export_id position key_hash",
}
_TYPES: dict[str, sa.types.TypeEngine[Any]] = {
    **dict.fromkeys(("id", "position", "export_id"), Whole()),
    **dict.fromkeys(("decided_at", "made_at"), Instant()),
}
_AT_ONCE = 2_000


def upgrade() -> None:
    """Put the three tables aside, make the new ones, and turn each row over."""
    connection = op.get_bind()
    old = {name: _put_aside(name, _OLD[name].split()) for name in ("export_member", "export", "decision")}
    _make()
    _insert(connection, tables.DECISION, (_decision(row, old) for row in _rows(connection, old["decision"])))
    _exports(connection, old)
    for name in old:
        op.drop_table(f"old_{name}")
    _number_on(connection)


def _put_aside(name: str, columns: list[str]) -> sa.TableClause:
    op.execute(sa.text(f'CREATE TABLE "old_{name}" AS SELECT * FROM "{name}"'))  # noqa: S608  (our own names)
    op.drop_table(name)
    return sa.table(f"old_{name}", *(sa.column(each, _TYPES.get(each, Words())) for each in columns))


def _rows(connection: sa.Connection, table: sa.TableClause) -> Iterator[Row]:
    rows = connection.execute(sa.select(table).order_by(*table.c[:2])).mappings()
    return (dict(row) for row in rows)


def _insert(connection: sa.Connection, table: sa.Table, rows: Iterator[Row]) -> None:
    for chunk in chunks(rows, _AT_ONCE):
        connection.execute(sa.insert(table), chunk)


def _decision(row: Row, old: dict[str, sa.TableClause]) -> Row:
    new = row | {"scope": None, "expires_at": None, "run_id": None}
    return _sealed(tables.DECISION, old["decision"], row, new)


@cache
def _as_it_was(name: str) -> sa.Table:
    columns = (sa.Column(each, _TYPES.get(each, Words())) for each in _OLD[name.removeprefix("old_")].split())
    return sa.Table(name, sa.MetaData(), *columns)


def _sealed(table: sa.Table, old: sa.TableClause, row: Row, new: Row) -> Row:
    """The new row with its digest; a damaged row keeps one that is wrong, and stays known as damaged."""
    whole = row["row_digest"] == row_digest(_as_it_was(old.name), row)
    return new | {"row_digest": row_digest(table, new) if whole else row["row_digest"]}


def _exports(connection: sa.Connection, old: dict[str, sa.TableClause]) -> None:
    members = defaultdict[int, list[str]](list)
    for row in _rows(connection, old["export_member"]):
        members[row["export_id"]].append(row["key_hash"])
    first: dict[tuple[str, str], int] = {}
    held: dict[int, dict[str, int]] = {}
    exports, spans = list[Row](), list[Row]()
    for row in _rows(connection, old["export"]):
        series = first.setdefault((row["preset"], row["path"]), row["id"])
        listed = set(members[row["id"]])
        spans += [
            {"series": series, "key_hash": key, "since_export": since, "until_export": row["id"]}
            for key, since in held.get(series, {}).items()
            if key not in listed
        ]
        before = held.get(series, {})
        held[series] = {key: before[key] if key in before else int(row["id"]) for key in listed}
        new = row | {"series": series, "form": "full", "key_count": len(listed), "files": 1}
        exports.append(_sealed(tables.EXPORT, old["export"], row, new))
    spans += [
        {"series": series, "key_hash": key, "since_export": since, "until_export": None}
        for series, present in held.items()
        for key, since in sorted(present.items())
    ]
    _insert(connection, tables.EXPORT, iter(exports))
    _insert(connection, tables.EXPORT_MEMBER, iter(spans))


def _number_on(connection: sa.Connection) -> None:
    """PostgreSQL draws numbers from sequences, which do not know of rows that came with their own."""
    if connection.dialect.name != "postgresql":
        return
    for table in (tables.DECISION, tables.EXPORT):
        sequence = sa.func.pg_get_serial_sequence(f'"{table.name}"', "id")
        last = sa.select(sa.func.coalesce(sa.func.max(table.c.id), 0) + 1).scalar_subquery()
        connection.execute(sa.select(sa.func.setval(sequence, last, False)))


def _make() -> None:
    op.create_table(
        "decision",
        sa.Column("id", Whole(), nullable=False),
        sa.Column("account", Words(), nullable=False),
        sa.Column("action", Words(), nullable=False),
        sa.Column("subject", Words(), nullable=False),
        sa.Column("order_id_hash", Words(), nullable=True),
        sa.Column("alias_hash", Words(), nullable=True),
        sa.Column("actor", Words(), nullable=False),
        sa.Column("note", Words(), nullable=False),
        sa.Column("decided_at", Instant(), nullable=False),
        sa.Column("scope", Words(), nullable=True),
        sa.Column("expires_at", Instant(), nullable=True),
        sa.Column("run_id", Whole(), nullable=True),
        sa.Column("row_digest", Words(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_decision_account", "decision", ["account", "id"])
    op.create_index("ix_decision_subject", "decision", ["account", "subject"])
    op.create_table(
        "export",
        sa.Column("id", Whole(), nullable=False),
        sa.Column("account", Words(), nullable=False),
        sa.Column("preset", Words(), nullable=False),
        sa.Column("path", Words(), nullable=False),
        sa.Column("series", Whole(), nullable=True),
        sa.Column("form", Words(), nullable=False),
        sa.Column("revision", Words(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("key_count", Whole(), nullable=False),
        sa.Column("files", Whole(), nullable=False),
        sa.Column("row_digest", Words(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_export_account", "export", ["account", "id"])
    op.create_index("ix_export_series", "export", ["series", "id"])
    op.create_table(
        "export_member",
        sa.Column("series", Whole(), autoincrement=False, nullable=False),
        sa.Column("key_hash", Words(), nullable=False),
        sa.Column("since_export", Whole(), autoincrement=False, nullable=False),
        sa.Column("until_export", Whole(), nullable=True),
        sa.ForeignKeyConstraint(["series"], ["export.id"]),
        sa.ForeignKeyConstraint(["since_export"], ["export.id"]),
        sa.PrimaryKeyConstraint("series", "key_hash", "since_export"),
    )
    op.create_index("ix_export_member_key", "export_member", ["key_hash"])
