from __future__ import annotations

import re
import shlex
from functools import cache
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bounce_watch.cli.main import app

from .pages import PAGES, blocks, name, read, rows, section, words

PROGRAM = "bounce-watch"
GROUPS = ("", "alerts", "db", "review", "sent", "suppressions")
_OPTION = re.compile(r"(?<![\w-])--?[a-z][a-z-]*")
_HEADING = re.compile(rf"^## ({PROGRAM}.*)$", re.MULTILINE)


@cache
def help_of(command: str) -> str:
    done = CliRunner().invoke(app, [*command.split(), "--help"], env={"COLUMNS": "200"})
    assert done.exit_code == 0, command
    return done.stdout


def part(text: str, title: str) -> str:
    """A part of a help text, up to the next empty line."""
    return text.partition(f"\n{title}:\n")[2].partition("\n\n")[0]


@cache
def real_options(command: str) -> frozenset[str]:
    lines = part(help_of(command), "Options").split("\n")
    heads = [re.split(r" {2,}", line.strip())[0] for line in lines if re.match(r" {1,6}-", line)]
    return frozenset(option for head in heads for option in _OPTION.findall(head))


def real_commands() -> set[str]:
    found = set()
    for group in GROUPS:
        for line in part(help_of(group), "Commands").split("\n"):
            if match := re.match(r" {1,4}([a-z-]+)", line):
                found.add(f"{group} {match[1]}".strip())
    return found - {"alerts", "db", "sent", "suppressions"}


COMMANDS = sorted(real_commands())


def test_the_help_is_understood_here() -> None:
    assert {"demo", "poll", "sent import", "suppressions export"} <= set(COMMANDS)
    assert {"--preset", "--output", "-o", "--allow-shrink"} <= real_options("suppressions export")


def test_every_command_has_a_section_and_every_section_a_command() -> None:
    titles = _HEADING.findall(read("reference/commands.md"))
    assert sorted(titles) == sorted([PROGRAM, *(f"{PROGRAM} {command}" for command in COMMANDS)])


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_every_option_is_documented_and_every_documented_one_exists(command: str) -> None:
    text = section(read("reference/commands.md"), f"{PROGRAM} {command}".strip())
    documented = {option for row in rows(text) for word in words(row[0]) for option in _OPTION.findall(word)}
    assert documented - {"-h", "--help"} == real_options(command) - {"-h", "--help"}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_an_example_in_its_help_and_on_its_page(command: str) -> None:
    assert f"Example: {PROGRAM} {command}" in help_of(command)
    examples = blocks(section(read("reference/commands.md"), f"{PROGRAM} {command}"))
    assert any(f"$ {PROGRAM} {command}" in block.text for block in examples)


def told(page: Path) -> list[str]:
    """The calls of the program in console blocks, also those behind a pipe."""
    lines = [
        line.removeprefix("$ ")
        for block in blocks(page.read_text("utf-8"))
        if block.language == "console"
        for line in block.text.split("\n")
        if line.startswith("$ ")
    ]
    parts = [part.strip() for line in lines for part in line.split("|")]
    return [part for part in parts if part.startswith(PROGRAM)]


CALLS = [(page, call) for page in PAGES for call in told(page)]


@pytest.mark.parametrize(("page", "call"), CALLS, ids=[f"{name(page)}: {call}" for page, call in CALLS])
def test_every_call_on_a_page_names_a_command_and_options_that_exist(page: Path, call: str) -> None:
    given = shlex.split(call)[1:]
    if given[:1] == ["--config"]:
        given = given[2:]
    command = max(
        (each for each in COMMANDS if given[: len(each.split())] == each.split()), key=len, default=""
    )
    assert command or given == ["--version"], call
    assert {word for word in given if word.startswith("-") and word != "-"} <= real_options(command), call


def test_there_are_calls_to_check() -> None:
    assert len(CALLS) > 20
