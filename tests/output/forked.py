"""The program on terminals of its own, quickly: one process that has everything loaded and forks for each command.

Before the first one it has run the demo, so that its SQL is compiled and its tree of commands built (tests/once.py).

Started with `python -m tests.output.forked`. Reads one JSON object a line: arguments, environment, folder.
Answers with one: exit code, and the octets that came out of the pseudo-terminal, in hexadecimal.
"""

from __future__ import annotations

import fcntl
import gc
import importlib
import json
import os
import pty
import struct
import sys
import tempfile
import termios
from contextlib import redirect_stderr, redirect_stdout, suppress

from tests.once import built_once

COLUMNS, ROWS = 80, 24
LOADED = (
    "alembic.command cli.main demo.generate examine figures.content flow mailboxes.imap notices.catalogue"
    " reports.render settings sign_in.secret store.ledger store.migrations suppression.scrub sent_log.detect"
)


def main() -> None:
    for name in LOADED.split():
        importlib.import_module(name if name.startswith("alembic") else f"bounce_watch.{name}")
    with built_once():
        warm_up()
        gc.freeze()  # a child that looks for garbage would copy all that it shares
        for line in sys.stdin:
            asked = json.loads(line)
            code, came = on_a_terminal(asked["arguments"], asked["environment"], asked["folder"])
            sys.stdout.write(json.dumps({"code": code, "came": came.hex()}) + "\n")
            sys.stdout.flush()


def warm_up() -> None:
    from bounce_watch.cli.main import app

    with (
        tempfile.TemporaryFile("w+") as nowhere,
        redirect_stdout(nowhere),
        redirect_stderr(nowhere),
        suppress(SystemExit),
    ):
        app(["demo"])


def on_a_terminal(arguments: list[str], environment: dict[str, str], folder: str) -> tuple[int, bytes]:
    child, terminal = pty.fork()
    if child == 0:
        become_the_program(arguments, environment, folder)
    came = b""
    while True:
        try:
            block = os.read(terminal, 65536)
        except OSError:  # Linux says so when the other side is closed
            break
        if not block:
            break
        came += block
    _, status = os.waitpid(child, 0)
    os.close(terminal)
    return os.waitstatus_to_exitcode(status), came


def become_the_program(arguments: list[str], environment: dict[str, str], folder: str) -> None:
    from bounce_watch.cli.main import run

    code = 70
    try:
        fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        sys.argv = ["bounce-watch", *arguments]
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - it lives as long as the process
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
        run()
    except SystemExit as leave:
        code = int(leave.code or 0)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
