"""What moved and what went silent, day by day from the ledger."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta, tzinfo

from bounce_watch.figures.facts import Facts, notice_marketplace
from bounce_watch.rates.alarm import DayCount
from bounce_watch.rates.change import measure_change
from bounce_watch.rates.coverage import covered_share
from bounce_watch.rates.measure import MATURING_DAYS
from bounce_watch.rates.periods import day
from bounce_watch.rates.silence import find_silence
from bounce_watch.records.change import Change, Silence
from bounce_watch.records.filed import FiledSend
from bounce_watch.records.rate import CohortRates, Dimension, Period, SendTally
from bounce_watch.store.ledger import Ledger

DAYS_OF_CHANGE = 366
"""A year: a change is then still told by the same day when the oldest days leave (docs/decisions/0023)."""

EXPOSED = timedelta(days=MATURING_DAYS)
"""How long after the first message to a buyer an opt-out counts for a change."""

DAYS_OF_SILENCE = 182
"""Half a year holds the last fifty notices of whoever has enough of them to be judged soon."""


def change_of(
    ledger: Ledger, facts: Facts, steps: Sequence[CohortRates], *, now: datetime, zone: tzinfo
) -> Change:
    """How the last step's rate stands against the one before, where they are heading, and whether it changed.

    The change is looked for in the days up to the last step's last one, or to yesterday while it runs.
    """
    until = min(steps[-1].period.last_day, now.astimezone(zone).date() - timedelta(days=1))
    days = list(_day_counts(ledger, facts, _days(until, DAYS_OF_CHANGE, zone), now=now))
    return measure_change(steps[-1], steps[-2], steps, days)


def silences_of(ledger: Ledger, facts: Facts, *, now: datetime, zone: tzinfo) -> tuple[Silence, ...]:
    """Whether the notices of each marketplace that had any, or was written to, still come.

    Where the settings say in which ones the account sells, only of those: of one that was left nobody waits.

    Only what was read can be heard: a mailbox that was not read since an instant is judged as of that instant.
    """
    until = min(facts.heard_until or now, now)
    days = _days(until.astimezone(zone).date(), DAYS_OF_SILENCE, zone)
    tallies = ledger.tally_sends(facts.account.name, days, facts.spans, by=Dimension.MARKETPLACE)
    notices = defaultdict[str | None, list[datetime]](list)
    for filed, messages in facts.events:
        if messages and filed.notice.noticed_at is not None:
            notices[notice_marketplace(filed)].append(filed.notice.noticed_at)
    names = {name for tally in tallies for name, sent in tally.items() if sent.buyers} | set(notices)
    if len(names) > 1:  # A notice of no known marketplace is of one of the others, and they are judged.
        names -= {None}
    if facts.account.marketplaces:
        names = {name for name in names if name is None or name in facts.account.marketplaces}
    return tuple(
        find_silence(
            name,
            notices=sorted(notices[name]),
            contacted=[
                (one.start, tally.get(name, SendTally()).buyers)
                for one, tally in zip(days, tallies, strict=True)
                if covered_share(facts.spans, one, now=until) > 0
            ],
            now=until,
        )
        for name in sorted(names, key=lambda name: name or "")
    )


def _day_counts(ledger: Ledger, facts: Facts, days: Sequence[Period], *, now: datetime) -> Iterator[DayCount]:
    """Of the days for which the log is whole, the buyers first written to, and those of them who opted out.

    A buyer counts once, on the day of the first message: the opt-out is a switch of the buyer's, so that three
    messages on three days are not three coins. Only what was blocked within EXPOSED of it counts: a buyer of last
    month had more messages, and more time, than one of yesterday.
    """
    whole = [one for one in days if covered_share(facts.spans, one, now=now) == 1]
    if not whole:
        return
    starts = [one.start for one in whole]

    def day_of(filed: FiledSend) -> int | None:
        return _holding(whole, starts, filed.send.sent_at)

    answered = {filed.buyer: filed.send.sent_at for filed in _newest_first(facts.answered.values())}
    first = {filed.buyer: filed for filed in _newest_first(facts.blockable) if day_of(filed) is not None}
    blocked = Counter(
        day_of(filed)
        for buyer, filed in first.items()
        if buyer in answered and timedelta(0) <= answered[buyer] - filed.send.sent_at < EXPOSED
    )
    contacted = ledger.first_contacts(facts.account.name, whole, facts.spans)
    for number, (one, buyers) in enumerate(zip(whole, contacted, strict=True)):
        yield DayCount(day=one.first_day, contacted=buyers, opted_out=blocked[number])


def _newest_first(sends: Iterable[FiledSend]) -> list[FiledSend]:
    return sorted(sends, key=lambda filed: filed.send.sent_at, reverse=True)


def _holding(days: Sequence[Period], starts: Sequence[datetime], instant: datetime) -> int | None:
    """The number of the day that holds an instant; None between two of them, or beyond."""
    number = bisect_right(starts, instant) - 1
    return number if number >= 0 and instant < days[number].end else None


def _days(last: date, count: int, zone: tzinfo) -> list[Period]:
    found: list[Period] = []
    for back in reversed(range(count)):
        with suppress(ValueError):  # a day that the zone left out
            found.append(day(last - timedelta(days=back), zone))
    return found
