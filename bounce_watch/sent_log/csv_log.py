"""What a dispatch or e-mail tool says it sent, as a CSV whose columns the user may name."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import date, tzinfo
from pathlib import Path

from bounce_watch.errors import DataError
from bounce_watch.records.ids import MARKETPLACES, Alias, OrderId
from bounce_watch.records.sent import OrderLink, Origin, Purpose, SentCoverage, SentLog, SentMessage
from bounce_watch.sent_log.source import parse_instant, read_octets, whole_days
from bounce_watch.text.tables import (
    Row,
    aliases_in,
    columns_found,
    find_column,
    order_ids_in,
    read_rows,
    usual_column,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnNames:
    """The headers of a log's columns; None: look for a usual one."""

    order_id: str | None = None
    alias: str | None = None
    sent_at: str | None = None
    marketplace: str | None = None
    purpose: str | None = None
    label: str | None = None
    message_id: str | None = None


USUAL_NAMES: dict[str, tuple[str, ...]] = {
    "order_id": (
        "amazonorderid",
        "orderid",
        "ordernumber",
        "orderno",
        "orderreference",
        "channelorderid",
        "order",
    ),
    "alias": (
        "buyeremail",
        "buyeremailaddress",
        "alias",
        "customeremail",
        "recipientemail",
        "emailaddress",
        "email",
        "recipient",
        "to",
    ),
    "sent_at": (
        "sentat",
        "senton",
        "sentdate",
        "datesent",
        "senttime",
        "sent",
        "senddate",
        "sendtime",
        "timestamp",
        "datetime",
        "date",
    ),
    "marketplace": ("marketplace", "saleschannel", "channel", "site"),
    "purpose": ("purpose", "messagepurpose"),
    "label": ("label", "template", "templatename", "campaign", "messagetype"),
    "message_id": ("messageid",),
}
"""Folded header names (fold_header), the surest first."""

_PURPOSES = {
    "unsolicited": Purpose.UNSOLICITED,
    "ordercritical": Purpose.ORDER_CRITICAL,
    "critical": Purpose.ORDER_CRITICAL,
    "reply": Purpose.REPLY,
}
_COUNTRIES = {"us": "com", "gb": "co.uk"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader:
    """Everything that is the same for every row of one log."""

    account: str
    at: dict[str, int]
    width: int
    time_zone: tzinfo
    marketplaces: frozenset[str]

    def cell(self, row: Row, field: str) -> str:
        place = self.at.get(field)
        return row.cells[place].strip() if place is not None and place < len(row.cells) else ""


def read_csv_log(
    source: bytes | Path,
    *,
    account: str,
    time_zone: tzinfo,
    columns: ColumnNames | None = None,
    coverage: tuple[date, date] | None = None,
    marketplaces: frozenset[str] = MARKETPLACES,
) -> SentLog:
    """Sends and order links of a UTF-8 table with comma, semicolon or tab.

    Columns are found by the names given, else by USUAL_NAMES. An instant is ISO 8601; without an offset it
    is local time in `time_zone`, a date alone is noon there. `coverage` is the first and the last day for
    which the log is whole; without it, the first and last day that the log has a send on. A row that can't
    be used is named in `skipped` by its number and the reason, never by its content.

    Raises DataError when the file is no such table, lacks the instant or both of order id and alias, or
    when no row at all can be used.
    """
    rows = read_rows(io.BytesIO(read_octets(source)))
    reader = _reader(rows, account, columns or ColumnNames(), time_zone, marketplaces)
    sends: list[SentMessage] = []
    skipped: list[str] = []
    for row in rows:
        if row.is_empty:
            continue
        answer = _read_row(row, reader)
        if isinstance(answer, str):
            skipped.append(f"row {row.number}: {answer}")
        else:
            sends.append(answer)
    if skipped and not sends:
        raise DataError(
            f"None of the {len(skipped)} rows of the sent log can be used; {skipped[0]}.",
            "Name the columns that hold the order id or alias and the time, as 2026-09-30T17:05:00+01:00.",
        )
    return SentLog(
        sends=tuple(sends),
        links=tuple(_links(sends)),
        coverage=_coverage(sends, account, time_zone, coverage),
        rows=len(sends) + len(skipped),
        skipped=tuple(skipped),
    )


def _reader(
    rows: Iterator[Row],
    account: str,
    columns: ColumnNames,
    time_zone: tzinfo,
    marketplaces: frozenset[str],
) -> _Reader:
    header = next((row.cells for row in rows if not row.is_empty), None)
    if header is None:
        raise DataError("The sent log is empty.", "Export it again, with its header row.")
    return _Reader(
        account=account,
        at=locate_columns(header, columns),
        width=len(header),
        time_zone=time_zone,
        marketplaces=marketplaces,
    )


def locate_columns(header: Sequence[str], columns: ColumnNames) -> dict[str, int]:
    """The position of each field's column in the header; fields without a column are absent.

    Raises DataError, naming the columns found, when a named column or a necessary one is missing.
    """
    at: dict[str, int] = {}
    for field in (each.name for each in fields(columns)):
        name = getattr(columns, field)
        place = usual_column(header, USUAL_NAMES[field]) if name is None else find_column(header, name)
        if place is not None:
            at[field] = place
    if "sent_at" not in at:
        raise DataError(
            "The sent log has no column that says when a message was sent.", columns_found(header)
        )
    if not at.keys() & {"order_id", "alias"}:
        raise DataError("The sent log has neither an order id nor an alias column.", columns_found(header))
    return at


def _read_row(row: Row, reader: _Reader) -> SentMessage | str:
    """The send of a row, or why there is none, in words without any of its content."""
    if len(row.cells) > reader.width:
        return f"{len(row.cells)} cells under {reader.width} columns"
    sent_at = parse_instant(reader.cell(row, "sent_at"), reader.time_zone)
    if sent_at is None:
        return "no readable time"
    orders = order_ids_in(reader.cell(row, "order_id"))
    aliases = aliases_in(reader.cell(row, "alias"), reader.marketplaces)
    if len(orders) > 1 or len(aliases) > 1:
        return "more than one order id or alias"
    order_id, alias = next(iter(orders), None), next(iter(aliases), None)
    if order_id is None and alias is None:
        return "neither an order id nor a marketplace alias"
    return SentMessage(
        account=reader.account,
        order_id=order_id,
        alias=_own_alias(alias, order_id),
        marketplace=alias.marketplace
        if alias
        else parse_marketplace(reader.cell(row, "marketplace"), reader.marketplaces),
        sent_at=sent_at,
        origin=Origin.CSV_LOG,
        message_id=reader.cell(row, "message_id") or None,
        purpose=_parse_purpose(reader.cell(row, "purpose")),
        label=reader.cell(row, "label") or None,
    )


def _own_alias(alias: Alias | None, order_id: OrderId | None) -> Alias | None:
    """The alias, unless many buyers share it and the order tells this one apart."""
    return None if alias and alias.is_shared and order_id else alias


def _parse_purpose(text: str) -> Purpose:
    return _PURPOSES.get("".join(filter(str.isalpha, text.lower())), Purpose.UNKNOWN)


def parse_marketplace(text: str, marketplaces: frozenset[str]) -> str | None:
    """The marketplace that a cell names: `Amazon.co.uk`, `www.amazon.co.uk`, `co.uk`, `UK`, or None."""
    name = text.lower().removeprefix("https://").rstrip("/").removeprefix("www.").removeprefix("amazon.")
    name = _COUNTRIES.get(name, name)
    named = [
        each for each in sorted(marketplaces) if name in (each.partition(".")[2], each.rpartition(".")[2])
    ]
    exact = [each for each in named if each == f"amazon.{name}"]
    return next(iter(exact or named), None)


def _links(sends: Sequence[SentMessage]) -> Iterator[OrderLink]:
    """The first link of each order and alias."""
    seen: set[tuple[OrderId, Alias]] = set()
    for send in sends:
        if not send.order_id or not send.alias or (send.order_id, send.alias) in seen:
            continue
        seen.add((send.order_id, send.alias))
        yield OrderLink(
            account=send.account,
            order_id=send.order_id,
            alias=send.alias,
            marketplace=send.alias.marketplace,
            origin=Origin.CSV_LOG,
            seen_at=send.sent_at,
        )


def _coverage(
    sends: Sequence[SentMessage], account: str, time_zone: tzinfo, stated: tuple[date, date] | None
) -> SentCoverage | None:
    if stated is None and not sends:
        return None
    days = stated or _span(sends, time_zone)
    if days[0] > days[1]:
        raise DataError(
            "The days that the sent log covers end before they start.", "Name the first day first."
        )
    start, end = whole_days(*days, time_zone)
    return SentCoverage(account=account, origin=Origin.CSV_LOG, start=start, end=end)


def _span(sends: Sequence[SentMessage], time_zone: tzinfo) -> tuple[date, date]:
    instants = [send.sent_at for send in sends]
    return min(instants).astimezone(time_zone).date(), max(instants).astimezone(time_zone).date()
