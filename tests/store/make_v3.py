"""Writes fixtures/ledgers/v3.sqlite and its key, a ledger of the third schema with invented facts in every table.

Run once, with the program of that schema: `python -m tests.store.make_v3 fixtures/ledgers/v3.sqlite`.
The files are never written again: they stand for the ledgers that sellers have.
"""

from __future__ import annotations

import sys

from bounce_watch.records.decision import Action, Decision, DecisionScope
from bounce_watch.records.filed import ExportForm, Filed, RunState
from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.store.ledger import Ledger, open_ledger

from . import make_v2
from .make_v2 import LATER
from .makers import ACCOUNT, HOUR, buyer, exported, order


def fill(url: str) -> None:
    """The facts of make_v2; decisions about the list, one of them by an import; a series of two exports."""
    make_v2.fill(url)
    with open_ledger(url) as ledger:
        run = ledger.start_run(ACCOUNT, "suppressions import", at=LATER)
        ledger.decide(
            _decision(ledger, Action.ADD, buyer(21), run_id=run),
            _decision(ledger, Action.ADD, order(21), run_id=run),
            _decision(ledger, Action.ADD, order(22), scope=DecisionScope.ORDER, days=400),
        )
        ledger.finish_run(run, at=LATER + HOUR, state=RunState.COMPLETE, read=2, filed=Filed(new=2))
        ledger.decide(_decision(ledger, Action.RELEASE, order(1)), _decision(ledger, Action.ALLOW, buyer(2)))
        exported(ledger, [1, 2], hours=800)
        exported(ledger, [2, 21], hours=801, form=ExportForm.DELTA)
        ledger.sweep_out()


def _decision(
    ledger: Ledger,
    action: Action,
    name: OrderId | Alias,
    *,
    scope: DecisionScope = DecisionScope.BUYER,
    days: int | None = None,
    run_id: int | None = None,
) -> Decision:
    return Decision(
        account=ACCOUNT,
        action=action,
        subject=ledger.hash_of(name),
        actor="owner",
        decided_at=LATER,
        note="asked by phone",
        order_id=name if isinstance(name, OrderId) else None,
        alias=name if isinstance(name, Alias) else None,
        scope=scope,
        expires_at=LATER + days * 24 * HOUR if days else None,
        run_id=run_id,
    )


if __name__ == "__main__":
    fill(f"sqlite:///{sys.argv[1]}")
