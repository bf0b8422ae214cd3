"""The program in a process of its own, forked from one that has loaded it: loading is most of what a command costs.

For tests that need a process, since they send it signals, keep its pipes open or run two at once. How the program
starts is tested by those that start it as a user does (`COMMAND` of tests/cli/program.py).
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import chdir
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["pytest", "tests.cli.loaded", "tests.secrets.child"])


class Forked(subprocess.Popen[bytes]):
    """A `Popen` whose arguments are those of `bounce-watch`; all of Popen's that say how to start a process are not."""

    def __init__(
        self,
        arguments: list[str],
        *,
        environment: Mapping[str, str],
        home: Path,
        stdin: int,
        stdout: Any = subprocess.PIPE,
        stderr: Any = subprocess.PIPE,
        octets: int | None = None,
    ) -> None:
        self._octets = octets
        super().__init__(arguments, env=environment, cwd=home, stdin=stdin, stdout=stdout, stderr=stderr)

    def _execute_child(self, args: list[str], *given: Any) -> None:
        """The place where Popen, which has made the pipes, would start a process."""
        cwd, env = given[4:6]
        pipes = given[9:15]
        ends = [Connection(os.dup(pipes[number])) for number in (0, 3, 5)]
        self._process = FORKS.Process(
            target=_become, args=(args, dict(env), str(cwd), ends, self._octets), daemon=True
        )
        with chdir(ROOT):  # The first one starts the process that forks, which finds its modules there.
            self._process.start()
        self.pid = self._process.pid or 0
        self._child_created = True
        self._close_pipe_fds(*pipes)  # type: ignore[attr-defined]  # not public, as the rest here
        for end in ends:
            end.close()

    def _internal_poll(self, *_: Any, **__: Any) -> int | None:
        self.returncode: int = self._process.exitcode  # type: ignore[assignment]  # None until it ended
        return self.returncode

    def _wait(self, timeout: float | None) -> int:
        self._process.join(timeout)
        if self._internal_poll() is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        return self.returncode


def _become(
    arguments: list[str], environment: dict[str, str], home: str, ends: list[Connection], octets: int | None
) -> None:
    """Be `bounce-watch ARGUMENTS` as far as the interpreter would have seen to it."""
    from bounce_watch.cli.main import run

    os.environ.clear()
    os.environ.update(environment)
    os.chdir(home)
    if octets is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (octets, octets))
    for number, end in enumerate(ends):
        os.dup2(end.fileno(), number)
        end.close()
    encoding = environment["PYTHONIOENCODING"]
    sys.stdin = sys.__stdin__ = open(0, encoding=encoding, closefd=False)  # type: ignore[misc]  # noqa: SIM115
    sys.stdout = sys.__stdout__ = open(1, "w", encoding=encoding, closefd=False)  # type: ignore[misc]  # noqa: SIM115
    sys.stderr = sys.__stderr__ = open(  # type: ignore[misc]  # noqa: SIM115
        2, "w", buffering=1, encoding=encoding, errors="backslashreplace", closefd=False
    )
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv = ["bounce-watch", *arguments]
    run()
