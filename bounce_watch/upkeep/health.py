"""Is each account read as it should be, and does anything wait? Facts in, verdict out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bounce_watch.records.account import RequireProof
from bounce_watch.records.filed import Run
from bounce_watch.reports.attention import AttentionFacts, attention
from bounce_watch.reports.content import Severity
from bounce_watch.reports.health import AccountHealth
from bounce_watch.reports.polls import incomplete_poll, newest_poll

WAITING = ("unproven", "forged", "misdirected", "unrecognised", "unreadable")
"""Why a mail waits for a person."""

URGENT = ("account_restricted", "policy_block", "sender_not_authorised")
"""Kinds of notices after which sending has to stop or change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountFacts:
    """What the ledger and the settings say of one account.

    `runs` come newest first. `waiting` and `urgent` are numbers by the names of `WAITING` and `URGENT`;
    a name that is missing is none. `mails_read` is how many mails were ever read.
    """

    account: str
    has_mailbox: bool
    require_proof: RequireProof
    runs: Sequence[Run]
    last_read_to_end_at: datetime | None
    mails_read: int
    waiting: Mapping[str, int]
    urgent: Mapping[str, int]
    opt_outs: int


def account_health(facts: AccountFacts, *, now: datetime, max_age: timedelta) -> AccountHealth:
    """The health of one account: every STOP and CHECK line that a report would have of it is a reason.

    An account without a mailbox is never stale, yet one that never read a mail is. That unproven notices
    count is a choice of the settings: said as a note, no reason.
    """
    unproven_count = facts.require_proof is RequireProof.NEVER
    waiting = {name: facts.waiting.get(name, 0) for name in WAITING}
    urgent = {name: facts.urgent.get(name, 0) for name in URGENT}
    lines = attention(
        AttentionFacts(
            now=now,
            last_read_to_end_at=facts.last_read_to_end_at,
            incomplete_poll=incomplete_poll(facts.runs, now=now),
            stale_after=max_age,
            has_mailbox=facts.has_mailbox,
            mails_read=facts.mails_read,
            restricted=urgent["account_restricted"],
            policy_blocks=urgent["policy_block"],
            not_authorised=urgent["sender_not_authorised"],
            unproven_accepted_for=(facts.account,) if unproven_count else (),
            unproven=waiting["unproven"],
            forged=waiting["forged"],
            misdirected=waiting["misdirected"],
            unrecognised=waiting["unrecognised"],
            unreadable=waiting["unreadable"],
        )
    )
    return AccountHealth(
        account=facts.account,
        has_mailbox=facts.has_mailbox,
        last_read_to_end_at=facts.last_read_to_end_at,
        newest_poll=newest_poll(facts.runs),
        waiting=waiting,
        urgent=urgent,
        opt_outs=facts.opt_outs,
        proof_required=not unproven_count,
        findings=tuple(line for line in lines if line.kind.severity is not Severity.CALM),
    )
