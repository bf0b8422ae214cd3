"""Counts by when the notice came, and rates by when the message was sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, tzinfo
from itertools import dropwhile

from bounce_watch.figures.facts import Facts, alias_of, notice_marketplace, send_marketplace, within
from bounce_watch.rates.measure import measure_rates
from bounce_watch.records.filed import FiledNotice, FiledSend, SendCount
from bounce_watch.records.rate import CohortCount, CohortRates, Period
from bounce_watch.records.sent import SentCoverage
from bounce_watch.reports.content import Counts, MarketplaceRow, SentLogState, TrendBucket
from bounce_watch.sent_log.match import MAX_AGE
from bounce_watch.store.ledger import Ledger


def count_notices(facts: Facts, period: Period | None) -> Counts:
    """The notices that came in a period (None: ever), and the distinct orders and buyers they name."""
    return _count([event for event in facts.events if within(event[0].notice.noticed_at, period)])


def new_orders(facts: Facts, period: Period) -> int:
    """How many orders were first noticed in the period."""
    return sum(
        within(opt_out.first_noticed_at, period) for opt_out in facts.opt_outs if opt_out.first_noticed_at
    )


def unmatched(facts: Facts, period: Period) -> int:
    """How many blocked messages, noticed in covered days of the period, are in no sent log."""
    return sum(
        messages
        for filed, messages in facts.events
        if within(filed.notice.noticed_at, period)
        and filed.notice.fingerprint not in facts.answered
        and any(_covers(coverage, filed.notice.noticed_at) for coverage in facts.coverages)
    )


def not_our_orders(facts: Facts, period: Period) -> int:
    """How many counted notices of the period name an order that none of our own records knows.

    Told only for the days in which an order of the loaded order reports could be written about.
    """
    if facts.order_reports is None:
        return 0
    first, last = facts.order_reports
    return sum(
        messages
        for filed, messages in facts.events
        if within(filed.notice.noticed_at, period)
        and filed.notice.noticed_at is not None
        and first <= filed.notice.noticed_at <= last + MAX_AGE
        and not filed.known_to_us
    )


def rates_of(ledger: Ledger, facts: Facts, periods: Sequence[Period], *, now: datetime) -> list[CohortRates]:
    """Both rates of what was sent in each period, all marketplaces together."""
    cohorts = []
    for period in periods:
        sent = ledger.count_sends(facts.account.name, period.start, period.end, by_marketplace=False)
        answered = [send for send in facts.answered.values() if within(send.send.sent_at, period)]
        cohorts.append(_cohort(facts, period, None, sent, answered))
    return measure_rates(cohorts, now=now)


def trend(
    ledger: Ledger, facts: Facts, periods: Sequence[Period], *, now: datetime
) -> tuple[TrendBucket, ...]:
    """The steps of the chart, from the first one in which anything was sent or noticed."""
    steps = [
        TrendBucket(notices=count_notices(facts, period).notices, rates=rates)
        for period, rates in zip(periods, rates_of(ledger, facts, periods, now=now), strict=True)
    ]
    return tuple(dropwhile(lambda step: not step.notices and not step.rates.messages.contacted, steps))


def by_marketplace(
    ledger: Ledger, facts: Facts, period: Period, *, now: datetime
) -> tuple[MarketplaceRow, ...]:
    """Counts and rates of each marketplace that was sent to or noticed in the period; the unnamed one last."""
    sent = {row.marketplace: row for row in ledger.count_sends(facts.account.name, period.start, period.end)}
    events = [event for event in facts.events if within(event[0].notice.noticed_at, period)]
    names = {notice_marketplace(filed) for filed, _ in events} | set(sent)
    in_order = sorted(names, key=lambda name: (name is None, name or ""))
    cohorts = [
        _cohort(facts, period, name, [sent[name]] if name in sent else [], _answered(facts, period, name))
        for name in in_order
    ]
    return tuple(
        MarketplaceRow(
            marketplace=name,
            counts=_count([event for event in events if notice_marketplace(event[0]) == name]),
            rates=rates,
        )
        for name, rates in zip(in_order, measure_rates(cohorts, now=now), strict=True)
    )


def sent_log_state(facts: Facts, period: Period, zone: tzinfo) -> SentLogState:
    """From which to which local day the sent log is whole."""
    if not facts.coverages:
        return SentLogState(first_day=None, last_day=None, covers_period=False)
    start = min(coverage.start for coverage in facts.coverages)
    end = max(coverage.end for coverage in facts.coverages)
    return SentLogState(
        first_day=start.astimezone(zone).date(),
        last_day=(end - timedelta(microseconds=1)).astimezone(zone).date(),
        covers_period=_is_covered(facts.coverages, period),
    )


def _count(events: Sequence[tuple[FiledNotice, int]]) -> Counts:
    return Counts(
        notices=sum(messages for _, messages in events),
        orders=len({filed.notice.order_id for filed, _ in events}),
        buyers=len({str(alias_of(filed) or filed.notice.order_id) for filed, _ in events}),
    )


def _answered(facts: Facts, period: Period, marketplace: str | None) -> list[FiledSend]:
    return [
        filed
        for filed in facts.answered.values()
        if within(filed.send.sent_at, period) and send_marketplace(filed) == marketplace
    ]


def _cohort(
    facts: Facts,
    period: Period,
    group: str | None,
    sent: Iterable[SendCount],
    answered: Sequence[FiledSend],
) -> CohortCount:
    """The sends of a period (and group), and those of them that a counted notice answers."""
    rows = list(sent)
    return CohortCount(
        period=period,
        group=group,
        messages=sum(row.messages for row in rows),
        buyers=sum(row.buyers for row in rows),
        blocked_messages=len(answered),
        opted_out_buyers=len({filed.buyer for filed in answered}),
        covered=_is_covered(facts.coverages, period),
    )


def _covers(coverage: SentCoverage, instant: datetime | None) -> bool:
    return instant is not None and coverage.start <= instant < coverage.end


def _is_covered(coverages: Iterable[SentCoverage], period: Period) -> bool:
    """True when the sent log is whole for at least a part of the period; the rate then speaks of that part."""
    return any(coverage.start < period.end and coverage.end > period.start for coverage in coverages)
