"""Facts of an account on a quiet morning; a test changes what it is about."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bounce_watch.records.account import RequireProof
from bounce_watch.records.filed import Filed, Run, RunState
from bounce_watch.reports.health import AccountHealth, Health
from bounce_watch.upkeep.health import AccountFacts, account_health

NOW = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY_AND_A_BIT = 26 * HOUR

READ = Run(
    id=1,
    account="uk",
    command="daily",
    started_at=NOW - 2 * HOUR,
    finished_at=NOW - HOUR,
    state=RunState.COMPLETE,
    read=12,
    filed=Filed(),
)
FAILED = replace(
    READ,
    id=2,
    started_at=NOW - HOUR / 2,
    finished_at=NOW - HOUR / 3,
    state=RunState.FAILED,
    message="No server.",
)
QUIET = AccountFacts(
    account="uk",
    has_mailbox=True,
    require_proof=RequireProof.AUTO,
    runs=(READ,),
    last_read_to_end_at=NOW - HOUR,
    mails_read=12,
    waiting={},
    urgent={},
    opt_outs=3,
)


def seen(facts: AccountFacts, *, max_age: timedelta = DAY_AND_A_BIT) -> AccountHealth:
    return account_health(facts, now=NOW, max_age=max_age)


def health(*facts: AccountFacts) -> Health:
    return Health(made_at=NOW, max_age=DAY_AND_A_BIT, accounts=tuple(seen(each) for each in facts))
