"""What moved and what went silent, day by day from the ledger."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from bounce_watch.figures.facts import Facts, notice_marketplace
from bounce_watch.rates.alarm import DayCount
from bounce_watch.rates.change import measure_change
from bounce_watch.rates.coverage import covered_share
from bounce_watch.rates.periods import day
from bounce_watch.rates.silence import find_silence
from bounce_watch.records.change import Change, Silence
from bounce_watch.records.rate import CohortRates, Dimension, Period, SendTally
from bounce_watch.store.ledger import Ledger

DAYS_LOOKED_AT = 182
"""Half a year: enough for a baseline, short enough that its seller is still the same one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Daily:
    """Days, oldest first, and what was sent on each, by marketplace."""

    days: list[Period]
    tallies: list[dict[str | None, SendTally]]


def read_days(ledger: Ledger, facts: Facts, last: date, zone: tzinfo) -> Daily:
    """The days that end with `last`."""
    days: list[Period] = []
    for back in reversed(range(DAYS_LOOKED_AT)):
        with suppress(ValueError):  # a day that the zone left out
            days.append(day(last - timedelta(days=back), zone))
    tallies = ledger.tally_sends(facts.account.name, days, facts.spans, by=Dimension.MARKETPLACE)
    return Daily(days=days, tallies=tallies)


def change_of(
    daily: Daily, facts: Facts, steps: Sequence[CohortRates], *, now: datetime, zone: tzinfo
) -> Change:
    """How the last step's rate stands against the one before, where they are heading, and whether it changed.

    The change is looked for in the days up to the last step's last one, or to yesterday while it runs.
    """
    until = min(steps[-1].period.last_day, now.astimezone(zone).date() - timedelta(days=1))
    days = [one for one in _day_counts(daily, facts, now=now, zone=zone) if one.day <= until]
    return measure_change(steps[-1], steps[-2], steps, days)


def silences_of(daily: Daily, facts: Facts, *, now: datetime) -> tuple[Silence, ...]:
    """Whether the notices of each marketplace that had any, or was written to, still come; the unnamed one last.

    Only what was read can be heard: a mailbox that was not read since an instant is judged as of that instant.
    """
    until = min(facts.last_read_to_end_at or now, now)
    notices = defaultdict[str | None, list[datetime]](list)
    for filed, messages in facts.events:
        if messages and filed.notice.noticed_at is not None:
            notices[notice_marketplace(filed)].append(filed.notice.noticed_at)
    names = {name for tally in daily.tallies for name, sent in tally.items() if sent.buyers} | set(notices)
    return tuple(
        find_silence(
            name,
            notices=sorted(notices[name]),
            contacted=[
                (one.start, tally.get(name, SendTally()).buyers)
                for one, tally in zip(daily.days, daily.tallies, strict=True)
                if covered_share(facts.spans, one, now=until) > 0
            ],
            now=until,
        )
        for name in sorted(names, key=lambda name: (name is None, name or ""))
    )


def _day_counts(daily: Daily, facts: Facts, *, now: datetime, zone: tzinfo) -> Iterator[DayCount]:
    """The days for which the log is whole: buyers written to, and those that a counted notice answers.

    A buyer has one alias in each marketplace, so buyers of several marketplaces add up.
    """
    opted_out = defaultdict[date, set[str]](set)
    for filed in facts.answered.values():
        opted_out[filed.send.sent_at.astimezone(zone).date()].add(filed.buyer)
    for one, tally in zip(daily.days, daily.tallies, strict=True):
        if covered_share(facts.spans, one, now=now) == 1:
            contacted = sum(sent.buyers for sent in tally.values())
            yield DayCount(day=one.first_day, contacted=contacted, opted_out=len(opted_out[one.first_day]))
