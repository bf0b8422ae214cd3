"""The figures of a report, counted from the ledger; `reports` only writes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from bounce_watch.flow import counted
from bounce_watch.rates.measure import measure_rates
from bounce_watch.rates.periods import buckets, day, previous
from bounce_watch.records.account import Account, RequireProof
from bounce_watch.records.filed import FiledNotice, FiledSend, Totals, WaitingMail
from bounce_watch.records.ids import Alias
from bounce_watch.records.notice import NoticeKind, Outcome
from bounce_watch.records.opt_out import OptOut, SuppressionList
from bounce_watch.records.rate import CohortCount, CohortRates, Period
from bounce_watch.records.sent import SentCoverage
from bounce_watch.reports.attention import AttentionFacts, attention
from bounce_watch.reports.content import (
    WAITING_SHOWN,
    Counts,
    MarketplaceRow,
    PeriodName,
    Reconciliation,
    ReportContent,
    SentLogState,
    TrendBucket,
    WaitingRow,
)
from bounce_watch.sent_log.match import match_sends
from bounce_watch.store.ledger import Ledger
from bounce_watch.suppression.opt_outs import conflicting_orders, derive_opt_outs

_URGENT = (NoticeKind.ACCOUNT_RESTRICTED, NoticeKind.POLICY_BLOCK, NoticeKind.SENDER_NOT_AUTHORISED)
_ALWAYS = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    """What the ledger says about one account, read once."""

    account: Account
    events: list[tuple[FiledNotice, int]]
    aside: list[FiledNotice]
    opt_outs: list[OptOut]
    answered: dict[str, FiledSend]
    coverages: list[SentCoverage]
    waiting: list[WaitingMail]
    urgent: list[FiledNotice]
    totals: Totals


def report_content(
    ledger: Ledger,
    account: Account,
    *,
    listing: SuppressionList,
    period: Period,
    period_name: PeriodName,
    now: datetime,
    zone: tzinfo,
    has_mailbox: bool,
) -> ReportContent:
    """All that the report of one account says for a period, as of `now`."""
    facts = _read(ledger, account)
    last_poll = ledger.last_complete_poll(account.name)
    last_read = last_poll.finished_at if last_poll else None
    before = previous(period, zone)
    today = _counts(facts, day(period.last_day, zone))
    new = _new_orders(facts, day(period.last_day, zone))
    return ReportContent(
        accounts=(account.name,),
        made_at=now,
        time_zone=str(zone),
        period=period,
        period_name=period_name,
        attention=attention(_attention_facts(facts, period, now, last_read, has_mailbox, new, today.notices)),
        counts=_counts(facts, period),
        before=_counts(facts, before),
        ever=_counts(facts, None),
        new_since_yesterday=new,
        marketplaces=_marketplaces(ledger, facts, period, now),
        rates=_rates(ledger, facts, [period], now)[0],
        rates_before=_rates(ledger, facts, [before], now)[0],
        trend=_trend(ledger, facts, buckets(period, zone), now),
        last_read_to_end_at=last_read,
        last_notice_at=_last_notice(facts),
        list_size=len(listing.entries),
        list_without_alias=listing.without_alias,
        reconciliation=_reconciliation(facts),
        waiting=_waiting_rows(facts)[:WAITING_SHOWN],
        waiting_total=len(_waiting_rows(facts)),
        sent_log=_sent_log(facts, period, zone),
    )


def _read(ledger: Ledger, account: Account) -> _Facts:
    events, aside = counted(ledger, account)
    blocked = [filed for filed, messages in events if messages]
    linked = {filed.notice.fingerprint: filed.linked_alias for filed in blocked if filed.linked_alias}
    orders = {filed.notice.order_id for filed in blocked if filed.notice.order_id}
    aliases = {alias for filed in blocked if (alias := filed.notice.alias or filed.linked_alias)}
    sends = list(ledger.sends_for(account.name, orders, aliases))
    return _Facts(
        account=account,
        events=events,
        aside=aside,
        opt_outs=list(derive_opt_outs(account.name, events)),
        answered=match_sends([filed.notice for filed in blocked], sends, linked=linked),
        coverages=ledger.coverages(account.name),
        waiting=ledger.waiting(account.name),
        urgent=ledger.other_notices(account.name, _URGENT),
        totals=ledger.totals(account.name),
    )


def _within(instant: datetime | None, period: Period | None) -> bool:
    """True when the instant lies in the period; without a period always."""
    if period is None:
        return True
    return instant is not None and period.start <= instant < period.end


def _alias_of(filed: FiledNotice) -> Alias | None:
    return filed.notice.alias or filed.linked_alias


def _counts(facts: _Facts, period: Period | None, marketplace: str | None = None, *, all_of_them: bool = True) -> Counts:
    found = [
        (filed, messages)
        for filed, messages in facts.events
        if _within(filed.notice.noticed_at, period) and (all_of_them or _marketplace(filed) == marketplace)
    ]
    return Counts(
        notices=sum(messages for _, messages in found),
        orders=len({filed.notice.order_id for filed, _ in found}),
        buyers=len({str(_alias_of(filed) or filed.notice.order_id) for filed, _ in found}),
    )


def _marketplace(filed: FiledNotice) -> str | None:
    alias = _alias_of(filed)
    return filed.notice.marketplace or (alias.marketplace if alias else None)


def _new_orders(facts: _Facts, period: Period) -> int:
    return sum(_within(opt_out.first_noticed_at, period) for opt_out in facts.opt_outs if opt_out.first_noticed_at)


def _last_notice(facts: _Facts) -> datetime | None:
    instants = (filed.notice.noticed_at for filed, _ in facts.events)
    return max((instant for instant in instants if instant), default=None)


def _cohort(facts: _Facts, period: Period, *, messages: int, buyers: int, group: str | None, grouped: bool) -> CohortCount:
    """The sends of a period (and marketplace), and those of them that a counted notice answers."""
    answered = [
        filed
        for filed in facts.answered.values()
        if _within(filed.send.sent_at, period) and (not grouped or _send_marketplace(filed) == group)
    ]
    return CohortCount(
        period=period,
        group=group,
        messages=messages,
        buyers=buyers,
        blocked_messages=len(answered),
        opted_out_buyers=len({filed.buyer for filed in answered}),
        covered=_is_covered(facts.coverages, period),
    )


def _send_marketplace(filed: FiledSend) -> str | None:
    """The marketplace of the send, else of its buyer's alias, as the ledger counts sends."""
    alias = filed.send.alias or Alias.parse(filed.buyer)
    return filed.send.marketplace or (alias.marketplace if alias else None)


def _rates(ledger: Ledger, facts: _Facts, periods: Sequence[Period], now: datetime) -> list[CohortRates]:
    cohorts = []
    for period in periods:
        sends = ledger.count_sends(facts.account.name, period.start, period.end, by_marketplace=False)
        messages, buyers = sum(row.messages for row in sends), sum(row.buyers for row in sends)
        cohorts.append(_cohort(facts, period, messages=messages, buyers=buyers, group=None, grouped=False))
    return measure_rates(cohorts, now=now)


def _trend(ledger: Ledger, facts: _Facts, periods: Sequence[Period], now: datetime) -> tuple[TrendBucket, ...]:
    rates = _rates(ledger, facts, periods, now)
    return tuple(
        TrendBucket(notices=_counts(facts, period).notices, rates=cohort)
        for period, cohort in zip(periods, rates, strict=True)
    )


def _marketplaces(ledger: Ledger, facts: _Facts, period: Period, now: datetime) -> tuple[MarketplaceRow, ...]:
    sends = {row.marketplace: row for row in ledger.count_sends(facts.account.name, period.start, period.end)}
    noticed = {_marketplace(filed) for filed, _ in facts.events if _within(filed.notice.noticed_at, period)}
    names = sorted(noticed | set(sends), key=lambda name: (name is None, name or ""))
    cohorts = [
        _cohort(
            facts,
            period,
            messages=sends[name].messages if name in sends else 0,
            buyers=sends[name].buyers if name in sends else 0,
            group=name,
            grouped=True,
        )
        for name in names
    ]
    return tuple(
        MarketplaceRow(
            marketplace=name, counts=_counts(facts, period, name, all_of_them=False), rates=cohort
        )
        for name, cohort in zip(names, measure_rates(cohorts, now=now), strict=True)
    )


def _is_covered(coverages: Iterable[SentCoverage], period: Period) -> bool:
    """True when the sent log is whole for at least a part of the period; the rate then speaks of that part."""
    return any(coverage.start < period.end and coverage.end > period.start for coverage in coverages)


def _sent_log(facts: _Facts, period: Period, zone: tzinfo) -> SentLogState:
    if not facts.coverages:
        return SentLogState(first_day=None, last_day=None, covers_period=False)
    start = min(coverage.start for coverage in facts.coverages)
    end = max(coverage.end for coverage in facts.coverages)
    return SentLogState(
        first_day=start.astimezone(zone).date(),
        last_day=(end - timedelta(microseconds=1)).astimezone(zone).date(),
        covers_period=_is_covered(facts.coverages, period),
    )


def _reconciliation(facts: _Facts) -> Reconciliation:
    results = {row.result: row.mails for row in facts.totals.results}
    kinds = {kind.value for kind in NoticeKind} - {NoticeKind.OPT_OUT.value}
    return Reconciliation(
        read=facts.totals.read,
        opt_outs=len(facts.events),
        other_kinds=sum(results.get(kind, 0) for kind in kinds),
        not_amazon=facts.totals.not_amazon,
        duplicates=facts.totals.duplicates,
        set_aside=len(facts.aside) + results.get("misdirected", 0),
        unrecognised=results.get("unrecognised", 0),
        unreadable=results.get("unreadable", 0),
    )


def _waiting_rows(facts: _Facts) -> tuple[WaitingRow, ...]:
    rows = [
        WaitingRow(
            reason=f"{filed.outcome}: {filed.reason}",
            about=str(filed.notice.order_id),
            noticed_at=filed.notice.noticed_at,
            sender=None,
        )
        for filed in facts.aside
    ] + [
        WaitingRow(
            reason=f"{mail.result}: {mail.reason}",
            about=mail.subject,
            noticed_at=mail.noticed_at,
            sender=mail.from_address,
        )
        for mail in facts.waiting
    ]
    return tuple(sorted(rows, key=lambda row: row.noticed_at or _ALWAYS[0], reverse=True))


def _attention_facts(
    facts: _Facts,
    period: Period,
    now: datetime,
    last_read: datetime | None,
    has_mailbox: bool,
    new: int,
    notices_today: int,
) -> AttentionFacts:
    urgent = [
        filed.notice.kind
        for filed in facts.urgent
        if filed.outcome is not Outcome.FORGED and _within(filed.notice.noticed_at, period)
    ]
    waiting = [mail.result for mail in facts.waiting]
    outcomes = [filed.outcome for filed in facts.aside]
    never = facts.account.trust.require_proof is RequireProof.NEVER
    conflicts = {filed.notice.order_id for filed, _ in facts.events if filed.conflicting_alias}
    return AttentionFacts(
        now=now,
        last_read_to_end_at=last_read,
        has_mailbox=has_mailbox,
        restricted=urgent.count(NoticeKind.ACCOUNT_RESTRICTED),
        policy_blocks=urgent.count(NoticeKind.POLICY_BLOCK),
        not_authorised=urgent.count(NoticeKind.SENDER_NOT_AUTHORISED),
        unproven=outcomes.count(Outcome.UNPROVEN),
        forged=outcomes.count(Outcome.FORGED),
        misdirected=waiting.count("misdirected"),
        unrecognised=waiting.count("unrecognised"),
        unreadable=waiting.count("unreadable"),
        conflicting=len(conflicts | set(conflicting_orders(facts.events))),
        without_alias=sum(opt_out.alias is None for opt_out in facts.opt_outs),
        unproven_accepted_for=(facts.account.name,) if never else (),
        new_orders=new,
        notices=notices_today,
    )
