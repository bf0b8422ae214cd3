"""The forms in which foreign text leaves the program, each read by somebody else's reader."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.opt_out import EntrySource, SuppressionEntry, SuppressionList
from bounce_watch.reports.json import render_json
from bounce_watch.reports.terminal import render_terminal
from bounce_watch.suppression.export import render_export
from bounce_watch.suppression.preset import Format, Preset, load_preset, parse_preset, preset_names
from bounce_watch.suppression.scrub import scrub
from tests.output.evil import COLOURS, EVIL, assert_harmless, faults, is_formula
from tests.reports.example import CONTENT, WAITING
from tests.suppression.samples import A1, A2, MADE, O1, O2, sample_list

ANYTHING = st.text(st.characters(codec=None, exclude_categories=()))


class TestReport:
    @pytest.mark.parametrize("colour", [True, False])
    @pytest.mark.parametrize("unicode", [True, False])
    def test_every_evil_text_waits(self, *, colour: bool, unicode: bool) -> None:
        for at in range(0, len(EVIL), 8):
            rows = tuple(
                replace(WAITING[0], about=text, sender=text, reason=text) for text in EVIL[at : at + 8]
            )
            told = replace(CONTENT.attention[0], text=EVIL[at], advice=EVIL[at])
            content = replace(
                CONTENT,
                accounts=tuple(EVIL[at : at + 2]),
                attention=(told,),
                waiting=rows,
                marketplaces=(replace(CONTENT.marketplaces[0], marketplace=EVIL[at]),),
            )
            shown = render_terminal(content, width=140 if colour else 80, colour=colour, unicode=unicode)
            assert_harmless(shown.encode(), colour=colour)
            assert bool(COLOURS.search(shown.encode())) is colour

    @settings(max_examples=40, deadline=None)
    @given(ANYTHING)
    def test_any_text_waits(self, text: str) -> None:
        content = replace(CONTENT, waiting=(replace(WAITING[0], about=text, sender=text, reason=text),))
        assert_harmless(render_terminal(content, width=140, colour=True).encode(), colour=True)

    def test_json_of_evil_is_ascii_that_strict_readers_take(self) -> None:
        rows = tuple(replace(WAITING[0], about=text, sender=text, reason=text) for text in EVIL)
        shown = render_json(replace(CONTENT, waiting=rows, accounts=EVIL))
        assert shown.isascii()
        assert faults(shown) == []
        loaded = json.loads(shown, parse_constant=pytest.fail)
        assert len(loaded["waiting"]["mails"]) == len(EVIL)
        # Strict readers refuse half a surrogate pair; as UTF-8 there is none.
        assert json.dumps(loaded, ensure_ascii=False).encode("utf-8")


def strict_rows(text: str, *, delimiter: str, line_end: str) -> Iterator[list[str]]:
    """RFC 4180 to the letter: quotes around a whole cell or none, doubled inside, one line end throughout."""
    at = 0
    while at < len(text):
        row: list[str] = []
        while True:
            cell, at = quoted(text, at) if text[at : at + 1] == '"' else bare(text, at, delimiter, line_end)
            row.append(cell)
            if text[at : at + 1] == delimiter:
                at += 1
                continue
            assert text.startswith(line_end, at), text[at - 20 : at + 20]
            at += len(line_end)
            break
        yield row


def quoted(text: str, at: int) -> tuple[str, int]:
    cell = ""
    while True:
        end = text.index('"', at + 1)
        cell += text[at + 1 : end]
        at = end + 1
        if text[at : at + 1] != '"':
            return cell, at
        cell += '"'


def bare(text: str, at: int, delimiter: str, line_end: str) -> tuple[str, int]:
    end = min(place for mark in (delimiter, line_end) if (place := text.find(mark, at)) >= 0)
    cell = text[at:end]
    assert not set(cell) & {'"', "\r", "\n"}
    return cell, end


def evil_list() -> SuppressionList:
    """Evil wherever an entry has free text. Ids and aliases are parsed, and no evil text is one (see below)."""
    entries = [
        SuppressionEntry(
            account=text,
            alias=Alias(f"buyer{number:05}x", "amazon.co.uk"),
            order_ids=(OrderId(f"203-{number:07}-0000001"), OrderId(f"203-{number:07}-0000002")),
            marketplace=text,
            since=MADE,
            last_noticed_at=None,
            notices=1,
            source=EntrySource.MANUAL,
            reason=text,
        )
        for number, text in enumerate(EVIL)
    ]
    return replace(sample_list(), entries=tuple(entries))


ODD = """
description = "text where it acts most"
key = "both"
rows = "order"
header = true
delimiter = "{delimiter}"
encoding = "utf-8"
line_end = "lf"
columns = [
  {{ header = "first", source = "reason" }}, {{ header = "a;b,c", source = "account" }},
  {{ header = "order", source = "order_id" }}, {{ header = "alias", source = "alias" }},
  {{ header = "reason", source = "reason" }},
]
"""
PRESETS: list[Preset] = [
    *(preset for preset in map(load_preset, preset_names()) if preset.format is Format.CSV),
    *(parse_preset(f"odd-{each}", ODD.format(delimiter=each)) for each in ("comma", "semicolon", "tab")),
]


def exported(preset: Preset) -> str:
    return b"".join(render_export(evil_list().entries, preset)).decode("utf-8")


class TestTables:
    @pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
    def test_no_cell_of_an_export_is_a_formula(self, preset: Preset) -> None:
        text = exported(preset)
        rows = list(strict_rows(text, delimiter=preset.delimiter, line_end=preset.line_end))
        assert rows == list(
            csv.reader(io.StringIO(text, newline=""), delimiter=preset.delimiter, strict=True)
        )
        per_entry = 1 if preset.rows.value == "alias" else 2
        assert len(rows) == len(EVIL) * per_entry + preset.header
        assert {len(row) for row in rows} == {len(preset.columns)}
        assert not [cell for row in rows for cell in row if is_formula(cell)]
        assert faults(text.replace("\r\n", "\n").replace("\t", " ")) == []

    @pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
    @pytest.mark.parametrize("other", [",", ";", "\t"])
    def test_no_cell_is_one_where_another_delimiter_is_meant(self, preset: Preset, other: str) -> None:
        """A spreadsheet of another country: what it cuts inside a cell starts a cell of its own."""
        for line in exported(preset).split(preset.line_end):
            cells = line.split(other)
            assert not [cell for cell in cells if is_formula(cell.lstrip(preset.delimiter))]

    def test_no_evil_text_is_an_alias_or_an_order_id(self) -> None:
        texts = [*EVIL, *(f"{text}@marketplace.amazon.co.uk" for text in EVIL)]
        aliases = [alias for text in texts if (alias := Alias.parse(text))]
        assert not [alias for alias in aliases if is_formula(str(alias)) or faults(str(alias))]
        assert not [text for text in EVIL if OrderId.parse(text)]

    @pytest.mark.parametrize("delimiter", [",", ";", "\t"])
    def test_what_scrub_adds_is_no_formula_and_kept_rows_stay(self, delimiter: str) -> None:
        """Cells of the seller's own file stay as they are, octet for octet; only the two new columns are ours."""
        listing = evil_list()
        lines = [delimiter.join(("order", "note"))]
        lines += [delimiter.join((str(entry.order_ids[0]), "-5")) for entry in listing.entries]
        source = "\r\n".join([*lines, delimiter.join(("203-9999999-9999999", "=kept")), ""]).encode()
        kept, dropped = io.BytesIO(), io.BytesIO()
        done = scrub(
            io.BytesIO(source),
            entries=listing.entries,
            kept=kept,
            dropped=dropped,
        )
        assert done.dropped == len(EVIL)
        assert kept.getvalue() == source.splitlines(keepends=True)[0] + source.splitlines(keepends=True)[-1]
        rows = list(strict_rows(dropped.getvalue().decode(), delimiter=delimiter, line_end="\r\n"))
        assert {len(row) for row in rows} == {4}
        assert rows[0] == ["order", "note", "reason", "since"]
        assert not [row for row in rows if is_formula(row[2]) or is_formula(row[3])]

    @pytest.mark.parametrize(
        ("text", "rows"),
        [
            ('a,"b,""c"\r\n', [["a", 'b,"c']]),
            ('"",\r\n', [["", ""]]),
            ("a\r\nb\r\n", [["a"], ["b"]]),
        ],
    )
    def test_the_strict_reader_reads(self, text: str, rows: list[list[str]]) -> None:
        assert list(strict_rows(text, delimiter=",", line_end="\r\n")) == rows

    @pytest.mark.parametrize("text", ['a"b\r\n', '"a"b\r\n', "a\nb\r\n", '"a\r\n', "a"])
    def test_the_strict_reader_refuses(self, text: str) -> None:
        with pytest.raises((AssertionError, ValueError)):
            list(strict_rows(text, delimiter=",", line_end="\r\n"))


@pytest.mark.parametrize(
    ("cell", "formula"),
    [
        ("=1", True),
        (" \u200b+1", True),
        ("\uff1d1", True),
        ("'=1", False),
        (f"{A1}", False),
        (f"{O1} {O2} {A2}", False),
    ],
)
def test_the_search_for_formulas_knows_one(cell: str, *, formula: bool) -> None:
    assert is_formula(cell) is formula
