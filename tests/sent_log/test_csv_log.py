from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bounce_watch.errors import DataError
from bounce_watch.records.ids import MARKETPLACES, Alias, OrderId
from bounce_watch.records.sent import Origin, Purpose, SentLog
from bounce_watch.sent_log.csv_log import read_csv_log
from bounce_watch.sent_log.mapping import ColumnNames
from bounce_watch.sent_log.plan import LogOptions
from bounce_watch.sent_log.rows import parse_marketplace
from bounce_watch.sent_log.source import parse_instant
from tests.sent_log.samples import ALIAS, FIXTURES, ORDER

LONDON = ZoneInfo("Europe/London")


def read(
    text: str | bytes,
    *,
    columns: ColumnNames | None = None,
    coverage: tuple[date, date] | None = None,
    zone: ZoneInfo = LONDON,
) -> SentLog:
    octets = text.encode() if isinstance(text, str) else text
    options = LogOptions(columns=columns or ColumnNames())
    return read_csv_log(octets, account="uk", time_zone=zone, options=options, coverage=coverage)


def test_a_log_of_a_tool_is_read_with_usual_headers() -> None:
    log = read_csv_log(FIXTURES / "tool-log.semicolon.csv", account="uk", time_zone=LONDON)
    first, second, third = log.sends
    assert (first.order_id, first.alias, first.marketplace) == (ORDER, ALIAS, "amazon.co.uk")
    assert first.sent_at == datetime(2026, 7, 3, 8, 30, tzinfo=UTC)
    assert (first.message_id, first.label, first.purpose) == ("<1@tool.example>", "dispatch", Purpose.UNKNOWN)
    assert (second.alias, second.marketplace, second.label) == (None, "amazon.co.uk", "dispatch; with slip")
    assert second.sent_at == datetime(2026, 7, 3, 22, 59, 59, tzinfo=UTC)
    assert (third.order_id, third.alias) == (None, Alias("aaaaaaaaaaaaaa3", "amazon.co.uk"))
    assert third.sent_at == datetime(2026, 7, 4, 11, tzinfo=UTC)
    assert log.rows == 5
    assert log.skipped == ("row 6: no readable time",)
    assert [(link.order_id, link.alias, link.origin) for link in log.links] == [
        (ORDER, ALIAS, Origin.CSV_LOG)
    ]
    assert log.coverage is not None
    assert log.coverage.start == datetime(2026, 7, 2, 23, tzinfo=UTC)
    assert log.coverage.end == datetime(2026, 7, 4, 23, tzinfo=UTC)


def test_skipped_rows_are_named_without_what_stands_in_them() -> None:
    log = read("order-id,date\n203-1111111-1111111,2026-07-03\nperson at shop,2026-07-03\n")
    assert "person" not in "".join(log.skipped)
    assert len(log.skipped) == 1


def test_named_columns_win_over_usual_ones() -> None:
    text = "date,order-id,when,ref\n2020-01-01,203-9999999-9999999,2026-07-03T10:00Z,203-1111111-1111111\n"
    log = read(text, columns=ColumnNames(order_id="ref", sent_at="When"))
    assert [(send.order_id, send.sent_at.year) for send in log.sends] == [(ORDER, 2026)]


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        ("order-id,subject", None),
        ("date,subject", None),
        ("order-id,date", ColumnNames(alias="Buyer")),
        ("order-id,date", ColumnNames(sent_at="sent")),
    ],
)
def test_a_missing_column_is_refused_with_those_found(header: str, columns: ColumnNames | None) -> None:
    with pytest.raises(DataError) as error:
        read(f"{header}\na,b\n", columns=columns)
    assert all(repr(name) in error.value.advice for name in header.split(","))


@pytest.mark.parametrize("text", ["", "\n\n", "\ufeff"])
def test_an_empty_file_is_refused(text: str) -> None:
    with pytest.raises(DataError, match="empty"):
        read(text)


def test_a_log_without_a_usable_row_is_refused() -> None:
    with pytest.raises(DataError, match=r"None of the 2 rows .* row 2: no readable time"):
        read("order-id,date\n203-1111111-1111111,soon\n203-1111111-1111111,later\n")


def test_a_log_of_quiet_days_is_a_log() -> None:
    log = read("order-id,date\n", coverage=(date(2026, 1, 1), date(2026, 1, 2)))
    assert (log.sends, log.rows) == ((), 0)
    assert log.coverage is not None
    assert log.coverage.end - log.coverage.start == timedelta(days=2)
    assert read("order-id,date\n").coverage is None


def test_a_stated_coverage_wins_and_knows_summer_time() -> None:
    text = "order-id,date\n203-1111111-1111111,2026-03-29\n"
    log = read(text, coverage=(date(2026, 3, 29), date(2026, 3, 29)))
    assert log.coverage is not None
    assert log.coverage.start == datetime(2026, 3, 29, 0, tzinfo=UTC)
    assert log.coverage.end == datetime(2026, 3, 29, 23, tzinfo=UTC)


def test_a_coverage_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(DataError, match="end before they start"):
        read("order-id,date\n", coverage=(date(2026, 1, 2), date(2026, 1, 1)))


def test_a_broken_quote_stops_the_import_because_it_swallows_rows() -> None:
    with pytest.raises(DataError, match="Row 3"):
        read('order-id,date\n203-1111111-1111111,2026-07-03\n"203-2222222-2222222,2026-07-03\n')


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="can't be read"):
        read_csv_log(tmp_path / "none.csv", account="uk", time_zone=LONDON)


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ("203-1111111-1111111,x@y.example,2026-07-03,more", "4 cells under 3 columns"),
        ("203-1111111-1111111 203-2222222-2222222,,2026-07-03", "more than one order id or alias"),
        ("203-1111111-1111111,,0202-07-03", "no readable time"),
        ("203-1111111-1111111", "no readable time"),
        ("203-111,,2026-07-03", "neither an order id nor a marketplace alias"),
    ],
)
def test_a_row_that_can_not_be_used_is_skipped_with_its_reason(cells: str, reason: str) -> None:
    log = read(f"order-id,email,date\n{cells}\n203-3333333-3333333,,2026-07-03\n")
    assert log.skipped == (f"row 2: {reason}",)
    assert [send.order_id for send in log.sends] == [OrderId("203-3333333-3333333")]


def test_a_shared_alias_gives_no_link_and_stays_out_where_the_order_is_known() -> None:
    shared = "no-reply-amazon-iba-buyer@marketplace.amazon.it"
    log = read(f"order-id,email,date\n404-1111111-1111111,{shared},2026-07-03\n,{shared},2026-07-03\n")
    assert [send.alias and str(send.alias) for send in log.sends] == [None, shared]
    assert {send.marketplace for send in log.sends} == {"amazon.it"}
    assert log.links == ()


def test_the_same_order_and_alias_give_one_link_and_two_sends() -> None:
    row = f"{ORDER},{ALIAS},2026-07-03\n"
    log = read("order-id,email,date\n" + 2 * row)
    assert (len(log.sends), len(log.links)) == (2, 1)


@pytest.mark.parametrize(
    ("text", "purpose"),
    [
        ("unsolicited", Purpose.UNSOLICITED),
        ("Order critical", Purpose.ORDER_CRITICAL),
        ("order_critical", Purpose.ORDER_CRITICAL),
        ("CRITICAL", Purpose.ORDER_CRITICAL),
        ("reply", Purpose.REPLY),
        ("", Purpose.UNKNOWN),
        ("Newsletter", Purpose.UNSOLICITED),
        ("gift note", Purpose.UNKNOWN),
    ],
)
def test_purposes_are_read_by_their_words(text: str, purpose: Purpose) -> None:
    log = read(f"order-id,date,purpose\n{ORDER},2026-07-03,{text}\n")
    assert [send.purpose for send in log.sends] == [purpose]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-07-03T10:00:00Z", datetime(2026, 7, 3, 10, tzinfo=UTC)),
        ("2026-07-03T10:00:00+02:00", datetime(2026, 7, 3, 8, tzinfo=UTC)),
        (" 2026-07-03 10:00 ", datetime(2026, 7, 3, 9, tzinfo=UTC)),
        ("2026-01-03 10:00:30", datetime(2026, 1, 3, 10, 0, 30, tzinfo=UTC)),
        ("2026-07-03", datetime(2026, 7, 3, 11, tzinfo=UTC)),
        ("03/07/2026", None),
        ("1783069200", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("9999-12-31T23:59:59-10:00", None),
        ("", None),
    ],
)
def test_instants_are_iso_8601_local_unless_they_say_otherwise(text: str, expected: datetime | None) -> None:
    assert parse_instant(text, LONDON) == expected


def test_a_fixed_offset_serves_as_a_time_zone() -> None:
    assert parse_instant("2026-07-03 10:00", timezone(timedelta(hours=2))) == datetime(
        2026, 7, 3, 8, tzinfo=UTC
    )


@pytest.mark.parametrize(
    ("text", "marketplace"),
    [
        ("Amazon.co.uk", "amazon.co.uk"),
        ("https://www.amazon.it/", "amazon.it"),
        ("UK", "amazon.co.uk"),
        ("GB", "amazon.co.uk"),
        ("US", "amazon.com"),
        ("com", "amazon.com"),
        ("com.au", "amazon.com.au"),
        ("jp", "amazon.co.jp"),
        ("eBay", None),
        ("", None),
    ],
)
def test_marketplaces_are_known_by_domain_or_country(text: str, marketplace: str | None) -> None:
    assert parse_marketplace(text, MARKETPLACES) == marketplace


def test_a_marketplace_of_the_sellers_own_settings_counts() -> None:
    text = "email,date\naaaaaaaaaaaaaa1@marketplace.amazon.co.za,2026-07-03\n"
    with pytest.raises(DataError):
        read(text)
    more = MARKETPLACES | {"amazon.co.za"}
    log = read_csv_log(text.encode(), account="uk", time_zone=LONDON, marketplaces=more)
    assert [send.marketplace for send in log.sends] == ["amazon.co.za"]


def test_empty_rows_at_the_end_of_a_spreadsheet_are_no_rows() -> None:
    log = read("order-id,date\n203-1111111-1111111,2026-07-03\n,\n\n , \n")
    assert (len(log.sends), log.skipped) == (1, ())


def test_every_row_that_can_not_be_used_is_named() -> None:
    log = read("order-id,date\n203-1111111-1111111,2026-07-03\n" + "nobody,2026-07-03\n" * 8)
    assert len(log.skipped) == 8
