"""`suppressions presets`: every shape of export, how well it is known, what to beware of, and a seller's own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bounce_watch.suppression.preset import preset_names
from tests.cli.conftest import Program

COMMAND = ("suppressions", "presets", "--config", "settings.toml")
OWN = """
description = "Our help desk"
key = "both"
rows = "order"
delimiter = "semicolon"
encoding = "utf-8-sig"
line_end = "lf"
max_rows = 5000
warning = "Only on Mondays."
columns = [
  { header = "Order", source = "order_id" }, { header = "E-Mail", source = "alias" },
  { header = "Since", source = "since", form = "rfc2822" }, { header = "State", value = "out" },
]
"""


@pytest.fixture
def folder(program: Program) -> Path:
    program.configure("")
    made = program.home / "presets"
    made.mkdir()
    (made / "help-desk.toml").write_text(OWN, "utf-8")
    return made


def flat(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("columns", ["60", "100", "160"])
def test_the_table_holds_every_preset_with_its_evidence(program: Program, columns: str) -> None:
    shown = program.works(*COMMAND, COLUMNS=columns).out
    assert max(map(len, shown.splitlines())) <= int(columns)
    names = [line.split()[0] for line in shown.splitlines() if line[:1].isalnum()][2:]
    assert names == sorted([*preset_names(), "help-desk"])
    assert flat(shown).startswith("Presets: 22 ")
    assert "help-desk (own)" in shown
    assert "Warning:" in shown


@pytest.mark.usefixtures("folder")
def test_what_is_known_of_a_tool_is_told(program: Program) -> None:
    shown = flat(program.works(*COMMAND, COLUMNS="160").out)
    assert "sendgrid alias CSV guessed SendGrid: upload of global unsubscribes" in shown
    assert "mautic alias CSV reported" in shown
    assert "Warning: Amazon SES knows no lists: it then blocks every mail to these buyers" in shown
    assert "AWS documents two columns without a header" in flat(program.works(*COMMAND, "ses").out)


@pytest.mark.usefixtures("folder")
def test_one_is_shown_with_its_columns(program: Program) -> None:
    shown = program.works(*COMMAND, "help-desk", COLUMNS="100").out
    lines = [flat(line) for line in shown.splitlines()]
    assert lines[1:] == [
        "for Our help desk",
        "known by alias and order ids",
        "a row is an order",
        "format CSV",
        "written as semicolon, utf-8-sig, LF, a header",
        "parts of at most 5,000 rows",
        "evidence guessed",
        "file presets/help-desk.toml",
        "warning Only on Mondays.",
        "column Order: order_id",
        "E-Mail: alias",
        "Since: since",
        'State: always "out"',
    ]
    shown = program.works(*COMMAND, "xlsx", COLUMNS="100").out
    assert "a row is      a buyer\n" in shown
    assert "written as" not in shown
    assert "evidence      confirmed: The program's own form\n" in shown


@pytest.mark.usefixtures("folder")
def test_json_has_an_object_for_each(program: Program) -> None:
    found = {
        each["name"]: each for each in map(json.loads, program.works(*COMMAND, "--json").out.splitlines())
    }
    assert list(found) == sorted([*preset_names(), "help-desk"])
    assert found["help-desk"] == {
        "name": "help-desk",
        "description": "Our help desk",
        "own": True,
        "key": "both",
        "rows": "order",
        "format": "csv",
        "header": True,
        "delimiter": ";",
        "encoding": "utf-8-sig",
        "line_end": "\n",
        "within": None,
        "max_rows": 5000,
        "evidence": "guessed",
        "source": None,
        "warning": "Only on Mondays.",
        "columns": [
            {"header": "Order", "source": "order_id", "value": None, "form": None},
            {"header": "E-Mail", "source": "alias", "value": None, "form": None},
            {"header": "Since", "source": "since", "value": None, "form": "rfc2822"},
            {"header": "State", "source": None, "value": "out", "form": None},
        ],
    }
    assert found["postmark"]["within"] == "Suppressions"
    assert (found["postmark"]["encoding"], found["postmark"]["own"]) == (None, False)
    assert program.works(*COMMAND, "ses", "--json").out.count("\n") == 1


def test_a_wrong_one_is_told_with_its_line_behind_the_others(program: Program, folder: Path) -> None:
    (folder / "broken.toml").write_text(OWN.replace('"both"', '"name"'), "utf-8")
    for options in ((), ("--json",)):
        done = program(*COMMAND, *options)
        assert done.code == 65
        assert "help-desk" in done.out
        assert "broken" not in done.out
        what, advice = done.err.splitlines()
        assert what == (
            "The preset 'broken' has the key 'name'; known are alias, order, both (line 3 of presets/broken.toml)."
        )
        assert advice == "docs/how-to/write-a-preset.md says what may stand there."
    what, _ = program.fails(*COMMAND, "broken", code=65)
    assert "line 3 of" in what
    assert program.works(*COMMAND, "help-desk").out


def test_an_unknown_one_is_told_with_the_nearest(program: Program, folder: Path) -> None:
    what, advice = program.fails(*COMMAND, "help-dsk", code=65)
    assert what == "There is no preset called 'help-dsk'."
    assert advice.startswith("Did you mean help-desk? There are: addresses, brevo,")
    assert str(folder) not in what
