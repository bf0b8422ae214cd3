"""Takes the rows of buyers on the list out of a dispatch tool's outgoing file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from itertools import chain
from typing import IO, BinaryIO

from bounce_watch.errors import DataError
from bounce_watch.records.ids import MARKETPLACES, Alias, OrderId
from bounce_watch.records.opt_out import SuppressionEntry
from bounce_watch.suppression.beside import Beside, NotJudged
from bounce_watch.suppression.export import format_instant
from bounce_watch.suppression.scrub_columns import Columns, ScrubColumns
from bounce_watch.suppression.scrub_layout import Layout, layout_of, line_end_of, rest_of
from bounce_watch.suppression.sieve import KnownAs, Listed, Sieve
from bounce_watch.suppression.spellings import Spellings, is_unread_order, orders_in
from bounce_watch.text.dialects import Batch, Dialect, read_batches, tell_dialect
from bounce_watch.text.inert import csv_line

MARKETPLACE_ALIAS = "marketplace alias"
"""The reason of a row that is not on the list and goes because it names an alias at all."""

_Reason = tuple[str, datetime | None]


class ScrubMode(StrEnum):
    """What happens to which rows.

    LISTED drops those on the list. ALL_MARKETPLACE also drops every row that holds a marketplace alias, in any column
    unless some are named. CRITICAL drops none, and tells those on the list.
    """

    LISTED = "listed"
    ALL_MARKETPLACE = "all_marketplace"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScrubOptions:
    """How a file is to be read; what is left out is told by its content (see tell_dialect and find_columns)."""

    columns: ScrubColumns = field(default_factory=ScrubColumns)
    encoding: str | None = None
    delimiter: str | None = None
    mode: ScrubMode = ScrubMode.LISTED
    marketplaces: frozenset[str] = MARKETPLACES


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A row of somebody on the list: its number, and the message that would go, or goes if it is critical.

    The alias is the list's, else the row's own.
    """

    number: int
    order_id: OrderId | None
    alias: Alias | None
    marketplace: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScrubResult:
    """What became of the rows, and how the file was read. `listed` rows are on the list, dropped or not.

    `beside` are the columns with names that nothing was judged by. `unread_orders` is how many cells of order columns
    have the digits of an order id and none that can be read; rows that may go are meant, the first is `unread_at`.
    """

    read: int
    kept: int
    dropped: int
    listed: int
    beside: tuple[NotJudged, ...] = ()
    unread_orders: int = 0
    unread_at: int | None = None
    dialect: Dialect
    columns: Columns

    def __post_init__(self) -> None:
        if self.read != self.kept + self.dropped:
            raise ValueError(f"{self.read} rows were read, {self.kept} kept and {self.dropped} dropped")

    @property
    def unjudged(self) -> int:
        """How many names stand in columns that nothing was judged by."""
        return sum(each.aliases + each.orders for each in self.beside)


def scrub(
    rows_in: BinaryIO,
    *,
    entries: Iterable[SuppressionEntry],
    kept: IO[bytes],
    dropped: IO[bytes],
    options: ScrubOptions | None = None,
    known_as: KnownAs = str,
    tell: Callable[[Hit], object] | None = None,
) -> ScrubResult:
    """Sort the rows of a seekable file into those that may go and those of buyers on the list.

    Kept rows and the header stay octet for octet as they were. Dropped rows get two more cells, `reason` and `since`.
    A row is dropped when an alias in one of its alias columns, or an order id in one of its order columns, is on the
    list; case, `+tag`, text around them and other spellings (spellings.py) do not matter, and a row about orders that
    a person allowed is kept. Blank lines are no rows and stay. `tell` hears of each row on the list, in their order.

    Raises DataError, with the row's number, for a row that can't be read, also one with an address at a marketplace
    in its alias columns that is none (ALL_MARKETPLACE drops it); `kept` and `dropped` then hold a part and
    must be thrown away.
    """
    chosen = options or ScrubOptions()
    dialect = tell_dialect(rows_in, encoding=chosen.encoding, delimiter=chosen.delimiter)
    batches = read_batches(rows_in, dialect)
    first = next(batches, None)
    if first is None or (layout := _layout(first, dialect, chosen)) is None:
        raise DataError("The file is empty.", "Give a table with rows in it.")
    sieve = Sieve(entries, known_as=known_as, marketplaces=chosen.marketplaces)
    run = _Run(
        layout=layout,
        sieve=sieve,
        spellings=Spellings(chosen.marketplaces),
        beside=Beside(layout.columns),
        options=chosen,
        kept=kept,
        dropped=dropped,
        tell=tell,
    )
    run.begin(first)
    for batch in chain([rest_of(first, layout.rows_from)], batches):
        run.sort(batch)
    return run.result()


def _layout(first: Batch, dialect: Dialect, options: ScrubOptions) -> Layout | None:
    return layout_of(
        first,
        dialect,
        named=options.columns,
        marketplaces=options.marketplaces,
        every=options.mode is ScrubMode.ALL_MARKETPLACE,
    )


@dataclass(slots=True, kw_only=True)
class _Run:
    """One pass over the rows, and its counts."""

    layout: Layout
    sieve: Sieve
    spellings: Spellings
    beside: Beside
    options: ScrubOptions
    kept: IO[bytes]
    dropped: IO[bytes]
    tell: Callable[[Hit], object] | None
    rows_read: int = 0
    rows_kept: int = 0
    rows_dropped: int = 0
    rows_listed: int = 0
    unread_orders: int = 0
    unread_at: int | None = None

    def begin(self, first: Batch) -> None:
        """Write what stands above the rows to both files."""
        coding = self.layout.dialect.coding
        for file in (self.kept, self.dropped):
            file.write(coding.mark)
        head = first.texts[: self.layout.rows_from]
        self.kept.write(coding.octets("".join(head)))
        if self.layout.columns.titles is not None:
            self.dropped.write(coding.octets("".join(head[:-1])) + self._longer(head[-1], "reason", "since"))

    def sort(self, batch: Batch) -> None:
        """Judge the rows of a batch, write each to its file, and count them."""
        rows, blanks = self._full_rows(batch)
        drops: dict[int, _Reason] = {}
        for at in sorted(self._suspects(batch, rows)):
            if (reason := self._judge(batch.number + at, rows[at])) is not None:
                drops[at] = reason
        every = "".join(batch.texts)
        going = [text for at, text in enumerate(batch.texts) if at not in drops] if drops else batch.texts
        coding = self.layout.dialect.coding
        self.kept.write(coding.octets("".join(going) if drops else every))
        for at, (why, since) in drops.items():
            self.dropped.write(self._longer(batch.texts[at], why, format_instant(since)))
        self.rows_read += len(batch.rows) - blanks
        self.rows_kept += len(going) - blanks
        self.rows_dropped += len(drops)
        self.beside.look(every, rows)

    def result(self) -> ScrubResult:
        """What became of all rows."""
        return ScrubResult(
            read=self.rows_read,
            kept=self.rows_kept,
            dropped=self.rows_dropped,
            listed=self.rows_listed,
            beside=self.beside.told(),
            unread_orders=self.unread_orders,
            unread_at=self.unread_at,
            dialect=self.layout.dialect,
            columns=self.layout.columns,
        )

    def _full_rows(self, batch: Batch) -> tuple[Sequence[list[str]], int]:
        """The rows, blank lines as rows of empty cells, and how many of those there are."""
        width = self.layout.columns.width
        if width > 1 and set(map(len, batch.rows)) <= {width}:
            return batch.rows, 0
        rows, blanks = list(batch.rows), 0
        for at, row in enumerate(rows):
            if len(row) <= 1 and not self.layout.dialect.coding.shown("".join(row)).strip():
                rows[at] = [""] * width
                blanks += 1
            elif len(row) != width:
                first = "the header" if self.layout.columns.titles is not None else "the first row"
                raise DataError(
                    f"Row {batch.number + at} has {len(row)} cells, {first} has {width}.",
                    "Correct the row, or the quotes around a cell with the delimiter in it; nothing was written.",
                )
        return rows, blanks

    def _suspects(self, batch: Batch, rows: Sequence[list[str]]) -> set[int]:
        """The positions of rows that a quick look can't rule out."""
        found = set[int]()
        if self.options.mode is ScrubMode.ALL_MARKETPLACE:
            found.update(at for at, text in enumerate(batch.texts) if _may_hold_alias(text))
        for at in self.layout.columns.alias_at:
            found.update(self.sieve.suspect_aliases([row[at] for row in rows]))
        for at in self.layout.columns.order_at:
            found.update(self.sieve.suspect_orders([row[at] for row in rows]))
        return found

    def _judge(self, number: int, cells: Sequence[str]) -> _Reason | None:
        """Why the row is to be dropped; None if it isn't."""
        columns, text = self.layout.columns, self.layout.dialect.coding.shown
        read = [self.spellings.read(text(cells[at])) for at in columns.alias_at]
        aliases = [alias for each in read for alias in each.aliases]
        named = [text(cells[at]) for at in columns.order_at]
        orders = [order_id for cell in named for order_id in orders_in(cell)]
        listed = self.sieve.find(aliases, orders)
        if listed is not None:
            self.rows_listed += 1
            if self.tell is not None:
                self.tell(_hit(number, listed, aliases, orders))
            return None if self.options.mode is ScrubMode.CRITICAL else (listed.reason, listed.since)
        is_unread = any(each.is_unread for each in read)
        if self.options.mode is ScrubMode.ALL_MARKETPLACE and (aliases or is_unread):
            return MARKETPLACE_ALIAS, None
        if is_unread:
            raise _unread(number)
        if unread := sum(map(is_unread_order, named)):
            self.unread_orders += unread
            self.unread_at = self.unread_at or number
        return None

    def _longer(self, text: str, reason: str, since: str) -> bytes:
        """The octets of a row with these cells behind its own; `since` is an instant, or a word of ours."""
        coding, delimiter = self.layout.dialect.coding, self.layout.dialect.delimiter
        own = line_end_of(text)
        added = f"{delimiter}{_cell(reason, delimiter)}{delimiter}{since}{own or self.layout.line_end}"
        return coding.octets(text.removesuffix(own)) + coding.encode(added)


@lru_cache(maxsize=256)
def _cell(reason: str, delimiter: str) -> str:
    """A cell that is safe to write; nearly all rows have one of few reasons."""
    return csv_line([reason], delimiter=delimiter, line_end="")


def _may_hold_alias(text: str) -> bool:
    return not text.isascii() or "marketplace" in text.lower()


def _unread(number: int) -> DataError:
    return DataError(
        f"Row {number} has an address at a marketplace that is none, or not known; nothing was written.",
        "Correct it, or add the marketplace to the settings ([amazon] marketplaces).",
    )


def _hit(number: int, listed: Listed, aliases: Sequence[Alias], orders: Sequence[OrderId]) -> Hit:
    """The message of a row, with the buyer's alias from the list where the row has none."""
    buyer = listed.alias or next(iter(aliases), None)
    order_id = next(iter(orders), None)
    return Hit(
        number=number,
        order_id=order_id,
        alias=None if buyer and buyer.is_shared and order_id else buyer,
        marketplace=buyer.marketplace if buyer else listed.marketplace,
    )
