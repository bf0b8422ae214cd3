"""Tables as other programs write them: decoding, headers, delimiters, rows with their octets.

Rows are numbered as a spreadsheet shows them: the header is row 1, and a row that spans several lines is
one row.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from bounce_watch.errors import DataError
from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.text.fold import clean

DELIMITERS = (",", ";", "\t")

_BOM = b"\xef\xbb\xbf"
_SPACING = re.compile(r"[\s_\-]+")
_BETWEEN = re.compile(r"[\s<>()\[\]:;,\"']+")
"""What stands between addresses. They are cut apart, not searched for: that would take quadratic time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row: its number, its cells, and its octets as they stand in the file, line end included."""

    number: int
    cells: tuple[str, ...]
    octets: bytes

    @property
    def is_blank(self) -> bool:
        """True for a line with nothing on it, which is no row of data; a row of empty cells is one."""
        return len(self.cells) <= 1 and self.is_empty

    @property
    def is_empty(self) -> bool:
        """True when no cell holds anything."""
        return not any(cell.strip() for cell in self.cells)


class _Lines:
    """Feeds decoded lines to the csv module and remembers the octets of those taken for the current row."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self._lines = iter(lines)
        self._taken: list[bytes] = []
        self._started = False

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            self._taken.append(line)
            text = line if self._started else line.removeprefix(_BOM)
            self._started = True
            yield text.decode("utf-8")

    def take(self) -> bytes:
        """The octets read since the last call."""
        octets = b"".join(self._taken)
        self._taken.clear()
        return octets


def read_rows(lines: Iterable[bytes]) -> Iterator[Row]:
    """Rows of a UTF-8 table (a byte order mark is allowed), the delimiter told by its first line.

    `lines` end with their line feed, as a binary file yields them. Quoting follows RFC 4180. Raises
    DataError, with the row's number, for octets that are not UTF-8 and for quotes that do not close:
    after either nobody can tell where the next row starts.
    """
    source = iter(lines)
    first = next(source, b"")
    feed = _Lines(chain([first] if first else [], source))
    reader = csv.reader(feed, delimiter=tell_delimiter(first), strict=True)
    number = 1
    while True:
        try:
            cells = next(reader, None)
        except UnicodeDecodeError as error:
            raise _unreadable(number, "is not UTF-8") from error
        except csv.Error as error:
            raise _unreadable(number, f"can't be read ({error})") from error
        if cells is None:
            return
        yield Row(number=number, cells=tuple(cells), octets=feed.take())
        number += 1


def _unreadable(number: int, what: str) -> DataError:
    return DataError(
        f"Row {number} {what}.",
        "Save the table as CSV in UTF-8, with quotes closed and doubled inside quoted cells.",
    )


def tell_delimiter(header: bytes) -> str:
    """The delimiter of a header line: whichever of comma, semicolon and tab it has most of; comma if none."""
    return max(DELIMITERS, key=lambda delimiter: header.count(delimiter.encode()))


def fold_header(name: str) -> str:
    """A column name for comparison: `Buyer E-mail`, `buyer_email` and `BUYER-EMAIL ` become one."""
    return _SPACING.sub("", unicodedata.normalize("NFKC", name)).casefold()


def find_column(header: Sequence[str], name: str) -> int:
    """The position of the column called `name`: letter by letter if there is one, else after folding.

    Raises DataError, naming the columns found, when there is none or more than one.
    """
    exact = [at for at, title in enumerate(header) if title.strip() == name.strip()]
    found = exact or [at for at, title in enumerate(header) if fold_header(title) == fold_header(name)]
    if len(found) != 1:
        problem = "There is no column" if not found else "More than one column is"
        raise DataError(f"{problem} called {name!r}.", columns_found(header))
    return found[0]


def usual_column(header: Sequence[str], usual: Sequence[str]) -> int | None:
    """The position of the first of the `usual` (folded) names that the header has, or None."""
    folded = [fold_header(title) for title in header]
    return next((folded.index(name) for name in usual if name in folded), None)


def columns_found(header: Sequence[str]) -> str:
    """A sentence that names the columns of a header."""
    titles = ", ".join(repr(title.strip()) for title in header if title.strip())
    return f"The columns found are: {titles or 'none'}."


def aliases_in(cell: str, marketplaces: frozenset[str]) -> tuple[Alias, ...]:
    """Every distinct buyer alias in a cell, which may hold a bare address, `Name <address>` or several."""
    if "@" not in cell:
        return ()
    parsed = (Alias.parse(word, marketplaces) for word in _BETWEEN.split(cell) if "@" in word[1:-1])
    return tuple(dict.fromkeys(alias for alias in parsed if alias))


def order_ids_in(cell: str) -> tuple[OrderId, ...]:
    """Every distinct order id in a cell, with whatever hyphens and widths it is written."""
    only = OrderId.parse(cell)
    return (only,) if only else tuple(dict.fromkeys(OrderId.find_all(clean(cell))))
