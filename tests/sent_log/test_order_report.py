from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bounce_watch.errors import DataError
from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.sent import Origin, SentLog
from bounce_watch.sent_log.detect import read_sent_file
from bounce_watch.sent_log.mapping import ColumnNames
from bounce_watch.sent_log.order_report import decode_report, read_order_report
from bounce_watch.sent_log.plan import LogOptions
from tests.sent_log.samples import ALIAS, FIXTURES, ORDER, OTHER_ALIAS, OTHER_ORDER

SEEN = datetime(2026, 8, 1, tzinfo=UTC)
LONDON = ZoneInfo("Europe/London")


def read(source: bytes | Path) -> SentLog:
    return read_order_report(source, account="uk", seen_at=SEEN)


def pairs(log: SentLog) -> list[tuple[OrderId, Alias]]:
    return [(link.order_id, link.alias) for link in log.links]


def test_unshipped_orders_give_one_link_an_order() -> None:
    log = read(FIXTURES / "unshipped.utf-8.txt")
    assert pairs(log) == [(ORDER, ALIAS), (OTHER_ORDER, OTHER_ALIAS)]
    assert (log.rows, log.skipped, log.sends, log.coverage) == (6, (), (), None)
    first = log.links[0]
    assert (first.origin, first.seen_at, first.marketplace) == (Origin.ORDER_REPORT, SEEN, "amazon.co.uk")
    assert first.ordered_at == datetime(2026, 7, 2, 8, 15, 30, tzinfo=UTC)


def test_fulfilled_shipments_are_read_by_amazons_order_id() -> None:
    log = read(FIXTURES / "fulfilled.cp1252.txt")
    assert [str(order) for order, _ in pairs(log)] == ["302-1111111-1111111", "302-2222222-2222222"]
    assert log.links[0].ordered_at == datetime(2026, 7, 3, 8, tzinfo=UTC)


def test_a_japanese_report_is_read() -> None:
    log = read(FIXTURES / "orders.cp932.txt")
    assert [str(alias) for _, alias in pairs(log)] == [
        "cccccccccccccc1@marketplace.amazon.co.jp",
        "cccccccccccccc2@marketplace.amazon.co.jp",
    ]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("K\u00e4ufer Gr\u00f6\u00dfe \u20ac", "cp1252"),
        ("Caf\u00e9 cr\u00e8me", "cp1252"),
        ("Caf\u00e9", "utf-8"),
        ("Caf\u00e9", "utf-8-sig"),
        ("\u30c6\u30b9\u30c8 \u592a\u90ce", "cp932"),
        ("\u898b\u672c\u3000\u82b1\u5b50", "cp932"),
        ("Caf\u00e9", "utf-16"),
    ],
)
def test_each_encoding_is_told_apart(text: str, encoding: str) -> None:
    assert decode_report(text.encode(encoding)) == text


def test_octets_of_no_encoding_are_still_read() -> None:
    assert decode_report(b"order-id\xff\xfd\x81").startswith("order-id")


def test_all_orders_is_refused_with_the_reports_to_take() -> None:
    with pytest.raises(DataError) as error:
        read(FIXTURES / "all-orders.utf-8.txt")
    assert "buyer-email" in error.value.message
    assert "unshipped" in error.value.advice


@pytest.mark.parametrize("octets", [b"", b"sku\tprice\nA\t1\n"])
def test_another_table_is_refused(octets: bytes) -> None:
    with pytest.raises(DataError, match="no order report"):
        read(octets)


def test_rows_without_an_order_id_are_counted_and_all_of_them_are_refused() -> None:
    header = b"order-id\tbuyer-email\n"
    good = b"203-1111111-1111111\taaaaaaaaaaaaaa1@marketplace.amazon.co.uk\n"
    log = read(header + b"2.03E+16\tx@y.example\n\n" + good)
    assert (log.rows, log.skipped, pairs(log)) == (2, ("row 2: no order id",), [(ORDER, ALIAS)])
    with pytest.raises(DataError, match="None of the 1 rows"):
        read(header + b"2.03E+16\tx@y.example\n")


def test_a_short_row_and_a_bad_date_cost_nothing_else() -> None:
    header = b"order-id\tbuyer-email\tpurchase-date\n"
    log = read(header + b"203-2222222-2222222\n" + f"{ORDER}\t{ALIAS}\tsome day\n".encode())
    assert pairs(log) == [(ORDER, ALIAS)]
    assert log.links[0].ordered_at is None


def test_two_aliases_of_one_order_are_both_told() -> None:
    log = read(f"order-id\tbuyer-email\n{ORDER}\t{ALIAS}\n{ORDER}\t{OTHER_ALIAS}\n".encode())
    assert pairs(log) == [(ORDER, ALIAS), (ORDER, OTHER_ALIAS)]


@pytest.mark.parametrize("name", ["unshipped.utf-8.txt", "fulfilled.cp1252.txt", "orders.cp932.txt"])
def test_one_door_takes_reports(name: str) -> None:
    log = read_sent_file(FIXTURES / name, account="uk", time_zone=LONDON, seen_at=SEEN)
    assert log == read(FIXTURES / name)
    assert log.links


def test_one_door_takes_logs_and_says_what_is_wrong_with_a_report() -> None:
    log = read_sent_file(FIXTURES / "tool-log.semicolon.csv", account="uk", time_zone=LONDON, seen_at=SEEN)
    assert len(log.sends) == 3
    with pytest.raises(DataError, match="buyer-email"):
        read_sent_file(FIXTURES / "all-orders.utf-8.txt", account="uk", time_zone=LONDON, seen_at=SEEN)


def test_a_named_time_column_makes_a_report_a_log() -> None:
    options = LogOptions(columns=ColumnNames(sent_at="purchase-date"))
    log = read_sent_file(
        FIXTURES / "unshipped.utf-8.txt", account="uk", time_zone=LONDON, seen_at=SEEN, options=options
    )
    assert len(log.sends) == 6


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ('"Order ID","Purchase date","Buyer email"\n"{}","2026-07-02T08:15:30+00:00","{}"\n', "utf-8"),
        ("Amazon order ID;Buyer E-mail;Purchase Date\n{};{};2026-07-02T08:15:30+00:00\n", "utf-16"),
        ("Bestellnummer\tKaufdatum\tE-Mail des Käufers\n{}\t2026-07-02 08:15:30\t{}\n", "cp1252"),
        ("注文番号\t注文日\t購入者メールアドレス\n{}\t2026-07-02T08:15:30Z\t{}\n", "cp932"),
    ],
)
def test_reports_saved_again_and_other_titles_are_read(text: str, encoding: str, tmp_path: Path) -> None:
    cells = (ALIAS, ORDER) if text.startswith("Buyer") else (ORDER, ALIAS)
    path = tmp_path / "report"
    path.write_bytes(text.format(*cells).encode(encoding))
    log = read_sent_file(path, account="uk", time_zone=LONDON, seen_at=SEEN)
    assert pairs(log) == [(ORDER, ALIAS)]
    assert log.links[0].ordered_at == datetime(2026, 7, 2, 8, 15, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (("03.07.2026", "17.07.2026"), datetime(2026, 7, 3, 12, tzinfo=UTC)),
        (("03/07/2026", "04/07/2026"), None),
        (("03/07/2026", "2026-07-04"), None),
        (("2026-07-03T01:00:00+09:00", ""), datetime(2026, 7, 2, 16, tzinfo=UTC)),
    ],
)
def test_a_day_of_purchase_that_nobody_can_tell_is_not_known(
    days: tuple[str, str], expected: datetime | None
) -> None:
    rows = f"{ORDER}\t{ALIAS}\t{days[0]}\n{OTHER_ORDER}\t{OTHER_ALIAS}\t{days[1]}\n"
    log = read(f"order-id\tbuyer-email\tpurchase-date\n{rows}".encode())
    assert log.links[0].ordered_at == expected


def test_a_table_with_a_column_for_the_sending_is_a_log(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text(f"Order ID,Order date,Email,Sent (UTC)\n{ORDER},2026-07-01,{ALIAS},2026-07-03 10:00\n")
    log = read_sent_file(path, account="uk", time_zone=LONDON, seen_at=SEEN)
    assert [send.sent_at for send in log.sends] == [datetime(2026, 7, 3, 10, tzinfo=UTC)]
