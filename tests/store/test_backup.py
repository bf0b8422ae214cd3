"""Copies of a ledger: whole, private, with their key, and purged with it."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bounce_watch.errors import LedgerError, TryLater
from bounce_watch.store import engine as engine_module
from bounce_watch.store.backup_purge import BackupsPurged
from bounce_watch.store.ledger import Ledger

from . import makers
from .contract_crashes import various
from .dump import dump
from .makers import ACCOUNT, NOON, buyer, log, order, send
from .opening import open_ledger
from .test_ledgers_of_old import FIRST

DAY = timedelta(days=1)


def fill(ledger: Ledger) -> None:
    run = ledger.start_run(ACCOUNT, "poll", at=NOON)
    findings = various(ACCOUNT)
    ledger.file(run, findings, cursor=makers.cursor(9, due=(3,)), read=len(findings), passed=0)
    sends = [send(number, order_id=order(number), alias=buyer(number)) for number in range(20, 60)]
    ledger.file_sent_log(run, log(sends))


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with open_ledger(f"sqlite:///{tmp_path}/ledger.sqlite") as ledger:
        fill(ledger)
        yield ledger


def held_in(path: Path, *names: object) -> list[str]:
    octets = path.read_bytes()
    return [str(name) for name in names if str(name).encode() in octets]


def test_a_copy_opens_as_a_ledger_with_its_key(ledger: Ledger, tmp_path: Path) -> None:
    path = ledger.back_up(None, at=NOON)
    assert path == tmp_path / "backups" / "ledger.20260301-120000.sqlite"
    key = Path(f"{path}.key")
    assert {each.stat().st_mode & 0o777 for each in (path, key)} == {0o600}
    assert path.parent.stat().st_mode & 0o777 == 0o700
    with open_ledger(f"sqlite:///{path}") as copy:
        assert dump(copy, ACCOUNT) == dump(ledger, ACCOUNT)
        assert list(copy.damages()) == []


def test_a_copy_put_in_the_place_of_the_ledger_is_the_ledger(ledger: Ledger, tmp_path: Path) -> None:
    path, before = ledger.back_up(tmp_path / "elsewhere" / "copy", at=NOON), dump(ledger, ACCOUNT)
    ledger.erase(ACCOUNT, order(20), at=NOON)
    ledger.close()
    shutil.copyfile(path, tmp_path / "ledger.sqlite")
    with open_ledger(f"sqlite:///{tmp_path}/ledger.sqlite") as restored:
        assert dump(restored, ACCOUNT) == before


@pytest.mark.parametrize("taken", ["copy.sqlite", "copy.sqlite.key"])
def test_a_file_that_exists_is_never_written_over(ledger: Ledger, tmp_path: Path, taken: str) -> None:
    (tmp_path / taken).write_text("mine")
    with pytest.raises(LedgerError, match="There is a file"):
        ledger.back_up(tmp_path / "copy.sqlite", at=NOON)
    assert (tmp_path / taken).read_text() == "mine"


def test_a_folder_that_refuses_is_said_and_nothing_is_left(ledger: Ledger, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(LedgerError, match="can't be written") as caught:
        ledger.back_up(tmp_path / "file" / "copy.sqlite", at=NOON)
    assert caught.value.exit_code == 74
    assert sorted(each.name for each in tmp_path.iterdir() if "copy" in each.name) == []


def test_a_copy_of_a_server_opens_as_a_ledger_with_its_key(postgres_url: str, tmp_path: Path) -> None:
    key = tmp_path / "keys" / "server.key"
    with open_ledger(postgres_url, key_file=key) as ledger:
        fill(ledger)
        ledger.erase(ACCOUNT, order(20), at=NOON)
        path = ledger.back_up(None, at=NOON)
        assert path.parent == key.parent / "backups"
        with open_ledger(f"sqlite:///{path}") as copy:
            assert dump(copy, ACCOUNT) == dump(ledger, ACCOUNT)
            assert list(copy.damages()) == []
            filed = copy.file(
                copy.start_run(ACCOUNT, "poll", at=NOON), various(ACCOUNT), cursor=None, read=9, passed=0
            )
            assert filed.new == 0
        ledger.purge(ACCOUNT, listed=(), now=NOON + 31 * DAY)
        assert ledger.purge_backups(now=NOON + 31 * DAY, forgot=True).cleaned == (path,)
    assert held_in(path, order(30), buyer(30)) == []


def test_a_backup_forgets_what_the_ledger_has_forgotten(ledger: Ledger) -> None:
    path = ledger.back_up(None, at=NOON)
    assert len(held_in(path, order(20), buyer(20), order(21), buyer(21), order(30))) == 5
    ledger.erase(ACCOUNT, order(20), at=NOON)
    assert ledger.purge_backups(now=NOON, erased=True) == BackupsPurged(cleaned=(path,))
    assert held_in(path, order(20), buyer(20)) == []
    assert len(held_in(path, order(21), buyer(21))) == 2
    listed = (order(30), buyer(30))
    ledger.purge(ACCOUNT, listed=listed, now=NOON + 31 * DAY)
    assert ledger.purge_backups(now=NOON + 31 * DAY, forgot=True).cleaned == (path,)
    assert held_in(path, *(name(number) for number in (21, 22, 59) for name in (order, buyer))) == []
    assert held_in(path, *listed) == [str(each) for each in listed]
    with open_ledger(f"sqlite:///{path}") as copy:
        assert list(copy.damages()) == []
        assert dump(copy, ACCOUNT) == dump(ledger, ACCOUNT)


def test_a_backup_is_looked_through_once_a_day(ledger: Ledger) -> None:
    assert ledger.purge_backups(now=NOON) == BackupsPurged()
    path = ledger.back_up(None, at=NOON)
    done = [ledger.purge_backups(now=NOON + hours * makers.HOUR).cleaned for hours in (0, 1, 24, 25, 26)]
    assert done == [(path,), (), (), (path,), ()]


def test_an_old_schemas_backup_goes_after_thirty_days_or_with_an_erasure(tmp_path: Path) -> None:
    shutil.copyfile(FIRST, tmp_path / "v1.sqlite")
    with open_ledger(f"sqlite:///{tmp_path}/v1.sqlite") as ledger:
        backup = tmp_path / "backups" / "v1.before-0001.sqlite"
        made = datetime.fromtimestamp(backup.stat().st_mtime, tz=UTC)
        assert ledger.purge_backups(now=made + 30 * DAY, forgot=True) == BackupsPurged()
        other = tmp_path / "backups" / "other.before-0001.sqlite"
        shutil.copyfile(FIRST, other)
        os.utime(other, (0, 0))
        assert ledger.purge_backups(now=made + 30 * DAY + timedelta(seconds=1)).deleted == (backup,)
        shutil.copyfile(FIRST, backup)
        assert ledger.purge_backups(now=made, erased=True).deleted == (backup,)
        assert [path.name for path in backup.parent.iterdir()] == [other.name]


def test_other_files_among_the_backups_are_left_alone(ledger: Ledger, tmp_path: Path) -> None:
    with open_ledger(f"sqlite:///{tmp_path}/second.sqlite") as second:
        fill(second)
        theirs = second.back_up(ledger.backups / "ledger.theirs.sqlite", at=NOON)
    (ledger.backups / "notes.txt").write_text(str(order(20)))
    (ledger.backups / "a folder").mkdir()
    (ledger.backups / "empty").touch()
    with closing(sqlite3.connect(ledger.backups / "bookmarks.sqlite")) as connection:
        connection.execute("CREATE TABLE t (x)")
    before = {path: path.read_bytes() for path in ledger.backups.iterdir() if path.is_file()}
    ledger.erase(ACCOUNT, order(20), at=NOON)
    assert ledger.purge_backups(now=NOON + 90 * DAY, erased=True) == BackupsPurged()
    assert {path: path.read_bytes() for path in ledger.backups.iterdir() if path.is_file()} == before
    assert theirs in before


def test_a_backup_that_is_damaged_or_in_use_is_named(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (ledger.back_up(None, at=NOON + number * DAY) for number in range(2))
    octets = first.read_bytes()
    first.write_bytes(octets[:4096] + b"\xa5" * (len(octets) - 4096))
    reader = sqlite3.connect(second, isolation_level=None, timeout=0)
    reader.execute("BEGIN EXCLUSIVE")
    monkeypatch.setattr("bounce_watch.store.backup.BUSY_S", 0)
    assert ledger.purge_backups(now=NOON, erased=True).failed == (first, second)
    reader.close()
    assert ledger.purge_backups(now=NOON, erased=True).cleaned == (second,)


def test_what_is_left_of_a_copy_that_was_cut_off_goes_after_a_day(ledger: Ledger) -> None:
    path = ledger.back_up(None, at=NOON)
    draft = path.with_name(f".{path.name}.0123456789abcdef")
    shutil.copyfile(path, draft)
    made = datetime.fromtimestamp(draft.stat().st_mtime, tz=UTC)
    ledger.purge_backups(now=made + DAY)
    assert draft.exists()
    ledger.purge_backups(now=made + DAY + timedelta(seconds=1))
    assert not draft.exists()


def test_a_reader_keeps_the_log_and_that_is_said(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    path = ledger.name
    ledger.close()
    monkeypatch.setattr(engine_module, "BUSY_S", 0)
    with open_ledger(f"sqlite:///{path}") as impatient, closing(sqlite3.connect(path)) as reader:
        reader.isolation_level = None
        reader.execute("BEGIN")
        reader.execute("SELECT COUNT(*) FROM identity").fetchall()
        impatient.erase(ACCOUNT, order(20), at=NOON)
        try:
            assert impatient.sweep_out() is False
        except TryLater:
            pytest.fail("a busy log is no error")
        reader.execute("ROLLBACK")
        assert impatient.sweep_out() is True
        assert Path(f"{path}-wal").stat().st_size == 0
        assert held_in(Path(path), order(20)) == []
