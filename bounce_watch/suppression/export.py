"""The list in the shape of a preset. Pure: the octets go to a file or to standard output elsewhere.

Entries come as a stream and leave as one; nothing is kept of them but, where a name may come twice, which names came.
"""

from __future__ import annotations

import codecs
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache
from itertools import chain, islice
from operator import attrgetter, itemgetter

from bounce_watch.errors import DataError
from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.opt_out import SuppressionEntry
from bounce_watch.suppression.once import Once
from bounce_watch.suppression.preset_shape import INSTANTS, Column, Format, InstantForm, Key, Preset, Source
from bounce_watch.suppression.sheet import Value, render_sheet
from bounce_watch.text.inert import csv_cell, csv_line, json_text

BLOCK_ROWS = 1000
"""Rows that are written at once."""

_Row = tuple[SuppressionEntry, str, str]
"""An entry, and what the row shows of its names: its alias, and its order or orders."""

_Cell = Value | list[str]

_HASHED = "#"
"""How a name starts that has passed its retention; to ask `is_hashed` of each takes twice as long."""


def render_export(
    entries: Iterable[SuppressionEntry], preset: Preset, *, one_account: bool = False
) -> Iterator[bytes]:
    """The octets of the export as one document, header included where the preset has one.

    The same entries and preset give the same octets. Hashed names never stand in it, no cell can be taken for a formula,
    and a tool's key stands once; `one_account` says that no alias comes twice, which then need not be watched. Raises
    DataError when the preset's encoding has no letter for something, or a sheet no room.
    """
    return _document(_rows(entries, preset, one_account=one_account), preset)


def export_parts(
    entries: Iterable[SuppressionEntry], preset: Preset, *, one_account: bool = False
) -> Iterator[Iterator[bytes]]:
    """The export in documents of at most `preset.max_rows` rows; there is always one.

    Each is read before the next is asked for; what is left of it is passed over. All else as for `render_export`.
    """
    rows = _rows(entries, preset, one_account=one_account)
    rest = None if preset.max_rows is None else preset.max_rows - 1
    first = list(islice(rows, 1))
    while True:
        part = chain(first, islice(rows, rest))
        yield _document(part, preset)
        deque(part, maxlen=0)
        first = list(islice(rows, 1))
        if not first:
            return


def keys_of(entry: SuppressionEntry, preset: Preset) -> tuple[OrderId | Alias, ...]:
    """The keys by which the export holds this entry, hashed ones included.

    With both, an alias is followed by its orders: so an order whose alias becomes known does not look as if
    it had left the list.
    """
    alias = (entry.alias,) if entry.alias and preset.key is not Key.ORDER else ()
    return alias if preset.key is Key.ALIAS else (*alias, *entry.order_ids)


def is_left_out(entry: SuppressionEntry, preset: Preset) -> bool:
    """True when the export can't hold the entry: the tool knows buyers by alias (or order), and it has none."""
    return not keys_of(entry, preset)


def is_hash_only(entry: SuppressionEntry, preset: Preset) -> bool:
    """True when only `scrub` can enforce the entry: all that the tool knows it by has passed its retention."""
    keys = keys_of(entry, preset)
    return bool(keys) and all(key.is_hashed for key in keys)


def format_instant(instant: datetime | None) -> str:
    """An instant (UTC) as exports write it, `2026-09-30T17:05:00Z`; empty when unknown."""
    return f"{instant.isoformat()[:19]}Z" if instant else ""


def _rows(entries: Iterable[SuppressionEntry], preset: Preset, *, one_account: bool) -> Iterator[_Row]:
    """A row for each entry, or for each order of one, that shows a name where the tool looks for one."""
    if preset.key is Key.ALIAS:
        return _alias_rows(entries, None if one_account else Once())
    if preset.key is Key.ORDER:
        return _order_rows(entries)
    return _both_rows(entries, by_order=preset.rows is Key.ORDER)


def _alias_rows(entries: Iterable[SuppressionEntry], once: Once | None) -> Iterator[_Row]:
    for entry in entries:
        alias = entry.alias
        if alias is None or (shown := str(alias)).startswith(_HASHED) or (once and not once.is_new(alias)):
            continue
        yield entry, shown, _orders(entry)


def _order_rows(entries: Iterable[SuppressionEntry]) -> Iterator[_Row]:
    """One account may have an order under two entries, too: opted out before its alias was known."""
    once = Once()
    for entry in entries:
        alias = _alias(entry)
        for order_id in entry.order_ids:
            if not order_id.is_hashed and once.is_new(order_id):
                yield entry, alias, order_id.value


def _both_rows(entries: Iterable[SuppressionEntry], *, by_order: bool) -> Iterator[_Row]:
    for entry in entries:
        alias, orders = _alias(entry), _orders(entry)
        if alias or orders:
            for order in orders.split(" ") if by_order else (orders,):
                yield entry, alias, order


def _alias(entry: SuppressionEntry) -> str:
    """The alias, if it is known and in clear; a hash is no name."""
    shown = str(entry.alias) if entry.alias else ""
    return "" if shown.startswith(_HASHED) else shown


def _orders(entry: SuppressionEntry) -> str:
    """The orders in clear, with a space between them."""
    return " ".join([each.value for each in entry.order_ids if not each.value.startswith(_HASHED)])


def _document(rows: Iterator[_Row], preset: Preset) -> Iterator[bytes]:
    if preset.format is Format.XLSX:
        return _sheet(rows, preset)
    if preset.format is Format.CSV:
        return _encoded(_csv_blocks(rows, preset), preset.encoding)
    write = _json_blocks if preset.format is Format.JSON else _json_lines
    return _encoded(write(rows, preset), "utf-8")


def _encoded(blocks: Iterable[str], encoding: str) -> Iterator[bytes]:
    encoder = codecs.getincrementalencoder(encoding)()
    for block in blocks:
        try:
            yield encoder.encode(block)
        except UnicodeEncodeError as error:
            raise DataError(
                f"The export holds a letter that {encoding} does not have.", "Use a preset in utf-8."
            ) from error


def _csv_blocks(rows: Iterator[_Row], preset: Preset) -> Iterator[str]:
    if preset.header:
        headers = [column.header for column in preset.columns]
        yield csv_line(headers, delimiter=preset.delimiter, line_end=preset.line_end)
    cells, join, end = _csv_cells(preset), preset.delimiter.join, preset.line_end
    while block := [join([cell(row) for cell in cells]) for row in islice(rows, BLOCK_ROWS)]:
        block.append("")
        yield end.join(block)


def _csv_cells(preset: Preset) -> list[Callable[[_Row], str]]:
    """What makes each cell of a row. Names and instants can do no harm; all else is made harmless, once each."""

    @lru_cache(maxsize=4096)
    def harmless(value: Value) -> str:
        return csv_cell("" if value is None else str(value), delimiter=preset.delimiter)

    return [_csv_cell(column, harmless) for column in preset.columns]


def _csv_cell(column: Column, harmless: Callable[[Value], str]) -> Callable[[_Row], str]:
    if column.source is Source.ALIAS:
        return itemgetter(1)
    if column.source in {Source.ORDER_ID, Source.ORDER_IDS}:
        return itemgetter(2)
    if column.source is None:
        constant = harmless(column.value)
        return lambda _: constant
    known = attrgetter(column.source.value)
    if column.source in INSTANTS:
        write = _INSTANT_FORMS[column.form]
        quoted = column.form is InstantForm.RFC2822  # its comma
        return lambda row: harmless(write(known(row[0]))) if quoted else write(known(row[0]))
    return lambda row: harmless(known(row[0]))


def _json_lines(rows: Iterator[_Row], preset: Preset) -> Iterator[str]:
    item = _json_item(preset)
    while block := [json_text(item(row)) for row in islice(rows, BLOCK_ROWS)]:
        yield "".join(block)


def _json_blocks(rows: Iterator[_Row], preset: Preset) -> Iterator[str]:
    """One document, a row on each line: the list of rows, or an object with that list under one key."""
    item = _json_item(preset)
    yield f"{{{json_text(preset.within).rstrip()}: [\n" if preset.within else "[\n"
    between = ""
    while block := [json_text(item(row)).rstrip() for row in islice(rows, BLOCK_ROWS)]:
        yield between + ",\n".join(block)
        between = ",\n"
    yield "\n]}\n" if preset.within else "\n]\n"


def _json_item(preset: Preset) -> Callable[[_Row], object]:
    """What makes a row: an object with the headers for keys, or the one value of a preset without a header."""
    values = [(column.header, _value(column)) for column in preset.columns]
    if not preset.header:
        return values[0][1]
    return lambda row: {header: value(row) for header, value in values}


def _sheet(rows: Iterator[_Row], preset: Preset) -> Iterator[bytes]:
    values = [_value(column) for column in preset.columns]
    cells = ([_joined(value(row)) for value in values] for row in rows)
    return render_sheet([column.header for column in preset.columns], cells)


def _joined(value: _Cell) -> Value:
    return " ".join(value) if isinstance(value, list) else value


def _value(column: Column) -> Callable[[_Row], _Cell]:
    """What makes the value of a cell, None where nothing is known."""
    if column.source is None:
        return lambda _: column.value
    if column.source in _NAMES:
        return _NAMES[column.source]
    known = attrgetter(column.source.value)
    if column.source in INSTANTS:
        write = _INSTANT_FORMS[column.form]
        return lambda row: write(known(row[0])) or None
    return lambda row: known(row[0])


_NAMES: dict[Source, Callable[[_Row], _Cell]] = {
    Source.ALIAS: lambda row: row[1] or None,
    Source.ORDER_ID: lambda row: row[2] or None,
    Source.ORDER_IDS: lambda row: row[2].split(),
    Source.SOURCE: lambda row: row[0].source.value,
}


def _mail_instant(instant: datetime | None) -> str:
    """An instant as RFC 2822 writes it, `Wed, 30 Sep 2026 17:05:00 +0000`; empty when unknown."""
    return format_datetime(instant) if instant else ""


_INSTANT_FORMS: dict[InstantForm, Callable[[datetime | None], str]] = {
    InstantForm.ISO: format_instant,
    InstantForm.RFC2822: _mail_instant,
}
