"""A log beside those loaded before: the same messages in another form, and the sent folder whose place it takes."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

import pytest

from bounce_watch.records.account import Account
from bounce_watch.records.ids import OrderId
from bounce_watch.records.sent import Origin, Purpose, SentCoverage, SentLog, SentMessage
from bounce_watch.sent_log.plan import LogOptions
from bounce_watch.store.ledger import Ledger, open_ledger
from bounce_watch.upkeep import sent_again
from bounce_watch.upkeep.retention import purge
from bounce_watch.upkeep.sent_again import folder_and_logs, known_in_another_form
from bounce_watch.upkeep.sent_import import Looked, file_looked, look

NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)
SECONDS, MINUTES = "08:15:42", "08:15:00"
_number = count(1)


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    with open_ledger(f"sqlite:///{tmp_path_factory.mktemp('again')}/ledger.sqlite") as opened:
        yield opened


@pytest.fixture
def account() -> Account:
    return Account(name=f"seller-{next(_number)}")


def row(day: int, time: str = SECONDS, *, order: int | None = None, label: str = "a", alias: str = "") -> str:
    """Without another word the order is the day's own; 0 is none."""
    number = day if order is None else order
    return f"{f'203-{number:07}-0000000' if number else ''},{alias},2026-09-{day:02}T{time}Z,{label}\n"


def looked(account: Account, *rows: str, options: LogOptions | None = None, zone: str = "UTC") -> Looked:
    text = "Order ID,Email,Sent at,Template\n" + "".join(rows)
    return look(
        io.BytesIO(text.encode()),
        account=account.name,
        time_zone=ZoneInfo(zone),
        seen_at=NOON,
        options=options or LogOptions(),
    )


def load(ledger: Ledger, account: Account, *rows: str) -> int:
    return file_looked(ledger, account, looked(account, *rows), clock=lambda: NOON)[0]


def known(ledger: Ledger, account: Account, *rows: str) -> tuple[int, int]:
    return known_in_another_form(ledger, account, looked(account, *rows))


def test_times_to_the_minute_are_known_on_the_days_before(ledger: Ledger, account: Account) -> None:
    """Loaded: 1 to 4 September. The next export has 3 to 8: two of its messages can be known."""
    load(ledger, account, *(row(day) for day in range(1, 5)))
    assert known(ledger, account, *(row(day, MINUTES) for day in range(3, 9))) == (2, 2)
    assert known(ledger, account, *(row(day) for day in range(3, 9))) == (0, 2)
    assert known(ledger, account, *(row(day, MINUTES) for day in range(5, 9))) == (0, 0)


def test_names_that_were_forgotten_are_known_all_the_same(ledger: Ledger, account: Account) -> None:
    load(ledger, account, *(row(day, order=day + 100) for day in range(1, 5)))
    purge(ledger, account, now=NOON + timedelta(days=90))
    (held,) = ledger.sends_for(account.name, [OrderId("203-0000104-0000000")], [])
    assert held.send.order_id is not None
    assert held.send.order_id.is_hashed
    again = [row(day, MINUTES, order=day + 100) for day in range(3, 9)]
    assert known(ledger, account, *again) == (2, 2)


def test_another_purpose_is_another_form(ledger: Ledger, account: Account) -> None:
    load(ledger, account, row(1), row(2))
    other = looked(account, row(1), row(2), options=LogOptions(purpose=Purpose.UNSOLICITED))
    assert known_in_another_form(ledger, account, other) == (2, 2)


def test_other_tools_and_later_messages_are_no_other_form(ledger: Ledger, account: Account) -> None:
    """The same orders on other days; and beside each message that is known as it stands a second one that day."""
    load(ledger, account, *(row(day) for day in range(1, 5)))
    assert known(ledger, account, *(row(day, order=5 - day, label="b") for day in range(1, 5))) == (0, 4)
    both = [row(day, time) for day in (3, 4) for time in (SECONDS, "17:00:00")]
    assert known(ledger, account, *both) == (0, 4)


def test_an_alias_tells_where_no_order_does_and_a_shared_one_never(ledger: Ledger, account: Account) -> None:
    own, shared = "abcdefghijklm01@marketplace.amazon.de", "no-reply-amazon-iba-buyer@marketplace.amazon.de"
    load(ledger, account, row(1, order=0, alias=own), row(2, order=20, alias=own), row(3, alias=shared))
    assert known(ledger, account, row(1, MINUTES, order=21, alias=own)) == (1, 1)
    assert known(ledger, account, row(2, MINUTES, order=21, alias=own)) == (0, 1)
    assert known(ledger, account, row(3, MINUTES, order=0, alias=shared)) == (0, 0)
    assert known(ledger, account, row(3, MINUTES, order=31, alias=shared)) == (0, 1)


def test_the_day_is_that_of_the_log(ledger: Ledger, account: Account) -> None:
    """23:30 UTC is the next day in Berlin: there it is no other form of a message at noon."""
    load(ledger, account, row(1, "12:00:00"), row(2))
    late = row(1, "23:30:00")
    assert known_in_another_form(ledger, account, looked(account, late)) == (1, 1)
    assert known_in_another_form(ledger, account, looked(account, late, zone="Europe/Berlin")) == (0, 1)


def test_no_more_than_a_sample_is_looked_at(
    ledger: Ledger, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sent_again, "SAMPLE", 3)
    load(ledger, account, *(row(day) for day in range(1, 9)))
    assert known(ledger, account, *(row(day, MINUTES) for day in range(1, 9))) == (3, 3)


def in_the_folder(ledger: Ledger, account: Account, days: range) -> None:
    sends = tuple(
        SentMessage(
            account=account.name,
            order_id=OrderId(f"203-{day:07}-0000000"),
            alias=None,
            marketplace=None,
            sent_at=datetime(2026, 9, day, 8, tzinfo=UTC),
            origin=Origin.SENT_FOLDER,
        )
        for day in days
    )
    start, end = (datetime(2026, 9, day, tzinfo=UTC) for day in (days.start, days.stop))
    covers = SentCoverage(account=account.name, origin=Origin.SENT_FOLDER, start=start, end=end)
    run = ledger.start_run(account.name, "sent poll", at=NOON)
    ledger.file_sent_log(run, SentLog(sends=sends, links=(), coverage=covers, rows=len(sends)))


def test_the_folder_and_the_logs_of_the_same_days(ledger: Ledger, account: Account) -> None:
    """The folder has a message a day from 1 to 20 September, the log one on the 5th and one on the 10th: 6 days."""
    in_the_folder(ledger, account, range(1, 21))
    few = looked(account, row(5), row(10))
    assert folder_and_logs(ledger, account, few) == (0, 0)
    run = load(ledger, account, row(5), row(10))
    assert folder_and_logs(ledger, account, few) == (6, 2)
    assert folder_and_logs(ledger.supposing(run, undone=True), account, few) == (0, 0)


def test_a_report_and_a_log_of_no_day_are_beside_nothing(ledger: Ledger, account: Account) -> None:
    text = b"order-id\tpurchase-date\tbuyer-email\n203-1111111-1111111\t2026-09-01\tabcdefghijklm01@marketplace.amazon.de\n"
    report = look(
        io.BytesIO(text),
        account=account.name,
        time_zone=ZoneInfo("UTC"),
        seen_at=NOON,
        options=LogOptions(),
    )
    for each in (report, looked(account)):
        assert known_in_another_form(ledger, account, each) == (0, 0)
        assert folder_and_logs(ledger, account, each) == (0, 0)
