from __future__ import annotations

import pytest

from bounce_watch.errors import DataError
from bounce_watch.suppression.preset import Column, Key, Source, load_preset, parse_preset, preset_names

GOOD = """
description = "one column"
key = "alias"
rows = "alias"
header = true
delimiter = "tab"
encoding = "utf-8"
line_end = "crlf"

[[columns]]
header = "Email"
source = "alias"
"""


def test_the_three_presets_are_there_and_load() -> None:
    assert preset_names() == ("addresses", "csv", "orders")
    loaded = [load_preset(name) for name in preset_names()]
    assert [preset.key for preset in loaded] == [Key.ALIAS, Key.BOTH, Key.ORDER]
    assert [preset.header for preset in loaded] == [False, True, False]


def test_a_preset_says_what_its_toml_says() -> None:
    preset = parse_preset("mine", GOOD)
    assert (preset.name, preset.key, preset.rows, preset.header) == ("mine", Key.ALIAS, Key.ALIAS, True)
    assert (preset.delimiter, preset.encoding, preset.line_end) == ("\t", "utf-8", "\r\n")
    assert preset.columns == (Column(header="Email", source=Source.ALIAS),)


def test_an_unknown_preset_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(DataError) as error:
        load_preset("adresses")
    assert "Did you mean addresses?" in error.value.advice
    with pytest.raises(DataError) as error:
        load_preset("../presets/csv")
    assert "addresses, csv, orders" in error.value.advice


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("key =", "kee =", "unknown key 'kee'"),
        ('key = "alias"', "", "lacks the key 'key'"),
        ('key = "alias"', 'key = "name"', "the key 'name'; known are alias, order, both"),
        ('key = "alias"', 'key = "order"', "another key"),
        ('key = "alias"', 'key = "both"', "lacks a column with its key 'order_ids'"),
        ('rows = "alias"', 'rows = "both"', "the rows 'both'"),
        ("header = true", 'header = "yes"', "neither true nor false"),
        ('delimiter = "tab"', "delimiter = 9", "'delimiter' that is no text"),
        ('delimiter = "tab"', 'delimiter = "|"', "the delimiter '|'"),
        ('"utf-8"', '"utf-9"', "unknown encoding 'utf-9'"),
        ('"utf-8"', '"rot13"', "unknown encoding 'rot13'"),
        ('"crlf"', '"cr"', "the line_end 'cr'"),
        ('source = "alias"', 'source = "buyer_name"', "the source 'buyer_name'"),
        ('source = "alias"', 'source = "order_id"', "needs rows = 'order'"),
        ('source = "alias"', 'source = "reason"', "lacks a column with its key 'alias'"),
        ('source = "alias"', "", "not just a header and a source"),
        ('source = "alias"', "source = 1", "whose header or source is no text"),
        ("[[columns]]", "[columns]", "no columns"),
        ('key = "alias"', "key = ", "is no TOML"),
    ],
)
def test_a_fault_is_named(old: str, new: str, told: str) -> None:
    assert old in GOOD
    with pytest.raises(DataError) as error:
        parse_preset("mine", GOOD.replace(old, new, 1))
    assert told in error.value.message
