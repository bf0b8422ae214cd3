"""Opens the database: SQLite in a private file by default, PostgreSQL by URL."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry

from bounce_watch.errors import LedgerError, SettingsError
from bounce_watch.store.tables import METADATA
from bounce_watch.store.trouble import translate_os

BUSY_S = 30
"""How long a writer waits for another one."""

_WAL_PAUSE_S = 0.05
_POSTGRES_DRIVERS = ("postgres", "postgresql", "postgresql+psycopg")
_ADVICE_URL = "Write it as sqlite:///path/to/file.sqlite or postgresql://user@host/database."


def parse_url(url: str) -> URL:
    """The ledger's URL, checked; SettingsError for one that names no SQLite file and no PostgreSQL database."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        # The text itself may hold a password, so it is not repeated.
        raise SettingsError("The ledger's url can't be read.", _ADVICE_URL) from error
    if parsed.drivername in _POSTGRES_DRIVERS:
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername in ("sqlite", "sqlite+pysqlite"):
        if parsed.database in (None, "", ":memory:"):
            raise SettingsError("The ledger's url names no file.", _ADVICE_URL)
        return parsed.set(drivername="sqlite+pysqlite")
    raise SettingsError(f"A ledger can't lie in {parsed.drivername}.", _ADVICE_URL)


def name_of(url: URL) -> str:
    """How our messages call this ledger: the file's path, or the URL without its password."""
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    return url.set(drivername="postgresql", query={}).render_as_string(hide_password=True)


def make_engine(url: URL, *, create: bool) -> Engine:
    """An engine for a parsed URL; with `create` a missing SQLite file is made, else it is a LedgerError."""
    if url.get_backend_name() == "sqlite":
        _prepare_file(Path(str(url.database)), create=create)
        return _sqlite_engine(url)
    return _postgres_engine(url)


def _prepare_file(path: Path, *, create: bool) -> None:
    try:
        if path.exists():
            return
        if create:
            _make_private(path)
            return
    except OSError as error:
        raise translate_os(error, str(path)) from error
    raise LedgerError(
        f"There is no ledger at {path}.",
        "Read a mailbox first (poll or import), or correct the path in the settings.",
    )


def _make_private(path: Path) -> None:
    """An empty file of mode 0600 in a folder of mode 0700 whatever the umask; a folder that was there is left alone.

    SQLite gives the file's mode to its -wal and -shm files.
    """
    if not path.parent.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.parent.chmod(0o700)
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
    except FileExistsError:  # Another process was faster.
        return
    try:
        os.fchmod(descriptor, 0o600)
    finally:
        os.close(descriptor)


def _sqlite_engine(url: URL) -> Engine:
    engine = create_engine(url, hide_parameters=True)
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _set_up_sqlite(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # The driver's own transactions off; `_begin_sqlite` begins them.
    connection.execute(f"PRAGMA busy_timeout = {BUSY_S * 1000}")
    _turn_on_wal(connection)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA secure_delete = ON")


def _turn_on_wal(connection: sqlite3.Connection) -> None:
    """Set write-ahead logging, once for a file. SQLite's busy handler does not cover this step, so we wait ourselves."""
    deadline = time.monotonic() + BUSY_S
    while True:
        try:
            if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
                connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
        time.sleep(_WAL_PAUSE_S)


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _postgres_engine(url: URL) -> Engine:
    connect_args = {} if "connect_timeout" in url.query else {"connect_timeout": 10}
    try:
        engine = create_engine(url, hide_parameters=True, connect_args=connect_args)
    except ImportError as error:
        raise SettingsError(
            "A ledger in PostgreSQL needs a driver that is not installed.",
            "Install the extra named postgres: pip install 'bounce-watch[postgres]'.",
        ) from error
    event.listen(engine, "connect", _set_up_postgres)
    return engine


def _set_up_postgres(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute(f"SET lock_timeout = '{BUSY_S}s'")
    cursor.execute("SET timezone = 'UTC'")
    cursor.execute("SHOW server_encoding")
    (encoding,) = cursor.fetchone() or ("none",)
    cursor.close()
    connection.commit()
    if encoding != "UTF8":
        raise LedgerError(
            f"The ledger's database has the encoding {encoding}, which can't hold every letter.",
            "Create the database with ENCODING 'UTF8'.",
        )


def refresh_statistics(connection: Connection) -> None:
    """Tell the query planner how full the tables are; without that, a first large import makes reports crawl."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA analysis_limit = 1000")
        connection.exec_driver_sql("ANALYZE")
        return
    for table in METADATA.sorted_tables:
        connection.exec_driver_sql(f'ANALYZE "{table.name}"')


def sweep_out(engine: Engine) -> bool:
    """Take deleted and overwritten values out of the files: empty SQLite's write-ahead log, or vacuum a server.

    Values in SQLite's own pages are overwritten as they go (secure_delete). False when a reader held the log
    until the patience of a writer ended.
    """
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.exec_driver_sql("COMMIT")  # A checkpoint runs outside of a transaction.
            busy = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").scalar_one()
            connection.exec_driver_sql("BEGIN")
        return not busy
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for name in ("identity", "mail", "set_aside", "send", "decision"):
            connection.exec_driver_sql(f'VACUUM "{name}"')
    return True


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction that writes: committed at the end of the block, undone by any exception in it."""
    with engine.connect() as connection:
        connection.execution_options(writes=True)
        with connection.begin():
            yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One consistent view of a SQLite ledger; on PostgreSQL each statement sees its own."""
    with engine.connect() as connection:
        yield connection
