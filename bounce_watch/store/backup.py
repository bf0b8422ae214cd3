"""Whole copies of a ledger, each with its key beside it: by command, and before every migration."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, MetaData, Table, create_engine, event, insert, inspect, select
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from bounce_watch.errors import LedgerError
from bounce_watch.store.engine import BUSY_S, reading
from bounce_watch.store.place import Place, key_beside
from bounce_watch.store.tables import METADATA

VERSION_TABLE = "alembic_version"
_AT_ONCE = 2_000


def backup_before(engine: Engine, place: Place, revision: str) -> None:
    """Copy a SQLite ledger as it is before a migration; a copy of an attempt that failed is replaced.

    On PostgreSQL the migration is one transaction; for a copy there is pg_dump.
    """
    if engine.dialect.name != "sqlite":
        return
    target = place.backup_before(revision)
    with _new_file(target) as draft:
        _fill(engine, draft)
        # Another process may have migrated meanwhile: its copy of the old ledger is the one to keep.
        if revision_of(draft) == revision:
            _copy_key(place, target)
            draft.replace(target)


def copy_to(engine: Engine, place: Place, target: Path) -> None:
    """One consistent copy in a new private file, the key beside it; both appear whole or not at all.

    LedgerError when there is such a file already, or when the disk refuses.
    """
    for taken in (target, key_beside(target)):
        if taken.exists():
            raise LedgerError(f"There is a file {taken} already.", "Name another one.")
    with _new_file(target) as draft:
        _fill(engine, draft)
        _copy_key(place, target)
        draft.rename(target)


def backup_engine(path: Path) -> Engine:
    """An engine for a backup as it lies there: no write-ahead log beside it, deleted values overwritten."""
    engine = create_engine(URL.create("sqlite+pysqlite", database=str(path)), hide_parameters=True)
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", _begin)
    return engine


def revision_of(path: Path) -> str | None:
    """The schema of a backup, None when it is no ledger's."""
    engine = backup_engine(path)
    try:
        with reading(engine) as connection:
            return _revision(connection)
    finally:
        engine.dispose()


def _revision(connection: Connection) -> str | None:
    if VERSION_TABLE not in inspect(connection).get_table_names():
        return None
    version = Table(VERSION_TABLE, MetaData(), autoload_with=connection)
    revision: str | None = connection.scalar(select(version.c.version_num))
    return revision


def _set_up(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # The driver's own transactions off; `_begin` begins
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_S * 1000}")
    cursor.execute("PRAGMA secure_delete = ON")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(
        "BEGIN IMMEDIATE" if connection.get_execution_options().get("writes") else "BEGIN"
    )


@contextmanager
def _new_file(target: Path) -> Iterator[Path]:
    """An empty private draft beside the target, gone when the block ends unless it was renamed."""
    draft = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
    try:
        _make_folder(target.parent)
        os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        try:
            yield draft
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise LedgerError(
            f"The backup {target} can't be written ({error.strerror}).",
            "Free some disk space, or name another folder.",
        ) from error


def _make_folder(folder: Path) -> None:
    if not folder.exists():
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)


def _copy_key(place: Place, target: Path) -> None:
    """The key beside a backup: without it nothing that is hashed can be matched again. The first schema has none."""
    if not place.key_file.exists():
        return
    beside = key_beside(target)
    descriptor = os.open(beside, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(place.key_file.read_bytes())
        file.flush()
        os.fsync(file.fileno())


def _fill(engine: Engine, draft: Path) -> None:
    if engine.dialect.name == "sqlite":
        _vacuum_into(engine, draft)
    else:
        _copy_tables(engine, draft)
    descriptor = os.open(draft, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _vacuum_into(engine: Engine, draft: Path) -> None:
    """SQLite's own copy of all that is committed, without what was deleted."""
    with engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")  # It runs outside of a transaction.
        connection.exec_driver_sql("VACUUM INTO ?", (str(draft),))
        connection.exec_driver_sql("BEGIN")


def _copy_tables(engine: Engine, draft: Path) -> None:
    """A ledger of a server as a SQLite ledger of the same schema, row by row, all as of one instant."""
    target = backup_engine(draft)
    snapshot = engine.connect().execution_options(isolation_level="REPEATABLE READ")
    try:
        with snapshot as source, target.begin() as sink:
            METADATA.create_all(sink)
            version = Table(VERSION_TABLE, MetaData(), autoload_with=source)
            version.to_metadata(own := MetaData())
            own.create_all(sink)
            for table in (*METADATA.sorted_tables, version):
                rows = source.execute(select(table), execution_options={"yield_per": _AT_ONCE})
                for part in rows.mappings().partitions():
                    sink.execute(insert(table), [dict(row) for row in part])
    finally:
        target.dispose()
