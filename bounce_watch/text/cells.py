"""The cells of a table of any dialect, as text: for whoever reads what stands in a file and copies nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO

from bounce_watch.text.dialects import Dialect, read_batches, tell_dialect

_SEPARATOR_LINE = re.compile(r'"?sep=([^\r\n])"?(?:\r\n|\r|\n|\Z)', re.IGNORECASE)
_LONGEST_LINE = 32

NumberedCells = tuple[int, list[str]]
"""A row's number, as a spreadsheet shows it, and its cells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """How a table is written, at which octet its rows begin, and how many lines stand before them."""

    dialect: Dialect
    begin: int
    before: int = 0


def tell_table(file: BinaryIO, *, encoding: str | None = None, delimiter: str | None = None) -> Table:
    """How a seekable file is written; see tell_dialect, which raises DataError.

    A first line `sep=;`, which spreadsheets write and read, tells the delimiter (unless one is named) and is no
    row.
    """
    dialect = tell_dialect(file, encoding=encoding, delimiter=delimiter)
    begin, coding = file.tell(), dialect.coding
    start = file.read(_LONGEST_LINE * (2 if coding.is_wide else 1)).decode(coding.codec, "ignore")
    line = _SEPARATOR_LINE.match(start)
    if line is None:
        return Table(dialect=dialect, begin=begin)
    if delimiter is None:
        told = tell_dialect(file, encoding=encoding, delimiter=line[1])
        dialect = replace(dialect, delimiter=told.delimiter)
    return Table(dialect=dialect, begin=begin + len(line[0].encode(coding.codec)), before=1)


def read_cells(file: BinaryIO, table: Table) -> Iterator[NumberedCells]:
    """The rows that are not empty, from the first on. Raises DataError as read_batches does."""
    file.seek(table.begin)
    shown = table.dialect.coding.shown
    for batch in read_batches(file, table.dialect):
        for number, cells in enumerate(batch.rows, batch.number + table.before):
            if any(map(str.strip, cells)):
                yield number, cells if "".join(cells).isascii() else [shown(cell) for cell in cells]
