"""Records of the exports that were made."""

from __future__ import annotations

from sqlalchemy import Connection, func, insert, literal, select

from bounce_watch.records.filed import ExportRecord
from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.store.identities import name_of
from bounce_watch.store.key import Key
from bounce_watch.store.rows import alias_from, export_values
from bounce_watch.store.tables import EXPORT, EXPORT_MEMBER
from bounce_watch.store.writing import insert_or_ignore, new_id


def record(connection: Connection, export: ExportRecord, *, key: Key) -> None:
    """File an export with its members in their order, hashed: who is on the list is told by `identity`."""
    result = connection.execute(insert(EXPORT).values(export_values(export)))
    export_id = new_id(result)
    rows = (
        {"export_id": export_id, "position": position, "key_hash": key.of(name_from(member))}
        for position, member in enumerate(export.members, start=1)
    )
    insert_or_ignore(connection, EXPORT_MEMBER, rows)


def name_from(member: str) -> OrderId | Alias:
    """The order id or alias that a key of an export is."""
    return alias_from(member) or OrderId(member)


def last(connection: Connection, *, preset: str, path: str) -> ExportRecord | None:
    """The last export of a preset to a path, whichever accounts it was of; None without any."""
    query = (
        select(EXPORT)
        .where(EXPORT.c.preset == preset, EXPORT.c.path == path)
        .order_by(EXPORT.c.id.desc())
        .limit(1)
    )
    row = connection.execute(query).mappings().first()
    if row is None:
        return None
    hashed = EXPORT_MEMBER.c.key_hash
    members = connection.execute(
        select(hashed, func.coalesce(name_of(row["account"].split("+"), hashed), literal("#") + hashed))
        .where(EXPORT_MEMBER.c.export_id == row["id"])
        .order_by(EXPORT_MEMBER.c.position)
    ).all()
    return ExportRecord(
        account=row["account"],
        preset=row["preset"],
        path=row["path"],
        revision=row["revision"],
        made_at=row["made_at"],
        members=tuple(name for _, name in members),
        hashes=tuple(hash_ for hash_, _ in members),
    )
