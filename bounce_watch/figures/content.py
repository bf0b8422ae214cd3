"""Everything that one report says: the one way in to the figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo

from bounce_watch.alerts.rules import is_surely_above
from bounce_watch.figures.cohorts import (
    by_label,
    by_marketplace,
    by_order_age,
    count_notices,
    new_orders,
    not_our_orders,
    rates_of,
    sent_log_state,
    trend,
    unmatched,
)
from bounce_watch.figures.facts import Facts, came_in, read_facts
from bounce_watch.figures.leak import find_leak
from bounce_watch.figures.movement import change_of, silences_of
from bounce_watch.flow import surge
from bounce_watch.rates.periods import buckets, day, previous
from bounce_watch.records.account import Account, RequireProof
from bounce_watch.records.filed import DISMISSED, UNDONE, FiledNotice
from bounce_watch.records.notice import NoticeKind, Outcome
from bounce_watch.records.opt_out import SuppressionList
from bounce_watch.records.rate import Period
from bounce_watch.reports.attention import AttentionFacts, attention
from bounce_watch.reports.content import (
    AttentionKind,
    PeriodName,
    Reconciliation,
    ReportContent,
    WaitingRow,
)
from bounce_watch.reports.polls import incomplete_poll
from bounce_watch.reports.wording import name_text
from bounce_watch.store.ledger import Ledger
from bounce_watch.suppression.opt_outs import conflicting_orders

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a report shall speak of: a period, what the reader calls it, and the zone in which days begin."""

    period: Period
    name: PeriodName
    zone: tzinfo


def report_content(
    ledger: Ledger,
    account: Account,
    asked: Asked,
    *,
    listing: SuppressionList,
    now: datetime,
    has_mailbox: bool,
    rate_above: float | None = None,
) -> ReportContent:
    """All that the report of one account says for a period, as of `now`.

    `has_mailbox` False (only files are imported) keeps it from calling the last poll stale. `rate_above` is the share
    of buyers, in 0..1, that the seller does not want the rate to be above.
    """
    period, zone = asked.period, asked.zone
    facts = read_facts(ledger, account)
    before, latest = previous(period, zone), _latest_day(period, zone, now=now)
    waiting = _waiting(facts)
    steps = rates_of(ledger, facts, buckets(period, zone), now=now)
    change = change_of(ledger, facts, steps, now=now, zone=zone)
    silences = silences_of(ledger, facts, now=now, zone=zone)
    leak = find_leak(ledger, facts, period)
    return ReportContent(
        accounts=(account.name,),
        made_at=now,
        time_zone=str(zone),
        period=period,
        period_name=asked.name,
        attention=attention(
            replace(
                _attention(facts, period, latest, now=now, has_mailbox=has_mailbox),
                leak=leak,
                silences=silences,
                change_point=change.point,
                rate=steps[-1].buyers
                if rate_above and is_surely_above(steps[-1].buyers, rate_above)
                else None,
                rate_above=rate_above,
                zone=zone,
            )
        ),
        counts=count_notices(facts, period),
        before=count_notices(facts, before),
        ever=count_notices(facts, None),
        new_since_yesterday=new_orders(facts, latest),
        marketplaces=by_marketplace(ledger, facts, period, now=now),
        rates=steps[-1],
        rates_before=steps[-2],
        trend=trend(facts, steps),
        last_read_to_end_at=facts.last_read_to_end_at,
        last_notice_at=_last_notice(facts),
        list_size=len(listing.entries),
        list_without_alias=listing.without_alias,
        reconciliation=_reconciliation(facts),
        waiting=waiting,
        sent_log=sent_log_state(facts, period, zone),
        change=change,
        silences=silences,
        leak=leak,
        labels=by_label(ledger, facts, period, now=now),
        order_ages=by_order_age(ledger, facts, period, now=now),
        unmatched=unmatched(facts, period),
        heard_until=facts.heard_until,
    )


def _latest_day(period: Period, zone: tzinfo, *, now: datetime) -> Period:
    """The last day of the period; while that day still runs, or is yet to come, the 24 hours up to `now`.

    So the line for cron, run in the morning, tells all that came since yesterday's.
    """
    last_day = day(period.last_day, zone)
    if last_day.end <= now:
        return last_day
    return replace(last_day, start=now - timedelta(days=1), end=now)


def _last_notice(facts: Facts) -> datetime | None:
    instants = (filed.notice.noticed_at for filed, _ in facts.events)
    return max((instant for instant in instants if instant), default=None)


def _reconciliation(facts: Facts) -> Reconciliation:
    """Every mail ever read, by what became of it; `read` is counted apart, so the sum is a check."""
    results = {row.result: row.mails for row in facts.totals.results}
    others = set(NoticeKind) - {NoticeKind.OPT_OUT}
    return Reconciliation(
        read=facts.totals.read,
        opt_outs=len(facts.events),
        other_kinds=sum(results.get(kind.value, 0) for kind in others),
        not_amazon=facts.totals.not_amazon,
        duplicates=facts.totals.duplicates,
        set_aside=len(facts.aside) + results.get("misdirected", 0),
        unrecognised=results.get("unrecognised", 0),
        unreadable=results.get("unreadable", 0),
        dismissed=results.get(DISMISSED, 0),
        undone=results.get(UNDONE, 0),
    )


def _waiting(facts: Facts) -> tuple[WaitingRow, ...]:
    """Everything that waits for a person, the newest first."""
    aside = [
        WaitingRow(
            reason=f"{filed.outcome}: {filed.reason}",
            about=name_text(filed.notice.order_id) if filed.notice.order_id else "",
            noticed_at=filed.notice.noticed_at,
            sender=None,
        )
        for filed in facts.aside
    ]
    others = [
        WaitingRow(
            reason=f"{mail.result}: {mail.reason.replace('_', ' ')}",
            about=mail.subject,
            noticed_at=mail.noticed_at,
            sender=mail.from_address,
        )
        for mail in facts.waiting
    ]
    return tuple(sorted((*aside, *others), key=_newest, reverse=True))


def _newest(row: WaitingRow) -> tuple[datetime, str, str, str]:
    """By time, and among equals by the words, so that the order of arrival does not show."""
    return row.noticed_at or _NEVER, row.reason, row.about, row.sender or ""


def _newest_of(told: Iterable[FiledNotice]) -> dict[AttentionKind, datetime]:
    newest: dict[AttentionKind, datetime] = {}
    for filed in told:
        if (at := filed.notice.noticed_at) is not None:
            kind = AttentionKind(filed.notice.kind.value)
            newest[kind] = max(at, newest.get(kind, at))
    return newest


def _attention(
    facts: Facts, period: Period, latest: Period, *, now: datetime, has_mailbox: bool
) -> AttentionFacts:
    told = [filed for filed in facts.urgent if filed.outcome is not Outcome.FORGED and came_in(filed, period)]
    urgent = Counter(filed.notice.kind for filed in told)
    waiting = Counter(mail.result for mail in facts.waiting)
    outcomes = Counter(filed.set_aside_as for filed in facts.aside)
    unproven_counts = facts.account.trust.require_proof is RequireProof.NEVER
    found = surge(facts.events, at=now)
    conflicts = {filed.notice.order_id for filed, _ in facts.events if filed.conflicting_alias}
    return AttentionFacts(
        now=now,
        last_read_to_end_at=facts.last_read_to_end_at,
        incomplete_poll=incomplete_poll(facts.runs, now=now),
        has_mailbox=has_mailbox,
        names_receiver=bool(facts.account.trust.authserv_ids),
        restricted=urgent[NoticeKind.ACCOUNT_RESTRICTED],
        policy_blocks=urgent[NoticeKind.POLICY_BLOCK],
        not_authorised=urgent[NoticeKind.SENDER_NOT_AUTHORISED],
        newest=_newest_of(told),
        heard_until=facts.heard_until,
        speaks_until=period.end,
        unproven=outcomes[Outcome.UNPROVEN],
        forged=outcomes[Outcome.FORGED],
        misdirected=waiting["misdirected"],
        unrecognised=waiting["unrecognised"],
        unreadable=waiting["unreadable"],
        conflicting=len(conflicts | set(conflicting_orders(facts.events))),
        unmatched=unmatched(facts, period),
        not_our_orders=not_our_orders(facts, period),
        surge=(found.notices, found.usual) if found else None,
        mails_read=facts.totals.read,
        without_alias=sum(opt_out.alias is None for opt_out in facts.opt_outs),
        unproven_accepted_for=(facts.account.name,) if unproven_counts else (),
        new_orders=new_orders(facts, latest),
        notices=count_notices(facts, latest).notices,
    )
