"""Ledgers that sellers have: every schema that was ever released opens, migrates, and says what it said."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import alembic.command
import pytest
from alembic.config import Config
from sqlalchemy import Connection, MetaData, Table, create_engine, event, func, insert, inspect, select, text

from bounce_watch.errors import LedgerError
from bounce_watch.records.alert import AlertKind, Told
from bounce_watch.records.decision import Action, DecisionScope
from bounce_watch.records.filed import ExportForm, ResultCount
from bounce_watch.records.notice import Outcome
from bounce_watch.records.opt_out import AliasFrom
from bounce_watch.store import tables
from bounce_watch.store.engine import make_engine, parse_url, writing
from bounce_watch.store.schema import REVISIONS

from . import makers
from .dump import dump
from .make_v2 import LATER
from .make_v4 import TARGET
from .makers import ACCOUNT, HOUR, NOON, buyer, order
from .opening import open_ledger

LEDGERS = Path(__file__).parents[2] / "fixtures" / "ledgers"
FIRST, SECOND, THIRD, FOURTH = (LEDGERS / f"v{number}.sqlite" for number in (1, 2, 3, 4))


def copied(source: Path, folder: Path) -> Path:
    target = folder / source.name
    shutil.copyfile(source, target)
    if (key := Path(f"{source}.key")).exists():
        shutil.copyfile(key, f"{target}.key")
    return target


@pytest.fixture
def first(tmp_path: Path) -> Path:
    return copied(FIRST, tmp_path)


@pytest.fixture
def second(tmp_path: Path) -> Path:
    return copied(SECOND, tmp_path)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_there_is_one_of_each_schema() -> None:
    names = sorted(path.name for path in LEDGERS.glob("*.sqlite"))
    assert names == [f"v{int(revision)}.sqlite" for revision in REVISIONS]


@pytest.fixture
def third(tmp_path: Path) -> Path:
    return copied(THIRD, tmp_path)


@pytest.fixture
def fourth(tmp_path: Path) -> Path:
    return copied(FOURTH, tmp_path)


def test_the_newest_schema_has_facts_in_every_table(fourth: Path) -> None:
    with closing(sqlite3.connect(fourth)) as connection:
        for table in tables.METADATA.sorted_tables:
            (rows,) = connection.execute(f'SELECT COUNT(*) FROM "{table.name}"').fetchone()
            assert rows, table.name


def test_a_ledger_of_the_second_schema_says_what_it_should(second: Path) -> None:
    with open_ledger(f"sqlite:///{second}", create=False) as ledger:
        assert list(ledger.damages()) == []
        one, two, three = ledger.opt_out_notices(ACCOUNT)  # The fourth is of the undone run.
        assert [str(filed.notice.order_id) for filed in (one, two, three)] == [
            str(order(number)) for number in (1, 2, 3)
        ]
        assert (one.outcome, three.outcome) == (Outcome.GENUINE, Outcome.FORGED)
        assert one.notice.alias == buyer(1)
        assert (two.linked_alias, two.linked_from) == (buyer(2), AliasFrom.PERSON)
        assert three.decided is Action.ACCEPT
        assert ResultCount(result="undone", mails=1) in ledger.totals(ACCOUNT).results
        assert [run.undone for run in ledger.runs(ACCOUNT, 9)].count(True) == 1
        assert ledger.confirmed_receivers(ACCOUNT) == ("mx.seller.example",)
        assert [kept.fingerprint for kept in ledger.set_aside(ACCOUNT)] == [makers.print_of(9)]
        assert [mail.subject for mail in ledger.waiting(ACCOUNT)][-1] == ""
        assert len(ledger.decisions(ACCOUNT)) == 6


def test_who_is_erased_forgotten_and_remembered_in_the_second_schema(second: Path) -> None:
    with open_ledger(f"sqlite:///{second}", create=False) as ledger:
        found = ledger.sends_for(ACCOUNT, [order(number) for number in (11, 12, 13)], [])
        told = {filed.send.alias for filed in found}
        hashed = {f"#{ledger.hash_of(buyer(number))}@marketplace.amazon.co.uk" for number in (11, 12)}
        assert {str(alias) for alias in told} == hashed | {str(buyer(13))}
        again = [makers.send(11, order_id=order(11), alias=buyer(11), sent_at=LATER)]
        ledger.file_sent_log(ledger.start_run(ACCOUNT, "sent import", at=LATER), makers.log(again))
        assert len(list(ledger.sends_for(ACCOUNT, [], [buyer(11)]))) == 2
        assert all(filed.send.alias != buyer(11) for filed in ledger.sends_for(ACCOUNT, [], [buyer(11)]))


def test_the_key_of_the_newest_schema_must_be_there_and_right(fourth: Path) -> None:
    key = Path(f"{fourth}.key")
    words, before = key.read_text(), digest(fourth)
    key.unlink()
    with pytest.raises(LedgerError, match="is lost") as caught:
        open_ledger(f"sqlite:///{fourth}")
    assert "Restore it" in caught.value.advice
    assert not key.exists()
    key.write_text(words[:-3] + ("aa" if words[-3:-1] != "aa" else "bb") + "\n")
    with pytest.raises(LedgerError, match="is another one"):
        open_ledger(f"sqlite:///{fourth}")
    key.write_text("not a key at all\n")
    with pytest.raises(LedgerError, match="not a key"):
        open_ledger(f"sqlite:///{fourth}")
    assert digest(fourth) == before


def test_a_ledger_of_the_third_schema_says_what_it_should(third: Path) -> None:
    with open_ledger(f"sqlite:///{third}", create=False) as ledger:
        assert list(ledger.damages()) == []
        added, _, alone, released, allowed = ledger.list_decisions(ACCOUNT)
        assert (added.alias, added.action, added.note) == (buyer(21), Action.ADD, "asked by phone")
        assert ledger.contents_of(added.run_id or 0).decisions == 2
        assert (alone.order_id, alone.scope) == (order(22), DecisionScope.ORDER)
        assert alone.expires_at == LATER + timedelta(days=400)
        assert (released.action, released.order_id, released.run_id) == (Action.RELEASE, order(1), None)
        assert (allowed.action, allowed.alias) == (Action.ALLOW, buyer(2))
        told = [
            (each.path, each.form, each.keys, each.came, each.went) for each in ledger.exports(ACCOUNT, 9)
        ]
        assert told == [
            ("out.csv", ExportForm.DELTA, 4, 2, 2),
            ("out.csv", ExportForm.FULL, 4, 0, 0),
            ("list.txt", ExportForm.FULL, 2, 0, 0),
        ]


def test_a_ledger_of_the_third_schema_was_told_nothing_yet_and_is_from_now_on(third: Path) -> None:
    with open_ledger(f"sqlite:///{third}", create=False) as ledger:
        assert ledger.told_since(ACCOUNT, target=TARGET, since=NOON) == []
        told = Told(account=ACCOUNT, target=TARGET, kind=AlertKind.LEAK, subject="", told_at=LATER)
        ledger.file_told([told])
        assert ledger.told_since(ACCOUNT, target=TARGET, since=LATER) == [told]
        assert list(ledger.damages()) == []


def test_a_ledger_of_the_fourth_schema_says_what_it_should(fourth: Path) -> None:
    before = digest(fourth)
    with open_ledger(f"sqlite:///{fourth}", create=False) as ledger:
        assert list(ledger.damages()) == []
        assert len(ledger.list_decisions(ACCOUNT)) == 5
        told = ledger.told_since(ACCOUNT, target=TARGET, since=LATER)
        assert [(each.kind, each.subject, each.told_at) for each in told] == [
            (AlertKind.LEAK, "", LATER + 24 * HOUR),
            (AlertKind.SILENCE, "amazon.co.uk", LATER + HOUR),
        ]
    assert digest(fourth) == before


def test_decisions_and_exports_of_the_second_schema_go_on(second: Path) -> None:
    with open_ledger(f"sqlite:///{second}", create=False) as ledger:
        assert list(ledger.damages()) == []
        assert [decision.action for decision in ledger.decisions(ACCOUNT)] == [
            Action.ERASE,
            Action.UNDO,
            Action.ACCEPT,
            Action.DISMISS,
            Action.CONFIRM,
            Action.CHOOSE_ALIAS,
        ]
        (export,) = ledger.exports(ACCOUNT, 9)
        assert (export.path, export.keys, export.form) == ("list.txt", 2, ExportForm.FULL)
        change = ledger.compare_export(preset="addresses", path="list.txt", hashes=[])
        assert set(change.went.values()) == {str(buyer(1)), str(buyer(2))}


def test_an_instant_that_nobody_can_read_stays_for_db_check_to_find(second: Path) -> None:
    with closing(sqlite3.connect(second)) as connection, connection:
        connection.execute("UPDATE decision SET decided_at = 'soon' WHERE id = 1")
        connection.execute("UPDATE export SET made_at = 'soon'")
    with open_ledger(f"sqlite:///{second}", create=False) as ledger:
        assert {(damage.table, damage.row) for damage in ledger.damages()} == {
            ("decision", "1"),
            ("export", "1"),
        }


def test_a_series_of_the_second_schema_is_told_by_what_came_and_went(second: Path) -> None:
    """Three exports to one path, as the second schema kept them: each with all of its members."""
    with closing(sqlite3.connect(second)) as connection, connection:
        keys = [
            hash_ for (hash_,) in connection.execute("SELECT key_hash FROM export_member ORDER BY position")
        ]
        for export_id, members in ((2, [keys[0]]), (3, [keys[1]]), (4, keys)):
            connection.execute(
                "INSERT INTO export SELECT ?, account, preset, path, revision, made_at, 'damaged' FROM export"
                " WHERE id = 1",
                [export_id],
            )
            rows = [(export_id, place, key) for place, key in enumerate(members, start=1)]
            connection.executemany("INSERT INTO export_member VALUES (?, ?, ?)", rows)
    with open_ledger(f"sqlite:///{second}", create=False) as ledger:
        told = [(each.id, each.keys, each.came, each.went) for each in ledger.exports(ACCOUNT, 9)]
        assert told == [(4, 2, 1, 0), (3, 1, 1, 1), (2, 1, 0, 1), (1, 2, 0, 0)]
        # What was damaged before stays known as damaged.
        assert sorted(damage.row for damage in ledger.damages()) == ["2", "3", "4"]


def test_a_migrated_ledger_is_whole_and_as_a_fresh_one(first: Path, tmp_path: Path) -> None:
    """The maker of the first ledger, run with today's program, files the same facts."""
    from .make_v1 import fill

    fill(f"sqlite:///{tmp_path}/fresh.sqlite")
    with (
        open_ledger(f"sqlite:///{first}") as migrated,
        open_ledger(f"sqlite:///{tmp_path}/fresh.sqlite") as fresh,
    ):
        assert list(migrated.damages()) == []
        assert dump(migrated, ACCOUNT) == dump(fresh, ACCOUNT)
        assert migrated.runs(ACCOUNT, 9) == fresh.runs(ACCOUNT, 9)


def test_the_backup_made_before_is_the_old_ledger_and_private(first: Path) -> None:
    with closing(sqlite3.connect(first)) as connection:
        before = "\n".join(connection.iterdump())
    open_ledger(f"sqlite:///{first}").close()
    backup = first.parent / "backups" / "v1.before-0001.sqlite"
    assert backup.stat().st_mode & 0o777 == 0o600
    assert backup.parent.stat().st_mode & 0o777 == 0o700
    assert sorted(path.name for path in backup.parent.iterdir()) == [backup.name, f"{backup.name}.key"]
    with closing(sqlite3.connect(backup)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("0001",)]
        assert "\n".join(connection.iterdump()) == before
    with closing(sqlite3.connect(first)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(REVISIONS[-1],)]


def test_without_room_for_the_backup_nothing_is_migrated(first: Path) -> None:
    (first.parent / "backups").write_text("a file in the place of the folder")
    before = digest(first)
    with pytest.raises(LedgerError, match=r"backup .* can't be written"):
        open_ledger(f"sqlite:///{first}")
    assert digest(first) == before


class CutOffError(Exception):
    """Stands for a crash."""


def _statements(first: Path, folder: Path) -> int:
    """How many statements a migration runs."""
    place = folder / "counted"
    place.mkdir()
    seen: list[str] = []

    def count(*args: Any) -> None:
        seen.append(str(args[2]))

    event.listen(_engines(), "before_cursor_execute", count)
    try:
        open_ledger(f"sqlite:///{copied(first, place)}").close()
    finally:
        event.remove(_engines(), "before_cursor_execute", count)
    return len(seen)


def _engines() -> Any:
    from sqlalchemy import Engine

    return Engine


def test_a_migration_that_dies_at_a_statement_leaves_the_old_ledger(tmp_path: Path) -> None:
    total = _statements(FIRST, tmp_path)
    assert total > 60
    with closing(sqlite3.connect(FIRST)) as connection:
        before = "\n".join(connection.iterdump())
    went_on = set[tuple[str, ...]]()
    some = Random(2).sample(range(1, total - 3), 30)  # all of them: range(1, total + 1), a minute
    for at in (*some, *range(total - 3, total + 1)):
        path = copied(FIRST, _made(tmp_path / str(at)))
        with _dying(at), pytest.raises(CutOffError):
            open_ledger(f"sqlite:///{path}")
        with closing(sqlite3.connect(path)) as connection:
            if connection.execute("SELECT version_num FROM alembic_version").fetchone() == ("0001",):
                assert "\n".join(connection.iterdump()) == before
            else:  # It died after the commit, when the key was looked at.
                assert at > total - 4
        # The same ledger with the same files beside it goes on in the same way, so one of each is enough.
        beside = tuple(sorted(each.name for each in path.parent.rglob("*")))
        if beside not in went_on or at > total - 4:
            went_on.add(beside)
            with open_ledger(f"sqlite:///{path}") as ledger:
                assert len(list(ledger.opt_out_notices(ACCOUNT))) == 3
        shutil.rmtree(path.parent)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


class _dying:  # noqa: N801  (reads as a verb)
    """While it lasts, the statement of this number is never run."""

    def __init__(self, at: int) -> None:
        self._left = at

    def _call(self, *args: Any) -> None:
        self._left -= 1
        if self._left == 0:
            raise CutOffError

    def __enter__(self) -> None:
        event.listen(_engines(), "before_cursor_execute", self._call)

    def __exit__(self, *args: object) -> None:
        event.remove(_engines(), "before_cursor_execute", self._call)


@pytest.fixture
def on_a_server(postgres_url: str) -> str:
    """The first ledger's facts in a database of the first schema on PostgreSQL."""
    engine = make_engine(parse_url(postgres_url), create=False)
    config = Config()
    config.set_main_option("script_location", "bounce_watch.store:migrations")
    source = create_engine(f"sqlite:///{FIRST}")
    with source.connect() as old, writing(engine) as connection:
        config.attributes.update(connection=connection, key=None)
        alembic.command.upgrade(config, "0001")
        _load(old, connection)
    source.dispose()
    engine.dispose()
    return postgres_url


def _load(old: Connection, new: Connection) -> None:
    into = MetaData()
    into.reflect(new)
    for table in into.sorted_tables:
        if table.name == "alembic_version":
            continue
        kinds = {column.name: column.type for column in table.columns}
        from_table = Table(table.name, MetaData(), autoload_with=old)
        rows = [
            {name: _fitting(value, str(kinds[name])) for name, value in row.items()}
            for row in old.execute(select(from_table)).mappings()
        ]
        if rows:
            new.execute(insert(table), rows)
        if "id" in table.c:
            last = select(func.max(table.c.id)).scalar_subquery()
            new.execute(select(func.setval(func.pg_get_serial_sequence(table.name, "id"), last)))


def _fitting(value: Any, kind: str) -> Any:
    if value is not None and kind.startswith("TIMESTAMP"):
        return value.replace(tzinfo=NOON.tzinfo)
    return bool(value) if kind == "BOOLEAN" else value


def test_the_first_schema_migrates_on_a_server_too(on_a_server: str, first: Path) -> None:
    with open_ledger(on_a_server) as ledger, open_ledger(f"sqlite:///{first}") as same:
        assert dump(ledger, ACCOUNT) == dump(same, ACCOUNT)
        assert list(ledger.damages()) == []
        run = ledger.start_run(ACCOUNT, "poll", at=NOON + HOUR)
        assert run == len(same.runs(ACCOUNT, 99)) + 1
        findings = [
            makers.opt_out(1),
            makers.opt_out(77),
            makers.finding(makers.unrecognised(78), octets=b"?"),
        ]
        filed = ledger.file(run, findings, cursor=None, read=3, passed=0)
        assert (filed.new, filed.duplicates) == (2, 1)
        sent = makers.log([makers.send(77)], [makers.link(order(78), buyer(78))])
        assert ledger.file_sent_log(run, sent).new == 1


def test_a_migration_that_dies_on_a_server_leaves_the_old_schema(on_a_server: str) -> None:
    def old_tables() -> set[str]:
        engine = make_engine(parse_url(on_a_server), create=False)
        names = set(inspect(engine).get_table_names())
        with engine.connect() as connection:
            assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "0001"
        engine.dispose()
        return names

    before = old_tables()
    for at in (20, 40, 60, 80):
        with _dying(at), pytest.raises(CutOffError):
            open_ledger(on_a_server)
        assert old_tables() == before
    with open_ledger(on_a_server) as ledger:
        assert len(list(ledger.opt_out_notices(ACCOUNT))) == 3
