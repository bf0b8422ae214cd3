"""How soon silence is found, and how often it is told for nothing: `python -m tests.bench.rates_silence [MAILBOXES]`.

Simulated mailboxes. Two of three notices come within minutes, the third up to a day later. False alarms are counted over
five years of each mailbox, from its 50th notice on. For the other figure the notices stop at some moment after the 50th;
found in time means SILENT at the first midnight when 14 notices were due: the true rate, times the buyers written to
on whole days since the last notice that are over for a day. Behind it, how many days after the last notice that midnight was, and the
one on which the silence was told (medians).
"""

from __future__ import annotations

import sys
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import median

import numpy as np
from numpy.random import Generator

from bounce_watch.rates.silence import ENOUGH_NOTICES, find_silence
from bounce_watch.records.change import SilenceState

BEGIN = datetime(2021, 1, 4, tzinfo=UTC)
DAY = timedelta(days=1)
YEARS = 5
DUE = 14

Shape = Callable[[int], float]


def daily(day: int) -> float:
    return 1.0


def weekdays(day: int) -> float:
    return 1.4 if day % 7 < 5 else 0.0


def campaign(day: int) -> float:
    return 7.0 if day % 7 == 3 else 0.0


def with_christmas(day: int) -> float:
    """Nothing is sent from 20 December to 6 January."""
    at = BEGIN + day * DAY
    return 0.0 if (at.month, at.day) >= (12, 20) or (at.month, at.day) <= (1, 6) else weekdays(day)


def steady(day: int) -> float:
    return 1.0


def halved(day: int) -> float:
    """The list is used from the second year on; within eight weeks half as many of those written to opt out."""
    return 1.0 - 0.5 * min(max((day - 365) / 56, 0.0), 1.0)


def halved_at_once(day: int) -> float:
    return 1.0 if day < 365 else 0.5


def dwindling(day: int) -> float:
    """Halved every half year, for two years."""
    return float(0.5 ** (min(max(day - 365, 0), 730) / 182))


FALLS = (weekdays, campaign)


@dataclass(frozen=True, slots=True)
class Mailbox:
    buyers: list[int]
    rates: list[float]
    notices: list[datetime]

    def rows(self, first: int, end: int) -> list[tuple[datetime, int]]:
        return [(BEGIN + day * DAY, self.buyers[day]) for day in range(max(first, 0), end)]


def mailbox(chance: Generator, a_day: float, sends: Shape, rate: Shape, days: int, share: float) -> Mailbox:
    """So many notices a day on average."""
    buyers = [int(chance.poisson(a_day / share * sends(day))) for day in range(days)]
    rates = [share * rate(day) for day in range(days)]
    notices: list[datetime] = []
    for day, (contacted, one) in enumerate(zip(buyers, rates, strict=True)):
        count = int(chance.binomial(contacted, one))
        sent = chance.uniform(8, 20, count) if sends is not campaign else np.full(count, 17.0)
        late = np.where(
            chance.random(count) < 2 / 3, chance.uniform(0, 0.2, count), chance.uniform(0, 24, count)
        )
        notices += [BEGIN + day * DAY + timedelta(hours=float(hour)) for hour in sent + late]
    return Mailbox(buyers, rates, sorted(notices))


def is_silent(box: Mailbox, heard: int, now: datetime, *, log: bool) -> bool:
    """What is told when so many notices have come; no more of the past is handed over than is looked at."""
    last = box.notices[heard - 1]
    first = max(min(heard - ENOUGH_NOTICES - 1, bisect_left(box.notices, last - 30 * DAY)), 0)
    rows = box.rows((box.notices[first] - BEGIN).days - 30, min((now - BEGIN).days + 1, len(box.buyers)))
    found = find_silence(None, notices=box.notices[first:heard], contacted=rows if log else (), now=now)
    return found.state is SilenceState.SILENT


def false_alarms(box: Mailbox, *, log: bool) -> int:
    """A silence that is told at all is told at the end of the gap."""
    gaps = enumerate(pairwise(box.notices), start=1)
    return sum(
        is_silent(box, heard, after, log=log)
        for heard, (before, after) in gaps
        if heard >= ENOUGH_NOTICES and after - before > 2 * DAY
    )


def due(box: Mailbox, last: datetime, until: int) -> Iterator[tuple[int, float]]:
    """For each day after the last notice's: when it is over for a day, and the notices due from then on."""
    total = 0.0
    for day in range((last - BEGIN).days + 1, until):
        total += box.buyers[day] * box.rates[day]
        yield day + 2, total


def found_in_time(chance: Generator, box: Mailbox, *, log: bool) -> tuple[bool, int, int | None]:
    """Whether silence was told in time; days from the last notice to 14 due and to the telling."""
    heard = ENOUGH_NOTICES + int(chance.integers(0, 50))
    last = box.notices[heard - 1]
    told, begun = None, (last - BEGIN).days
    for look, expected in due(box, last, len(box.buyers) - 2):
        silent = is_silent(box, heard, BEGIN + look * DAY, log=log)
        told = look - begun if told is None and silent else told
        if expected >= DUE:
            return silent, look - begun, told
    raise AssertionError("the mailbox is too short")


def main(mailboxes: int) -> None:
    chance = np.random.default_rng(20261123)
    print(f"{'notices a day, sends, rate':44} {'false in 5 years':>16} {'in time':>8} {'due':>5} {'told':>5}")
    for log in (True, False):
        print("with a sent log" if log else "without a sent log")
        for sends in (daily, weekdays, with_christmas, campaign):
            for rate in (steady, halved, halved_at_once, dwindling) if log and sends in FALLS else (steady,):
                for a_day in (0.3, 1.0, 3.0, 10.0, 70.0):
                    row(chance, mailboxes, a_day, sends, rate, log=log)


def row(chance: Generator, mailboxes: int, a_day: float, sends: Shape, rate: Shape, *, log: bool) -> None:
    several = max(mailboxes if a_day < 5 else mailboxes // 5, 10)
    boxes = [mailbox(chance, a_day, sends, rate, 365 * YEARS, 0.02) for _ in range(several)]
    alarms = sum(false_alarms(box, log=log) for box in boxes) / several
    name = f"{a_day:g}, {sends.__name__}, {rate.__name__}".replace("_", " ")
    if rate is not steady:
        print(f"{name:44} {alarms:16.3f}", flush=True)
        return
    days = int(250 / a_day) + 100
    asked = [
        found_in_time(chance, mailbox(chance, a_day, sends, rate, days, 0.02), log=log)
        for _ in range(mailboxes * 10)
    ]
    told = [days for _, _, days in asked if days is not None]
    share = sum(found for found, _, _ in asked) / len(asked)
    print(
        f"{name:44} {alarms:16.3f} {share:8.3f} {median(days for _, days, _ in asked):5.0f} {median(told or [0]):5.0f}",
        flush=True,
    )


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:2] or ["40"]))
