"""Reads from the ledger what the health of an account goes by. It writes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta

from bounce_watch.flow import counted
from bounce_watch.records.account import Account
from bounce_watch.records.notice import NoticeKind, Outcome
from bounce_watch.reports.health import Health
from bounce_watch.store.ledger import Ledger
from bounce_watch.suppression.opt_outs import derive_opt_outs
from bounce_watch.upkeep.health import URGENT, AccountFacts, account_health

URGENT_FOR = timedelta(days=7)
"""How long a notice that calls for a stop keeps calling."""

RUNS_LOOKED_AT = 1_000
"""How far back the newest poll is looked for among runs of all kinds."""


def look(
    ledger: Ledger, accounts: Iterable[tuple[Account, bool]], *, now: datetime, max_age: timedelta
) -> Health:
    """The health of these accounts, each with whether it has a mailbox to poll."""
    found = tuple(
        account_health(
            account_facts(ledger, account, has_mailbox=has_mailbox, now=now), now=now, max_age=max_age
        )
        for account, has_mailbox in accounts
    )
    return Health(made_at=now, max_age=max_age, accounts=found)


def account_facts(ledger: Ledger, account: Account, *, has_mailbox: bool, now: datetime) -> AccountFacts:
    """What the ledger says of one account."""
    events, aside = counted(ledger, account)
    waiting = Counter(mail.result for mail in ledger.waiting(account.name))
    last = ledger.last_complete_poll(account.name)
    return AccountFacts(
        account=account.name,
        has_mailbox=has_mailbox,
        require_proof=account.trust.require_proof,
        runs=ledger.runs(account.name, limit=RUNS_LOOKED_AT),
        last_read_to_end_at=last.finished_at if last else None,
        mails_read=ledger.totals(account.name).read,
        waiting=waiting + Counter(filed.set_aside_as.value for filed in aside),
        urgent=_urgent(ledger, account, now=now),
        opt_outs=sum(1 for _ in derive_opt_outs(account.name, events)),
    )


def _urgent(ledger: Ledger, account: Account, *, now: datetime) -> Counter[str]:
    """By kind. A forged one calls for nothing; one of unknown time may be of today."""
    return Counter(
        filed.notice.kind.value
        for filed in ledger.other_notices(account.name, [NoticeKind(name) for name in URGENT])
        if filed.outcome is not Outcome.FORGED
        and (filed.notice.noticed_at is None or now - filed.notice.noticed_at <= URGENT_FOR)
    )
