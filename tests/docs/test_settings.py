from __future__ import annotations

import tomllib
from enum import StrEnum
from pathlib import Path

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from bounce_watch.notices.catalogue import Wording, load_catalogue
from bounce_watch.settings import load_settings
from bounce_watch.settings.model import (
    AccountSection,
    AlertsSection,
    AmazonSection,
    ExportSection,
    File,
    ImapSection,
    LedgerSection,
    ReportSection,
    SecretSection,
)

from .pages import PAGES, behind, blocks, name, read, rows, section, words

SECTIONS: dict[str, type[BaseModel]] = {
    "`[ledger]`": LedgerSection,
    "`[report]`": ReportSection,
    "`[amazon]`": AmazonSection,
    "`[export]`": ExportSection,
    "`[alerts]`": AlertsSection,
    "`[accounts.NAME]`": AccountSection,
    "`[accounts.NAME.imap]`": ImapSection,
    "`password`": SecretSection,
}


def shown_default(field: FieldInfo) -> str:
    """A default as the table writes it, in TOML's own form where TOML has one."""
    value = field.default
    if field.is_required():
        return "required"
    if value is None:
        return "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, tuple):
        return "`[" + ", ".join(f'"{each}"' for each in value) + "]`"
    if isinstance(value, int):
        return f"`{value}`"
    return "`{}`" if value == {} else f'`"{value.value if isinstance(value, StrEnum) else value}"`'


@pytest.mark.parametrize("title", SECTIONS)
def test_every_key_is_documented_as_the_program_knows_it(title: str) -> None:
    fields = {key: field for key, field in SECTIONS[title].model_fields.items() if key != "imap"}
    documented = {words(row[0])[0]: row for row in rows(section(read("reference/settings.md"), title))}
    assert documented.keys() == fields.keys()
    for key, field in fields.items():
        _, kind, default, meaning, example = documented[key]
        assert kind
        assert example
        assert (default, meaning) == (shown_default(field), field.description), key


def test_every_section_of_the_file_is_documented() -> None:
    assert set(File.model_fields) == {"ledger", "report", "amazon", "export", "alerts", "accounts"}
    assert "imap" in AccountSection.model_fields


def test_the_full_example_holds_every_key() -> None:
    text = section(read("reference/settings.md"), "Everything at once")
    data = tomllib.loads(blocks(text)[0].text)
    account = data["accounts"]["uk"]
    assert account.keys() == AccountSection.model_fields.keys()
    assert account["imap"].keys() == ImapSection.model_fields.keys()
    assert data.keys() == File.model_fields.keys()
    assert data["alerts"].keys() == AlertsSection.model_fields.keys()


EXAMPLES = [
    (page, block.text)
    for page in PAGES
    for block in blocks(page.read_text("utf-8"))
    if block.language == "toml" and "[[wording]]" not in block.text and "[[columns]]" not in block.text
]


@pytest.mark.parametrize(("page", "text"), EXAMPLES, ids=[name(page) for page, _ in EXAMPLES])
def test_every_example_of_settings_is_taken_by_the_program(page: Path, text: str, tmp_path: Path) -> None:
    (tmp_path / "presets").mkdir()
    (tmp_path / "presets" / "our-help-desk.toml").touch()
    file = tmp_path / "settings.toml"
    file.write_text(text, "utf-8")
    assert list(load_settings(file, {}).accounts) == ["uk"]


@pytest.mark.parametrize(
    "row", [row for each in SECTIONS for row in rows(section(read("reference/settings.md"), each))]
)
def test_every_example_of_a_key_is_toml(row: tuple[str, ...]) -> None:
    if row[4] == "see below":
        return
    assert tomllib.loads(f"{words(row[0])[0]} = {words(row[4])[0]}")


def test_the_wording_of_the_how_to_is_taken_by_the_program(tmp_path: Path) -> None:
    text = read("how-to/add-a-wording.md")
    (tmp_path / "own.toml").write_text(blocks(behind(text, "wording"))[0].text, "utf-8")
    own = next(each for each in load_catalogue(tmp_path).wordings if each.id == "opt_out.de.2026-own")
    assert own.verified
    assert len(own.all_of) == 2
    documented = {word for row in rows(section(text, "2. Write the file")) for word in words(row[0])}
    assert documented == set(Wording.__dataclass_fields__)
