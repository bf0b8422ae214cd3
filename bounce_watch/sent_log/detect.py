"""One door for every file about what was sent: the header tells which reader it needs."""

from __future__ import annotations

from datetime import date, datetime, tzinfo
from pathlib import Path

from bounce_watch.records.ids import MARKETPLACES
from bounce_watch.records.sent import SentLog
from bounce_watch.sent_log.csv_log import USUAL_NAMES, ColumnNames, read_csv_log
from bounce_watch.sent_log.order_report import decode_report, is_order_report, read_order_report
from bounce_watch.sent_log.source import read_octets
from bounce_watch.text.tables import usual_column


def read_sent_file(
    path: Path,
    *,
    account: str,
    time_zone: tzinfo,
    seen_at: datetime,
    columns: ColumnNames | None = None,
    coverage: tuple[date, date] | None = None,
    marketplaces: frozenset[str] = MARKETPLACES,
) -> SentLog:
    """What an Amazon order report or a sent log says; see read_order_report and read_csv_log.

    A table with tabs, an order id and a purchase date is an order report, unless it has a column for the
    time of sending, found or named. `columns`, `coverage` and `time_zone` matter to a sent log only.
    """
    octets = read_octets(path)
    if (columns is None or columns.sent_at is None) and _looks_like_report(octets):
        return read_order_report(octets, account=account, seen_at=seen_at, marketplaces=marketplaces)
    return read_csv_log(
        octets,
        account=account,
        time_zone=time_zone,
        columns=columns,
        coverage=coverage,
        marketplaces=marketplaces,
    )


def _looks_like_report(octets: bytes) -> bool:
    header = decode_report(octets).partition("\n")[0].rstrip("\r").split("\t")
    return is_order_report(header) and usual_column(header, USUAL_NAMES["sent_at"]) is None
