"""One door for every file about what was sent: the header tells which reader it needs."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from pathlib import Path
from typing import BinaryIO

from bounce_watch.errors import DataError
from bounce_watch.records.ids import MARKETPLACES
from bounce_watch.records.sent import SentLog
from bounce_watch.sent_log.csv_log import read_csv_log
from bounce_watch.sent_log.order_report import (
    decode_report,
    is_order_report,
    read_order_report,
    report_columns,
)
from bounce_watch.sent_log.plan import LogOptions, LogPlan, plan_log
from bounce_watch.sent_log.source import opened, read_octets
from bounce_watch.sent_log.titles import TITLES, Field, without_zone
from bounce_watch.text.cells import read_cells, tell_table
from bounce_watch.text.headers import word_key

_START = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPlan:
    """That a file is an order report, with its titles and where order id, alias and day of purchase stand."""

    titles: tuple[str, ...]
    order_at: int
    alias_at: int
    bought_at: int | None


def plan_sent_file(
    file: BinaryIO,
    *,
    account: str,
    time_zone: tzinfo,
    options: LogOptions | None = None,
    marketplaces: frozenset[str] = MARKETPLACES,
) -> LogPlan | ReportPlan:
    """How a seekable file will be read; see plan_log.

    A table with an order id and a day of purchase is an order report, unless it has a column for the instant of
    sending, titled so or named. Raises DataError for a report without aliases.
    """
    header = None if options and options.columns.sent_at else _report_header(file, options)
    if header is not None:
        order_at, alias_at, bought_at = report_columns(header)
        return ReportPlan(titles=header, order_at=order_at, alias_at=alias_at, bought_at=bought_at)
    return plan_log(file, account=account, time_zone=time_zone, options=options, marketplaces=marketplaces)


def _report_header(file: BinaryIO, options: LogOptions | None) -> tuple[str, ...] | None:
    """The header of a file if it is an order report's."""
    file.seek(0)
    octets = file.read(_START)
    if not octets.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        octets = octets.partition(b"\n")[0]
    first = decode_report(octets).partition("\n")[0].rstrip("\r")
    cells = first.split("\t") if "\t" in first else _first_row(file, options)
    sent = {key for tier in TITLES[Field.SENT_AT] for key in tier}
    is_log = any(without_zone(word_key(cell))[0] in sent for cell in cells)
    return tuple(cells) if is_order_report(cells) and not is_log else None


def _first_row(file: BinaryIO, options: LogOptions | None) -> list[str]:
    chosen = options or LogOptions()
    table = tell_table(file, encoding=chosen.encoding, delimiter=chosen.delimiter)
    try:
        return next(read_cells(file, table), (1, list[str]()))[1]
    except DataError:
        return []  # Whoever reads all of it says what is wrong.


def read_sent_file(
    path: Path,
    *,
    account: str,
    time_zone: tzinfo,
    seen_at: datetime,
    options: LogOptions | None = None,
    coverage: tuple[date, date] | None = None,
    marketplaces: frozenset[str] = MARKETPLACES,
) -> SentLog:
    """What an Amazon order report or a sent log says; see read_order_report and read_csv_log.

    `options`, `coverage` and `time_zone` matter to a sent log only.
    """
    octets = read_octets(path)
    with opened(octets) as file:
        is_named = options is not None and options.columns.sent_at is not None
        is_report = not is_named and _report_header(file, options) is not None
    if is_report:
        return read_order_report(octets, account=account, seen_at=seen_at, marketplaces=marketplaces)
    return read_csv_log(
        octets,
        account=account,
        time_zone=time_zone,
        options=options,
        coverage=coverage,
        marketplaces=marketplaces,
    )
