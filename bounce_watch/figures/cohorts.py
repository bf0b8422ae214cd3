"""Counts by when the notice came, and rates by when the message was sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from itertools import dropwhile
from typing import assert_never

from bounce_watch.figures.facts import Facts, alias_of, notice_marketplace, within
from bounce_watch.rates.coverage import covered_share
from bounce_watch.rates.measure import measure_rates
from bounce_watch.records.filed import FiledNotice, FiledSend
from bounce_watch.records.ids import OrderId
from bounce_watch.records.rate import (
    OLDER,
    ORDER_AGES,
    CohortCount,
    CohortRates,
    Dimension,
    Period,
    SendTally,
    order_age,
)
from bounce_watch.records.sent import LogSpan
from bounce_watch.reports.content import Counts, GroupRow, MarketplaceRow, SentLogState, TrendBucket
from bounce_watch.sent_log.match import MAX_AGE
from bounce_watch.store.ledger import Ledger

_A_WEEK = timedelta(days=7) - timedelta(hours=1)  # one that lost an hour to the clocks


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
    return sum(messages for _, messages in _unmatched(facts, period))


def _unmatched(facts: Facts, period: Period) -> list[tuple[FiledNotice, int]]:
    return [
        (filed, messages)
        for filed, messages in facts.events
        if within(filed.notice.noticed_at, period)
        and filed.notice.fingerprint not in facts.answered
        and filed.notice.fingerprint not in facts.known_elsewhere
        and _covers(facts.spans, filed.notice.noticed_at)
    ]


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
    """The rates of what was sent in each period, all of it together."""
    tallies = ledger.tally_sends(facts.account.name, periods, facts.spans)
    cohorts = [
        _with_unmatched(_cohort(_Sends.of(facts, period), None, tally.get(None, SendTally()), now=now), facts)
        for period, tally in zip(periods, tallies, strict=True)
    ]
    return measure_rates(cohorts, now=_ripening(facts, now))


def _with_unmatched(cohort: CohortCount, facts: Facts) -> CohortCount:
    """The cohort, with the unmatched notices of its days counted in where more was blocked than its log holds.

    Such a log lost rows, and the share of those that are left would be a figure about nothing. Not asked of less than
    a week, in which a notice may well be about a message of the day before.
    """
    if cohort.period.end - cohort.period.start < _A_WEEK:
        return cohort
    lost = _unmatched(facts, cohort.period)
    blocked = cohort.blocked_messages + sum(messages for _, messages in lost)
    if not lost or blocked <= cohort.sent.messages:
        return cohort
    buyers = {str(alias_of(filed) or filed.notice.order_id) for filed, _ in lost}
    return replace(cohort, blocked_messages=blocked, opted_out_buyers=cohort.opted_out_buyers + len(buyers))


def rates_by(
    ledger: Ledger,
    facts: Facts,
    period: Period,
    by: Dimension,
    *,
    now: datetime,
    names: Iterable[str | None] = (),
) -> dict[str | None, CohortRates]:
    """The rates of each group that was sent to or withheld from in the period, and of those in `names`."""
    (tally,) = ledger.tally_sends(facts.account.name, [period], facts.spans, by=by)
    sends = _Sends.of(facts, period)
    ordered = _ordered_at(ledger, facts, sends) if by is Dimension.ORDER_AGE else {}
    groups = list(dict.fromkeys((*tally, *names)))
    cohorts = [
        _cohort(sends.among(group, by, ordered), group, tally.get(group, SendTally()), now=now)
        for group in groups
    ]
    return dict(zip(groups, measure_rates(cohorts, now=_ripening(facts, now)), strict=True))


def _ripening(facts: Facts, now: datetime) -> datetime:
    """The instant by which a rate is ripe or not: notices that came since the mail was last read are not known."""
    return min(now, facts.heard_until or now)


def trend(facts: Facts, steps: Iterable[CohortRates]) -> tuple[TrendBucket, ...]:
    """The steps of the chart, from the first one in which anything was sent or noticed."""
    buckets = (
        TrendBucket(notices=count_notices(facts, rates.period).notices, rates=rates) for rates in steps
    )
    return tuple(dropwhile(lambda step: not step.notices and not step.rates.messages.contacted, buckets))


def by_marketplace(
    ledger: Ledger, facts: Facts, period: Period, *, now: datetime
) -> tuple[MarketplaceRow, ...]:
    """Counts and rates of each marketplace that was sent to or noticed in the period; the unnamed one last."""
    events = [event for event in facts.events if within(event[0].notice.noticed_at, period)]
    named = {notice_marketplace(filed) for filed, _ in events}
    rates = rates_by(ledger, facts, period, Dimension.MARKETPLACE, now=now, names=named)
    return tuple(
        MarketplaceRow(
            marketplace=name,
            counts=_count([event for event in events if notice_marketplace(event[0]) == name]),
            rates=rates[name],
        )
        for name in sorted(rates, key=lambda name: (name is None, name or ""))
    )


def by_label(ledger: Ledger, facts: Facts, period: Period, *, now: datetime) -> tuple[GroupRow, ...]:
    """The rates of each label, most messages first; nothing where no send of the period has one."""
    rates = rates_by(ledger, facts, period, Dimension.LABEL, now=now)
    if not any(rates):
        return ()
    in_order = sorted(rates, key=lambda name: (name is None, -rates[name].messages.contacted, name or ""))
    return tuple(GroupRow(name=name, rates=rates[name]) for name in in_order)


def by_order_age(ledger: Ledger, facts: Facts, period: Period, *, now: datetime) -> tuple[GroupRow, ...]:
    """The rates by days since the order; nothing where the order of no send of the period is dated."""
    if facts.order_reports is None:
        return ()
    rates = rates_by(ledger, facts, period, Dimension.ORDER_AGE, now=now)
    ages = (*(name for _, name in ORDER_AGES), OLDER, None)
    return (
        tuple(GroupRow(name=name, rates=rates[name]) for name in ages if name in rates) if any(rates) else ()
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
        covers_period=any(
            coverage.start < period.end and coverage.end > period.start for coverage in facts.coverages
        ),
    )


def _count(events: Sequence[tuple[FiledNotice, int]]) -> Counts:
    return Counts(
        notices=sum(messages for _, messages in events),
        orders=len({filed.notice.order_id for filed, _ in events}),
        buyers=len({str(alias_of(filed) or filed.notice.order_id) for filed, _ in events}),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sends:
    """Of one period (and group): the sends that counted notices answer, and what was withheld from the same buyers."""

    period: Period
    spans: tuple[LogSpan, ...]
    heard_until: datetime | None
    answered: list[FiledSend]
    withheld: list[FiledSend]

    def known_until(self, now: datetime) -> datetime:
        """Now, or when the mail was last read if that was within a day: such a gap is no gap."""
        heard = self.heard_until
        return heard if heard is not None and timedelta(0) <= now - heard < timedelta(days=1) else now

    @classmethod
    def of(cls, facts: Facts, period: Period) -> _Sends:
        return cls(
            period=period,
            spans=facts.spans,
            heard_until=facts.heard_until,
            answered=[filed for filed in facts.answered.values() if within(filed.send.sent_at, period)],
            withheld=[
                filed
                for filed in facts.withheld
                if within(filed.send.sent_at, period) and _covers(facts.spans, filed.send.sent_at)
            ],
        )

    def among(self, group: str | None, by: Dimension, ordered: Mapping[OrderId, datetime]) -> _Sends:
        def is_in(filed: FiledSend) -> bool:
            return _group_of(filed, by, ordered) == group

        withheld = self.withheld if by is not Dimension.LABEL else []  # it has no label of ours
        return replace(self, answered=[*filter(is_in, self.answered)], withheld=[*filter(is_in, withheld)])


def _group_of(filed: FiledSend, by: Dimension, ordered: Mapping[OrderId, datetime]) -> str | None:
    match by:
        case Dimension.MARKETPLACE:
            return filed.marketplace
        case Dimension.LABEL:
            return filed.send.label
        case Dimension.ORDER_AGE:
            placed = ordered.get(filed.send.order_id) if filed.send.order_id else None
            return order_age(placed, filed.send.sent_at)
        case _:
            assert_never(by)


def _ordered_at(ledger: Ledger, facts: Facts, sends: _Sends) -> dict[OrderId, datetime]:
    both = (*sends.answered, *sends.withheld)
    return ledger.ordered_at(facts.account.name, {one.send.order_id for one in both if one.send.order_id})


def _cohort(sends: _Sends, group: str | None, tally: SendTally, *, now: datetime) -> CohortCount:
    buyers = {filed.buyer for filed in sends.answered}
    known_before = {filed.buyer for filed in sends.withheld}
    return CohortCount(
        period=sends.period,
        group=group,
        sent=tally,
        blocked_messages=len(sends.answered),
        opted_out_buyers=len(buyers),
        share_opted_out=tally.withheld_buyers + len(buyers - known_before),
        covered=covered_share(sends.spans, sends.period, now=sends.known_until(now)),
    )


def _covers(spans: Iterable[LogSpan], instant: datetime | None) -> bool:
    return instant is not None and any(span.start <= instant < span.end for span in spans)
