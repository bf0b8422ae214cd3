"""Each message falls on exactly one day, whatever the clocks do: counted by the ledger, in five zones, 2017 to 2030."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bounce_watch.rates.periods import day
from bounce_watch.records.rate import Period
from bounce_watch.records.sent import LogSpan, Origin
from bounce_watch.store.ledger import Ledger, open_ledger
from tests.store.makers import log, send

ZONES = ("Europe/London", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Beirut")
"""Changes at night, of half an hour, and at midnight itself."""

FIRST, LAST = datetime(2017, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC)
SPAN = LogSpan(start=FIRST, end=LAST, origin=Origin.CSV_LOG)
SECOND = timedelta(seconds=1)


def changes(zone: ZoneInfo) -> list[Period]:
    """The days of another length than 24 hours, each between the day before and the day after."""
    every = [day(date(2017, 1, 2) + timedelta(days=number), zone) for number in range(14 * 365)]
    places = [n for n, one in enumerate(every) if one.end - one.start != timedelta(hours=24)]
    return [every[place + step] for place in places for step in (-1, 0, 1)]


def instants(days: list[Period]) -> set[datetime]:
    """A second around both ends of each day, and around each quarter of an hour of its night."""
    night = [one.start + quarter * timedelta(minutes=15) for one in days for quarter in range(0, 17, 2)]
    return {at + step * SECOND for at in (*night, *(one.end for one in days)) for step in (-1, 0, 1)}


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with open_ledger(f"sqlite:///{tmp_path}/ledger.sqlite") as opened:
        yield opened


@pytest.mark.parametrize("name", ZONES)
def test_the_days_hold_every_message_once(ledger: Ledger, name: str) -> None:
    zone = ZoneInfo(name)
    days = changes(zone)
    assert len(days) >= 3 * 2  # Brazil gave it up in 2019
    sent = sorted(instants(days))
    run = ledger.start_run("uk", "sent import", at=LAST)
    ledger.file_sent_log(run, log([send(number, sent_at=at) for number, at in enumerate(sent)]))
    tallies = ledger.tally_sends("uk", days, [SPAN])
    found = {one.first_day: tally[None].messages for one, tally in zip(days, tallies, strict=True)}
    # What a clock on the wall would show is another way to the day than the borders of a period.
    by_the_wall = Counter(at.astimezone(zone).date() for at in sent)
    assert found == {each: by_the_wall[each] for each in found}
    outside = sum(count for each, count in by_the_wall.items() if each not in found)
    assert sum(found.values()) == len(sent) - outside
