from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest

from bounce_watch.suppression.build import build_list
from bounce_watch.suppression.export import left_out, members, render_export
from bounce_watch.suppression.preset import load_preset, parse_preset, preset_names
from tests.suppression.samples import A1, A2, FIXTURES, MADE, O1, O2, O7, O9, at, opt_out, sample_list

GOLD = {"addresses": "addresses.txt", "orders": "orders.txt", "csv": "csv.csv"}

BY_ORDER = """
description = "one row for each order"
key = "both"
rows = "order"
header = true
delimiter = "semicolon"
encoding = "utf-8"
line_end = "lf"
columns = [{ header = "order", source = "order_id" }, { header = "who", source = "alias" }]
"""


def test_every_preset_has_a_gold_file_and_the_reverse() -> None:
    assert set(preset_names()) == set(GOLD)
    assert {path.name for path in FIXTURES.iterdir()} == set(GOLD.values())


@pytest.mark.parametrize("name", GOLD)
def test_the_export_is_the_gold_file(name: str) -> None:
    preset = load_preset(name)
    text = "".join(render_export(sample_list(), preset))
    assert text.encode(preset.encoding) == (FIXTURES / GOLD[name]).read_bytes()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("addresses", (str(A1), str(A2))),
        ("orders", (str(O1), str(O7), str(O2), str(O9))),
        ("csv", (str(A1), str(O1), str(O7), str(A2), str(O2), str(O9))),
    ],
)
def test_members_are_the_keys_in_the_exports_order(name: str, expected: tuple[str, ...]) -> None:
    assert members(sample_list(), load_preset(name)) == expected


@pytest.mark.parametrize(("name", "count"), [("addresses", 1), ("orders", 0), ("csv", 0)])
def test_entries_without_an_alias_are_left_out_of_addresses_only(name: str, count: int) -> None:
    assert left_out(sample_list(), load_preset(name)) == count


@pytest.mark.parametrize(("name", "rows"), [("addresses", 0), ("orders", 0), ("csv", 1)])
def test_an_empty_list_is_an_empty_file_or_a_header(name: str, rows: int) -> None:
    nobody = build_list([], account="uk", orders_of={}, made_at=MADE)
    assert len(list(render_export(nobody, load_preset(name)))) == rows
    assert members(nobody, load_preset(name)) == ()


def test_an_order_under_two_entries_stands_once() -> None:
    listing = build_list(
        [opt_out(O1, None), opt_out(O2, A1)], account="uk", orders_of={A1: [O1]}, made_at=MADE
    )
    assert list(render_export(listing, load_preset("orders"))) == [f"{O1}\n", f"{O2}\n"]
    assert members(listing, load_preset("orders")) == (str(O1), str(O2))


def test_a_row_for_each_order_repeats_its_alias() -> None:
    text = "".join(render_export(sample_list(), parse_preset("by-order", BY_ORDER)))
    assert text == f"order;who\n{O1};{A1}\n{O7};{A1}\n{O2};{A2}\n{O9};\n"


def test_text_that_looks_like_a_formula_is_made_harmless() -> None:
    listing = sample_list()
    evil = replace(listing.entries[0], reason='=HYPERLINK("http://x.example","a,b")')
    text = "".join(render_export(replace(listing, entries=(evil,)), load_preset("csv")))
    _, row = csv.reader(io.StringIO(text))
    assert row[-1] == '\'=HYPERLINK("http://x.example","a,b")'


def test_an_alias_that_becomes_known_is_no_loss_for_the_audit_csv() -> None:
    preset = load_preset("csv")
    before = build_list([opt_out(O1, None)], account="uk", orders_of={}, made_at=MADE)
    after = build_list([opt_out(O1, A1)], account="uk", orders_of={}, made_at=MADE)
    gone = set(members(before, preset)) - set(members(after, preset))
    assert gone == set()
    assert set(members(after, preset)) == {str(A1), str(O1)}


def test_a_dated_entry_is_written_in_utc_seconds() -> None:
    listing = build_list(
        [opt_out(O1, A1, first=at(3).replace(microsecond=9))], account="uk", orders_of={}, made_at=MADE
    )
    row = list(render_export(listing, load_preset("csv")))[1]
    assert row.split(",")[4] == "2026-07-03T10:00:00Z"
