"""How an outgoing file is laid out: where its header and its rows begin, and what its columns hold."""

from __future__ import annotations

from dataclasses import dataclass

from bounce_watch.suppression.scrub_columns import (
    LOOKED_AT,
    Columns,
    ScrubColumns,
    find_columns,
    is_header,
)
from bounce_watch.text.dialects import Batch, Dialect


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How the file is written, what its columns hold, and where its rows begin in the first batch."""

    dialect: Dialect
    columns: Columns
    rows_from: int
    line_end: str


def layout_of(
    first: Batch, dialect: Dialect, *, named: ScrubColumns, marketplaces: frozenset[str], every: bool
) -> Layout | None:
    """The layout as the first batch tells it; None for blank lines, which are a file without rows.

    `named` and `every` are those of find_columns, which raises DataError.
    """
    start = next((at for at, row in enumerate(first.rows) if any(map(str.strip, row))), None)
    if start is None:
        return None
    head = [dialect.coding.shown(cell) for cell in first.rows[start]]
    titles = head if is_header(head, marketplaces) else None
    rows_from = start + (titles is not None)
    sample = first.rows[rows_from : rows_from + LOOKED_AT]
    columns = find_columns(
        titles,
        [list(map(dialect.coding.shown, row)) for row in sample if len(row) == len(head)],
        width=len(head),
        named=named,
        marketplaces=marketplaces,
        every=every,
    )
    return Layout(
        dialect=dialect,
        columns=columns,
        rows_from=rows_from,
        line_end=line_end_of(first.texts[start]) or "\n",
    )


def rest_of(batch: Batch, start: int) -> Batch:
    """A batch without its first rows."""
    return Batch(number=batch.number + start, rows=batch.rows[start:], texts=batch.texts[start:])


def line_end_of(text: str) -> str:
    """The line end that a row's text has; empty for a last line without one."""
    return text[len(text.rstrip("\r\n")) :]
