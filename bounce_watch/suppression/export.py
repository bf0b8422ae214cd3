"""The list in the shape of a preset. Pure: the text goes to a file or to standard output elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.opt_out import SuppressionEntry, SuppressionList
from bounce_watch.suppression.preset import Key, Preset, Source
from bounce_watch.text.inert import csv_line


def render_export(listing: SuppressionList, preset: Preset) -> Iterator[str]:
    """The lines of the export, header included where the preset has one, each with its line end.

    The same list and preset give the same text. No cell can be taken for a formula (see csv_line).
    """
    if preset.header:
        yield _line([column.header for column in preset.columns], preset)
    for entry, order_id in _rows(listing, preset):
        if _in_clear(entry, order_id, preset):
            yield _line([_cell(column.source, entry, order_id) for column in preset.columns], preset)


def members(listing: SuppressionList, preset: Preset) -> tuple[str, ...]:
    """The keys that the export holds, in its order and each once: aliases, order ids, or both.

    With both, an alias is followed by its orders: so an order whose alias becomes known does not look as if
    it had left the list.
    """
    keys: dict[str, None] = {}
    for entry, order_id in _rows(listing, preset):
        if preset.key is not Key.ORDER and entry.alias:
            keys[str(entry.alias)] = None
        if preset.key is not Key.ALIAS:
            keys.update(dict.fromkeys(map(str, (order_id,) if order_id else entry.order_ids)))
    return tuple(keys)


def left_out(listing: SuppressionList, preset: Preset) -> int:
    """How many entries the export can't hold: the tool knows buyers by alias, and theirs is unknown."""
    return listing.without_alias if preset.key is Key.ALIAS else 0


def hashed(listing: SuppressionList, preset: Preset) -> int:
    """How many entries only `scrub` can enforce: what the tool knows them by has passed its retention."""
    held = [entry for entry in listing.entries if entry.alias or preset.key is not Key.ALIAS]
    return sum(not _in_clear(entry, None, preset) for entry in held)


def _in_clear(entry: SuppressionEntry, order_id: OrderId | None, preset: Preset) -> bool:
    """True for a row that shows a name, not only hashes, where the tool looks for one."""
    alias = entry.alias is not None and not entry.alias.is_hashed
    order = any(not each.is_hashed for each in ((order_id,) if order_id else entry.order_ids))
    return {Key.ALIAS: alias, Key.ORDER: order, Key.BOTH: alias or order}[preset.key]


def format_instant(instant: datetime | None) -> str:
    """An instant as exports write it, `2026-09-30T17:05:00Z`; empty when unknown."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if instant else ""


def _rows(listing: SuppressionList, preset: Preset) -> Iterator[tuple[SuppressionEntry, OrderId | None]]:
    """Each entry, or each entry with one of its orders; an order stands once, under its first entry.

    So does an alias that two accounts have on their lists, where a row is nothing but the alias.
    """
    seen: set[OrderId | Alias] = set()
    for entry in listing.entries:
        if preset.key is Key.ALIAS and entry.alias is None:
            continue
        if preset.rows is Key.ALIAS:
            if preset.key is not Key.ALIAS or entry.alias not in seen:
                yield entry, None
            seen |= {entry.alias} if entry.alias else set()
            continue
        for order_id in entry.order_ids:
            if order_id not in seen:
                seen.add(order_id)
                yield entry, order_id


def _cell(source: Source, entry: SuppressionEntry, order_id: OrderId | None) -> str:
    match source:
        case Source.ALIAS | Source.ORDER_ID | Source.ORDER_IDS:
            return _names(source, entry, order_id)
        case Source.SINCE:
            return format_instant(entry.since)
        case Source.LAST_NOTICED_AT:
            return format_instant(entry.last_noticed_at)
        case Source.SOURCE:
            return entry.source.value
        case _:
            value = getattr(entry, source.value)
            return "" if value is None else str(value)


def _names(source: Source, entry: SuppressionEntry, order_id: OrderId | None) -> str:
    """The names that a cell shows; a hash is no name."""
    named: dict[Source, tuple[OrderId | Alias | None, ...]] = {
        Source.ALIAS: (entry.alias,),
        Source.ORDER_ID: (order_id,),
        Source.ORDER_IDS: entry.order_ids,
    }
    return " ".join(str(name) for name in named[source] if name and not name.is_hashed)


def _line(cells: list[str], preset: Preset) -> str:
    return csv_line(cells, delimiter=preset.delimiter, line_end=preset.line_end)
