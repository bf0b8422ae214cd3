"""What is handed to the search for a change and a silence: first messages, and only what was heard."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bounce_watch.figures import movement
from bounce_watch.figures.facts import read_facts
from bounce_watch.flow import import_sent
from bounce_watch.rates.periods import days
from bounce_watch.records.account import Account
from bounce_watch.records.change import Silence, SilenceState
from bounce_watch.records.filed import Filed, RunState
from bounce_watch.records.notice import Notice
from bounce_watch.records.sent import SentMessage
from bounce_watch.store.ledger import Ledger, open_ledger
from tests.store import makers
from tests.store.makers import ACCOUNT, buyer, coverage, link, log, order, send

UK = Account(name=ACCOUNT)
DAY = timedelta(days=1)
BEGIN = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with open_ledger(f"sqlite:///{tmp_path}/ledger.sqlite") as opened:
        yield opened


def sent(ledger: Ledger, *sends: SentMessage, until: datetime = BEGIN + 60 * DAY) -> None:
    whole = coverage(BEGIN.replace(hour=0), until)
    import_sent(log(list(sends), whole=whole), ledger, account=UK, clock=lambda: BEGIN)


def read(ledger: Ledger, *notices: Notice, at: datetime, command: str = "poll") -> None:
    run = ledger.start_run(ACCOUNT, command, at=at)
    found = [makers.finding(each) for each in notices]
    ledger.file(run, found, cursor=None, read=len(found), passed=0)
    ledger.finish_run(run, at=at, state=RunState.COMPLETE, read=len(found), filed=Filed(new=len(found)))


def counts(ledger: Ledger, now: datetime) -> list[tuple[int, int, int]]:
    """Day of March, buyers first written to, and opted out of them; the days without either left out."""
    span = days(date(2026, 3, 31), 31, UTC)
    each = [days(date(2026, 3, number), 1, UTC) for number in range(1, span.last_day.day + 1)]
    found = movement._day_counts(ledger, read_facts(ledger, UK), each, now=now)
    return [(one.day.day, one.contacted, one.opted_out) for one in found if one.contacted or one.opted_out]


def notice(number: int, at: datetime) -> Notice:
    found = makers.notice(number * 1000 + at.day, order_id=order(number), noticed_at=at, alias=buyer(number))
    return replace(found, blocked_on=None)


def to(number: int, day: int) -> SentMessage:
    return send(number, order_id=order(number), alias=buyer(number), sent_at=BEGIN + (day - 2) * DAY)


def test_three_messages_on_three_days_are_one_coin(ledger: Ledger) -> None:
    three = [to(1, day) for day in (3, 5, 8)]
    sent(ledger, *three, to(2, 5))
    blocked = [notice(1, one.sent_at + DAY / 24) for one in three]
    read(ledger, *blocked, at=BEGIN + 50 * DAY)
    assert counts(ledger, BEGIN + 50 * DAY) == [(3, 1, 1), (5, 1, 0)]


@pytest.mark.parametrize(("day", "opted_out"), [(9, 1), (10, 0)])
def test_only_the_first_week_of_a_buyer_counts(ledger: Ledger, day: int, opted_out: int) -> None:
    """Or last month's buyers, who had more messages by now, would have the higher rate."""
    sent(ledger, to(1, 3), to(1, day), to(2, 4))
    last = to(1, day).sent_at - (timedelta(seconds=1) if day == 10 else timedelta(0))
    read(ledger, notice(1, last + DAY / 24 + timedelta(seconds=1)), at=BEGIN + 50 * DAY)
    assert counts(ledger, BEGIN + 50 * DAY) == [(3, 1, opted_out), (4, 1, 0)]


def test_a_first_message_about_another_order_of_the_buyer_is_the_first(ledger: Ledger) -> None:
    """It is known as the buyer's by an order report alone."""
    import_sent(
        log(links=[link(order(1), buyer(1)), link(order(7), buyer(1))]),
        ledger,
        account=UK,
        clock=lambda: BEGIN,
    )
    sent(ledger, send(7, sent_at=BEGIN), send(1, sent_at=BEGIN + 4 * DAY))
    found = makers.notice(1, order_id=order(1), noticed_at=BEGIN + 4 * DAY + DAY / 24, alias=None)
    read(ledger, replace(found, blocked_on=None), at=BEGIN + 50 * DAY)
    assert counts(ledger, BEGIN + 50 * DAY) == [(2, 1, 1)]


def test_days_that_were_not_read_to_their_end_are_left_out(ledger: Ledger) -> None:
    sent(ledger, *(to(number, number) for number in range(3, 9)))
    read(ledger, at=BEGIN + 3 * DAY)
    assert [number for number, *_ in counts(ledger, BEGIN + 50 * DAY)] == [3, 4]


def test_without_a_log_no_day_counts(ledger: Ledger) -> None:
    assert counts(ledger, BEGIN) == []
    assert movement._holding([], [], BEGIN) is None


def silences(ledger: Ledger, now: datetime, *, account: Account = UK) -> list[Silence]:
    return list(movement.silences_of(ledger, read_facts(ledger, account), now=now, zone=UTC))


def of_market(number: int, marketplace: str | None, at: datetime) -> Notice:
    found = makers.notice(number, order_id=order(number), noticed_at=at, alias=None)
    return replace(found, marketplace=marketplace)


def test_a_silence_is_found_by_how_far_the_mail_was_read(ledger: Ledger) -> None:
    """Three notices a day for twenty days; then the mail was read no further, so nothing is missing."""
    came = [of_market(n, "amazon.de", BEGIN + n * DAY / 3) for n in range(60)]
    read(ledger, *came, at=BEGIN + 20 * DAY, command="import")
    (heard,) = silences(ledger, BEGIN + 40 * DAY)
    assert (heard.state, heard.by_days) == (SilenceState.HEARD, True)
    read(ledger, at=BEGIN + 30 * DAY, command="import")
    (silent,) = silences(ledger, BEGIN + 40 * DAY)
    assert (silent.marketplace, silent.state) == ("amazon.de", SilenceState.SILENT)


def test_notices_of_no_marketplace_are_judged_only_where_no_other_is_known(ledger: Ledger) -> None:
    unnamed = [of_market(n, None, BEGIN + n * DAY / 3) for n in range(60)]
    read(ledger, *unnamed, at=BEGIN + 30 * DAY)
    assert [(one.marketplace, one.state) for one in silences(ledger, BEGIN + 30 * DAY)] == [
        (None, SilenceState.SILENT)
    ]
    read(ledger, of_market(99, "amazon.de", BEGIN + 29 * DAY), at=BEGIN + 30 * DAY)
    assert [one.marketplace for one in silences(ledger, BEGIN + 30 * DAY)] == ["amazon.de"]


def test_of_a_marketplace_that_was_left_nobody_waits(ledger: Ledger) -> None:
    came = [of_market(n, "amazon.de", BEGIN + n * DAY / 3) for n in range(60)]
    read(ledger, *came, of_market(99, "amazon.it", BEGIN), at=BEGIN + 30 * DAY)
    only_italy = replace(UK, marketplaces=("amazon.it",))
    assert [one.marketplace for one in silences(ledger, BEGIN + 30 * DAY)] == ["amazon.de", "amazon.it"]
    assert [one.marketplace for one in silences(ledger, BEGIN + 30 * DAY, account=only_italy)] == [
        "amazon.it"
    ]


def test_buyers_written_to_are_counted_for_each_marketplace(ledger: Ledger) -> None:
    """Sixty notices in twenty days, and nothing was sent since: nothing is missing."""
    to_german = [
        send(n, order_id=order(n), alias=buyer(n, "amazon.de"), sent_at=BEGIN + n * DAY / 3)
        for n in range(60)
    ]
    sent(ledger, *to_german)
    read(
        ledger,
        *(of_market(n, "amazon.de", BEGIN + n * DAY / 3 + DAY / 24) for n in range(60)),
        at=BEGIN + 50 * DAY,
    )
    (heard,) = silences(ledger, BEGIN + 50 * DAY)
    assert (heard.state, heard.by_days, heard.expected) == (SilenceState.HEARD, False, 0)
