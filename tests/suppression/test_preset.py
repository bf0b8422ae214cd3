from __future__ import annotations

from pathlib import Path

import pytest

from bounce_watch.errors import DataError
from bounce_watch.suppression.preset import (
    Column,
    Format,
    FormatEvidence,
    InstantForm,
    Key,
    Source,
    load_preset,
    own_preset_names,
    parse_preset,
    preset_names,
)

GOOD = """
description = "one column"
key = "alias"
rows = "alias"
header = true
delimiter = "tab"
encoding = "utf-8"
line_end = "crlf"
max_rows = 10
evidence = "reported"
warning = "mind"

[[columns]]
header = "Email"
source = "alias"

[[columns]]
header = "State"
value = "out"

[[columns]]
header = "When"
source = "since"
form = "rfc2822"
"""
SHORT = 'description = "d"\nkey = "alias"\ncolumns = [{ header = "Email", source = "alias" }]\n'
TARGETS = """addresses brevo cordial csv hubspot jsonl klaviyo listmonk mailchimp mailgun managebystats
    managebystats-orders mautic orders postmark sendgrid sendgrid-api ses ses-json xlsx zonmaster"""


def write(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    file = folder / f"{name}.toml"
    file.write_text(text, "utf-8")
    return file


class TestShipped:
    def test_there_is_one_for_every_tool(self) -> None:
        assert preset_names() == tuple(TARGETS.split())

    @pytest.mark.parametrize("name", TARGETS.split())
    def test_it_loads_and_says_how_well_its_format_is_known(self, name: str) -> None:
        preset = load_preset(name)
        assert preset.name == name
        assert preset.description
        assert preset.source
        assert preset.file is None

    def test_what_is_only_guessed_or_reported_says_so(self) -> None:
        by_evidence = {name: load_preset(name).evidence for name in preset_names()}
        assert [name for name, each in by_evidence.items() if each is FormatEvidence.GUESSED] == [
            "mailchimp",
            "sendgrid",
        ]
        assert [name for name, each in by_evidence.items() if each is FormatEvidence.REPORTED] == ["mautic"]

    def test_limits_and_warnings_of_the_tools(self) -> None:
        limits = {name: load_preset(name).max_rows for name in preset_names()}
        assert {name: rows for name, rows in limits.items() if rows} == {
            "mailgun": 190_000,
            "postmark": 50,
            "ses": 100_000,
            "ses-json": 100_000,
            "xlsx": 1_048_575,
        }
        assert [name for name in preset_names() if load_preset(name).warning] == [
            *("brevo", "mailchimp", "ses", "ses-json"),
        ]
        assert "blocks every mail" in load_preset("ses").warning

    def test_an_unknown_preset_is_refused_with_the_nearest_name(self) -> None:
        with pytest.raises(DataError) as error:
            load_preset("adresses")
        assert "Did you mean addresses?" in error.value.advice
        with pytest.raises(DataError) as error:
            load_preset("../presets/csv")
        assert "addresses, brevo, cordial, csv" in error.value.advice


class TestOwn:
    def test_it_stands_beside_the_programs_own(self, tmp_path: Path) -> None:
        folder = tmp_path / "presets"
        file = write(folder, "our-tool_2", SHORT)
        for name in ("not a name", "-o", "un\u3164seen", "x" * 65):
            write(folder, name, SHORT)
        (folder / "notes.txt").write_text("x", "utf-8")
        assert own_preset_names(folder) == ("our-tool_2",)
        assert preset_names(folder) == tuple(sorted([*TARGETS.split(), "our-tool_2"]))
        preset = load_preset("our-tool_2", folder)
        assert (preset.name, preset.file, preset.columns[0].header) == ("our-tool_2", file, "Email")
        assert load_preset("csv", folder).file is None

    def test_without_a_folder_there_is_none(self, tmp_path: Path) -> None:
        assert own_preset_names(tmp_path / "presets") == ()
        (tmp_path / "presets").write_text("a file", "utf-8")
        assert own_preset_names(tmp_path / "presets") == ()
        assert load_preset("csv", tmp_path / "presets").name == "csv"

    def test_a_name_of_the_programs_is_refused_for_that_name_only(self, tmp_path: Path) -> None:
        file = write(tmp_path / "presets", "csv", SHORT)
        with pytest.raises(DataError) as error:
            load_preset("csv", tmp_path / "presets")
        assert error.value.message == f"{file} has the name of a preset of the program."
        assert load_preset("orders", tmp_path / "presets").key is Key.ORDER

    def test_a_fault_is_told_with_its_file_and_line(self, tmp_path: Path) -> None:
        file = write(tmp_path / "presets", "mine", SHORT.replace('"alias"\n', '"name"\n'))
        with pytest.raises(DataError) as error:
            load_preset("mine", tmp_path / "presets")
        assert error.value.message == (
            f"The preset 'mine' has the key 'name'; known are alias, order, both (line 2 of {file})."
        )
        assert error.value.exit_code == 65

    def test_a_file_that_is_no_text_or_too_large(self, tmp_path: Path) -> None:
        file = write(tmp_path / "presets", "mine", "")
        file.write_bytes(b'description = "x"\nkey = "\xff"\n')
        with pytest.raises(DataError, match=r"is not UTF-8 \(line 2\)"):
            load_preset("mine", tmp_path / "presets")
        file.write_bytes(b"#" * (64 * 1024 + 1))
        with pytest.raises(DataError, match="is larger than 64 KiB"):
            load_preset("mine", tmp_path / "presets")

    def test_a_byte_order_mark_of_an_editor_is_nothing(self, tmp_path: Path) -> None:
        file = write(tmp_path / "presets", "mine", "")
        file.write_bytes(b"\xef\xbb\xbf" + SHORT.encode())
        assert load_preset("mine", tmp_path / "presets").description == "d"

    def test_what_the_system_refuses_is_told(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        write(tmp_path / "presets", "mine", SHORT)

        def refuse(*_: object) -> None:
            raise PermissionError(13, "Permission denied")

        with monkeypatch.context() as patch:
            patch.setattr(Path, "open", refuse)
            with pytest.raises(DataError, match=r"mine\.toml can't be read: Permission denied"):
                load_preset("mine", tmp_path / "presets")
        monkeypatch.setattr(Path, "iterdir", refuse)
        with pytest.raises(DataError, match=r"The folder .* can't be read: Permission denied"):
            own_preset_names(tmp_path / "presets")


def test_a_preset_says_what_its_toml_says() -> None:
    preset = parse_preset("mine", GOOD)
    assert (preset.name, preset.key, preset.rows, preset.header) == ("mine", Key.ALIAS, Key.ALIAS, True)
    assert (preset.delimiter, preset.encoding, preset.line_end) == ("\t", "utf-8", "\r\n")
    assert (preset.max_rows, preset.evidence, preset.warning) == (10, FormatEvidence.REPORTED, "mind")
    assert preset.columns == (
        Column(header="Email", source=Source.ALIAS),
        Column(header="State", value="out"),
        Column(header="When", source=Source.SINCE, form=InstantForm.RFC2822),
    )


def test_most_keys_may_be_left_out() -> None:
    preset = parse_preset("mine", SHORT)
    assert (preset.format, preset.header, preset.rows) == (Format.CSV, True, Key.ALIAS)
    assert (preset.delimiter, preset.encoding, preset.line_end) == (",", "utf-8", "\r\n")
    assert (preset.max_rows, preset.evidence, preset.source) == (None, FormatEvidence.GUESSED, "")
    order = SHORT.replace('key = "alias"', 'key = "order"').replace('source = "alias"', 'source = "order_id"')
    assert parse_preset("mine", order).rows is Key.ORDER
    assert parse_preset("mine", 'format = "xlsx"\n' + SHORT).max_rows == 1_048_575


@pytest.mark.parametrize(
    ("old", "new", "told", "line"),
    [
        ("key =", "kee =", "unknown key 'kee'", 3),
        ('key = "alias"\n', "", "lacks the key 'key'", 1),
        ('key = "alias"', 'key = "name"', "the key 'name'; known are alias, order, both", 3),
        ('key = "alias"', 'key = "order"', "another key", 4),
        ('key = "alias"', 'key = "both"', "lacks a column with its key 'order_ids'", 13),
        ('rows = "alias"', 'rows = "both"', "the rows 'both'", 4),
        ("header = true", 'header = "yes"', "neither true nor false", 5),
        ('delimiter = "tab"', "delimiter = 9", "'delimiter' that is no text", 6),
        ('delimiter = "tab"', 'delimiter = "|"', "the delimiter '|'", 6),
        ('"utf-8"', '"utf-9"', "the encoding 'utf-9'; known are utf-8, utf-8-sig", 7),
        ('"utf-8"', '"utf-7"', "the encoding 'utf-7'", 7),
        ('"crlf"', '"cr"', "the line_end 'cr'", 8),
        ("max_rows = 10", "max_rows = 0", "'max_rows' that is no number from 1 on", 9),
        ("max_rows = 10", "max_rows = true", "'max_rows' that is no number from 1 on", 9),
        ("max_rows = 10", 'max_rows = "1"', "'max_rows' that is no number from 1 on", 9),
        ('"reported"', '"sure"', "the evidence 'sure'; known are confirmed, reported, guessed", 10),
        ('"mind"', '"mind \\u001b[2J"', "a 'warning' with characters that do not show", 11),
        ('source = "alias"', 'source = "buyer_name"', "the source 'buyer_name'", 15),
        ('source = "alias"', 'source = "order_id"', "needs rows = 'order'", 13),
        ('source = "alias"', 'source = "reason"', "lacks a column with its key 'alias'", 13),
        ('source = "alias"\n', "", "without either a source or a value", 13),
        ('source = "alias"', 'source = "alias"\nvalue = "x"', "without either a source or a value", 13),
        ('source = "alias"', "source = 1", "something that is no text", 13),
        ('value = "out"', 'value = "out"\ncolour = "red"', "a column with the unknown key 'colour'", 20),
        ('value = "out"', 'value = "out"\nform = "iso"', "a form for a column without an instant", 20),
        ('source = "alias"', 'source = "alias"\nform = "iso"', "a form for a column without an instant", 16),
        ('"rfc2822"', '"unix"', "the form 'unix'; known are iso, rfc2822", 24),
        ('"out"', '"=1+1"', "a value that could be a formula", 19),
        ('"out"', '"a;@b"', "a value that could be a formula", 19),
        ('"out"', '"a\\nb"', "a value that could be a formula, or does not show as it is", 19),
        ('"State"', '"-State"', "a header that could be a formula", 18),
        ('"State"', '"Email"', "two columns with the header 'Email'", 18),
        ('"State"', '""', "a column without a header", 17),
        ('key = "alias"', "key = ", "is no TOML", 3),
        ('key = "alias"', "key = 1" + "0" * 5000, "is no TOML", 25),
        ("header = true", "header = false\nformat = 'xlsx'", "the key 'delimiter', which is for csv only", 7),
        ("header = true", "within = 'x'", "the key 'within', which is for json only", 5),
    ],
)
def test_a_fault_is_named_with_its_line(old: str, new: str, told: str, line: int) -> None:
    assert old in GOOD
    with pytest.raises(DataError) as error:
        parse_preset("mine", GOOD.replace(old, new, 1))
    assert told in error.value.message
    assert f"(line {line})" in error.value.message


@pytest.mark.parametrize(
    ("text", "told", "line"),
    [
        (SHORT.replace('"alias" }', '"name" }'), "the source 'name'", 3),
        (SHORT.replace("columns = [", "columns = [3, "), "something that is no text", 3),
        (SHORT.partition("columns")[0] + "columns = []\n", "has no columns", 3),
        (SHORT.partition("columns")[0] + "[columns]\n", "has no columns", 3),
        (SHORT.replace('key = "alias"', '"key" = "alien"'), "the key 'alien'", 2),
        ("columns = [1]\nformat = 'xlsx'\n" + SHORT.partition("columns")[0], "something that is no text", 1),
        ("format = 'xlsx'\nheader = false\n" + SHORT, "has no header", 2),
        ("format = 'json_lines'\nheader = false\n" + SHORT, "has no header", 2),
        (
            "format = 'json'\nheader = false\n" + SHORT.replace("[{", "[{ header = 'a', value = 'b' }, {"),
            "has no header, which only csv, and json with one column, can be without",
            2,
        ),
        ("format = 'xlsx'\nmax_rows = 1048576\n" + SHORT, "more than 1,048,575", 2),
        ("format = 'jsonl'\n" + SHORT, "the format 'jsonl'; known are csv, json_lines, json, xlsx", 1),
        ("a = " + "[" * 100_000, "is no TOML", 1),
        ("", "lacks the key 'columns'", 1),
    ],
)
def test_a_fault_in_another_form_of_toml(text: str, told: str, line: int) -> None:
    with pytest.raises(DataError) as error:
        parse_preset("mine", text)
    assert told in error.value.message
    assert f"(line {line})" in error.value.message


def test_a_list_of_bare_values() -> None:
    preset = parse_preset("mine", "format = 'json'\nheader = false\nwithin = 'them'\n" + SHORT)
    assert (preset.format, preset.header, preset.within) == (Format.JSON, False, "them")
