"""What the ledger says about one account, read once, and the plain questions one can ask of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bounce_watch.flow import counted, trusted
from bounce_watch.rates.coverage import denominator_spans, is_in_force
from bounce_watch.records.account import Account
from bounce_watch.records.decision import Action
from bounce_watch.records.filed import FiledNotice, FiledSend, Run, RunState, Totals, WaitingMail
from bounce_watch.records.ids import Alias
from bounce_watch.records.mail import Fingerprint
from bounce_watch.records.notice import NoticeKind, Outcome
from bounce_watch.records.opt_out import OptOut
from bounce_watch.records.rate import Period
from bounce_watch.records.sent import LogSpan, SendOutcome, SentCoverage
from bounce_watch.reports.polls import POLLS
from bounce_watch.sent_log.match import is_blockable, match_sends
from bounce_watch.store.ledger import Ledger
from bounce_watch.suppression.opt_outs import derive_opt_outs

URGENT = (NoticeKind.ACCOUNT_RESTRICTED, NoticeKind.POLICY_BLOCK, NoticeKind.SENDER_NOT_AUTHORISED)
"""Kinds that stand in the first line of a report."""

_READ = (RunState.COMPLETE, RunState.PARTLY)
_NEVER = datetime.min.replace(tzinfo=UTC)

RUNS_LOOKED_AT = 1_000
"""How far back the newest poll is looked for among runs of all kinds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`events` are the counted notices, each with the blocked messages it stands for; `answered` their sends.

    `spans` say which log is the denominator when: only sends of that log answer notices. `withheld` are the sends to
    the same buyers that scrub took out, `blockable` those that went out and could be blocked. Notices in
    `known_elsewhere` answer a message of a log that is not the denominator then. `heard_until` is how far the mail
    was read, None: never. `runs` are newest first.
    """

    account: Account
    events: list[tuple[FiledNotice, int]]
    aside: list[FiledNotice]
    opt_outs: list[OptOut]
    answered: dict[Fingerprint, FiledSend]
    known_elsewhere: frozenset[Fingerprint]
    withheld: list[FiledSend]
    blockable: list[FiledSend]
    coverages: list[SentCoverage]
    spans: tuple[LogSpan, ...]
    order_reports: tuple[datetime, datetime] | None
    waiting: list[WaitingMail]
    urgent: list[FiledNotice]
    totals: Totals
    runs: list[Run]
    heard_until: datetime | None
    last_read_to_end_at: datetime | None


def read_facts(ledger: Ledger, account: Account) -> Facts:
    """Everything that the reports of an account go by."""
    account = trusted(ledger, account)
    events, aside = counted(ledger, account)
    blocked = [filed for filed, messages in events if messages]
    by_buyer = {filed.notice.fingerprint: alias_of(filed) for filed in blocked}
    orders = {filed.notice.order_id for filed in blocked if filed.notice.order_id}
    aliases = {alias for filed in blocked if (alias := alias_of(filed))}
    # Their other orders as well: what went to the same buyer tells when it was first written to, or withheld.
    orders.update(*ledger.orders_of_aliases(account.name, aliases).values())
    coverages, runs = ledger.coverages(account.name), ledger.runs(account.name, limit=RUNS_LOOKED_AT)
    heard_until = _heard_until(runs)
    spans = denominator_spans(coverages, heard_until=heard_until or _NEVER)
    sends = list(ledger.sends_for(account.name, orders, aliases))
    in_force = [filed for filed in sends if is_in_force(spans, filed.send.sent_at, filed.send.origin)]
    notices = [filed.notice for filed in blocked]
    answered = match_sends(notices, in_force, aliases=by_buyer)
    unanswered = [notice for notice in notices if notice.fingerprint not in answered]
    last_poll = ledger.last_complete_poll(account.name)
    return Facts(
        account=account,
        events=events,
        aside=aside,
        opt_outs=list(derive_opt_outs(account.name, events)),
        answered=answered,
        known_elsewhere=frozenset(match_sends(unanswered, sends, aliases=by_buyer)),
        blockable=[filed for filed in in_force if is_blockable(filed.send)],
        withheld=[filed for filed in sends if filed.send.outcome is SendOutcome.WITHHELD],
        coverages=coverages,
        spans=spans,
        order_reports=ledger.order_report_span(account.name),
        waiting=ledger.waiting(account.name),
        urgent=[
            filed
            for filed in ledger.other_notices(account.name, URGENT)
            if filed.decided is not Action.DISMISS
        ],
        totals=ledger.totals(account.name),
        runs=runs,
        heard_until=heard_until,
        last_read_to_end_at=last_poll.finished_at if last_poll else None,
    )


def _heard_until(runs: Sequence[Run]) -> datetime | None:
    """When the newest poll began that read on to the end, all but single mails; where none ever did, the newest import."""
    read = [run for run in runs if run.state in _READ and not run.undone]
    polls = [run for run in read if run.command in POLLS]
    return max((run.started_at for run in polls or read if run.command in {*POLLS, "import"}), default=None)


def within(instant: datetime | None, period: Period | None) -> bool:
    """True when the instant lies in the period; without a period always."""
    if period is None:
        return True
    return instant is not None and period.start <= instant < period.end


LATE = timedelta(days=30)
"""How old a notice may be that was read late and is news all the same; older ones come with an old archive."""


def came_in(filed: FiledNotice, period: Period) -> bool:
    """True when a notice came in the period, or was read in it after an outage; one of unknown time came when it was read."""
    at = filed.notice.noticed_at
    if within(at, period):
        return True
    return within(filed.filed_at, period) and (at is None or period.start - LATE <= at < period.end)


def alias_of(filed: FiledNotice) -> Alias | None:
    """The alias of a notice's buyer; one that many share is nobody's. Our own logs stand above an unproven notice."""
    known = (filed.notice.alias, filed.linked_alias)
    if filed.outcome is not Outcome.GENUINE and filed.decided is not Action.ACCEPT:
        known = (filed.linked_alias, filed.notice.alias)
    return next((alias for alias in known if alias and not alias.is_shared), None)


def notice_marketplace(filed: FiledNotice) -> str | None:
    """The marketplace of a notice, else of its buyer's alias."""
    alias = alias_of(filed)
    return filed.notice.marketplace or (alias.marketplace if alias else None)
