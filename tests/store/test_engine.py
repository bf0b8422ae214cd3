from __future__ import annotations

import os
import sqlite3
import stat
import sys
from pathlib import Path

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from bounce_watch.errors import LedgerError, SettingsError, TryLater, Unreachable
from bounce_watch.store import engine
from bounce_watch.store import ledger as ledger_module
from bounce_watch.store.engine import name_of, parse_url
from tests.servers.postgres import Postgres

from . import makers
from .makers import ACCOUNT, NOON
from .opening import open_ledger


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("umask", [0o000, 0o077, 0o777])
def test_the_files_are_private_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    path = tmp_path / "new" / "ledger.sqlite"
    before = os.umask(umask)
    try:
        with open_ledger(f"sqlite:///{path}") as ledger:
            ledger.start_run(ACCOUNT, "poll", at=NOON)
            modes = {file.name: _mode(file) for file in path.parent.iterdir()}
    finally:
        os.umask(before)
    assert _mode(path.parent) == 0o700
    assert modes == dict.fromkeys(
        ("ledger.sqlite", "ledger.sqlite-wal", "ledger.sqlite-shm", "ledger.sqlite.key"), 0o600
    )


def test_a_folder_that_was_there_keeps_its_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    open_ledger(f"sqlite:///{tmp_path}/ledger.sqlite").close()
    assert _mode(tmp_path) == 0o755


def test_only_the_key_is_left_beside_a_closed_ledger(tmp_path: Path) -> None:
    open_ledger(f"sqlite:///{tmp_path}/ledger.sqlite").close()
    assert {file.name for file in tmp_path.iterdir()} == {"ledger.sqlite", "ledger.sqlite.key"}


def test_sqlite_is_set_up_for_safety(sqlite_url: str) -> None:
    with open_ledger(sqlite_url) as ledger, ledger._reading() as connection:
        values = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout", "secure_delete")
        }
    assert values == {
        "journal_mode": "wal",
        "synchronous": 2,  # FULL
        "foreign_keys": 1,
        "busy_timeout": 30_000,
        "secure_delete": 1,
    }


def test_a_missing_file_is_no_ledger_without_create(tmp_path: Path) -> None:
    path = tmp_path / "missing.sqlite"
    with pytest.raises(LedgerError, match=r"no ledger at .*missing\.sqlite") as caught:
        open_ledger(f"sqlite:///{path}", create=False)
    assert caught.value.advice
    assert not path.exists()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ledger.sqlite",
        "sqlite://",
        "sqlite:///:memory:",
        "mysql://user@host/db",
        "postgresql+psycopg2://user@host/db",
        "postgresql://user:topsecret@host:port/db",
    ],
)
def test_urls_that_lead_nowhere(url: str) -> None:
    with pytest.raises(SettingsError) as caught:
        open_ledger(url)
    assert "topsecret" not in str(caught.value)
    assert caught.value.advice


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_urls_of_postgresql_name_the_driver_we_use(scheme: str) -> None:
    url = parse_url(f"{scheme}://ledger:topsecret@db.example:5433/watch?sslmode=require")
    assert url.drivername == "postgresql+psycopg"
    assert (url.host, url.port, url.database) == ("db.example", 5433, "watch")
    assert name_of(url) == "postgresql://ledger:***@db.example:5433/watch"


def test_without_its_driver_postgresql_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(SettingsError) as caught:
        open_ledger("postgresql://ledger@db.example/watch")
    assert "bounce-watch[postgres]" in caught.value.advice


def test_a_file_that_is_no_database_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(b"Dear diary, " * 500)
    with pytest.raises(LedgerError, match="is not a ledger"):
        open_ledger(f"sqlite:///{path}")
    assert path.read_bytes() == b"Dear diary, " * 500


def test_another_programs_database_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "bookmarks.sqlite"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE mail (url TEXT)")
    other.commit()
    other.close()
    with pytest.raises(LedgerError, match="another program"):
        open_ledger(f"sqlite:///{path}")
    again = sqlite3.connect(path)
    assert again.execute("SELECT name FROM sqlite_master").fetchall() == [("mail",)]
    again.close()


def test_a_folder_is_no_ledger(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="can't be opened"):
        open_ledger(f"sqlite:///{tmp_path}")


def test_a_file_in_the_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(LedgerError, match="can't be made") as caught:
        open_ledger(f"sqlite:///{tmp_path}/file/ledger.sqlite")
    assert caught.value.exit_code == 74


def test_a_damaged_ledger_says_so(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with open_ledger(f"sqlite:///{path}") as ledger:
        run_id = ledger.start_run(ACCOUNT, "poll", at=NOON)
        findings = [makers.opt_out(number) for number in range(300)]
        ledger.file(run_id, findings, cursor=None, read=300, passed=0)
    octets = path.read_bytes()
    # The first page, with the schema, stays; every other page is overwritten.
    path.write_bytes(octets[:4096] + b"\xa5" * (len(octets) - 4096))
    with pytest.raises(LedgerError, match="is damaged") as caught, open_ledger(f"sqlite:///{path}") as ledger:
        list(ledger.opt_out_notices(ACCOUNT))
    assert "backup" in caught.value.advice


def test_a_lock_that_stays_is_for_later(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_ledger(sqlite_url) as ledger:
        ledger.start_run(ACCOUNT, "poll", at=NOON)
    other = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    monkeypatch.setattr(engine, "BUSY_S", 0)
    with open_ledger(sqlite_url) as ledger:
        with pytest.raises(TryLater, match="locked") as caught:
            ledger.start_run(ACCOUNT, "poll", at=NOON)
        assert len(ledger.runs(ACCOUNT, 5)) == 1  # Reading goes on.
        other.execute("ROLLBACK")
        ledger.start_run(ACCOUNT, "poll", at=NOON)
    other.close()
    assert caught.value.exit_code == 75


def test_a_full_disk_leaves_the_ledger_as_it_was(sqlite_url: str) -> None:
    with open_ledger(sqlite_url) as ledger:
        run_id = ledger.start_run(ACCOUNT, "poll", at=NOON)
        findings = [makers.opt_out(number) for number in range(3000)]
        with ledger._reading() as connection:  # The pool gives the same connection to `file` below.
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 5}")
        with pytest.raises(LedgerError, match="no space"):
            ledger.file(run_id, findings, cursor=makers.cursor(2), read=3000, passed=0)
        assert ledger.totals(ACCOUNT).read == 0
        assert ledger.cursors(ACCOUNT) == {}


def test_a_mistake_of_ours_stays_itself_and_shows_no_value(sqlite_url: str) -> None:
    with open_ledger(sqlite_url) as ledger:
        with pytest.raises(IntegrityError) as caught, ledger._writing() as connection:
            connection.exec_driver_sql(
                "INSERT INTO set_aside (mail_id, octets) VALUES (?, ?)", (77, b"secret octets")
            )
        assert "secret" not in str(caught.value)
        assert "hide_parameters" in str(caught.value)


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="can't be reached") as caught:
        open_ledger(f"postgresql://ledger:topsecret@/watch?host={tmp_path}")
    assert caught.value.exit_code == 69
    assert "topsecret" not in str(caught.value)


def test_a_database_that_is_not_there(postgres: Postgres) -> None:
    with pytest.raises(LedgerError, match="does not exist"):
        open_ledger(postgres.url("nowhere"))


def test_a_database_of_another_encoding_is_refused(postgres: Postgres) -> None:
    postgres.run("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0")
    with pytest.raises(LedgerError, match="LATIN1"):
        open_ledger(postgres.url("latin"))


def test_a_database_of_another_program_is_refused(postgres_url: str) -> None:
    import psycopg

    with psycopg.connect(postgres_url) as connection:
        connection.execute("CREATE TABLE orders (id int)")
    with pytest.raises(LedgerError, match="another program"):
        open_ledger(postgres_url)


def test_a_user_without_rights(postgres: Postgres) -> None:
    url = postgres.url(postgres.new_database())
    with open_ledger(url):
        pass
    postgres.run("CREATE ROLE stranger LOGIN")
    with pytest.raises(LedgerError, match="may not be used"):
        open_ledger(url.replace("ledger@", "stranger@"))


def test_a_read_only_server(postgres: Postgres) -> None:
    url = postgres.url(postgres.new_database())
    with open_ledger(url):
        pass
    postgres.run(f"ALTER DATABASE {parse_url(url).database} SET default_transaction_read_only = on")
    with open_ledger(url) as ledger, pytest.raises(LedgerError, match="read-only"):
        ledger.start_run(ACCOUNT, "poll", at=NOON)


@pytest.mark.parametrize(("sends", "counted"), [(999, False), (1000, True)])
def test_a_large_import_tells_the_planner(sqlite_url: str, sends: int, counted: bool) -> None:
    with open_ledger(sqlite_url) as ledger:
        run_id = ledger.start_run(ACCOUNT, "sent import", at=NOON)
        ledger.file_sent_log(run_id, makers.log([makers.send(number) for number in range(sends)]))
        with ledger._reading() as connection:
            tables = connection.exec_driver_sql("SELECT name FROM sqlite_master").scalars().all()
    assert ("sqlite_stat1" in tables) is counted


def test_statistics_that_fail_do_not_fail_the_import(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(connection: Connection) -> None:
        raise TryLater("The ledger is locked.", "Wait.")

    monkeypatch.setattr(ledger_module, "refresh_statistics", refuse)
    with open_ledger(sqlite_url) as ledger:
        run_id = ledger.start_run(ACCOUNT, "sent import", at=NOON)
        filed = ledger.file_sent_log(run_id, makers.log([makers.send(number) for number in range(1000)]))
        assert filed.new == 1000
