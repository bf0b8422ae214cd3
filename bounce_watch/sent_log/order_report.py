"""Amazon's order reports: which alias belongs to which order.

Known forms (Amazon's attribute lists of August 2026, and its help on the order report): `order-id` in the unshipped
and the plain order report, `amazon-order-id` in the report of shipments by Amazon. They are tab separated with one
row per item, found by header name because the order of columns differs, and quotes in them are ordinary characters.
The alias column may be blank. Reports that were saved as CSV, and titles as Seller Central shows them, are read, too;
nobody has seen the titles of its other languages in a file, so those are plain translations.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bounce_watch.errors import DataError
from bounce_watch.records.ids import MARKETPLACES, Alias, OrderId
from bounce_watch.records.sent import OrderLink, Origin, SentLog
from bounce_watch.sent_log.instants import TimeColumn, TimeRule
from bounce_watch.sent_log.source import read_octets
from bounce_watch.text.cells import read_cells, tell_table
from bounce_watch.text.headers import (
    AMAZONS_ORDER,
    ANY_ADDRESS,
    ANY_ORDER,
    BOUGHT,
    BUYERS_ADDRESS,
    usual_place,
)
from bounce_watch.text.tables import columns_found

_ORDER = (*AMAZONS_ORDER, *ANY_ORDER)
"""The first one wins: the report of shipments by Amazon has the seller's own order id beside it."""

_ALIAS = (*BUYERS_ADDRESS, *ANY_ADDRESS)
_KANA = re.compile("[\u3041-\u30fa]")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """One item of the report; `order_id` is None where the cell holds none, `bought` is a cell."""

    number: int
    order_id: OrderId | None
    alias: Alias | None
    bought: str


def read_order_report(
    source: bytes | Path,
    *,
    account: str,
    seen_at: datetime,
    marketplaces: frozenset[str] = MARKETPLACES,
) -> SentLog:
    """The order links of one report; no sends and no coverage, because an order is not a message.

    `seen_at` (UTC) is when the report was read. Rows of one order give one link for each alias. Rows
    without an alias, with an ordinary address or with a shared alias give none, and are not faults; rows
    without an order id are named in `skipped`.

    Raises DataError when the file is no order report, or one that has no aliases.
    """
    rows = list(_read(read_octets(source), marketplaces))
    skipped = tuple(f"row {row.number}: no order id" for row in rows if row.order_id is None)
    if rows and len(skipped) == len(rows):
        raise DataError(
            f"None of the {len(rows)} rows of the order report has an order id.",
            "Download the report again and import it as it is, without opening it in a spreadsheet.",
        )
    links = tuple(_links(rows, account, seen_at, _rule(rows)))
    return SentLog(sends=(), links=links, coverage=None, rows=len(rows), skipped=skipped)


def decode_report(octets: bytes) -> str:
    """The text of a report: UTF-8 if it is that, else cp932 if it looks Japanese, else cp1252.

    Most cp1252 texts happen to decode as cp932 too. So cp932 is taken only when the octets are none of
    cp1252's, or when the result holds full-width kana, which European text never turns into. Order ids and
    aliases are ASCII in all of them: a wrong guess would spoil a name that nobody reads. UTF-16, which
    spreadsheets save as "Unicode text", is known by its byte order mark.
    """
    if octets.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return octets.decode("utf-16", errors="replace")
    utf8, western, japanese = (_try(octets, name) for name in ("utf-8-sig", "cp1252", "cp932"))
    if utf8 is None and japanese is not None and (western is None or _KANA.search(japanese)):
        return japanese
    return utf8 or western or octets.decode("cp1252", errors="replace")


def _try(octets: bytes, encoding: str) -> str | None:
    try:
        return octets.decode(encoding)
    except UnicodeDecodeError:
        return None


def is_order_report(header: Sequence[str]) -> bool:
    """True for a header row of Amazon's order reports: an order id and the day of purchase."""
    return usual_place(header, _ORDER) is not None and usual_place(header, BOUGHT) is not None


def report_columns(header: Sequence[str]) -> tuple[int, int, int | None]:
    """The positions of order id, alias and day of purchase (None: not there); DataError where one is missing."""
    order_at, alias_at = usual_place(header, _ORDER), usual_place(header, _ALIAS)
    if order_at is None:
        raise DataError("This is no order report: it has no order-id column.", columns_found(header))
    if alias_at is None:
        raise DataError(
            "This order report has no buyer-email column, so it can't tell whose order is whose.",
            "Take the unshipped orders, the order report, or Amazon fulfilled shipments; not All orders.",
        )
    return order_at, alias_at, usual_place(header, BOUGHT)


def _read(octets: bytes, marketplaces: frozenset[str]) -> Iterator[_Row]:
    rows = iter(_rows(octets))
    _, header = next(rows, (1, []))
    order_at, alias_at, bought_at = report_columns(header)
    for number, cells in rows:
        yield _Row(
            number=number,
            order_id=OrderId.parse(_cell(cells, order_at)),
            alias=Alias.parse(_cell(cells, alias_at), marketplaces),
            bought=_cell(cells, bought_at),
        )


def _rows(octets: bytes) -> Iterator[tuple[int, list[str]]]:
    """The rows of a report as it is downloaded, with tabs, or of one that a spreadsheet saved otherwise."""
    text = decode_report(octets)
    if "\t" not in text.partition("\n")[0]:
        file = io.BytesIO(octets)
        yield from read_cells(file, tell_table(file))
        return
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield number, _cells(line)


def _rule(rows: Iterable[_Row]) -> TimeRule | None:
    """How the days of purchase are written; None where nobody can tell. Amazon gives them in GMT."""
    column = TimeColumn()
    for row in rows:
        column.feed(row.number, row.bought)
    if column.is_mixed or column.is_undecided:
        return None
    return TimeRule(zone=UTC, day_first=column.is_day_first)


def _cells(line: str) -> list[str]:
    """Cells of a line; quotes are literal, so that a product name with one inch mark swallows nothing."""
    return line.rstrip("\r").split("\t")


def _cell(cells: Sequence[str], place: int | None) -> str:
    return cells[place] if place is not None and place < len(cells) else ""


def _links(
    rows: Sequence[_Row], account: str, seen_at: datetime, rule: TimeRule | None
) -> Iterator[OrderLink]:
    seen: set[tuple[OrderId, Alias]] = set()
    for row in rows:
        if not row.order_id or not row.alias or row.alias.is_shared or (row.order_id, row.alias) in seen:
            continue
        seen.add((row.order_id, row.alias))
        yield OrderLink(
            account=account,
            order_id=row.order_id,
            alias=row.alias,
            marketplace=row.alias.marketplace,
            origin=Origin.ORDER_REPORT,
            seen_at=seen_at,
            ordered_at=rule.instant(row.bought) if rule else None,
        )
