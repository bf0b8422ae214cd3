"""`suppressions check` as scripts and tools meet it: exit codes, JSON, and a pipe that is answered line by line."""

from __future__ import annotations

import errno
import io
import json
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING

import pytest

from bounce_watch.cli.check import _standard_input
from bounce_watch.errors import ON_THE_LIST, BounceWatchError, DataError, UsageError
from bounce_watch.records.filed import Filed, RunState
from bounce_watch.store.ledger import open_ledger
from bounce_watch.upkeep.check import BLANK, NO_NAME, OUTSIDE, SHARED, TOO_LONG
from tests.cli.conftest import Program
from tests.cli.mails import ALIAS, ORDER, OTHER_ORDER, SETTINGS, notice, write
from tests.cli.program import imap_settings, run, start
from tests.servers.imap import ImapAccount

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer as Buffer

CHECK = ("suppressions", "check", "--config", "settings.toml")
UNKNOWN_ORDER = "203-9999999-9999999"
SHARED_ALIAS = "no-reply-amazon-iba-buyer@marketplace.amazon.co.uk"
NOWHERE = ImapAccount(host="127.0.0.1", port=1, user="seller", password="")
WAIT_S = 60


@pytest.fixture
def listed(program: Program) -> Program:
    """A ledger in which ORDER, with ALIAS, is on the list; nobody polls."""
    program.configure(SETTINGS)
    write(program.home / "notice.eml", notice())
    program.works("import", "notice.eml", "--config", "settings.toml")
    return program


def polled(program: Program, *, hours_ago: float) -> None:
    at = datetime.now(UTC) - timedelta(hours=hours_ago)
    with open_ledger(f"sqlite:///{program.home}/ledger.sqlite") as ledger:
        number = ledger.start_run("uk", "poll", at=at)
        ledger.finish_run(number, at=at, state=RunState.COMPLETE, read=0, filed=Filed())


@pytest.mark.parametrize(
    ("names", "code"),
    [
        ([ORDER], 10),
        ([ALIAS.upper()], 10),
        ([f"Jane <{ALIAS.replace('@', '+x@')}>"], 10),
        ([UNKNOWN_ORDER], 0),
        ([UNKNOWN_ORDER, ORDER], 10),
        (["?", ORDER], 10),
        ([UNKNOWN_ORDER, "?"], 65),
        ([SHARED_ALIAS], 65),
        (["jane@friend.example"], 65),
        ([""], 65),
    ],
)
def test_the_exit_code_tells(names: list[str], code: int, listed: Program) -> None:
    done = listed(*CHECK, *names)
    assert done.code == code
    assert done.err == ""
    assert len([line for line in done.out.splitlines() if ": " in line]) >= len(names)


def test_the_code_for_scripts_is_ten() -> None:
    assert ON_THE_LIST == 10


def test_what_a_person_reads(listed: Program) -> None:
    lines = listed(*CHECK, ORDER, UNKNOWN_ORDER, SHARED_ALIAS, "jane@friend.example").out.splitlines()
    assert lines[0].startswith(f"{ORDER}: on the list since 30 Sep 2026 08:00: opted out")
    assert lines[1:5] == [
        f"{UNKNOWN_ORDER}: not on the list",
        f"{SHARED_ALIAS}: can't be answered: {SHARED}",
        f"jane@friend.example: can't be answered: {OUTSIDE}",
        "What may go to a buyer who opted out:",
    ]
    assert lines[-1] == "Last complete poll: never."


def test_json_has_all_of_it(listed: Program) -> None:
    polled(listed, hours_ago=1)
    done = listed(*CHECK, "--json", ORDER, UNKNOWN_ORDER, "?")
    first, second, third = map(json.loads, done.out.splitlines())
    assert (first["name"], first["state"], first["listed"]) == (ORDER, "listed", True)
    assert (first["since"], first["source"], first["account"]) == ("2026-09-30T08:00:00Z", "opt_out", "uk")
    assert first["may_send"]
    assert (second["state"], second["may_send"], second["reason"]) == ("clear", [], "")
    assert (third["name"], third["state"], third["reason"]) == (None, "unknown", NO_NAME)
    for each in (first, second, third):
        assert each["stale"] is False
        age = datetime.now(UTC) - datetime.fromisoformat(each["last_complete_poll_at"])
        assert timedelta(minutes=59) < age < timedelta(minutes=62)


@pytest.mark.parametrize(
    ("hours_ago", "options", "names", "code"),
    [
        (27, (), [UNKNOWN_ORDER], 3),
        (25, (), [UNKNOWN_ORDER], 0),
        (25, ("--max-age", "24"), [UNKNOWN_ORDER], 3),
        (27, ("--max-age", "28"), [UNKNOWN_ORDER], 0),
        (27, (), [UNKNOWN_ORDER, ORDER], 10),
        (27, (), [UNKNOWN_ORDER, "?"], 65),
        (None, (), [UNKNOWN_ORDER], 3),
    ],
)
def test_nobody_is_on_a_list_that_is_too_old(
    hours_ago: float | None, options: tuple[str, ...], names: list[str], code: int, listed: Program
) -> None:
    listed.configure(imap_settings(NOWHERE))
    if hours_ago is not None:
        polled(listed, hours_ago=hours_ago)
    done = listed(*CHECK, *options, *names)
    assert done.code == code
    is_old = (hours_ago or 99) > (int(options[1]) if options else 26)
    assert ("bounce-watch poll" in done.err) is is_old
    assert listed(*CHECK, *options, "-", stdin=ORDER.encode()).code == (3 if is_old else 0)


def test_a_ledger_that_is_not_there_is_not_made(program: Program) -> None:
    program.configure(SETTINGS)
    program.fails(*CHECK, ORDER, code=74)
    program.fails(*CHECK, "-", code=74, stdin=b"x\n")
    assert sorted(path.name for path in program.home.iterdir()) == ["settings.toml"]


def test_words_that_do_not_fit(listed: Program) -> None:
    listed.fails(*CHECK, "-", ORDER, code=2)
    listed.fails(*CHECK, "--account", "de", ORDER, code=2)
    assert listed(*CHECK).code == 2
    assert listed(*CHECK, "--max-age", "0", ORDER).code == 2


def test_how_old_the_list_may_be_stands_in_the_settings(listed: Program) -> None:
    """2,000 hours by the settings, which an option overrules."""
    old = datetime.now(UTC) - timedelta(hours=1000)
    with open_ledger(f"sqlite:///{listed.home}/ledger.sqlite") as ledger:
        number = ledger.start_run("uk", "poll", at=old)
        ledger.finish_run(number, at=old, state=RunState.COMPLETE, read=0, filed=Filed())
    mailbox = '[accounts.uk.imap]\nhost = "imap.seller.example"\nuser = "x"\npassword = { env = "X" }\n'
    listed.configure(f"{SETTINGS}{mailbox}[export]\nmax_age_hours = 2000\n")
    assert listed(*CHECK, OTHER_ORDER).code == 0
    assert listed(*CHECK, "--max-age", "26", OTHER_ORDER).code == 3


def test_several_accounts_have_several_lists(listed: Program) -> None:
    listed.configure(f"{SETTINGS}\n[accounts.de]\n")
    listed.fails(*CHECK, ORDER, code=2)
    assert listed(*CHECK, "--account", "uk", ORDER).code == 10
    nobody = listed(*CHECK, "--account", "de", ORDER)
    assert nobody.code == 3
    assert nobody.said[0] == "de: no mail was ever read, so nobody can be on its list by a notice."


def test_a_seller_s_own_marketplace_is_one(listed: Program) -> None:
    alias = "abcdefghijklm01@marketplace.amazon.co.za"
    assert listed(*CHECK, alias).code == 65
    listed.configure(f'{SETTINGS}\n[amazon]\nmarketplaces = ["amazon.co.za"]\n')
    assert listed(*CHECK, alias).code == 0


def test_lines_are_answered_in_their_order(listed: Program) -> None:
    asked = f"{ORDER}\n\n{UNKNOWN_ORDER}\r\nwhat?\n{'x' * 2000}\n\xff\xfe\n {ALIAS}".encode("latin-1")
    done = listed(*CHECK, "-", stdin=asked)
    rows = [line.split("\t") for line in done.out.splitlines()]
    assert [row[1] for row in rows] == [
        "listed",
        "unknown",
        "clear",
        "unknown",
        "unknown",
        "unknown",
        "listed",
    ]
    assert [row[3] for row in rows[1:6]] == [BLANK, "", NO_NAME, TOO_LONG, NO_NAME]
    assert rows[0][:3] == [ORDER, "listed", "2026-09-30T08:00:00Z"]
    assert rows[6][0] == ALIAS
    assert {len(row) for row in rows} == {5}
    assert done.code == 5
    assert done.err == ""


def test_the_end_without_a_fault_is_zero(listed: Program) -> None:
    assert listed.works(*CHECK, "-", stdin=f"{ORDER}\n{UNKNOWN_ORDER}\n".encode()).out.count("\n") == 2
    assert listed.works(*CHECK, "-").out == ""


def test_lines_as_json(listed: Program) -> None:
    done = listed(*CHECK, "-", "--json", stdin=f"{ORDER}\n?\n".encode())
    assert [json.loads(line)["listed"] for line in done.out.splitlines()] == [True, False]
    assert done.code == 5


@pytest.fixture
def tool(listed: Program) -> Iterator[subprocess.Popen[bytes]]:
    """The program as a tool keeps it, with both pipes open."""
    with start(listed.home, *CHECK, "-", stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


def ask(process: subprocess.Popen[bytes], line: str) -> list[str]:
    """Write one line and wait for its answer, with the input still open."""
    assert process.stdin
    process.stdin.write(f"{line}\n".encode())
    process.stdin.flush()
    assert process.stdout
    assert select.select([process.stdout], [], [], WAIT_S)[0], "no answer came"
    return process.stdout.readline().decode().rstrip("\n").split("\t")


def end(process: subprocess.Popen[bytes]) -> int:
    assert process.stdin
    process.stdin.close()
    return process.wait(WAIT_S)


def test_a_tool_gets_its_answer_at_once_and_sees_what_comes(
    tool: subprocess.Popen[bytes], listed: Program
) -> None:
    assert ask(tool, ORDER)[1] == "listed"
    assert ask(tool, OTHER_ORDER)[1] == "clear"
    write(listed.home / "later.eml", notice(OTHER_ORDER, alias=None, number=2))
    listed.works("import", "later.eml", "--config", "settings.toml")
    assert ask(tool, OTHER_ORDER)[1] == "listed"
    assert ask(tool, "")[1] == "unknown"
    assert end(tool) == 5


def test_an_endless_line_takes_no_memory(tool: subprocess.Popen[bytes]) -> None:
    """It is answered before it ends, and whatever follows it as well."""
    ask(tool, ORDER)
    before = memory(tool)
    assert tool.stdin
    for _ in range(1_000):
        tool.stdin.write(b"x" * 65_536)
    assert ask(tool, "")[3] == TOO_LONG
    assert ask(tool, ORDER)[1] == "listed"
    assert memory(tool) - before < 8 * 1024
    assert end(tool) == 5


def memory(process: subprocess.Popen[bytes]) -> int:
    """The most that the process ever had, in KiB."""
    path = Path(f"/proc/{process.pid}/status")
    if not path.exists():
        pytest.skip("no /proc here")
    (line,) = (line for line in path.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1])


def drained(stream: IO[bytes] | None) -> bytes:
    assert stream
    return stream.read()


def test_a_reader_that_leaves_ends_it_quietly(tool: subprocess.Popen[bytes]) -> None:
    ask(tool, ORDER)
    assert tool.stdout
    assert tool.stdin
    tool.stdout.close()
    tool.stdin.write(f"{ORDER}\n".encode())
    tool.stdin.flush()
    assert tool.wait(WAIT_S) == 0  # Its input is still open.
    assert drained(tool.stderr) == b""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_it_without_a_traceback(
    number: signal.Signals, code: int, tool: subprocess.Popen[bytes]
) -> None:
    ask(tool, ORDER)
    tool.send_signal(number)
    assert tool.wait(WAIT_S) == code
    assert drained(tool.stderr) == b""


class Torn(io.RawIOBase):
    """An input that breaks off."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int:
        raise OSError(errno.EIO, "Input/output error")


@pytest.mark.parametrize(
    ("stdin", "error"),
    [
        (None, UsageError),
        (io.TextIOWrapper(io.BufferedReader(Torn())), DataError),
        (io.StringIO(), UsageError),
    ],
)
def test_input_that_is_none(
    stdin: object, error: type[BounceWatchError], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", stdin)
    with pytest.raises(error):
        _standard_input()(10)


def test_it_works_as_a_process(listed: Program) -> None:
    done = run(listed.home, *CHECK, ALIAS)
    assert done.code == 10
    assert done.err == ""
