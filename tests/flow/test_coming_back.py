"""Whoever leaves the list for a time only comes back to it with a name that a tool can use."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from bounce_watch.listed import entries
from bounce_watch.records.account import Account, RequireProof, Trust
from bounce_watch.records.decision import Action, Decision, DecisionScope
from bounce_watch.store.ledger import open_ledger
from bounce_watch.upkeep.retention import purge
from tests.store import makers
from tests.store.makers import NOON, buyer

ACCOUNT = Account(name="uk", trust=Trust(require_proof=RequireProof.NEVER))
DAY = timedelta(days=1)


def test_who_is_released_for_a_time_comes_back_with_his_name(tmp_path: Path) -> None:
    """Sixty days; the names of everybody else are hashes after thirty."""
    with open_ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}") as ledger:
        run = ledger.start_run("uk", "import", at=NOON)
        found = [makers.finding(makers.notice(number, alias=buyer(number))) for number in (1, 2, 3)]
        ledger.file(run, found, cursor=None, read=3, passed=0)
        for number, days in ((1, 60), (2, None)):
            ledger.decide(
                Decision(
                    account="uk",
                    action=Action.RELEASE,
                    subject=ledger.hash_of(buyer(number)),
                    actor="ann",
                    decided_at=NOON + DAY,
                    alias=buyer(number),
                    scope=DecisionScope.BUYER,
                    expires_at=NOON + days * DAY if days else None,
                )
            )
        for days in (35, 50):
            purge(ledger, ACCOUNT, now=NOON + days * DAY)
        listed = [entry.alias for entry in entries(ledger, ACCOUNT, at=NOON + 61 * DAY)]
        assert listed == [buyer(1), buyer(3)]
        (released,) = ledger.orders_of_aliases("uk", [buyer(2)])[buyer(2)]
        assert released.is_hashed
