"""Records of the exports that were made: series of a preset and a path, and which keys came and went in each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    MetaData,
    RowMapping,
    Select,
    Table,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from bounce_watch.errors import TryLater
from bounce_watch.records.filed import ExportChange, ExportForm, ExportRecord
from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.store.column_types import Words
from bounce_watch.store.digests import with_digest
from bounce_watch.store.identities import name_of
from bounce_watch.store.readings import alias_from
from bounce_watch.store.rows import export_values
from bounce_watch.store.tables import EXPORT, EXPORT_MEMBER
from bounce_watch.store.writing import chunks, insert_or_ignore, new_id

_KEYS = 500
_ACCOUNTS = "+"
"""Between the names of the accounts whose lists went into one export."""

_NOW = Table("export_now", MetaData(), Column("key_hash", Words(), primary_key=True), prefixes=["TEMPORARY"])
"""The keys of the list that is being exported, to be compared in the database: they may be millions."""


def compare(connection: Connection, *, preset: str, path: str, hashes: Iterable[str]) -> ExportChange:
    """How a list with the keys of these hashes differs from the last export of a preset to a path."""
    last = _last(connection, preset=preset, path=path)
    if last is None:
        return ExportChange(last=None)
    with _written_down(connection, hashes):
        accounts = last["account"].split(_ACCOUNTS)
        held = EXPORT_MEMBER.c.key_hash
        of_last = (EXPORT_MEMBER.c.series == last["series"], EXPORT_MEMBER.c.until_export.is_(None))
        listed = select(_NOW.c.key_hash)
        went = select(held).where(*of_last, held.not_in(listed))
        came = select(_NOW.c.key_hash).where(_NOW.c.key_hash.not_in(select(held).where(*of_last)))
        return ExportChange(
            last=_record(last, came=0, went=0),
            came=_named(connection, came, accounts),
            went=_named(connection, went, accounts),
        )


@contextmanager
def _written_down(connection: Connection, hashes: Iterable[str]) -> Iterator[None]:
    _NOW.create(connection)
    insert_or_ignore(connection, _NOW, ({"key_hash": hash_} for hash_ in hashes))
    yield
    _NOW.drop(connection)


def _named(connection: Connection, keys: Select[Any], accounts: list[str]) -> Mapping[str, str]:
    """The names behind the hashes, sorted by name."""
    found = keys.subquery("found")
    name = func.coalesce(name_of(accounts, found.c.key_hash), literal("#") + found.c.key_hash).label("name")
    rows = connection.execute(select(found.c.key_hash, name))
    return dict(sorted(((hash_, str(said)) for hash_, said in rows), key=lambda pair: pair[1]))


def record(connection: Connection, export: ExportRecord, hashes: Iterable[str], change: ExportChange) -> None:
    """File an export that holds the keys of these hashes and differs from the one before by `change`.

    TryLater when another export of this preset to this path was filed since the two were compared.
    """
    before = _last(connection, preset=export.preset, path=export.path)
    if (before["id"] if before else None) != (change.last.id if change.last else None):
        raise TryLater(
            f"Another export of the preset {export.preset} to {export.path} was made at the same time.",
            "Run it again.",
        )
    row = export_values(export)
    export_id = new_id(connection.execute(insert(EXPORT).values(row)))
    series = before["series"] if before else export_id
    _close(connection, series, change.went, until=export_id)
    opened = hashes if before is None else change.came
    rows = ({"series": series, "key_hash": hash_, "since_export": export_id} for hash_ in opened)
    insert_or_ignore(connection, EXPORT_MEMBER, rows)
    held = (EXPORT_MEMBER.c.series == series, EXPORT_MEMBER.c.until_export.is_(None))
    keys = connection.scalar(select(func.count()).select_from(EXPORT_MEMBER).where(*held))
    whole = with_digest(EXPORT, row | {"series": series, "key_count": keys})
    connection.execute(update(EXPORT).where(EXPORT.c.id == export_id).values(whole))


def _close(connection: Connection, series: int, hashes: Iterable[str], *, until: int) -> None:
    for chunk in chunks(hashes, _KEYS):
        gone = (EXPORT_MEMBER.c.series == series, EXPORT_MEMBER.c.key_hash.in_(chunk))
        open_ = EXPORT_MEMBER.c.until_export.is_(None)
        connection.execute(update(EXPORT_MEMBER).where(*gone, open_).values(until_export=until))


def name_from(member: str) -> OrderId | Alias:
    """The order id or alias that a key of an export is."""
    return alias_from(member) or OrderId(member)


def last(connection: Connection, *, preset: str, path: str) -> ExportRecord | None:
    """The last export of a preset to a path, whichever accounts it was of; None without any."""
    row = _last(connection, preset=preset, path=path)
    return next(_records(connection, [row])) if row else None


def newest(connection: Connection, account: str, *, limit: int) -> list[ExportRecord]:
    """The newest exports that the account's list went into, newest first."""
    query = select(EXPORT).where(is_of(account)).order_by(EXPORT.c.id.desc()).limit(limit)
    return list(_records(connection, list(connection.execute(query).mappings())))


def is_of(account: str) -> Any:  # noqa: ANN401  (a condition)
    """SQL: an export of the account, alone or with others."""
    name = EXPORT.c.account
    return or_(
        name == account,
        name.startswith(f"{account}{_ACCOUNTS}", autoescape=True),
        name.endswith(f"{_ACCOUNTS}{account}", autoescape=True),
        name.contains(f"{_ACCOUNTS}{account}{_ACCOUNTS}", autoescape=True),
    )


def _last(connection: Connection, *, preset: str, path: str) -> RowMapping | None:
    query = (
        select(EXPORT)
        .where(EXPORT.c.preset == preset, EXPORT.c.path == path)
        .order_by(EXPORT.c.id.desc())
        .limit(1)
    )
    return connection.execute(query).mappings().first()


def _records(connection: Connection, rows: list[RowMapping]) -> Iterator[ExportRecord]:
    """The exports with how many keys came and went; what came with the first of a series is no change."""
    ids = [row["id"] for row in rows]
    counts: dict[str, dict[int, int]] = {}
    for name in ("since_export", "until_export"):
        column = EXPORT_MEMBER.c[name]
        query = select(column, func.count()).where(column.in_(ids)).group_by(column)
        counts[name] = dict(connection.execute(query).all())
    for row in rows:
        came = 0 if row["id"] == row["series"] else counts["since_export"].get(row["id"], 0)
        yield _record(row, came=came, went=counts["until_export"].get(row["id"], 0))


def _record(row: RowMapping, *, came: int, went: int) -> ExportRecord:
    return ExportRecord(
        account=row["account"],
        preset=row["preset"],
        path=row["path"],
        revision=row["revision"],
        made_at=row["made_at"],
        form=ExportForm(row["form"]),
        keys=row["key_count"],
        files=row["files"],
        came=came,
        went=went,
        id=row["id"],
    )
