"""The program on terminals of its own, quickly: one process that has everything loaded and forks for each command.

Started with `python -m tests.output.forked`. Reads one JSON object a line: arguments, environment, folder.
Answers with one: exit code, and the octets that came out of the pseudo-terminal, in hexadecimal.
"""

from __future__ import annotations

import fcntl
import json
import os
import pty
import struct
import sys
import termios

import tests.cli.loaded  # noqa: F401  (all that is forked)

COLUMNS, ROWS = 80, 24


def main() -> None:
    for line in sys.stdin:
        asked = json.loads(line)
        code, came = on_a_terminal(asked["arguments"], asked["environment"], asked["folder"])
        sys.stdout.write(json.dumps({"code": code, "came": came.hex()}) + "\n")
        sys.stdout.flush()


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
