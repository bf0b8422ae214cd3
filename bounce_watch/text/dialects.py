"""Tables of any dialect, read in batches: how they are written, and their rows with the octets of each.

For files too large to hold, whose rows are to be copied octet for octet. Rows are numbered as in tables.py.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import BinaryIO

from bounce_watch.errors import DataError
from bounce_watch.text.charsets import NAMED, Coding, named_coding, tell_coding

DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}

_SAMPLE = 1 << 16
_LONGEST = 1 << 22
"""Characters of one row."""

_CLOSE = "Save the table again, with quotes closed, and doubled inside quoted cells."


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How a table is written."""

    coding: Coding
    delimiter: str

    def __str__(self) -> str:
        names = {delimiter: name for name, delimiter in DELIMITERS.items()}
        return f"{self.coding}, {names[self.delimiter]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Some rows in a row: the number of the first, their cells, and each as it stands in the file, line end included.

    Cells and texts are views (see Coding).
    """

    number: int
    rows: Sequence[list[str]]
    texts: Sequence[str]


def tell_dialect(file: BinaryIO, *, encoding: str | None = None, delimiter: str | None = None) -> Dialect:
    """The dialect of a seekable file, as it is named and else as its content tells; the file then stands at its text.

    `delimiter` is one of DELIMITERS, by name or itself. Raises DataError for a name of neither kind.
    """
    named = None if encoding is None else named_coding(encoding)
    if encoding is not None and named is None:
        raise DataError(f"{encoding!r} is no encoding of tables.", f"Name one of: {', '.join(NAMED)}.")
    chosen = None if delimiter is None else DELIMITERS.get(delimiter, delimiter)
    if chosen is not None and chosen not in DELIMITERS.values():
        raise DataError(f"{delimiter!r} is no delimiter.", f"Name one of: {', '.join(DELIMITERS)}.")
    coding = tell_coding(file, named)
    begin = file.tell()
    dialect = Dialect(coding=coding, delimiter=chosen or _told_delimiter(file.read(_SAMPLE), coding))
    file.seek(begin)
    return dialect


def _told_delimiter(octets: bytes, coding: Coding) -> str:
    """The delimiter that cuts every row into the same number of cells, the more the better; comma if none does.

    Rows of one cell are nothing that a delimiter made.
    """
    text = octets.decode(coding.codec, errors="replace")
    is_whole = len(octets) < _SAMPLE
    widths = {delimiter: _width(text, delimiter, is_whole=is_whole) for delimiter in DELIMITERS.values()}
    return max(widths, key=lambda delimiter: widths[delimiter])


def _width(text: str, delimiter: str, *, is_whole: bool) -> tuple[bool, int]:
    """Whether all rows are equally wide and wider than one cell, and how wide the first is."""
    lines = list(io.StringIO(text, newline=""))
    if not is_whole and len(lines) > 1:
        lines.pop()
    rows: list[list[str]] = []
    try:
        rows.extend(row for row in csv.reader(lines, delimiter=delimiter, strict=True) if row)
    except csv.Error:  # Of a quote that is closed behind the sample, or never.
        return False, len(rows[0]) if rows else 0
    widths = {len(row) for row in rows}
    first = len(rows[0]) if rows else 0
    return len(widths) == 1 and first > 1, first


def read_batches(file: BinaryIO, dialect: Dialect) -> Iterator[Batch]:
    """The rows from where the file stands. Quoting follows RFC 4180; a line ends with LF, CRLF or CR.

    Raises DataError, with the row's number, for octets that are not of the coding, for a NUL, for quotes that do
    not close and for a row of more than four million characters.
    """
    number, carried = 1, ""
    for view, is_last, is_faulty in _pieces(file, dialect.coding):
        text = carried + view
        cut = len(text) if is_last else _last_line_end(text)
        block = text[:cut] if dialect.delimiter != "|" else dialect.coding.hide_pipes(text[:cut])
        batch, left = _parse(block, dialect.delimiter, number=number, is_last=is_last)
        if batch.rows:
            yield batch
        number += len(batch.rows)
        carried = left + text[cut:]
        if is_faulty:
            raise _fault(number, f"is not {dialect.coding}", _SAVE)
        if len(carried) > _LONGEST:
            raise _fault(number, "does not end", _CLOSE)


_SAVE = "Save the table again in one encoding, or name the one it is in: --encoding (utf-8, utf-16, cp1252, cp932 ...)."


def _pieces(file: BinaryIO, coding: Coding) -> Iterator[tuple[str, bool, bool]]:
    """Views of the file; whether each is the last; and whether a fault of the coding follows it."""
    views = coding.views(file)
    before = ""
    while True:
        try:
            view = next(views, None)
        except UnicodeDecodeError:
            yield before, False, True
            return
        if view is None:
            yield before, True, False
            return
        yield before, False, False
        before = view


def _last_line_end(text: str) -> int:
    """The position behind the last line end; a CR at the end may be the half of one."""
    return max(text.rfind("\n"), text.rfind("\r", 0, -1)) + 1


def _parse(block: str, delimiter: str, *, number: int, is_last: bool) -> tuple[Batch, str]:
    """The rows of whole lines, and the lines of a row that goes on behind them."""
    lines = list(io.StringIO(block, newline=""))
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    rows: list[list[str]] = []
    ends = [0]
    try:
        for row in reader:
            rows.append(row)
            ends.append(reader.line_num)
    except csv.Error as error:
        if is_last or reader.line_num < len(lines):
            _check_nul(_texts(lines, ends), number)  # The first fault is told, however the file is cut.
            raise _unreadable(number + len(rows), error) from error
    texts = _texts(lines, ends)
    if "\0" in block:
        _check_nul(texts, number)
    return Batch(number=number, rows=rows, texts=texts), "".join(lines[ends[-1] :])


def _texts(lines: Sequence[str], ends: Sequence[int]) -> Sequence[str]:
    """The text of each row, which may be of several lines."""
    if len(ends) - 1 == ends[-1]:
        return lines[: ends[-1]]
    return ["".join(lines[start:end]) for start, end in pairwise(ends)]


def _check_nul(texts: Sequence[str], number: int) -> None:
    for at, text in enumerate(texts, start=number):
        if "\0" in text:
            raise _fault(at, "holds a NUL", "If the file is UTF-16 without a mark: --encoding utf-16-le")


def _unreadable(number: int, error: csv.Error) -> DataError:
    said = str(error)
    if "unexpected end" in said or "field limit" in said:
        return _fault(number, "has a quote that is not closed, or a cell of over 131,072 characters", _CLOSE)
    return _fault(number, f"can't be read ({said})", _CLOSE)


def _fault(number: int, what: str, advice: str) -> DataError:
    return DataError(f"Row {number} {what}.", advice)
