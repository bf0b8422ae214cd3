"""Entries whose names have passed their retention: on the list, in no export, and counted."""

from __future__ import annotations

import pytest

from bounce_watch.suppression.export import is_hash_only, is_left_out, keys_of, render_export
from bounce_watch.suppression.preset import load_preset
from tests.suppression.export_samples import ANN, ANN_1, HASHED_ALIAS, HASHED_ORDER, LONE, entry

ENTRIES = [
    entry(ANN, ANN_1),
    entry(HASHED_ALIAS, HASHED_ORDER),
    entry(None, HASHED_ORDER),
    entry(ANN, HASHED_ORDER),
    entry(None, LONE),
]


@pytest.mark.parametrize(
    ("preset", "held_back", "left_out", "lines"),
    [
        ("addresses", [1], [2, 4], [f"{ANN}"]),
        ("orders", [1, 2, 3], [], [f"{ANN_1}", f"{LONE}"]),
        ("csv", [1, 2], [], None),
    ],
)
def test_a_hash_is_no_cell_and_is_counted(
    preset: str, held_back: list[int], left_out: list[int], lines: list[str] | None
) -> None:
    shape = load_preset(preset)
    text = b"".join(render_export(ENTRIES, shape)).decode()
    assert "#" not in text
    assert [number for number, each in enumerate(ENTRIES) if is_hash_only(each, shape)] == held_back
    assert [number for number, each in enumerate(ENTRIES) if is_left_out(each, shape)] == left_out
    assert text.splitlines() == lines if lines else len(text.splitlines()) == 1 + 3


def test_a_hashed_entry_has_its_keys_so_that_it_never_seems_to_have_left() -> None:
    assert keys_of(ENTRIES[1], load_preset("addresses")) == (HASHED_ALIAS,)
    assert keys_of(ENTRIES[1], load_preset("orders")) == (HASHED_ORDER,)
    assert keys_of(ENTRIES[1], load_preset("csv")) == (HASHED_ALIAS, HASHED_ORDER)
