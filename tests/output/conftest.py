from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.program import ROOT, environment
from tests.output.world import World, make_world


@dataclass(frozen=True, slots=True)
class Shown:
    """How a command on a terminal ended, and every octet that the terminal got."""

    code: int
    came: bytes


class Terminal:
    """Runs the program on a terminal of 80 columns, in `folder`."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def __call__(self, folder: Path, *arguments: str, colour: bool = True, **extra: str) -> Shown:
        more = {} if colour else {"NO_COLOR": "1"}
        asked = {
            "arguments": arguments,
            "environment": environment(folder, TERM="xterm-256color", **more, **extra),
            "folder": str(folder),
        }
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        return Shown(answer["code"], bytes.fromhex(answer["came"]))


@pytest.fixture(scope="session")
def terminal() -> Iterator[Terminal]:
    """The program, loaded once and forked for each command."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.output.forked"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield Terminal(process)
        assert process.stdin
        process.stdin.close()
        process.wait(30)


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory, terminal: Terminal) -> World:
    """A home full of evil, filed in its ledger."""
    made = make_world(tmp_path_factory.mktemp("world"))
    for command in (("import", "box.mbox"), ("sent", "import", "sent.csv", "--yes")):
        assert terminal(made.home, *command, "--config", "settings.toml").code in {0, 5}
    return made
