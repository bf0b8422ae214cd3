"""Logs into the ledger: in pieces, again, overlapping, changed on the way. Figures are what the ledger counts."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bounce_watch.errors import DataError, UsageError
from bounce_watch.records.account import Account
from bounce_watch.records.filed import RunState
from bounce_watch.records.rate import Period
from bounce_watch.records.sent import LogSpan, Origin
from bounce_watch.sent_log.mapping import ColumnNames
from bounce_watch.sent_log.plan import LogOptions
from bounce_watch.store.ledger import Ledger, open_ledger
from bounce_watch.upkeep import sent_import
from bounce_watch.upkeep.sent_import import LookedLog, LookedReport, file_looked, look

NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)
FIRST = datetime(2026, 9, 13, tzinfo=UTC)
UTC_ZONE = ZoneInfo("UTC")
Row = tuple[int, int, int]
"""Numbers of order, day and template."""

_number = count(1)


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    with open_ledger(f"sqlite:///{tmp_path_factory.mktemp('sent')}/ledger.sqlite") as opened:
        yield opened


def new_account() -> Account:
    return Account(name=f"seller-{next(_number)}")


def octets(rows: list[Row]) -> bytes:
    lines = [
        f"203-{order:07}-0000000,{(FIRST + timedelta(days=day)).isoformat()},template {template}"
        for order, day, template in rows
    ]
    return "\n".join(["Order ID,Sent at,Template", *lines, ""]).encode()


def looked(file: io.BytesIO, account: Account, **named: object) -> LookedLog | LookedReport:
    options = named.pop("options", LogOptions())
    return look(
        file,
        account=account.name,
        time_zone=UTC_ZONE,
        seen_at=NOON,
        options=options,  # type: ignore[arg-type]  # passed on as it is
        **named,  # type: ignore[arg-type]  # the same
    )


def load(ledger: Ledger, account: Account, rows: list[Row]) -> tuple[int, int]:
    """How many sends were new, and how many known."""
    _, filed = file_looked(ledger, account, looked(io.BytesIO(octets(rows)), account), clock=lambda: NOON)
    return filed.new, filed.duplicates


def messages(ledger: Ledger, account: Account) -> tuple[int, int]:
    """Messages and buyers that the ledger counts."""
    start, end = FIRST - timedelta(days=30), FIRST + timedelta(days=60)
    span = LogSpan(start=start, end=end, origin=Origin.CSV_LOG)
    period = Period(first_day=start.date(), last_day=end.date(), start=start, end=end)
    (tally,) = ledger.tally_sends(account.name, [period], [span])
    found = tally.get(None)
    return (found.messages, found.buyers) if found else (0, 0)


rows = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 6), st.integers(0, 1)), min_size=1, max_size=14)


@settings(max_examples=12, deadline=None)
@given(table=rows, cuts=st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=2))
def test_overlapping_and_repeated_files_change_no_count(
    ledger: Ledger, table: list[Row], cuts: list[tuple[int, int]]
) -> None:
    """Whatever parts of a log (days from one to another) are loaded before and after all of it, and how often."""
    account = new_account()
    parts = [[row for row in table if first <= row[1] <= last] for first, last in cuts]
    for part in [*parts, table, *parts[:1], table]:
        if part:
            load(ledger, account, part)
    assert messages(ledger, account) == (len(table), len({order for order, _, _ in table}))


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_pieces_of_any_size_keep_equal_sends_apart(
    ledger: Ledger, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sent_import, "AT_ONCE", size)
    table = [(1, 1, 0), (2, 1, 0), (1, 1, 0), (3, 1, 0), (1, 1, 0), (2, 1, 0), (4, 1, 0)]
    account = new_account()
    assert load(ledger, account, table) == (7, 0)
    assert load(ledger, account, table) == (0, 7)
    assert messages(ledger, account) == (7, 4)


def test_rows_that_are_no_sends_are_read_and_not_filed(ledger: Ledger) -> None:
    account = new_account()
    text = octets([(1, 0, 0)]) + b"nobody,2026-09-13,\n"
    _, filed = file_looked(ledger, account, looked(io.BytesIO(text), account), clock=lambda: NOON)
    assert filed.new == 1
    (run,) = ledger.runs(account.name, 1)
    assert run.read == 2


def test_the_days_are_covered_and_the_run_says_what_it_read(ledger: Ledger) -> None:
    account = new_account()
    load(ledger, account, [(1, 0, 0), (2, 3, 0)])
    (covers,) = ledger.coverages(account.name)
    assert (covers.start, covers.end) == (FIRST, FIRST + timedelta(days=4))
    (run,) = ledger.runs(account.name, 5)
    assert (run.command, run.state, run.read, run.filed.new) == ("sent import", RunState.COMPLETE, 2, 2)


def test_days_that_are_stated_are_covered_without_a_send(ledger: Ledger) -> None:
    account = new_account()
    empty = looked(io.BytesIO(b"Order ID,Sent at\n"), account, coverage=(date(2026, 9, 1), date(2026, 9, 2)))
    file_looked(ledger, account, empty, clock=lambda: NOON)
    (covers,) = ledger.coverages(account.name)
    assert covers.end - covers.start == timedelta(days=2)
    nothing = looked(io.BytesIO(b"Order ID,Sent at\n"), account)
    assert isinstance(nothing, LookedLog)
    assert nothing.coverage is None
    file_looked(ledger, account, nothing, clock=lambda: NOON)
    assert len(ledger.coverages(account.name)) == 1


def test_a_report_is_filed_at_once(ledger: Ledger) -> None:
    account = new_account()
    text = "order-id\tpurchase-date\tbuyer-email\n203-1111111-1111111\t2026-09-01\taaaaaaaaaaaaaa1@marketplace.amazon.co.uk\n"
    found = looked(io.BytesIO(text.encode()), account)
    assert isinstance(found, LookedReport)
    file_looked(ledger, account, found, clock=lambda: NOON)
    assert ledger.order_report_span(account.name) == (
        datetime(2026, 9, 1, 12, tzinfo=UTC),
        datetime(2026, 9, 1, 12, tzinfo=UTC),
    )


def test_open_questions_are_not_filed(ledger: Ledger) -> None:
    account = new_account()
    text = b"Order ID,Begun,Ended\n203-1111111-1111111,2026-09-30,2026-09-29\n"
    found = looked(io.BytesIO(text), account)
    assert isinstance(found, LookedLog)
    assert found.tally is None
    with pytest.raises(ValueError, match="open questions"):
        file_looked(ledger, account, found, clock=lambda: NOON)
    named = looked(io.BytesIO(text), account, options=LogOptions(columns=ColumnNames(sent_at="Ended")))
    file_looked(ledger, account, named, clock=lambda: NOON)
    assert messages(ledger, account) == (1, 1)


def test_a_log_of_which_nothing_can_be_used_is_refused_at_the_look() -> None:
    with pytest.raises(DataError, match="None of the 1 rows"):
        looked(io.BytesIO(b"Order ID,Sent at\n203-1111111-1111111,soon\n"), new_account())


def test_days_to_come_are_refused_beyond_what_clocks_and_zones_explain() -> None:
    """NOON is that of 1 October, so a day more ends at noon of the 2nd."""
    for early, late in (
        ("2026-10-02T12:00:00Z", "2026-10-02T12:00:01Z"),
        ("2026-09-01", "2027-10-05T08:00:00Z"),
    ):
        looked(io.BytesIO(f"Order ID,Sent at\n203-1111111-1111111,{early}\n".encode()), new_account())
        table = f"Order ID,Sent at\n203-1111111-1111111,2026-09-01\n203-1111111-1111111,{late}\n".encode()
        with pytest.raises(DataError, match=rf"messages of a day to come \({late[:10]}\)"):
            looked(io.BytesIO(table), new_account())
    empty = b"Order ID,Sent at\n"
    looked(io.BytesIO(empty), new_account(), coverage=(date(2026, 9, 1), date(2026, 10, 2)))
    with pytest.raises(UsageError, match=r"a day to come \(2026-10-03\)"):
        looked(io.BytesIO(empty), new_account(), coverage=(date(2026, 9, 1), date(2026, 10, 3)))


def test_a_file_that_grows_meanwhile_covers_no_day(ledger: Ledger, tmp_path: Path) -> None:
    path, account = tmp_path / "log.csv", new_account()
    path.write_bytes(octets([(1, 0, 0)]))
    with path.open("rb") as file:
        found = look(file, account=account.name, time_zone=UTC_ZONE, seen_at=NOON, options=LogOptions())
        with path.open("ab") as more:
            more.write(b"203-0000009-0000000,2026-09-20T00:00:00Z,late\n")
        with pytest.raises(DataError, match="changed while it was read"):
            file_looked(ledger, account, found, clock=lambda: NOON)
    assert ledger.coverages(account.name) == []
    (run,) = ledger.runs(account.name, 5)
    assert (run.state, run.message) == (RunState.FAILED, "The file changed while it was read.")
