"""`scrub` as a person or a job runs it: files, pipes, three modes, and whatever can go wrong."""

from __future__ import annotations

import csv
import errno
import io
import json
import os
import pty
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bounce_watch.errors import LedgerError
from bounce_watch.records.opt_out import SuppressionEntry
from bounce_watch.store.ledger import Ledger
from bounce_watch.upkeep import scrub as upkeep
from tests.cli.conftest import Program
from tests.cli.mails import ALIAS, ORDER, SETTINGS, notice, write
from tests.cli.program import COMMAND, Result, environment, start
from tests.cli.program import run as run_process

FREE = "freebuyer000009@marketplace.amazon.co.uk"
HEAD = "Order ID,Email,Note\r\n"
LISTED = f"203-4444444-4444444,{ALIAS},first\r\n"
BY_ORDER = f"{ORDER},x@shop.example,second\r\n"
KEPT = f"203-3333333-3333333,{FREE},thïrd\r\n"
FILES = ("-o", "clean.csv", "--dropped", "dropped.csv", "--config", "settings.toml")
PIPE = ("--dropped", "dropped.csv", "--config", "settings.toml")
READ_AS = 'read as UTF-8, comma; alias in column "Email", order id in column "Order ID".'


@pytest.fixture
def filed(program: Program) -> Program:
    """One buyer opted out; the file to scrub has two rows of theirs and one of somebody else."""
    config = program.configure(SETTINGS)
    write(program.home / "box", notice())
    program.works("import", "box", "--config", config)
    (program.home / "out.csv").write_text(HEAD + LISTED + BY_ORDER + KEPT, "utf-8", newline="")
    return program


def sends(program: Program) -> list[tuple[str, str]]:
    """Outcome and purpose of every send of scrub's in the ledger."""
    with sqlite3.connect(program.home / "ledger.sqlite") as connection:
        query = "SELECT outcome, purpose FROM send WHERE origin = 'scrub' ORDER BY id"
        return connection.execute(query).fetchall()


def read(program: Program, name: str) -> str:
    return (program.home / name).read_bytes().decode()


def nothing_came_of_it(program: Program) -> None:
    assert sends(program) == []
    made = {path.name for path in program.home.iterdir() if not path.name.startswith(("ledger", "."))}
    assert made == {"out.csv", "box", "settings.toml"}
    assert not [path for path in program.home.iterdir() if path.name.endswith(".part")]


class TestFiles:
    def test_columns_and_dialect_are_found_and_shown(self, filed: Program) -> None:
        done = filed.works("scrub", "out.csv", *FILES)
        assert done.said == [READ_AS, "3 rows read: 1 may go, 2 taken out."]
        assert done.out == ""
        assert read(filed, "clean.csv") == HEAD + KEPT
        rows = list(csv.DictReader(io.StringIO(read(filed, "dropped.csv"))))
        assert [row["Note"] for row in rows] == ["first", "second"]
        assert {(row["reason"], row["since"]) for row in rows} == {
            ("opted out of unsolicited messages", "2026-09-30T08:00:00Z")
        }
        assert sends(filed) == [("withheld", "unknown")] * 2

    def test_two_equal_rows_are_two_withheld_messages(self, filed: Program) -> None:
        (filed.home / "out.csv").write_text(HEAD + LISTED + LISTED, newline="")
        filed.works("scrub", "out.csv", *FILES)
        assert sends(filed) == [("withheld", "unknown")] * 2

    def test_a_file_without_a_header_and_columns_by_number(self, filed: Program) -> None:
        (filed.home / "out.csv").write_text(f"1\tA\t{FREE}\n2\tB\t{ALIAS}\n")
        done = filed.works("scrub", "out.csv", "--alias-column", "3", *FILES)
        assert done.said[0] == "read as UTF-8, tab; alias in column 3."
        assert read(filed, "clean.csv") == f"1\tA\t{FREE}\n"
        assert read(filed, "dropped.csv") == (
            f"2\tB\t{ALIAS}\topted out of unsolicited messages\t2026-09-30T08:00:00Z\n"
        )

    def test_encoding_and_delimiter_can_be_named(self, filed: Program) -> None:
        (filed.home / "out.csv").write_bytes(f"Email|Größe\n{ALIAS}|é\n{FREE}|é\n".encode("utf-16-le"))
        named = ("--encoding", "UTF-16LE", "--delimiter", "pipe")
        done = filed.works("scrub", "out.csv", *named, *FILES)
        assert done.said[0] == 'read as UTF-16, pipe; alias in column "Email".'
        assert (filed.home / "clean.csv").read_bytes() == f"Email|Größe\n{FREE}|é\n".encode("utf-16-le")

    @pytest.mark.parametrize("option", [("--encoding", "base64"), ("--delimiter", "x")])
    def test_what_is_none_is_refused(self, filed: Program, option: tuple[str, str]) -> None:
        filed.fails("scrub", "out.csv", *option, *FILES, code=65)
        nothing_came_of_it(filed)

    def test_no_column_is_refused_with_those_found(self, filed: Program) -> None:
        (filed.home / "out.csv").write_text("Name,City\nA,London\n")
        what, advice = filed.fails("scrub", "out.csv", *FILES, code=65)
        assert what == "No column holds marketplace aliases or Amazon order ids."
        assert advice.endswith("The columns found are: 'Name', 'City'.")
        nothing_came_of_it(filed)

    def test_addresses_beside_the_columns_are_told(self, filed: Program) -> None:
        (filed.home / "out.csv").write_text(
            f"Email,Note\n{FREE},see {ALIAS}\nb@shop.example,\nc@shop.example,x\n"
        )
        done = filed.works("scrub", "out.csv", "--alias-column", "Email", *FILES)
        assert done.said[1:3] == [
            'Not judged by: 1 alias (--alias-column) in column "Note".',
            "If rows are for those, name the columns by these flags, and the ones above, too.",
        ]

    def test_columns_without_titles_and_of_both_kinds_are_told(self, filed: Program) -> None:
        rows = f"{FREE},x,{ORDER}\n,{ALIAS} {ALIAS} {ORDER},{ORDER}\n"
        (filed.home / "out.csv").write_text(rows)
        done = filed.works("scrub", "out.csv", "--alias-column", "1", "--order-column", "1", *FILES)
        assert done.said[1] == (
            "Not judged by: 2 aliases (--alias-column) and 1 order id (--order-column) in column 2"
            " and 2 order ids (--order-column) in column 3."
        )

    def test_cells_that_may_be_order_ids_are_told(self, filed: Program) -> None:
        (filed.home / "out.csv").write_text("Order ID,Note\n7,\n2.03123E+16,\n")
        done = filed.works("scrub", "out.csv", *FILES)
        assert done.said[1:] == [
            "2 rows read: 2 may go, 0 taken out.",
            (
                "1 cell for order ids, the first in row 3, could not be read as one, and the rows may go:"
                " look whether they are Amazon's, and correct them."
            ),
        ]

    def test_an_address_that_cannot_be_read_stops_it(self, filed: Program) -> None:
        (filed.home / "out.csv").write_text("Email\nx@marketplace.amazon.co.za\n")
        what, advice = filed.fails("scrub", "out.csv", *FILES, code=65)
        assert (
            what == "Row 2 has an address at a marketplace that is none, or not known; nothing was written."
        )
        assert "[amazon] marketplaces" in advice
        nothing_came_of_it(filed)

    def test_one_row(self, filed: Program) -> None:
        (filed.home / "out.csv").write_text(f"Email\n{FREE}\n")
        assert filed.works("scrub", "out.csv", *FILES).said[-1] == "1 row read: 1 may go, 0 taken out."
        done = filed.works("scrub", "out.csv", "--critical", *FILES)
        assert done.said[1] == "1 row read: all may go, 0 of them to buyers on the list."

    def test_figures_as_json(self, filed: Program) -> None:
        done = filed.works("scrub", "out.csv", "--json", *FILES)
        assert json.loads(done.out) == {
            "mode": "listed",
            "read": 3,
            "kept": 1,
            "dropped": 2,
            "listed": 2,
            "filed": 2,
            "unjudged": 0,
            "encoding": "utf-8",
            "delimiter": ",",
            "alias_columns": [2],
            "order_columns": [1],
            "header": True,
            "stale": False,
        }

    def test_dropped_rows_need_a_file(self, filed: Program) -> None:
        what, _ = filed.fails("scrub", "out.csv", "-o", "clean.csv", "--config", "settings.toml", code=2)
        assert what == "The rows that are taken out would be lost."
        nothing_came_of_it(filed)

    @pytest.mark.parametrize(
        ("clean", "dropped"), [("out.csv", "d.csv"), ("c.csv", "out.csv"), ("c.csv", "./c.csv")]
    )
    def test_no_file_takes_the_place_of_another(self, filed: Program, clean: str, dropped: str) -> None:
        outputs = ("-o", clean, "--dropped", dropped, "--config", "settings.toml")
        filed.fails("scrub", "out.csv", *outputs, code=2)
        assert read(filed, "out.csv") == HEAD + LISTED + BY_ORDER + KEPT
        nothing_came_of_it(filed)

    @pytest.mark.parametrize("target", ["/dev/null", "."])
    def test_what_is_no_file_is_not_replaced(self, filed: Program, target: str) -> None:
        outputs = ("-o", target, "--dropped", "dropped.csv", "--config", "settings.toml")
        filed.fails("scrub", "out.csv", *outputs, code=2)
        nothing_came_of_it(filed)

    def test_a_missing_source_and_a_missing_folder(self, filed: Program) -> None:
        filed.fails("scrub", "none.csv", *FILES, code=65)
        outputs = ("-o", "clean.csv", "--dropped", "none/dropped.csv", "--config", "settings.toml")
        filed.fails("scrub", "out.csv", *outputs, code=74)
        nothing_came_of_it(filed)

    @pytest.mark.parametrize(
        ("octets", "told"),
        [
            (b"", "The file is empty."),
            (b"Email\nx\0y\n", "Row 2 holds a NUL."),
            (
                b'Email,N\nx,"y\n',
                "Row 2 has a quote that is not closed, or a cell of over 131,072 characters.",
            ),
            (b"Email,N\nx,y\nz\n", "Row 3 has 1 cells, the header has 2."),
            ("Email\nab\n".encode("utf-16")[:-1], "Row 2 is not UTF-16."),
            (b"Email\nab\n\x81\xff\n", "Row 3 is not UTF-8."),
        ],
    )
    def test_a_row_that_cannot_be_read_stops_it(self, filed: Program, octets: bytes, told: str) -> None:
        (filed.home / "out.csv").write_bytes(octets)
        what, _ = filed.fails("scrub", "out.csv", *FILES, code=65)
        assert what == told
        nothing_came_of_it(filed)

    def test_a_header_alone_is_an_empty_day(self, filed: Program) -> None:
        (filed.home / "out.csv").write_text(HEAD, newline="")
        assert filed.works("scrub", "out.csv", *FILES).said[-1] == "0 rows read: 0 may go, 0 taken out."
        assert read(filed, "clean.csv") == HEAD
        assert read(filed, "dropped.csv") == "Order ID,Email,Note,reason,since\r\n"

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
    def test_a_folder_that_may_not_be_written(self, filed: Program) -> None:
        (filed.home / "shut").mkdir(mode=0o500)
        outputs = ("-o", "shut/clean.csv", "--dropped", "dropped.csv", "--config", "settings.toml")
        filed.fails("scrub", "out.csv", *outputs, code=74)
        assert not (filed.home / "dropped.csv").exists()


class TestTheSameFileAgain:
    again = "2 rows of this file had been filed by an earlier run, and count once."

    def test_a_second_attempt_files_nothing_twice(self, filed: Program) -> None:
        filed.works("scrub", "out.csv", *FILES)
        done = filed.works(
            "scrub", "-", "-o", "clean.csv", *PIPE, stdin=(filed.home / "out.csv").read_bytes()
        )
        assert done.said[-1] == self.again
        assert sends(filed) == [("withheld", "unknown")] * 2

    def test_buyers_who_came_since_are_filed(self, filed: Program) -> None:
        more = f"203-9999999-9999999,{FREE},\r\n"
        rows = HEAD + more + LISTED
        (filed.home / "out.csv").write_text(rows, newline="")
        filed.works("scrub", "out.csv", *FILES)
        filed.works("suppressions", "add", FREE, "--note", "by telephone", "--config", "settings.toml")
        done = filed.works("scrub", "out.csv", *FILES)
        assert done.said[1:] == [
            "2 rows read: 0 may go, 2 taken out.",
            "1 row of this file had been filed by an earlier run, and counts once.",
        ]
        assert sends(filed) == [("withheld", "unknown")] * 2

    def test_another_file_and_another_mode_are_other_messages(self, filed: Program) -> None:
        filed.works("scrub", "out.csv", *FILES)
        filed.works("scrub", "out.csv", "--critical", *FILES)
        with (filed.home / "out.csv").open("a", newline="") as file:
            file.write(KEPT)
        filed.works("scrub", "out.csv", *FILES)
        assert sorted(sends(filed)) == [("sent", "order_critical")] * 2 + [("withheld", "unknown")] * 4

    def test_after_twelve_hours_it_is_another_mailing(
        self, filed: Program, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        filed.works("scrub", "out.csv", *FILES)
        monkeypatch.setattr(upkeep, "_SAME_WITHIN", timedelta(0))
        filed.works("scrub", "out.csv", *FILES)
        assert sends(filed) == [("withheld", "unknown")] * 4


class TestPipes:
    rows = (HEAD + LISTED + KEPT).encode()

    @pytest.mark.parametrize("named", [("-",), ()])
    def test_kept_rows_pass(self, filed: Program, named: tuple[str, ...]) -> None:
        done = filed.works("scrub", *named, *PIPE, stdin=self.rows)
        assert done.out == HEAD + KEPT
        assert done.said == [READ_AS, "2 rows read: 1 may go, 1 taken out."]
        assert read(filed, "dropped.csv").count("\n") == 2
        assert sends(filed) == [("withheld", "unknown")]

    def test_octets_that_are_no_text_here_pass_as_they_are(self, filed: Program) -> None:
        rows = b"Email,Note\r\na@b.example," + b"caf\xe9\x80\r\n"
        process = start(filed.home, "scrub", *PIPE, stdin=subprocess.PIPE)
        out, err = process.communicate(rows, timeout=100)
        assert (process.returncode, out) == (0, rows), err

    def test_nothing_goes_out_before_the_last_row_is_read(self, filed: Program) -> None:
        done = filed("scrub", "-", *PIPE, stdin=self.rows * 3_000 + b"one,cell too many,x,y\r\n")
        assert (done.code, done.out) == (65, "")
        assert "Row 9001 has 3 cells" not in done.err
        assert "Row 9001 has 4 cells, the header has 3." in done.err
        assert not (filed.home / "dropped.csv").exists()

    def test_rows_and_json_do_not_mix(self, filed: Program) -> None:
        filed.fails("scrub", "-", "--json", *PIPE, code=2, stdin=self.rows)

    def test_a_pipe_that_is_named_as_a_file(self, filed: Program) -> None:
        fifo = filed.home / "fifo"
        os.mkfifo(fifo)
        process = start(filed.home, "scrub", "fifo", *FILES)
        fifo.write_bytes(self.rows)
        _, err = process.communicate(timeout=100)
        assert process.returncode == 0, err
        assert read(filed, "clean.csv") == HEAD + KEPT

    def test_a_reader_that_stops_early_is_an_error_and_nothing_is_filed(self, filed: Program) -> None:
        (filed.home / "out.csv").write_text(HEAD + LISTED + KEPT * 20_000, newline="")
        process = start(filed.home, "scrub", "out.csv", *PIPE)
        assert process.stdout is not None
        process.stdout.read(10)
        process.stdout.close()
        process.stdout = None
        _, err = process.communicate(timeout=100)
        assert process.returncode == 74, err
        assert b"Not all rows could be written" in err
        assert sends(filed) == []


class TestModes:
    def test_critical_mail_goes_and_is_traced(self, filed: Program) -> None:
        done = filed.works("scrub", "out.csv", "-o", "clean.csv", "--critical", "--config", "settings.toml")
        assert read(filed, "clean.csv") == HEAD + LISTED + BY_ORDER + KEPT
        assert done.said[1:] == [
            "3 rows read: all may go, 2 of them to buyers on the list.",
            "Filed as order-critical: 2. Whether they are, Amazon decides, and blocks them if not.",
        ]
        assert sends(filed) == [("sent", "order_critical")] * 2

    def test_marketing_tools_get_no_alias_and_nothing_is_filed(self, filed: Program) -> None:
        (filed.home / "out.csv").write_text(f"Contact,Name\n{ALIAS},A\n{FREE},B\nc@shop.example,C\n")
        done = filed.works("scrub", "out.csv", "--all-marketplace", *FILES)
        assert read(filed, "clean.csv") == "Contact,Name\nc@shop.example,C\n"
        assert [row[2:] for row in csv.reader(io.StringIO(read(filed, "dropped.csv")))][1:] == [
            ["opted out of unsolicited messages", "2026-09-30T08:00:00Z"],
            ["marketplace alias", ""],
        ]
        assert done.said[1:] == [
            "3 rows read: 1 may go, 2 taken out.",
            "On the list: 1. Contacts of a marketing tool are filed as nothing.",
        ]
        assert sends(filed) == []

    def test_they_exclude_each_other(self, filed: Program) -> None:
        filed.fails("scrub", "out.csv", "--critical", "--all-marketplace", *FILES, code=2)


def stop(process: subprocess.Popen[bytes], home: Path) -> Result:
    """End the program when it has begun to write its outputs."""
    for _ in range(2_000):
        if list(home.glob(".clean.csv*.part")):
            break
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=100)
    return Result(process.returncode, out.decode(), err.decode())


def test_a_signal_in_the_middle_leaves_no_output(filed: Program) -> None:
    with (filed.home / "out.csv").open("a", newline="") as file:
        file.write(KEPT * 400_000)
    done = stop(start(filed.home, "scrub", "out.csv", *FILES), filed.home)
    assert done.code == 143, done.err
    nothing_came_of_it(filed)


def test_a_ledger_that_refuses_at_the_end_says_so(filed: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise LedgerError("There is no room.", "Make some.")

    monkeypatch.setattr(Ledger, "file_sent_log", full)
    what, advice = filed.fails("scrub", "out.csv", *FILES, code=74)
    assert what == "Both outputs are in place, but not all rows taken out were filed. There is no room."
    assert advice == "Make some."
    assert read(filed, "clean.csv") == HEAD + KEPT


def test_a_file_that_is_still_being_written_is_refused(
    filed: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    def writes_on(*_: object, **__: object) -> Iterator[SuppressionEntry]:
        with (filed.home / "out.csv").open("a") as file:
            file.write(KEPT)
        yield from ()

    monkeypatch.setattr(upkeep, "entries", writes_on)
    what, _ = filed.fails("scrub", "out.csv", *FILES, code=65)
    assert what == "out.csv changed while it was read."
    nothing_came_of_it(filed)


def test_a_disk_without_room_for_the_rows_is_an_error(
    filed: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shutil, "copyfileobj", full)
    what, _ = filed.fails("scrub", "-", *PIPE, code=74, stdin=b"x")
    assert what == "The rows can't be copied: No space left on device."


def test_a_stale_list_is_told_after_the_work(filed: Program) -> None:
    imap = (
        '[accounts.uk.imap]\nhost = "127.0.0.1"\nport = 1\nuser = "u"\npassword = { env = "UK_PASSWORD" }\n'
    )
    filed.configure(SETTINGS + "\n" + imap)
    done = filed("scrub", "out.csv", *FILES)
    assert done.code == 3
    assert "bounce-watch poll" in done.err
    assert read(filed, "clean.csv") == HEAD + KEPT
    assert sends(filed) == [("withheld", "unknown")] * 2


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("out.csv", *PIPE), b"The rows would go to the terminal."),
        (FILES, b"There is no file to scrub."),
    ],
)
def test_a_terminal_neither_gives_nor_gets_rows(
    filed: Program, arguments: tuple[str, ...], told: bytes
) -> None:
    ours, theirs = pty.openpty()
    command = [*COMMAND, "scrub", *arguments]
    done = subprocess.run(
        command,
        env=environment(filed.home),
        cwd=filed.home,
        stdin=theirs,
        stdout=theirs,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(ours)
    os.close(theirs)
    assert (done.returncode, done.stderr.splitlines()[0]) == (2, told)


def test_as_a_process(filed: Program) -> None:
    done = run_process(filed.home, "scrub", "-", *PIPE, stdin=(HEAD + LISTED + KEPT).encode())
    assert (done.code, done.out) == (0, HEAD + KEPT)
