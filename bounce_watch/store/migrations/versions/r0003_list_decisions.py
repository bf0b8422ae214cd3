"""Decisions about the list, with scope and expiry; exports as series, of which each tells what came and went."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from typing import Any

import sqlalchemy as sa
from alembic import op

from bounce_watch.store import tables
from bounce_watch.store.check import readable
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
    """Put the three tables aside, make the new ones, and carry the rows over as they lie there, damaged ones too."""
    connection = op.get_bind()
    old = {name: _put_aside(name, _OLD[name].split()) for name in ("export_member", "export", "decision")}
    _make()
    _carry_over(
        connection, old["decision"], tables.DECISION, {"scope": None, "expires_at": None, "run_id": None}
    )
    added = {"series": None, "form": "full", "key_count": 0, "files": 1}
    _carry_over(connection, old["export"], tables.EXPORT, added)
    _exports(connection, old)
    for table, name in ((tables.DECISION, "decision"), (tables.EXPORT, "export")):
        _seal(connection, table, _as_it_was(name))
    for name in old:
        op.drop_table(f"old_{name}")
    _number_on(connection)


def _put_aside(name: str, columns: list[str]) -> sa.TableClause:
    op.execute(sa.text(f'CREATE TABLE "old_{name}" AS SELECT * FROM "{name}"'))  # noqa: S608  (our own names)
    op.drop_table(name)
    return sa.table(f"old_{name}", *(sa.column(each, _TYPES.get(each, Words())) for each in columns))


def _carry_over(connection: sa.Connection, old: sa.TableClause, new: sa.Table, added: Row) -> None:
    """Row by row in the database, which does not mind a value that nobody can read."""
    values = [sa.literal(value, new.c[name].type).label(name) for name, value in added.items()]
    connection.execute(sa.insert(new).from_select([*old.c.keys(), *added], sa.select(*old.c, *values)))


def _seal(connection: sa.Connection, table: sa.Table, was: sa.Table) -> None:
    """New digests for whole rows; a damaged row keeps one that is wrong, and stays known as damaged."""
    ids = [(row_id,) for row_id in connection.scalars(sa.select(table.c.id).order_by(table.c.id))]
    for chunk in chunks(ids, _AT_ONCE):
        for row in readable(connection, table, chunk):
            if row["row_digest"] == row_digest(was, dict(row)):
                sealed = {"row_digest": row_digest(table, dict(row))}
                connection.execute(sa.update(table).where(table.c.id == row["id"]).values(sealed))


@cache
def _as_it_was(name: str) -> sa.Table:
    columns = (sa.Column(each, _TYPES.get(each, Words())) for each in _OLD[name].split())
    return sa.Table(name, sa.MetaData(), *columns)


def _exports(connection: sa.Connection, old: dict[str, sa.TableClause]) -> None:
    """Which export belongs to which series, and with which of them each key came and went."""
    members = defaultdict[int, set[str]](set)
    of_export, key_hash = old["export_member"].c.export_id, old["export_member"].c.key_hash
    for export_id, hash_ in connection.execute(sa.select(of_export, key_hash)):
        members[export_id].add(hash_)
    first: dict[tuple[str, str], int] = {}
    held: dict[int, dict[str, int]] = {}
    spans = list[Row]()
    export = tables.EXPORT
    for row in connection.execute(
        sa.select(export.c.id, export.c.preset, export.c.path).order_by(export.c.id)
    ):
        series = first.setdefault((row.preset, row.path), row.id)
        before, listed = held.get(series, {}), members[row.id]
        spans += [_span(series, key, since, row.id) for key, since in before.items() if key not in listed]
        held[series] = {key: before.get(key, row.id) for key in sorted(listed)}
        counted = {"series": series, "key_count": len(listed)}
        connection.execute(sa.update(export).where(export.c.id == row.id).values(counted))
    spans += [_span(series, key, since, None) for series, keys in held.items() for key, since in keys.items()]
    for chunk in chunks(spans, _AT_ONCE):
        connection.execute(sa.insert(tables.EXPORT_MEMBER), chunk)


def _span(series: int, key: str, since: int, until: int | None) -> Row:
    return {"series": series, "key_hash": key, "since_export": since, "until_export": until}


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
