"""The promise on a small scale; tests/retention/figures.py makes it ten thousand buyers."""

from __future__ import annotations

import base64
import zlib
from pathlib import Path

import pytest

from .figures import KEPT_AT, MOMENTS, look
from .world import alias_of, first_name_of, make_world, names_in, order_of

WORLD = make_world(60, 10)


@pytest.mark.parametrize("strict", [False, True])
def test_nothing_in_clear_after_thirty_days_and_nothing_else_changes(tmp_path: Path, strict: bool) -> None:
    seen = look(tmp_path, WORLD, strict=strict)
    assert list(seen) == list(MOMENTS)
    for moment, one in seen.items():
        in_files = {place: count for place, count in one.places.items() if place.startswith("ledger")}
        if moment in KEPT_AT:
            assert in_files["ledger.sqlite"] == 60, moment
            assert max(count for place, count in in_files.items() if place.endswith("0000.sqlite")) == 60
        else:
            assert {place: count for place, count in one.places.items() if count} == {}, moment
        assert (one.caught, one.spared) == (10, 60), moment
        assert one.report == seen["day 29"].report, moment
    rates = seen["day 31"].report["rates"]
    assert isinstance(rates, dict)
    assert (rates["period"]["buyers"]["contacted"], rates["period"]["buyers"]["opted_out"]) == (70, 10)


def test_the_search_finds_names_in_every_form() -> None:
    order, alias, name = str(order_of(7)), alias_of(7).local, first_name_of(7)
    text = f"{name} ordered {order} as {alias}@marketplace.amazon.co.uk"
    compressed = zlib.compress(text.encode())
    for octets in (
        text.encode(),
        text.encode("utf-16-le"),
        b"x" + text.encode("utf-16-be"),
        b"\0\1" + compressed + b"more",
        b"= " + base64.b64encode(text.encode()),
        b"=ab" + base64.b64encode(b"a" + text.encode()),
    ):
        assert {order, alias, name} <= names_in(octets), octets
    assert names_in(b"nothing of the kind 203-12 q1zx") == set()
