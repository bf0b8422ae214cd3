"""What reaches a terminal or a pipe: no byte of a mail that acts, no escape where none is wanted, quiet ends."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.cli.conftest import Program
from tests.cli.mails import SETTINGS, notice, unknown, write
from tests.cli.program import COMMAND, environment, start

ESC = "\x1b"
COLOURS = re.compile(rb"\x1b\[[0-9;]*m")
"""What our own report may use on a terminal: select graphic rendition, nothing else."""

HOSTILE = (
    f"{ESC}]0;owned\x07{ESC}[2J{ESC}[31mred\x9b31m\x90dcs\x9c\u202eevil\u2066\u200bzero\r\b"
    " [bold red]markup[/] [link=http://evil.example]x[/link] :warning: \x7f"
)


def hostile_box(path: Path) -> Path:
    """Subjects, names and texts full of what a terminal obeys, raw and encoded."""
    encoded = "=?utf-8?q?" + "".join(f"={octet:02X}" for octet in HOSTILE.encode()) + "?="
    raw = HOSTILE.replace("\r", "")
    mails = [
        unknown(encoded, name=encoded, number=1),
        unknown(raw, name=f'"{raw}"', number=2),
        notice(subject=encoded, name=encoded, number=3, dmarc="fail"),
        notice(order="203-0000000-0000001", subject=raw, number=4),
        b"From: "
        + HOSTILE.encode()
        + b" <auto-communication@amazon.co.uk>\nSubject: "
        + HOSTILE.encode("latin-1", "replace")
        + b"\n\nx\n",
    ]
    return write(path, *mails)


def on_a_terminal(home: Path, *arguments: str, **extra: str) -> tuple[int, bytes]:
    """The program with a pseudo-terminal for output and talk; what came out of it."""
    main, side = pty.openpty()
    try:
        process = subprocess.Popen(
            [*COMMAND, *arguments],
            env=environment(home, TERM="xterm-256color", COLUMNS="100", **extra),
            cwd=home,
            stdin=subprocess.DEVNULL,
            stdout=side,
            stderr=side,
        )
        os.close(side)
        came = _drained(main)
        return process.wait(60), came
    finally:
        os.close(main)


def _drained(main: int) -> bytes:
    came = b""
    while select.select([main], [], [], 60)[0]:
        try:
            block = os.read(main, 65536)
        except OSError:  # Linux says so when the other side is closed
            break
        if not block:
            break
        came += block
    return came


def assert_inert(came: bytes) -> None:
    """Nothing but printable text, line ends and our own colours."""
    text = COLOURS.sub(b"", came).replace(b"\r\n", b"\n").decode("utf-8")
    foreign = [char for char in text if char != "\n" and not char.isprintable()]
    assert foreign == []


@pytest.fixture
def box(program: Program) -> str:
    program.configure(SETTINGS)
    return hostile_box(program.home / "box").name


def test_nothing_acts_on_the_terminal(program: Program, box: str) -> None:
    options = ("--config", "settings.toml")
    shown = b""
    for command in (
        ("inspect", box),
        ("import", box),
        ("report", "--period", "month"),
        ("import", f"no{HOSTILE}"),
    ):
        code, came = on_a_terminal(program.home, *command, *options)
        assert code in {0, 65}, came
        assert_inert(came)
        shown += came
    # It was shown, not left out, and Rich's markup is plain text.
    assert rb"\u{1b}]0;owned" in shown
    assert b"[bold red]markup[/]" in shown
    assert COLOURS.search(shown)


def test_no_color_is_respected(program: Program, box: str) -> None:
    _, came = on_a_terminal(program.home, "report", "--config", "settings.toml", NO_COLOR="1")
    assert ESC.encode() not in came
    assert "█".encode() in came or "─".encode() in came


def test_a_pipe_has_no_escapes(program: Program, box: str) -> None:
    for command in (
        ("inspect", box),
        ("import", box),
        ("report",),
        ("report", "--json"),
        ("inspect", box, "--json"),
    ):
        done = program.works(*command, "--config", "settings.toml")
        assert ESC not in done.out + done.err
        assert_inert(done.out.encode())
        assert_inert(done.err.encode())


def test_an_ascii_pipe_gets_ascii(program: Program, box: str) -> None:
    program.works("import", box, "--config", "settings.toml")
    write(program.home / "größe.eml", unknown("Größe"))
    for command in (
        ("report",),
        ("inspect", "größe.eml"),
        ("import", "größe.eml"),
        ("suppressions", "export"),
    ):
        process = start(
            program.home, *command, "--config", "settings.toml", env={"PYTHONIOENCODING": "ascii"}
        )
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        assert (out + err).isascii()


def test_a_reader_that_has_enough(program: Program) -> None:
    write(program.home / "many", *(unknown(number=number) for number in range(500)))
    for command in ("report", "inspect many", "inspect many --json"):
        line = f"{' '.join(COMMAND)} {command} | head -1; echo ${{PIPESTATUS[0]}}"
        done = subprocess.run(
            ["bash", "-c", line],
            env=environment(program.home),
            cwd=program.home,
            capture_output=True,
            check=False,
        )
        assert done.stderr == b""
        assert done.stdout.splitlines()[-1] == b"0"
        assert len(done.stdout.splitlines()) == 2


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_stopped_by_a_signal(sent: signal.Signals, code: int, program: Program) -> None:
    """While it waits for mail on standard input; what comes out is nothing at all."""
    program.configure(SETTINGS)
    process = start(program.home, "import", "-", "--config", "settings.toml", stdin=subprocess.PIPE)
    deadline = time.monotonic() + 30
    while not (program.home / "ledger.sqlite").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.3)
    process.send_signal(sent)
    out, err = process.communicate(timeout=30)
    # An interrupt while Python loads a module ends it by the signal itself: the same 130 to a shell.
    assert process.returncode in ({code, -sent} if sent is signal.SIGINT else {code})
    assert (out, err) == (b"", b"")
