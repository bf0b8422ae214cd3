"""Brings a ledger to the schema of this program, in one transaction; refuses one from a newer program."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    MetaData,
    String,
    Table,
    column,
    insert,
    inspect,
    select,
    table,
    text,
)

from bounce_watch.errors import LedgerError
from bounce_watch.store.engine import reading, writing
from bounce_watch.store.key import KEY_MARK, Key, make_key, read_key
from bounce_watch.store.tables import META, METADATA

REVISIONS = ("0001", "0002", "0003", "0004")
"""Every schema there ever was, oldest first; a test compares it with the files in `migrations/versions`."""

_VERSION_TABLE = "alembic_version"
_MIGRATION_LOCK = 7_241_905_118
"""Our number for PostgreSQL's advisory lock: only one process migrates."""


def bring_up_to_date(
    engine: Engine, name: str, *, create: bool, migrate: bool, key_file: Path, backup: Callable[[str], None]
) -> Key:
    """Make the ledger, or migrate it if it needs that, after `backup` (given the old revision); its key.

    Alembic is imported only to migrate (a quarter of a second). LedgerError when the key of the ledger is lost,
    and, without `migrate`, when it needs migrating.
    """
    with reading(engine) as connection:
        current = _is_current(connection, name, create=create)
        revision = _revision(connection, name)
    if not current:
        if not migrate:
            raise LedgerError(
                f"The ledger {name} was made by an older version.",
                "Run bounce-watch poll once: it brings the ledger up to date.",
            )
        key = read_key(key_file)
        if key is None and revision in (
            None,
            REVISIONS[0],
        ):  # Later schemas have one, which must not be replaced.
            key = make_key(key_file)
        if key is None:
            raise _wrong_key(key_file, name, "lost")
        if revision is not None:
            backup(revision)
        _renew(engine, name, create=create, key=key)
    key = read_key(key_file)
    with reading(engine) as connection:
        mark = connection.scalar(select(META.c.value).where(META.c.name == KEY_MARK))
    if key is None or key.mark != mark:
        raise _wrong_key(key_file, name, "lost" if key is None else "another one")
    return key


def _wrong_key(key_file: Path, name: str, what: str) -> LedgerError:
    return LedgerError(
        f"The key {key_file} of the ledger {name} is {what}.",
        "Restore it from where the ledger came from (the two move together), or read the mailbox into a new ledger.",
    )


def _is_current(connection: Connection, name: str, *, create: bool) -> bool:
    revision = _revision(connection, name)
    if revision is None and not create:
        raise LedgerError(f"There is no ledger in {name} yet.", "Read a mailbox first (poll or import).")
    if revision is not None and revision not in REVISIONS:
        raise LedgerError(
            f"The ledger {name} has a schema that this version does not know ({revision[:40]}).",
            "Update bounce-watch to the newest version; the ledger was left as it is.",
        )
    return revision == REVISIONS[-1]


def _revision(connection: Connection, name: str) -> str | None:
    """The ledger's schema, None for an empty database; LedgerError for a database of another program."""
    tables = set(inspect(connection).get_table_names())
    if _VERSION_TABLE in tables:
        revision: str | None = connection.scalar(
            select(column("version_num")).select_from(table(_VERSION_TABLE))
        )
        return revision
    if tables:
        raise LedgerError(
            f"The database {name} belongs to another program.",
            "Name a file or database of its own for the ledger; this one was left as it is.",
        )
    return None


def _renew(engine: Engine, name: str, *, create: bool, key: Key) -> None:
    with writing(engine) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
        if _is_current(connection, name, create=create):  # Another process did it while we waited.
            return
        (_make if _revision(connection, name) is None else migrate_all)(connection, key)


def _make(connection: Connection, key: Key) -> None:
    """The tables of a new ledger at once, as if every migration had run; a test compares the two."""
    METADATA.create_all(connection)
    version = Table(_VERSION_TABLE, MetaData(), Column("version_num", String(32), primary_key=True))
    version.create(connection)
    connection.execute(insert(version).values(version_num=REVISIONS[-1]))
    connection.execute(insert(META).values(name=KEY_MARK, value=key.mark))


def migrate_all(connection: Connection, key: Key) -> None:
    """Run every migration that the ledger lacks, in the transaction of the connection."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "bounce_watch.store:migrations")
    config.attributes.update(connection=connection, key=key)
    command.upgrade(config, "head")
