"""Drafts and what is known beside them, with everything in order unless a test says otherwise."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from bounce_watch.outgoing.draft import Draft, InLedger, Known
from bounce_watch.outgoing.judge import judge
from bounce_watch.outgoing.notes import Judgement
from bounce_watch.outgoing.rules import load_rules
from bounce_watch.records.ids import MARKETPLACES

AT = datetime(2026, 11, 23, 10, tzinfo=UTC)
ALIAS = "k7q2m9x4t1vbz@marketplace.amazon.co.uk"
ORDER = "203-5518274-9036417"
OWN = "support@seller.example"
ALWAYS = {"from.registered", "body.language"}
"""What can never be checked, and is said of every mail."""


def draft(**changes: Any) -> Draft:
    """A mail with nothing to find in it."""
    fields: dict[str, Any] = {
        "from_address": OWN,
        "recipients": (ALIAS,),
        "subject": f"Order {ORDER}",
        "text": "Which spelling shall we engrave?",
    }
    return Draft(**(fields | changes))


def in_ledger(**changes: Any) -> InLedger:
    """An order that was placed ten days ago, by an order report, and a list of today."""
    fields: dict[str, Any] = {"ordered_at": datetime(2026, 11, 13, tzinfo=UTC)}
    return InLedger(**(fields | changes))


def known(**changes: Any) -> Known:
    """An account with one address, and a ledger."""
    fields: dict[str, Any] = {"marketplaces": MARKETPLACES, "own_addresses": (OWN,), "ledger": in_ledger()}
    return Known(**(fields | changes))


def judged(beside: Known | None = None, **changes: Any) -> Judgement:
    """The judgement of such a mail."""
    return judge(draft(**changes), beside or known(), load_rules(), at=AT)


def found(judgement: Judgement) -> set[str]:
    """Which rules it touches and where: `rule place`."""
    return {f"{each.rule.id} {each.place}" for each in judgement.found}


def not_checked(judgement: Judgement) -> set[str]:
    """Which checks could not be made, without those that never can."""
    return {each.rule for each in judgement.not_checked} - ALWAYS
