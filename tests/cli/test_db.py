"""`db check`, `db backup` and `rebuild` as a user runs them."""

from __future__ import annotations

import json
import mailbox
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bounce_watch.store.ledger import open_ledger
from tests.cli.conftest import Prepared, Program
from tests.cli.mails import ALIAS, ORDER, ORDINARY, OTHER_ORDER, SETTINGS, notice, unknown, write
from tests.store.dump import Facts, dump

CONFIG = ("--config", "settings.toml")
THIRD = "203-9999999-9999999"


DAY = datetime.now(UTC) - timedelta(days=3)
"""Of all the mails: nothing has passed its retention."""


def recent(mail: bytes) -> bytes:
    return mail.replace(b"Wed, 30 Sep 2026", f"{DAY:%a, %d %b %Y}".encode())


def fill(program: Program) -> None:
    """A Maildir of four mails, a sent log, a decision, an export."""
    program.configure(SETTINGS)
    box = mailbox.Maildir(program.home / "box")
    for mail in (
        notice(),
        notice(OTHER_ORDER, alias=None, number=2),
        notice(THIRD, alias=None, number=3, dmarc=None),
        unknown(number=4),
    ):
        box.add(recent(mail))
    program.works("import", "box", *CONFIG)
    (program.home / "log.csv").write_text(
        f"order-id,email,sent-at\n{ORDER},{ALIAS},{DAY:%Y-%m-%d}T07:30:00Z\n"
    )
    program.works("sent", "import", "log.csv", *CONFIG)
    waiting = json.loads(program.works("review", "--json", *CONFIG).out)["items"]
    (number,) = (item["number"] for item in waiting if item["order_id"] == THIRD)
    program.works("review", "accept", number, "--by", "Eve", *CONFIG)
    program.works("suppressions", "export", "--preset", "orders", "-o", "list.txt", *CONFIG)


@pytest.fixture
def filed(program: Program, prepared: Prepared) -> Program:
    return prepared(program, fill)


def facts(program: Program) -> Facts:
    with open_ledger(f"sqlite:///{program.home}/ledger.sqlite") as ledger:
        return dump(ledger, "uk")


def run(program: Program, statement: str) -> None:
    with closing(sqlite3.connect(program.home / "ledger.sqlite")) as connection:
        assert connection.execute(statement).rowcount >= 1, statement
        connection.commit()


def test_a_whole_ledger_is_called_whole(filed: Program) -> None:
    done = filed.works("db", "check", *CONFIG)
    assert done.out == ""
    assert done.said == [f"The ledger {filed.home}/ledger.sqlite is whole."]
    told = json.loads(filed.works("db", "check", "--json", *CONFIG).out)
    assert told == {"format": 1, "ledger": f"{filed.home}/ledger.sqlite", "whole": True, "damages": []}


def test_damage_is_told_row_by_row(filed: Program) -> None:
    run(filed, "UPDATE verdict SET outcome = 'forged' WHERE id = 1")
    done = filed("db", "check", *CONFIG)
    assert done.code == 74
    assert done.out == "verdict 1: is not what was written\n"
    assert done.said[0] == f"The ledger {filed.home}/ledger.sqlite is damaged: 1 fault."
    assert "backups" in done.said[1]
    assert "bounce-watch rebuild" in done.said[1]
    done = filed("db", "check", "--json", *CONFIG)
    assert done.code == 74
    assert json.loads(done.out)["damages"] == [
        {"table": "verdict", "row": "1", "what": "is not what was written"}
    ]


def test_without_a_ledger_there_is_nothing_to_check_or_copy(program: Program) -> None:
    program.configure(SETTINGS)
    for command in ("check", "backup"):
        what, _ = program.fails("db", command, *CONFIG, code=74)
        assert "There is no ledger" in what


def test_a_backup_takes_the_place_of_a_lost_ledger(filed: Program) -> None:
    before = facts(filed)
    done = filed.works("db", "backup", "copy.sqlite", *CONFIG)
    copy = filed.home / "copy.sqlite"
    assert done.said == [f"Copied to {copy}, and its key to {copy}.key: neither is of use without the other."]
    filed.fails("db", "backup", "copy.sqlite", *CONFIG, code=74)
    for name in ("ledger.sqlite", "ledger.sqlite.key"):
        (filed.home / name).unlink()
    shutil.copyfile(copy, filed.home / "ledger.sqlite")
    shutil.copyfile(f"{copy}.key", filed.home / "ledger.sqlite.key")
    assert facts(filed) == before


def test_a_backup_goes_into_its_folder_by_itself(filed: Program) -> None:
    filed.works("db", "backup", *CONFIG)
    assert sorted(path.suffix for path in (filed.home / "backups").iterdir()) == [".key", ".sqlite"]
    filed.configure(
        SETTINGS.replace("ledger.sqlite", "other.sqlite").replace("[accounts", 'key_file = "k"\n\n[accounts')
    )
    filed.works("import", "box", *CONFIG)
    assert (filed.home / "k").exists()


def test_a_rebuild_of_a_whole_ledger_changes_nothing(filed: Program) -> None:
    before = facts(filed)
    done = filed.works("rebuild", "box", *CONFIG)
    assert done.out == "uk: every mail of the ledger is still in the mailbox.\n"
    assert done.said == ["uk: read 4 mails: 0 new, 4 known already, 0 not from Amazon."]
    assert facts(filed) == before


DAMAGE = [
    "UPDATE mail SET fingerprint = 'b' || substr(fingerprint, 2) WHERE id = 1",
    "UPDATE mail SET run_id = 2",
    "UPDATE mail SET subject = 'other'",
    "UPDATE mail SET size_bytes = 1, account = 'de' WHERE id = 2",
    "UPDATE recognition SET order_id_hash = alias_hash WHERE alias_hash IS NOT NULL",
    "UPDATE recognition SET result = 'refund' WHERE result = 'opt_out'",
    "UPDATE recognition SET noticed_at = 'soon'",
    "UPDATE recognition SET recipients = '['",
    "UPDATE verdict SET outcome = 'forged'",
    "UPDATE verdict SET digest = 'x' || digest",
    "UPDATE sighting SET folder = 'elsewhere'",
    "UPDATE sighting SET place = 'x' || place",
    "UPDATE set_aside SET octets = x'00'",
    f"UPDATE identity SET clear = '203-0000000-0000000' WHERE clear = '{ORDER}'",
    f"UPDATE identity SET marketplace = 'amazon.de' WHERE clear = '{ALIAS}'",
    f"DELETE FROM identity WHERE clear = '{OTHER_ORDER}'",
]


@pytest.mark.parametrize("statement", DAMAGE)
def test_what_the_mailbox_holds_is_mended(filed: Program, statement: str) -> None:
    before, first = facts(filed), runs_of_mails(filed)
    run(filed, statement)
    assert filed("db", "check", *CONFIG).code == 74
    done = filed.works("rebuild", "box", *CONFIG)
    assert done.out == "uk: every mail of the ledger is still in the mailbox.\n"
    assert len(done.said) == 1
    assert facts(filed) == before
    assert runs_of_mails(filed) == first
    filed.works("db", "check", *CONFIG)


def runs_of_mails(program: Program) -> set[tuple[int, str]]:
    with closing(sqlite3.connect(program.home / "ledger.sqlite")) as connection:
        return set(connection.execute("SELECT run_id, fingerprint FROM mail"))


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE send SET purpose = 'reply'", "send 1: removed: it was damaged, and is in no mailbox"),
        (
            "UPDATE order_link SET origin = 'csv'",
            "order_link 1: removed: it was damaged, and is in no mailbox",
        ),
        (
            "UPDATE decision SET actor = 'Mallory'",
            "decision 1: kept as it stands: whom it is about, by whom or why may be wrong",
        ),
        ("UPDATE run SET mails_read = 9 WHERE id = 1", "run 1: kept as it stands: its figures may be wrong"),
        (
            "UPDATE export SET revision = 'x'",
            "export 1: removed: the record of this export was damaged; the next one is not compared with it",
        ),
    ],
)
def test_what_no_mailbox_holds_is_settled_aloud(filed: Program, statement: str, said: str) -> None:
    run(filed, statement)
    assert filed("db", "check", *CONFIG).code == 74
    done = filed.works("rebuild", "box", *CONFIG)
    assert said in done.said
    assert any("sent import" in line for line in done.said) is said.startswith("send")
    filed.works("db", "check", *CONFIG)


def test_mails_that_are_gone_are_listed_and_stay(filed: Program) -> None:
    before = facts(filed)
    box = mailbox.Maildir(filed.home / "box")
    for key, mail in box.items():
        if OTHER_ORDER in str(mail) or "went home" in str(mail):
            box.remove(key)
    done = filed.works("rebuild", "box", *CONFIG)
    day = f"{DAY.day} {DAY:%b %Y}"
    first, *rest = done.out.splitlines()
    assert first == "uk: 2 mails of the ledger not found in the mailbox; what they say stays as it is."
    assert sorted(rest) == [f"  opt out about {OTHER_ORDER} of {day}", f"  unrecognised of {day}"]
    assert facts(filed) == before
    told = json.loads(filed.works("rebuild", "box", "--json", *CONFIG).out)
    assert (told["complete"], len(told["missing"]), told["settled"]) == (True, 2, [])
    assert OTHER_ORDER in {each["order_id"] for each in told["missing"]}


def test_a_damaged_mail_that_is_gone_keeps_what_is_whole_of_it(filed: Program) -> None:
    shutil.rmtree(filed.home / "box")
    write(filed.home / "box", ORDINARY)
    run(filed, "UPDATE mail SET size_bytes = size_bytes + 1 WHERE id = 1")
    run(filed, "UPDATE verdict SET aligned = 1 - aligned WHERE mail_id = 2")
    run(filed, "UPDATE recognition SET language = 'fr' WHERE mail_id = 3")
    said = filed.works("rebuild", "box", *CONFIG).said
    assert "mail 1: kept as it stands: it was damaged, but what it was taken for is whole" in said
    assert "mail 3: removed: nothing whole is left of it, and it is in the mailbox no more" in said
    assert sum("removed: it was damaged" in line for line in said) == 2
    assert len(facts(filed)["mails"]) == 3
    filed.works("db", "check", *CONFIG)


def test_a_rebuild_that_cannot_read_takes_nothing_for_missing(filed: Program) -> None:
    run(filed, "UPDATE send SET purpose = 'reply'")
    before = facts(filed)
    done = filed("rebuild", "nowhere", *CONFIG)
    assert done.code == 65
    assert done.out == ""
    assert done.said[-1].endswith("Nothing was taken for missing.")
    assert facts(filed) == before
    assert filed("db", "check", *CONFIG).code == 74


def test_without_a_mailbox_a_path_is_needed(filed: Program) -> None:
    what, advice = filed.fails("rebuild", *CONFIG, code=2)
    assert "no mailbox" in what
    assert "rebuild PATH" in advice


def test_what_is_undone_stays_undone(filed: Program) -> None:
    write(filed.home / "late.eml", recent(notice("203-5555555-5555555", alias=None, number=9)))
    filed.works("import", "late.eml", *CONFIG)
    number = json.loads(filed.works("runs", "--json", "--limit", "1", *CONFIG).out)["run"]
    filed.works("undo", str(number), *CONFIG)
    run(filed, "UPDATE recognition SET language = 'fr'")
    filed("rebuild", "box", "late.eml", *CONFIG)
    assert (
        "203-5555555-5555555" not in filed.works("suppressions", "export", "--preset", "orders", *CONFIG).out
    )
    filed.works("redo", str(number), *CONFIG)
    assert "203-5555555-5555555" in filed.works("suppressions", "export", "--preset", "orders", *CONFIG).out


def test_the_ledgers_folder_is_named_when_a_key_is_lost(filed: Program) -> None:
    Path(filed.home / "ledger.sqlite.key").unlink()
    what, advice = filed.fails("report", *CONFIG, code=74)
    assert "is lost" in what
    assert "Restore it" in advice
