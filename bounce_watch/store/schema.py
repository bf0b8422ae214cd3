"""Brings a ledger to the schema of this program, in one transaction; refuses one from a newer program."""

from __future__ import annotations

from sqlalchemy import Connection, Engine, column, inspect, select, table, text

from bounce_watch.errors import LedgerError
from bounce_watch.store.engine import reading, writing

REVISIONS = ("0001",)
"""Every schema there ever was, oldest first; a test compares it with the files in `migrations/versions`."""

_VERSION_TABLE = "alembic_version"
_MIGRATION_LOCK = 7_241_905_118
"""Our number for PostgreSQL's advisory lock: only one process migrates."""


def bring_up_to_date(engine: Engine, name: str, *, create: bool) -> None:
    """Migrate the ledger if it needs it; alembic is imported only then (a quarter of a second)."""
    with reading(engine) as connection:
        current = _is_current(connection, name, create=create)
    if not current:
        _migrate(engine, name, create=create)


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


def _migrate(engine: Engine, name: str, *, create: bool) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "bounce_watch.store:migrations")
    with writing(engine) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
        if _is_current(connection, name, create=create):  # Another process did it while we waited.
            return
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
