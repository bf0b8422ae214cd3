"""`sent import` shows how it understands a file, asks where somebody can answer, and stops where it would have to guess."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bounce_watch.records.ids import OrderId
from bounce_watch.records.sent import Origin, SentCoverage, SentLog, SentMessage
from bounce_watch.store.ledger import Ledger, open_ledger
from tests.cli.conftest import Program
from tests.cli.mails import ALIAS, ORDER, OTHER_ORDER, SETTINGS
from tests.cli.program import COMMAND, environment

SURE = f"Order ID,Email,Sent at\n{ORDER},{ALIAS},2026-09-30T07:30:00Z\n"
GUESSED = f"Ref;An;Wann\n{ORDER};{ALIAS};2026-09-30T07:30:00Z\n"
OPEN = f"Order ID,Sent at\n{ORDER},03/09/2026\n"
SETTINGS_FILE = ("--config", "settings.toml")


@pytest.fixture
def files(program: Program) -> Path:
    """The home, with settings and a few logs in it."""
    program.configure(SETTINGS)
    (program.home / "sure.csv").write_text(SURE)
    (program.home / "guessed.csv").write_text(GUESSED)
    (program.home / "open.csv").write_text(OPEN)
    return program.home


def test_a_dry_run_shows_columns_examples_and_days_and_files_nothing(program: Program, files: Path) -> None:
    done = program.works("sent", "import", "guessed.csv", "--dry-run", *SETTINGS_FILE, COLUMNS="120")
    lines = [line.split("  ") for line in done.out.splitlines()]
    shown = {line[0]: [part.strip() for part in line[1:] if part.strip()] for line in lines}
    assert shown["order id"] == ['"Ref"', ORDER, "a guess: order ids are in it"]
    assert shown["instant of sending"] == ['"Wann"', "2026-09-30T07:30:00Z", "a guess: times are in it"]
    assert "1 row: 1 message, on 30 Sep 2026." in done.out
    assert "The log is whole on 30 Sep 2026." in done.out
    assert not list(files.glob("ledger*"))


def test_a_dry_run_as_json_holds_no_cell_of_a_row(program: Program, files: Path) -> None:
    done = program.works("sent", "import", "guessed.csv", "--dry-run", "--json", *SETTINGS_FILE)
    data = json.loads(done.out)
    assert (data["sure"], data["run"], data["new"], data["sends"]) == (False, None, None, 1)
    assert data["columns"]["order_id"] == {
        "number": 1,
        "title": "Ref",
        "certainty": "content",
        "why": "order ids are in it",
    }
    assert (data["first_covered_day"], data["last_covered_day"]) == ("2026-09-30", "2026-09-30")
    assert ORDER not in done.out
    assert ALIAS not in done.out


def test_guesses_stop_until_they_are_named_or_confirmed(program: Program, files: Path) -> None:
    what, advice = program.fails("sent", "import", "sure.csv", "guessed.csv", *SETTINGS_FILE, code=4)
    assert what == "Columns of guessed.csv are only guessed, so nothing was imported."
    assert advice.endswith("--yes, or --order-column Ref --sent-at-column Wann")
    assert not list(files.glob("ledger*"))
    named = ("--order-column", "Ref", "--sent-at-column", "Wann")
    program.works("sent", "import", "guessed.csv", *named, *SETTINGS_FILE)
    again = program.works("sent", "import", "guessed.csv", "--yes", *SETTINGS_FILE)
    assert again.said[-1] == "guessed.csv: 1 row: 0 new sends, 1 known already."


def test_questions_stop_whatever_is_confirmed(program: Program, files: Path) -> None:
    what, advice = program.fails("sent", "import", "open.csv", "--yes", *SETTINGS_FILE, code=4)
    assert what == "open.csv: No row tells whether the day or the month comes first (as in row 2)."
    assert "--time-format day-first" in advice
    done = program("sent", "import", "open.csv", "--dry-run", *SETTINGS_FILE)
    assert done.code == 4
    assert "Open: No row tells" in done.out
    shown = program("sent", "import", "open.csv", "--dry-run", "--json", *SETTINGS_FILE)
    data = json.loads(shown.out)
    assert (len(data["questions"]), data["sends"], data["purposes"]) == (1, None, None)
    program.works("sent", "import", "open.csv", "--time-format", "day-first", *SETTINGS_FILE)
    covered = json.loads(program.works("sent", "coverage", "--json", *SETTINGS_FILE).out)
    assert covered["logs"] == [
        {"origin": "csv_log", "start": "2026-09-03T00:00:00+00:00", "end": "2026-09-04T00:00:00+00:00"}
    ]


def test_an_import_as_json_says_what_was_filed(program: Program, files: Path) -> None:
    report = f"order-id\tpurchase-date\tbuyer-email\n{OTHER_ORDER}\t2026-09-29\t{ALIAS}\nnone\t\t\n"
    (files / "orders.txt").write_text(report)
    done = program("sent", "import", "sure.csv", "orders.txt", "--json", *SETTINGS_FILE)
    log, orders = map(json.loads, done.out.splitlines())
    assert (log["kind"], log["run"], log["new"], log["duplicates"]) == ("log", 1, 1, 0)
    assert (orders["kind"], orders["orders"], orders["skipped"], orders["run"]) == ("order_report", 1, 1, 2)
    assert done.code == 5
    shown = program.works("sent", "import", "orders.txt", "--dry-run", *SETTINGS_FILE)
    assert "2 rows: 1 order with an alias; left out: 1 that can't be used." in shown.out


def test_what_was_not_sent_is_told_by_its_words(program: Program, files: Path) -> None:
    rows = [
        f"{ORDER},{ALIAS},2026-09-01,sent,reply",
        f"{OTHER_ORDER},{ALIAS},2026-09-02,failed,",
        "77,sam@firm.example,2026-09-03,sent,",
    ]
    (files / "tool.csv").write_text("Order ID,Email,Sent at,Status,Purpose\n" + "\n".join(rows) + "\n")
    done = program.works("sent", "import", "tool.csv", "--dry-run", *SETTINGS_FILE)
    for line in (
        "Counts as sent: sent (2).",
        "Counts as not sent: failed (1).",
        "Purpose: 1 reply.",
        "Left out: 1 not sent and 1 not Amazon's.",
    ):
        assert line in done.out.splitlines()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--purpose", "fun"), "no purpose 'fun'"),
        (("--purpose", "reply", "--purpose-column", "x"), "exclude each other"),
        (("--time-zone", "Mars/Base"), "no time zone"),
        (("--time-format", "soon"), "no year"),
        (("--from-day", "2026-09-01"), "Only one end"),
        (("--from-day", "2026-09-01", "--to-day", "2099-09-30"), "a day to come (2099-09-30)"),
    ],
)
def test_words_that_do_not_fit_are_refused(
    program: Program, files: Path, options: tuple[str, ...], says: str
) -> None:
    what, _ = program.fails("sent", "import", "sure.csv", *options, *SETTINGS_FILE, code=2)
    assert says in what


def test_purpose_zone_and_days_of_a_whole_file(program: Program, files: Path) -> None:
    options = ("--purpose", "order-critical", "--time-zone", "Europe/London")
    days = ("--from-day", "2026-09-01", "--to-day", "2026-09-30")
    done = program.works("sent", "import", "sure.csv", "--json", *options, *days, *SETTINGS_FILE)
    data = json.loads(done.out)
    assert (data["purposes"], data["time_zone"]) == ({"order_critical": 1}, "Europe/London")
    assert (data["first_covered_day"], data["last_covered_day"]) == ("2026-09-01", "2026-09-30")


def test_the_days_with_a_log_and_the_gaps_are_shown(program: Program, files: Path) -> None:
    program.works("sent", "import", "sure.csv", *SETTINGS_FILE)
    none = program.works("sent", "coverage", *SETTINGS_FILE)
    assert "no log" not in none.out
    for days in (("2026-09-01", "2026-09-10"), ("2026-09-08", "2026-09-20")):
        program.works(
            "sent", "import", "sure.csv", "--from-day", days[0], "--to-day", days[1], *SETTINGS_FILE
        )
    rows = [line.split() for line in program.works("sent", "coverage", *SETTINGS_FILE).out.splitlines()]
    assert ["1", "Sep", "2026", "20", "Sep", "2026", "20", "csv", "log"] in rows
    assert ["21", "Sep", "2026", "29", "Sep", "2026", "9", "no", "log:", "no", "rate"] in rows
    data = json.loads(program.works("sent", "coverage", "--json", *SETTINGS_FILE).out)
    assert data["gaps"] == [{"start": "2026-09-21T00:00:00+00:00", "end": "2026-09-30T00:00:00+00:00"}]


def test_without_a_log_the_way_to_load_one_is_told(program: Program, files: Path) -> None:
    (files / "orders.txt").write_text(f"order-id\tpurchase-date\tbuyer-email\n{ORDER}\t\t{ALIAS}\n")
    program.works("sent", "import", "orders.txt", *SETTINGS_FILE)
    assert "bounce-watch sent import FILE.csv" in program.works("sent", "coverage", *SETTINGS_FILE).out


@pytest.mark.parametrize(("answer", "imported"), [(b"y\n", True), (b"n\n", False)])
def test_on_a_terminal_a_person_decides(program: Program, files: Path, answer: bytes, imported: bool) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "sent", "import", "guessed.csv", *SETTINGS_FILE],
        env=environment(files),
        cwd=files,
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=theirs,
    )
    os.close(theirs)
    os.write(ours, answer)
    out, _ = process.communicate(timeout=60)
    talk = os.read(ours, 65_536).decode()
    os.close(ours)
    assert process.returncode == 0
    assert b"a guess" in out
    assert "Import?" in talk
    assert ("1 new send" in talk) is imported
    assert ("Nothing was imported" in talk) is not imported
    assert ("--order-column Ref --sent-at-column Wann" in talk) is imported


def test_the_same_log_read_in_another_way_is_told(program: Program, files: Path) -> None:
    """Another purpose makes other messages of the rows; nobody but the seller knows that they are the same."""
    load = ("sent", "import", "sure.csv", *SETTINGS_FILE)
    warning = "each counts twice now: bounce-watch undo"
    assert warning not in program.works(*load).err
    assert warning not in program.works(*load).err
    other = program.works(*load, "--purpose", "unsolicited").err
    assert f"{warning} 3" in other
    later = SURE.replace("2026-09-30", "2026-10-01")
    (files / "later.csv").write_text(later)
    assert warning not in program.works("sent", "import", "later.csv", *SETTINGS_FILE).err


def test_a_part_of_the_same_log_read_in_another_way_is_told(program: Program, files: Path) -> None:
    """Loaded is the 30th to the second; the next export, to the minute, goes on to 1 October."""
    load = ("sent", "import", "later.csv", *SETTINGS_FILE)
    program.works("sent", "import", "sure.csv", *SETTINGS_FILE)
    more = f"{OTHER_ORDER},{ALIAS},2026-10-01T09:00:00Z\n"
    (files / "later.csv").write_text(SURE.replace("07:30:00", "07:31:00") + more)
    said = program.works(*load).said
    assert said[-2].startswith("On days that a log covered before, 1 of 1 messages looked at were known")
    assert said[-1].endswith("these count twice now: bounce-watch undo 2")
    assert "twice" not in program.works(*load).err


def test_a_log_with_less_than_the_sent_folder_is_told(program: Program, files: Path) -> None:
    """The folder has three messages of 29 and 30 September, the log one of the 30th, where the folder has two."""
    with open_ledger(f"sqlite:///{files / 'ledger.sqlite'}") as ledger:
        file_folder(ledger)
    said = program.works("sent", "import", "sure.csv", *SETTINGS_FILE).said
    assert said[-2:] == [
        "For these days the sent folder holds 2 messages, your logs 1. The logs count now.",
        "If they are not all that you sent: bounce-watch undo 2",
    ]
    assert "sent folder" not in program.works("sent", "import", "sure.csv", *SETTINGS_FILE).err


def test_of_several_files_the_one_that_is_wrong_is_named(program: Program, files: Path) -> None:
    (files / "ahead.csv").write_text(SURE.replace("2026-", "2099-"))
    what, advice = program.fails("sent", "import", "sure.csv", "ahead.csv", *SETTINGS_FILE, code=65)
    assert what == "ahead.csv: The log has messages of a day to come (2099-09-30)."
    assert advice == "Check how its times are to be read: --time-format, --time-zone."
    assert not list(files.glob("ledger*"))


def file_folder(ledger: Ledger) -> None:
    instants = [datetime(2026, 9, day, hour, tzinfo=UTC) for day, hour in ((29, 8), (30, 8), (30, 9))]
    sends = tuple(
        SentMessage(
            account="uk",
            order_id=OrderId(ORDER),
            alias=None,
            marketplace=None,
            sent_at=at,
            origin=Origin.SENT_FOLDER,
        )
        for at in instants
    )
    covers = SentCoverage(
        account="uk",
        origin=Origin.SENT_FOLDER,
        start=datetime(2026, 9, 29, tzinfo=UTC),
        end=datetime(2026, 10, 2, tzinfo=UTC),
    )
    run = ledger.start_run("uk", "sent poll", at=datetime(2026, 10, 2, tzinfo=UTC))
    ledger.file_sent_log(run, SentLog(sends=sends, links=(), coverage=covers, rows=3))
