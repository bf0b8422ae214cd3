"""Damage in the ledger's rows and in its file is found, whatever and wherever it is."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bounce_watch.errors import LedgerError
from bounce_watch.store import tables
from bounce_watch.store.check import tables_without_digest
from bounce_watch.store.digests import DIGESTED

from .bit_flips import Outcome, flip_and_ask
from .opening import open_ledger
from .test_ledgers_of_old import FOURTH, copied


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return copied(FOURTH, tmp_path)


def damages(path: Path) -> list[tuple[str, str]]:
    with open_ledger(f"sqlite:///{path}", create=False) as ledger:
        return [(damage.table, damage.what) for damage in ledger.damages()]


def run(path: Path, statement: str, *values: Any) -> None:
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute(statement, values).rowcount == 1, statement
        connection.commit()


_OF_NOTHING = {"run_id": 7, "blocked_on": "2001-01-01", "uidvalidity": 7, "uid": 7, "position": 7}
_LISTS = {"cut": '["x"]', "candidates": '["x"]', "recipients": '["x"]', "due": "[9]"}


def other(value: Any, column: str) -> Any:
    """A value that the column could hold and does not."""
    if value is None:
        return "2001-01-01 00:00:00.000000" if column.endswith("_at") else _OF_NOTHING.get(column, "x")
    if column in _LISTS:
        return _LISTS[column] if value == "[]" else "[]"
    if isinstance(value, int):
        return 1 - value if column in {"alias_shared", "aligned", "shared"} else value + 1
    if column.endswith(("_at", "_on")):
        return "2001" + value[4:]
    return value[:-1] + ("0" if value[-1:] != "0" else "1")


CELLS = [
    (table.name, column.name)
    for table in DIGESTED
    for column in table.c
    if column.name != "id" and not (table is tables.IDENTITY and column.name in {"last_at", "erased_at"})
]


@pytest.mark.parametrize(("table", "column"), CELLS)
def test_another_value_in_any_column_is_found(path: Path, table: str, column: str) -> None:
    """Foreign keys are off here, as they are for a failing disk."""
    with closing(sqlite3.connect(path)) as connection:
        where = "WHERE clear IS NOT NULL" if table == "identity" else "WHERE row_digest IS NOT NULL"
        row_id, value = connection.execute(
            f'SELECT rowid, "{column}" FROM "{table}" {where} ORDER BY rowid LIMIT 1'
        ).fetchone()
    run(path, f'UPDATE "{table}" SET "{column}" = ? WHERE rowid = ?', other(value, column), row_id)
    assert table in {name for name, _ in damages(path)}


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("UPDATE set_aside SET octets = x'00'", ("set_aside", "can't be unpacked")),
        ("DELETE FROM export_member WHERE rowid = 1", ("export_member", "is a list with gaps")),
        (
            "UPDATE export_member SET key_hash = 'a' WHERE rowid = 2",
            ("identity", "is missing, though facts refer to it"),
        ),
        (
            "DELETE FROM identity WHERE clear = '026-0000001-0000002'",
            ("identity", "is missing, though facts refer to it"),
        ),
        (
            "UPDATE identity SET erased_at = last_at WHERE clear = '026-0000001-0000002'",
            ("identity", "has a name that does not give its hash"),
        ),
        (
            "UPDATE mail SET cut = '[' WHERE id = 1",
            ("mail", "is not what was written"),
        ),
        (
            "UPDATE mail SET subject = CAST(x'ff41' AS TEXT) WHERE id = 1",
            ("mail", "is not what was written"),
        ),
        (
            "UPDATE identity SET clear = CAST(clear AS BLOB) WHERE clear = '026-0000001-0000002'",
            ("identity", "has a name that does not give its hash"),
        ),
        (
            "UPDATE verdict SET reason = CAST(reason AS BLOB) WHERE id = 1",
            ("verdict", "is not what was written"),
        ),
        ("UPDATE cursor SET due = '{}'", ("cursor", "is not what was written")),
        ("DELETE FROM verdict WHERE id = 1", None),
        ("UPDATE run SET started_at = 'soon' WHERE id = 1", ("run", "is not what was written")),
    ],
)
def test_damage_of_other_kinds_is_found(path: Path, statement: str, expected: tuple[str, str] | None) -> None:
    run(path, statement)
    assert damages(path) == ([expected] if expected else [])


def test_a_row_that_vanished_with_others_pointing_at_it_is_found(path: Path) -> None:
    run(path, "DELETE FROM mail WHERE id = 1")
    assert ("recognition", "refers to no row of mail") in damages(path)


def test_an_index_that_lacks_a_row_is_found(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("DELETE FROM sqlite_master WHERE name = 'ix_send_order'")
        connection.commit()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DELETE FROM send WHERE id = 1")
        connection.commit()
    said = damages(path)
    assert said
    assert {table for table, _ in said} == {""}


def test_every_table_is_checked_in_one_way_or_another() -> None:
    assert tables_without_digest() == {"meta", "set_aside", "export_member"}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE recognition SET recipients = '[' WHERE id = (SELECT MIN(id) FROM recognition WHERE result = 'opt_out')",
        "UPDATE recognition SET evidence = 'rumour' WHERE id = (SELECT MIN(id) FROM recognition WHERE result = 'opt_out')",
        "UPDATE recognition SET noticed_at = 'soon' WHERE id = (SELECT MIN(id) FROM recognition WHERE result = 'opt_out')",
        "UPDATE identity SET clear = '026-000' WHERE clear = '026-0000001-0000002'",
        "UPDATE recognition SET wording = CAST(x'ff41' AS TEXT) WHERE id = (SELECT MIN(id) FROM recognition WHERE result = 'opt_out')",
    ],
)
def test_a_reader_that_meets_damage_says_what_to_do(path: Path, statement: str) -> None:
    run(path, statement)
    with open_ledger(f"sqlite:///{path}") as ledger, pytest.raises(LedgerError, match="is damaged") as caught:
        list(ledger.opt_out_notices("uk"))
    assert "db check" in caught.value.advice
    assert "rebuild" in caught.value.advice
    assert "backup" in caught.value.advice


def test_no_flipped_bit_in_the_file_is_a_silent_wrong_answer(path: Path) -> None:
    """Most of a small file is empty pages, so most flips change nothing."""
    flips = flip_and_ask(path, times=60, seed=3)
    assert flips[Outcome.SILENT] == 0
    assert flips[Outcome.FOUND] + flips[Outcome.REFUSED] >= 5
    assert flips.total() == 60
