from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect, text

from bounce_watch.errors import LedgerError
from bounce_watch.records.filed import ExportForm, Filed, ResultCount, RunState
from bounce_watch.records.notice import Outcome
from bounce_watch.records.opt_out import AliasFrom
from bounce_watch.store import schema
from bounce_watch.store.engine import make_engine, parse_url, writing
from bounce_watch.store.key import Key
from bounce_watch.store.schema import REVISIONS, migrate_all
from bounce_watch.store.tables import METADATA

from . import makers
from .dump import assert_reconciled
from .makers import ACCOUNT, HOUR, NOON, buyer, order, without_digest
from .opening import open_ledger

ROOT = Path(__file__).parents[2]
FIRST = ROOT / "fixtures" / "ledgers" / "v1.sqlite"


@pytest.fixture(params=["sqlite_url", "postgres_url"])
def url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(request.param))


def _shape(url: str) -> dict[str, Any]:
    """Tables, columns, keys and indexes as the database itself tells them."""
    engine = make_engine(parse_url(url), create=False)
    eye = inspect(engine)
    shape = {
        table: {
            "columns": {c["name"]: (str(c["type"]), c["nullable"]) for c in eye.get_columns(table)},
            "key": eye.get_pk_constraint(table)["constrained_columns"],
            "unique": sorted((u["name"], u["column_names"]) for u in eye.get_unique_constraints(table)),
            "indexes": sorted((str(i["name"]), i["column_names"]) for i in eye.get_indexes(table)),
            "foreign": sorted(
                (f["constrained_columns"], f["referred_table"]) for f in eye.get_foreign_keys(table)
            ),
        }
        for table in eye.get_table_names()
        if table != "alembic_version"
    }
    engine.dispose()
    return shape


def test_a_migrated_ledger_has_the_shape_of_the_tables(url: str, request: pytest.FixtureRequest) -> None:
    engine = make_engine(parse_url(url), create=True)
    with writing(engine) as connection:
        migrate_all(connection, Key(bytes(32)))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []
    migrated, version = _shape(url), _version(engine)
    with writing(engine) as connection:
        METADATA.drop_all(connection)
        connection.execute(text("DROP TABLE alembic_version"))
    open_ledger(url).close()
    assert (migrated, version) == (_shape(url), _version(engine))
    engine.dispose()
    assert len(migrated) == 16


def _version(engine: Engine) -> tuple[Any, ...]:
    """What alembic keeps, and the columns it keeps it in."""
    with engine.connect() as connection:
        found = inspect(engine).get_columns("alembic_version")
        columns = [(column["name"], str(column["type"]), column["nullable"]) for column in found]
        return columns, connection.execute(text("SELECT version_num FROM alembic_version")).all()


def test_every_migration_is_known_by_name() -> None:
    config = Config()
    config.set_main_option("script_location", "bounce_watch.store:migrations")
    scripts = list(ScriptDirectory.from_config(config).walk_revisions())
    assert tuple(script.revision for script in reversed(scripts)) == REVISIONS


def test_a_newer_ledger_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    open_ledger(f"sqlite:///{path}").close()
    other = sqlite3.connect(path)
    other.execute("UPDATE alembic_version SET version_num = '9999'")
    other.commit()
    other.close()
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    with pytest.raises(LedgerError, match="9999") as caught:
        open_ledger(f"sqlite:///{path}")
    assert "Update bounce-watch" in caught.value.advice
    assert hashlib.sha256(path.read_bytes()).hexdigest() == before


def test_a_newer_ledger_on_a_server_is_refused(postgres_url: str) -> None:
    open_ledger(postgres_url).close()
    engine = make_engine(parse_url(postgres_url), create=False)
    with writing(engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(LedgerError, match="9999"):
        open_ledger(postgres_url)
    engine.dispose()


def test_a_crash_while_a_ledger_is_made_leaves_nothing(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = schema._make

    def make_and_crash(connection: Connection, key: Key) -> None:
        real(connection, key)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(schema, "_make", make_and_crash)
        with pytest.raises(KeyboardInterrupt):
            open_ledger(url)
    engine = make_engine(parse_url(url), create=False)
    assert inspect(engine).get_table_names() == []
    engine.dispose()
    with open_ledger(url) as ledger:
        assert ledger.accounts() == []


@pytest.mark.parametrize("known", [False, True])
def test_alembic_is_imported_neither_to_make_a_ledger_nor_to_open_one(sqlite_url: str, known: bool) -> None:
    if known:
        open_ledger(sqlite_url).close()
    code = (
        "import sys; from bounce_watch.store.ledger import open_ledger\n"
        "with open_ledger(sys.argv[1]) as ledger: ledger.totals('uk')\n"
        "print('alembic' in sys.modules, 'psycopg' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, sqlite_url],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["False", "False"]
    assert done.stderr == ""


def test_a_ledger_of_the_first_schema_opens(tmp_path: Path) -> None:
    path = tmp_path / "v1.sqlite"
    shutil.copy(FIRST, path)
    with open_ledger(f"sqlite:///{path}", create=False) as ledger:
        assert ledger.accounts() == ["uk"]
        assert list(ledger.totals(ACCOUNT).results) == [
            ResultCount(result="misdirected", mails=1),
            ResultCount(result="opt_out", mails=3),
            ResultCount(result="refund", mails=1),
            ResultCount(result="unreadable", mails=1),
            ResultCount(result="unrecognised", mails=1),
        ]
        first, second, third = ledger.opt_out_notices(ACCOUNT)
        assert without_digest(first.notice) == without_digest(makers.notice(1, alias=buyer(1)))
        assert first.outcome is Outcome.GENUINE
        assert (second.linked_alias, second.linked_from) == (buyer(2), AliasFrom.ORDER_REPORT)
        assert (first.known_to_us, second.known_to_us, third.known_to_us) == (True, True, False)
        assert third.outcome is Outcome.FORGED
        assert ledger.cursors(ACCOUNT) == {"INBOX": makers.cursor(100, due=(42,))}
        poll = ledger.last_complete_poll(ACCOUNT)
        assert poll is not None
        assert (poll.state, poll.read) == (RunState.COMPLETE, 20)
        assert poll.filed == Filed(new=7, duplicates=1, not_amazon=12)
        counted = makers.sent_between(ledger, NOON, NOON + HOUR)[None]
        assert (counted.messages, counted.buyers) == (2, 2)
        assert makers.messages_ever(ledger) == 2
        assert ledger.orders_of_aliases(ACCOUNT, [buyer(2)]) == {buyer(2): [order(2)]}
        export = ledger.last_export(preset="addresses", path="list.txt")
        assert export is not None
        assert (export.keys, export.form) == (2, ExportForm.FULL)
        change = ledger.compare_export(preset="addresses", path="list.txt", hashes=[])
        assert set(change.went.values()) == {str(buyer(1)), str(buyer(2))}
        assert_reconciled(ledger, ACCOUNT)
