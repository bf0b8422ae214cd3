"""Help: there for every command, with an example that is right, and quick."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
import typer

from bounce_watch.cli.main import app
from tests.cli.conftest import Program
from tests.cli.program import environment

COMMANDS = [
    ("demo",),
    ("poll",),
    ("import",),
    ("inspect",),
    ("check-message",),
    ("report",),
    ("daily",),
    ("health",),
    ("scrub",),
    ("redo",),
    ("undo",),
    ("runs",),
    ("history",),
    ("reprocess",),
    ("purge",),
    ("doctor",),
    ("rebuild",),
    ("alerts", "check"),
    ("alerts", "test"),
    ("db", "check"),
    ("db", "backup"),
    ("review", "accept"),
    ("review", "dismiss"),
    ("review", "reopen"),
    ("sent", "import"),
    ("sent", "coverage"),
    ("sent", "poll"),
    ("suppressions", "check"),
    ("suppressions", "export"),
    ("suppressions", "list"),
    ("suppressions", "add"),
    ("suppressions", "release"),
    ("suppressions", "allow"),
    ("suppressions", "import"),
    ("suppressions", "presets"),
    ("suppressions", "exports"),
]
HEAVY = {
    "apprise",
    "sqlmodel",
    "sqlalchemy",
    "alembic",
    "lxml",
    "mailparser",
    "imapclient",
    "rich",
    "prometheus_client",
}
"""Not pydantic, which Typer loads by itself where an option has a type."""


def test_every_command_is_here() -> None:
    """So that a new command comes with its help tested."""
    found = set[tuple[str, ...]]()
    for command in app.registered_commands:
        found.add((str(command.name),))
    for group in app.registered_groups:
        assert group.typer_instance is not None
        assert isinstance(group.typer_instance, typer.Typer)
        found |= {(str(group.name), str(each.name)) for each in group.typer_instance.registered_commands}
    assert found == set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_has_an_example(command: tuple[str, ...], option: str, program: Program) -> None:
    shown = program.works(*command, option).out
    assert f"Example: bounce-watch {' '.join(command)}" in " ".join(shown.split())
    assert "Options:" in shown


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_options_of_the_example_exist(command: tuple[str, ...], program: Program) -> None:
    words = " ".join(program.works(*command, "--help").out.split())
    example = words.partition("Example: ")[2].partition("Arguments:")[0].partition("Options:")[0]
    options = [word for word in example.split() if word.startswith("-") and len(word) > 1]
    behind = words.partition("Options:")[2]
    assert all(option in behind for option in options)


def test_the_program_itself(program: Program) -> None:
    shown = program.works("--help").out
    for command in COMMANDS:
        assert f" {command[0]} " in shown
    assert program.works("--version").out.startswith("bounce-watch ")
    assert program("").code == 2


def test_help_loads_nothing_heavy(home: Path) -> None:
    code = (
        "import runpy, sys\n"
        "sys.argv = ['bounce-watch', *sys.argv[1:]]\n"
        "try: runpy.run_module('bounce_watch', run_name='__main__')\n"
        "except SystemExit: print(*sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)\n"
    )
    for command in ((), ("report",), ("suppressions", "export")):
        begin = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-c", code, *command, "--help"],
            env=environment(home),
            cwd=home,
            capture_output=True,
            text=True,
            check=True,
        )
        assert "Example" in done.stdout or not command
        assert HEAVY & set(done.stderr.split()) == set()
        assert time.monotonic() - begin < 5  # A third of a second alone; machines of CI have other work, too.


def test_an_address_of_a_heavy_library_is_known() -> None:
    """The test above looks for names that exist; else it would find nothing for ever."""
    for name in HEAVY:
        __import__(name)
