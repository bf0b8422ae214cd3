"""What the program exports it can import: every preset in CSV, read by `suppressions import`."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.suppression.export import render_export
from bounce_watch.suppression.preset import Format, Key, load_preset, preset_names
from bounce_watch.upkeep.import_rows import LeftOut, Reading, read_list
from tests.suppression.export_samples import ANN, ANN_1, ANN_2, BEA, BEA_1, CAM, ENTRIES, LONE

READING = Reading(account="uk", zone=ZoneInfo("UTC"))
TABLES = [name for name in preset_names() if load_preset(name).format is Format.CSV]


@pytest.mark.parametrize("name", TABLES)
def test_an_export_is_imported_with_every_name(name: str) -> None:
    preset = load_preset(name)
    _, rows = read_list(b"".join(render_export(ENTRIES, preset)), READING)
    names = {name for row in rows for name in row.names}
    aliases: set[Alias | OrderId] = {ANN, BEA, CAM}
    orders: set[Alias | OrderId] = {ANN_1, ANN_2, BEA_1, LONE}
    assert names == {Key.ALIAS: aliases, Key.ORDER: orders, Key.BOTH: aliases | orders}[preset.key]


def test_the_audit_brings_back_whose_why_and_until_when() -> None:
    _, found = read_list(b"".join(render_export(ENTRIES, load_preset("csv"))), READING)
    rows = list(found)
    assert [row.left_out for row in rows] == [None, None, None, None, LeftOut.OTHER_ACCOUNT]
    assert rows[1].expires_at == datetime(2026, 7, 31, 23, 0, 59, tzinfo=UTC)
    assert "asked by phone" in rows[2].note
