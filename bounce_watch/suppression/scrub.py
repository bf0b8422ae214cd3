"""Takes the rows of buyers on the list out of a dispatch tool's outgoing file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from bounce_watch.errors import DataError, UsageError
from bounce_watch.records.ids import MARKETPLACES, Alias, OrderId
from bounce_watch.records.opt_out import SuppressionEntry, SuppressionList
from bounce_watch.records.sent import Origin, SendOutcome, SentMessage
from bounce_watch.suppression.export import format_instant
from bounce_watch.suppression.files import atomic_file
from bounce_watch.text.inert import csv_line
from bounce_watch.text.tables import (
    Row,
    aliases_in,
    find_column,
    order_ids_in,
    read_rows,
    tell_delimiter,
)

KnownAs = Callable[[OrderId | Alias], str]
"""What an order id or alias is known as, in clear or hashed: the ledger's hash, so that forgotten ones are found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScrubColumns:
    """The headers of the columns that tell whose row it is; at least one of them is named."""

    alias: str | None = None
    order_id: str | None = None

    def __post_init__(self) -> None:
        if self.alias is None and self.order_id is None:
            raise UsageError(
                "No column is named to tell whose row it is.", "Name the alias or the order column."
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class ScrubResult:
    """What became of the rows (read = kept + dropped), and the dropped ones as sends that did not go out."""

    read: int
    kept: int
    dropped: int
    withheld: tuple[SentMessage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sieve:
    """The list by what `known_as` makes of its aliases and orders, and where those stand in a row."""

    known_as: KnownAs
    entries: dict[str, SuppressionEntry]
    alias_at: int | None
    order_at: int | None
    marketplaces: frozenset[str]

    def find(self, row: Row) -> tuple[SuppressionEntry, Alias | None, OrderId | None] | None:
        """The entry that one of the row's keys stands in, and the first alias and order id of the row."""
        if row.is_blank:
            return None
        aliases = () if self.alias_at is None else aliases_in(row.cells[self.alias_at], self.marketplaces)
        orders = () if self.order_at is None else order_ids_in(row.cells[self.order_at])
        names: tuple[OrderId | Alias, ...] = (*aliases, *orders)
        found = [self.entries.get(self.known_as(name)) for name in names]
        entry = next((entry for entry in found if entry), None)
        return (entry, next(iter(aliases), None), next(iter(orders), None)) if entry else None


@dataclass(frozen=True, slots=True)
class _Ending:
    """How rows of the source end, so that cells can be added to them as they are."""

    delimiter: bytes
    line_end: bytes

    @classmethod
    def of(cls, header: bytes) -> _Ending:
        return cls(tell_delimiter(header).encode(), b"\r\n" if header.endswith(b"\r\n") else b"\n")

    def append(self, octets: bytes, *cells: str) -> bytes:
        """The octets of a row with these cells behind its own."""
        bare = octets.removesuffix(b"\n").removesuffix(b"\r")
        delimiter, line_end = self.delimiter.decode(), self.line_end.decode()
        return bare + self.delimiter + csv_line(cells, delimiter=delimiter, line_end=line_end).encode()


def scrub_file(
    source: Path,
    *,
    clean_path: Path,
    dropped_path: Path,
    listing: SuppressionList,
    columns: ScrubColumns,
    at: datetime,
    marketplaces: frozenset[str] = MARKETPLACES,
    known_as: KnownAs = str,
) -> ScrubResult:
    """Scrub `source` (see scrub) into two files that appear whole or, after an error, not at all.

    The file of dropped rows comes first: whoever finds the clean one finds the other, too. Raises
    UsageError when two of the paths are one, DataError for a faulty table, LedgerError for the disk.
    """
    if len({path.resolve() for path in (source, clean_path, dropped_path)}) < 3:
        raise UsageError(
            "Two of the three files are the same.", "Give the clean and the dropped rows new files."
        )
    try:
        rows_in = source.open("rb")
    except OSError as error:
        raise DataError(f"{source} can't be read: {error.strerror}.", "Check the path.") from error
    with rows_in, atomic_file(clean_path) as kept, atomic_file(dropped_path) as dropped:
        return scrub(
            rows_in,
            listing=listing,
            columns=columns,
            kept=kept,
            dropped=dropped,
            at=at,
            marketplaces=marketplaces,
            known_as=known_as,
        )


def scrub(
    rows_in: BinaryIO,
    *,
    listing: SuppressionList,
    columns: ScrubColumns,
    kept: BinaryIO,
    dropped: BinaryIO,
    at: datetime,
    marketplaces: frozenset[str] = MARKETPLACES,
    known_as: KnownAs = str,
) -> ScrubResult:
    """Sort the rows of a UTF-8 table into those that may go and those of buyers on the list.

    Kept rows and the header stay octet for octet as they were. Dropped rows get two more columns, `reason`
    and `since`. A row is dropped when the alias in its alias column or the order id in its order column is
    on the list; case, `+tag` and text around them do not matter. Blank lines are no rows and stay.

    Raises DataError, with the row's number, for a row that can't be read; `kept` and `dropped` then hold a
    part and must be thrown away, as scrub_file does.
    """
    rows = read_rows(rows_in)
    header = next(rows, None)
    if header is None:
        raise DataError("The file is empty.", "Give a table with a header row.")
    sieve = _sieve(header, listing, columns, marketplaces, known_as)
    ending = _Ending.of(header.octets)
    kept.write(header.octets)
    dropped.write(ending.append(header.octets, "reason", "since"))
    read, withheld = 0, list[SentMessage]()
    for row in _checked(rows, len(header.cells)):
        read += not row.is_blank
        found = sieve.find(row)
        if found is None:
            kept.write(row.octets)
        else:
            entry, alias, order_id = found
            dropped.write(ending.append(row.octets, entry.reason, format_instant(entry.since)))
            withheld.append(_withheld(entry, alias, order_id, at))
    return ScrubResult(read=read, kept=read - len(withheld), dropped=len(withheld), withheld=tuple(withheld))


def _sieve(
    header: Row,
    listing: SuppressionList,
    columns: ScrubColumns,
    marketplaces: frozenset[str],
    known_as: KnownAs,
) -> _Sieve:
    entries = {known_as(name): entry for entry in reversed(listing.entries) for name in entry.order_ids}
    entries |= {known_as(entry.alias): entry for entry in listing.entries if entry.alias}
    return _Sieve(
        known_as=known_as,
        entries=entries,
        alias_at=None if columns.alias is None else find_column(header.cells, columns.alias),
        order_at=None if columns.order_id is None else find_column(header.cells, columns.order_id),
        marketplaces=marketplaces,
    )


def _checked(rows: Iterator[Row], width: int) -> Iterator[Row]:
    for row in rows:
        if len(row.cells) != width and not row.is_blank:
            raise DataError(
                f"Row {row.number} has {len(row.cells)} cells, the header has {width}.",
                "Correct the row, or the quotes around a cell with the delimiter in it; nothing was written.",
            )
        yield row


def _withheld(
    entry: SuppressionEntry, alias: Alias | None, order_id: OrderId | None, at: datetime
) -> SentMessage:
    """The message that did not go out, with the buyer's alias from the list where the row has none."""
    buyer = entry.alias or alias
    return SentMessage(
        account=entry.account,
        order_id=order_id,
        alias=None if buyer and buyer.is_shared and order_id else buyer,
        marketplace=buyer.marketplace if buyer else entry.marketplace,
        sent_at=at,
        origin=Origin.SCRUB,
        outcome=SendOutcome.WITHHELD,
    )
