"""`health` as a monitor meets it: exit codes, JSON, the file for Prometheus, and a ledger left as it was."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from rich.cells import cell_len

from bounce_watch.records.filed import Filed, RunState
from bounce_watch.store.ledger import Ledger, open_ledger
from tests.cli.conftest import Program
from tests.cli.mails import SETTINGS, notice, unknown, write
from tests.cli.program import ROOT, imap_settings
from tests.servers.imap import ImapAccount

NOWHERE = ImapAccount(host="127.0.0.1", port=1, user="seller", password="")
CONFIG = ("--config", "settings.toml")


def poll(
    ledger: Ledger,
    *,
    hours_ago: float = 1,
    state: RunState = RunState.COMPLETE,
    message: str = "",
    who: str = "uk",
) -> None:
    at = datetime.now(UTC) - timedelta(hours=hours_ago)
    run = ledger.start_run(who, "poll", at=at)
    ledger.finish_run(run, at=at, state=state, read=0, filed=Filed(), message=message)


def opened(program: Program) -> Ledger:
    return open_ledger(f"sqlite:///{program.home}/ledger.sqlite")


@pytest.fixture
def well(program: Program) -> Program:
    """An account whose mailbox was read an hour ago."""
    program.configure(imap_settings(NOWHERE))
    with opened(program) as ledger:
        poll(ledger)
    return program


def as_json(program: Program, *options: str, code: int) -> dict[str, Any]:
    done = program("health", "--json", *CONFIG, *options)
    assert done.code == code, done.err
    found: dict[str, Any] = json.loads(done.out)
    return found


def metrics(path: Path) -> dict[str, dict[tuple[str, ...], float]]:
    families = text_string_to_metric_families(path.read_text("utf-8"))
    return {
        family.name.removeprefix("bounce_watch_"): {
            tuple(sample.labels.values()): sample.value for sample in family.samples
        }
        for family in families
    }


def test_all_is_well(well: Program) -> None:
    done = well.works("health", *CONFIG)
    assert done.err == ""
    assert done.out.splitlines()[1].split() == ["uk", "OK", "60", "minutes", "ago", "complete", "0", "0"]
    found = as_json(well, code=0)
    (uk,) = found["accounts"]
    assert (found["format"], found["verdict"], found["max_age_hours"]) == (1, "ok", 26)
    assert (uk["account"], uk["verdict"], uk["attention"], uk["has_mailbox"]) == ("uk", "ok", [], True)
    assert 3600 <= uk["age_s"] < 3700
    assert uk["newest_poll"]["state"] == "complete"
    assert uk["last_read_to_end_at"] == uk["newest_poll"]["finished_at"]
    assert uk["waiting"] == dict.fromkeys(
        ("unproven", "forged", "misdirected", "unrecognised", "unreadable"), 0
    )


def test_a_poll_that_failed(well: Program) -> None:
    with opened(well) as ledger:
        poll(ledger, hours_ago=0.5, state=RunState.FAILED, message="The server broke off.")
    done = well("health", *CONFIG)
    assert (done.code, done.err) == (3, "")
    assert "ATTENTION" in done.out
    assert "The server broke off." in " ".join(done.out.split())
    (uk,) = as_json(well, code=3)["accounts"]
    assert [(each["kind"], each["severity"]) for each in uk["attention"]] == [("poll_incomplete", "check")]
    assert uk["newest_poll"]["message"] == "The server broke off."


@pytest.mark.parametrize(("hours", "code"), [("1", 3), ("2", 0), ("8784", 0)])
def test_max_age(hours: str, code: int, well: Program) -> None:
    assert well("health", "--max-age", hours, *CONFIG).code == code
    assert as_json(well, "--max-age", hours, code=code)["max_age_hours"] == int(hours)


@pytest.mark.parametrize("hours", ["0", "-1", "8785", "2.5", "soon", "9" * 30])
def test_max_age_that_is_none(hours: str, well: Program) -> None:
    done = well("health", "--max-age", hours, *CONFIG)
    assert done.code == 2
    assert "Traceback" not in done.err


def test_what_waits(program: Program) -> None:
    program.configure(SETTINGS)
    write(program.home / "box", notice(dmarc="fail"), unknown(), notice("203-0000001-0000001"))
    program.works("import", "box", *CONFIG)
    (uk,) = as_json(program, code=3)["accounts"]
    assert uk["waiting"] == {"unproven": 0, "forged": 1, "misdirected": 0, "unrecognised": 1, "unreadable": 0}
    assert [each["kind"] for each in uk["attention"]] == ["set_aside", "unrecognised"]
    assert (uk["opt_outs"], uk["has_mailbox"], uk["last_read_to_end_at"]) == (1, False, None)
    assert "no mailbox" in program("health", *CONFIG).out


def test_an_account_of_files_is_well_without_any_poll(program: Program) -> None:
    program.configure(SETTINGS)
    write(program.home / "mail.eml", notice())
    program.works("import", "mail.eml", *CONFIG)
    assert as_json(program, code=0)["accounts"][0]["newest_poll"] is None


def test_never_polled(program: Program) -> None:
    program.configure(imap_settings(NOWHERE))
    opened(program).close()
    assert [each["kind"] for each in as_json(program, code=3)["accounts"][0]["attention"]] == ["stale_poll"]


def test_that_unproven_notices_count_is_said(program: Program) -> None:
    program.configure(imap_settings(NOWHERE, more='require_proof = "never"'))
    with opened(program) as ledger:
        poll(ledger)
    done = program.works("health", *CONFIG)
    assert "NOTE   Unproven notices count for uk" in done.out
    assert as_json(program, code=0)["accounts"][0]["proof_required"] is False


def test_several_accounts_and_one(program: Program) -> None:
    first = imap_settings(NOWHERE)
    program.configure(first + first[first.index("[accounts.uk]") :].replace("accounts.uk", "accounts.de"))
    with opened(program) as ledger:
        poll(ledger)
        poll(ledger, who="de", hours_ago=99)
    found = as_json(program, code=3)
    assert [(each["account"], each["verdict"]) for each in found["accounts"]] == [
        ("uk", "ok"),
        ("de", "attention"),
    ]
    assert as_json(program, "--account", "uk", code=0)["verdict"] == "ok"
    assert as_json(program, "--account", "de", code=3)["verdict"] == "attention"
    program.fails("health", "--account", "fr", *CONFIG, code=2)


class TestLedger:
    def test_none_yet_and_none_is_made(self, program: Program) -> None:
        program.configure(SETTINGS)
        what, advice = program.fails("health", *CONFIG, code=74)
        assert "no ledger" in what
        assert "poll" in advice
        assert sorted(path.name for path in program.home.iterdir()) == ["settings.toml"]

    def test_an_empty_file_becomes_no_ledger(self, program: Program) -> None:
        program.configure(SETTINGS)
        (program.home / "ledger.sqlite").write_bytes(b"")
        for _ in range(2):
            what, _ = program.fails("health", *CONFIG, code=74)
            assert "no ledger" in what

    def test_not_a_ledger(self, program: Program) -> None:
        program.configure(SETTINGS)
        (program.home / "ledger.sqlite").write_bytes(b"these are my memoirs\n" * 100)
        program.fails("health", *CONFIG, code=74)

    def test_a_newer_one(self, well: Program) -> None:
        connection = sqlite3.connect(well.home / "ledger.sqlite")
        with connection:
            connection.execute("UPDATE alembic_version SET version_num = 'r9999'")
        connection.close()
        well.fails("health", *CONFIG, code=74)

    def test_looking_changes_nothing(self, well: Program) -> None:
        before = (well.home / "ledger.sqlite").read_bytes()
        for options in ((), ("--json",), ("--textfile", "x.prom")):
            well.works("health", *options, *CONFIG)
        assert (well.home / "ledger.sqlite").read_bytes() == before

    def test_while_another_process_writes(self, well: Program) -> None:
        connection = sqlite3.connect(well.home / "ledger.sqlite", isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
        try:
            well.works("health", *CONFIG)
        finally:
            connection.close()


class TestTextfile:
    def test_well_and_not(self, well: Program) -> None:
        well.works("health", "--textfile", "watch.prom", *CONFIG)
        found = metrics(well.home / "watch.prom")
        assert found["health_ok"] == {("uk",): 1}
        assert found["health_check_complete"] == {(): 1}
        (age,) = found["last_complete_poll_timestamp_seconds"].values()
        assert 3600 <= datetime.now(UTC).timestamp() - age < 3700
        with opened(well) as ledger:
            poll(
                ledger, hours_ago=0.5, state=RunState.PARTLY, message="2 mails of INBOX could not be fetched"
            )
        assert well("health", "--textfile", "watch.prom", *CONFIG).code == 3
        assert metrics(well.home / "watch.prom")["health_ok"] == {("uk",): 0}

    def test_beside_json(self, well: Program) -> None:
        as_json(well, "--textfile", "watch.prom", code=0)
        assert metrics(well.home / "watch.prom")["health_ok"] == {("uk",): 1}

    def test_a_ledger_that_cannot_be_opened_is_said_there_too(self, well: Program) -> None:
        well.works("health", "--textfile", "watch.prom", *CONFIG)
        first = metrics(well.home / "watch.prom")
        (well.home / "ledger.sqlite").write_bytes(b"no ledger" * 1000)
        for path in well.home.glob("ledger.sqlite-*"):
            path.unlink()
        well.fails("health", "--textfile", "watch.prom", *CONFIG, code=74)
        found = metrics(well.home / "watch.prom")
        assert found.keys() == {"health_check_timestamp_seconds", "health_check_complete", "health_ok"}
        assert (found["health_check_complete"], found["health_ok"]) == ({(): 0}, {("uk",): 0})
        made = "health_check_timestamp_seconds"
        assert found[made][()] > first[made][()]

    def test_settings_that_cannot_be_read(self, well: Program) -> None:
        (well.home / "settings.toml").write_text("[ledger\n")
        well.fails("health", "--textfile", "watch.prom", *CONFIG, code=78)
        assert metrics(well.home / "watch.prom")["health_check_complete"] == {(): 0}

    def test_a_name_that_the_collector_would_not_see(self, well: Program) -> None:
        what, advice = well.fails("health", "--textfile", "watch.txt", *CONFIG, code=2)
        assert ".prom" in what + advice
        assert not (well.home / "watch.txt").exists()

    def test_a_folder_that_is_not_there(self, well: Program) -> None:
        well.fails("health", "--textfile", "no/watch.prom", *CONFIG, code=74)

    def test_without_the_library(self, well: Program, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "prometheus_client", None)
        _, advice = well.fails("health", "--textfile", "watch.prom", *CONFIG, code=78)
        assert "bounce-watch[metrics]" in advice
        well.works("health", *CONFIG)

    @pytest.mark.parametrize("name", ['"u{k},account=1"', '"u # HELP k"', '"größe 日本"', '"it\'s"'])
    def test_odd_names_of_accounts(self, name: str, program: Program) -> None:
        program.configure(imap_settings(NOWHERE).replace("accounts.uk", f"accounts.{name}"))
        plain: str = json.loads(name)
        with opened(program) as ledger:
            poll(ledger, who=plain)
        done = program.works("health", "--textfile", "watch.prom", *CONFIG)
        assert metrics(program.home / "watch.prom")["health_ok"] == {(plain,): 1}
        assert all(char == "\n" or char.isprintable() for char in done.out)
        assert as_json(program, code=0)["accounts"][0]["account"] == plain


LONG = "a-very-long-name-of-an-account-" * 2
"""As long as the settings let one be, but for two letters."""


@pytest.mark.parametrize("columns", [80, 160])
@pytest.mark.parametrize("name", ["uk", LONG, "日本" * 32], ids=["short", "long", "wide"])
def test_no_line_is_wider_than_the_terminal(name: str, columns: int, program: Program) -> None:
    program.configure(
        imap_settings(NOWHERE, more='require_proof = "never"').replace("accounts.uk", f'accounts."{name}"')
    )
    message = "; ".join(f"UID {number} of INBOX came without a body" for number in range(5))
    with opened(program) as ledger:
        poll(ledger, who=name, hours_ago=40 * 24)
        poll(ledger, who=name, state=RunState.PARTLY, message=message)
    done = program("health", *CONFIG, COLUMNS=str(columns))
    assert done.code == 3
    lines = done.out.splitlines()
    assert max(map(cell_len, lines)) <= columns
    row = lines[1]
    assert re.search(r"ATTENTION +.*40 days ago\)? +partly +0 +0", row)
    assert (" 0" * 3 in " ".join(row.split())) is (columns == 160)
    assert "UID 4 of INBOX came without a body." in " ".join(done.out.split())
    assert "bounce-watch report" in lines[-1]


def test_as_an_ordinary_user_without_rights(well: Program) -> None:
    if os.geteuid() == 0 and shutil.which("setpriv") is None:
        pytest.skip("root may read everything")
    from tests.cli.test_errors import as_ordinary_user

    (well.home / "ledger.sqlite").chmod(0)
    done = as_ordinary_user(well.home, "health", *CONFIG)
    assert done.code == 74
    assert "may not be opened" in done.err or "can't be opened" in done.err


def test_an_older_ledger_is_left_to_a_command_that_writes(program: Program) -> None:
    program.configure(SETTINGS)
    shutil.copy(ROOT / "fixtures" / "ledgers" / "v1.sqlite", program.home / "ledger.sqlite")
    before = (program.home / "ledger.sqlite").read_bytes()
    what, advice = program.fails("health", *CONFIG, code=74)
    assert "older version" in what
    assert "poll" in advice
    assert (program.home / "ledger.sqlite").read_bytes() == before
    assert list(program.home.glob("*backup*")) == []
