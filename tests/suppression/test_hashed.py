"""Entries whose names have passed their retention: on the list, in no export, and counted."""

from __future__ import annotations

import pytest

from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.suppression.build import build_list
from bounce_watch.suppression.export import hashed, left_out, members, render_export
from bounce_watch.suppression.preset import load_preset
from tests.suppression.samples import A1, MADE, O1, O2, opt_out

HASH = "0123456789abcdef" * 2
ORDER, ALIAS = OrderId(f"#{HASH}"), Alias(f"#{HASH}", "amazon.co.uk")

LISTING = build_list(
    [opt_out(O1, A1), opt_out(ORDER, ALIAS), opt_out(O2, None)],
    account="uk",
    orders_of={ALIAS: [ORDER]},
    made_at=MADE,
)


@pytest.mark.parametrize(
    ("preset", "held_back", "without", "rows"),
    [("addresses", 1, 1, 1), ("orders", 1, 0, 2), ("csv", 1, 0, 3)],  # csv: a header and two entries
)
def test_a_hash_is_no_cell_and_is_counted(preset: str, held_back: int, without: int, rows: int) -> None:
    shape = load_preset(preset)
    text = "".join(render_export(LISTING, shape))
    assert "#" not in text
    assert len(text.splitlines()) == rows
    assert (hashed(LISTING, shape), left_out(LISTING, shape)) == (held_back, without)


def test_a_hashed_entry_is_a_member_so_that_it_never_seems_to_have_left() -> None:
    assert str(ALIAS) in members(LISTING, load_preset("addresses"))
    assert str(ORDER) in members(LISTING, load_preset("orders"))


def test_an_alias_of_two_accounts_is_one_row_of_addresses() -> None:
    twice = type(LISTING)(
        account="uk+de", entries=(*LISTING.entries, LISTING.entries[0]), made_at=MADE, revision="r"
    )
    assert list(render_export(twice, load_preset("addresses"))) == [f"{A1}\n"]
