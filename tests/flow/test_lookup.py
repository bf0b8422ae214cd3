"""The answer about a few names is the one that the whole list gives, whatever the facts are."""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bounce_watch.flow import suppression_list
from bounce_watch.listed import lookup
from bounce_watch.records.account import Account, RequireProof, Trust
from bounce_watch.records.decision import Action, Decision, DecisionScope
from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.notice import Finding
from bounce_watch.records.opt_out import SuppressionEntry
from bounce_watch.store.ledger import Ledger, open_ledger
from tests.store import makers
from tests.store.makers import FORGED, GENUINE, HOUR, NOON, SHARED, UNPROVEN, buyer, link, log, order, send

LATER = NOON + 40 * HOUR
EXAMPLES = int(os.environ.get("BOUNCE_WATCH_EXAMPLES", "12"))
"""400 take ten minutes."""

ORDERS = [order(number) for number in range(1, 7)]
BUYERS = [buyer(number) for number in range(1, 5)]

_orders, _buyers = st.sampled_from(ORDERS), st.sampled_from(BUYERS)
_hours = st.integers(0, 30)

NOTICES = st.lists(
    st.tuples(
        _orders,
        st.one_of(st.none(), _buyers, st.just(SHARED)),
        st.sampled_from([GENUINE, UNPROVEN, FORGED]),
        _hours,
    ),
    max_size=6,
)
LINKS = st.lists(st.tuples(_orders, _buyers), max_size=5)
SENDS = st.lists(st.tuples(_orders, st.one_of(st.none(), _buyers, st.just(SHARED)), _hours), max_size=4)
DECISIONS = st.lists(
    st.tuples(
        st.sampled_from([Action.ADD, Action.RELEASE, Action.ALLOW]),
        st.one_of(_orders, _buyers),
        st.booleans(),
        _hours,
        st.one_of(st.none(), st.integers(1, 60)),
    ),
    max_size=5,
)


def _fill(ledger: Ledger, notices: Any, links: Any, sends: Any, decisions: Any) -> None:
    run = ledger.start_run("uk", "poll", at=NOON)
    found = [_finding(number, *each) for number, each in enumerate(notices)]
    ledger.file(run, found, cursor=None, read=len(found), passed=0)
    sent = [
        send(number, order_id=order_id, alias=alias, sent_at=NOON + hours * HOUR)
        for number, (order_id, alias, hours) in enumerate(sends, start=50)
    ]
    ledger.file_sent_log(run, log(sent, [link(order_id, alias) for order_id, alias in links]))
    ledger.decide(*(_decision(ledger, *each) for each in decisions))


def _finding(number: int, order_id: OrderId, alias: Alias | None, verdict: Any, hours: int) -> Finding:
    notice = makers.notice(number + 100, alias=alias, noticed_at=NOON + hours * HOUR)
    return makers.finding(replace(notice, order_id=order_id), verdict=verdict)


def _decision(
    ledger: Ledger, action: Action, name: OrderId | Alias, alone: bool, hours: int, expires: int | None
) -> Decision:
    by_order = isinstance(name, OrderId)
    return Decision(
        account="uk",
        action=action,
        subject=ledger.hash_of(name),
        actor="ann",
        decided_at=NOON + hours * HOUR,
        order_id=name if isinstance(name, OrderId) else None,
        alias=name if isinstance(name, Alias) else None,
        scope=DecisionScope.ORDER if alone and by_order else DecisionScope.BUYER,
        expires_at=NOON + expires * HOUR if expires else None,
    )


def _by_name(ledger: Ledger, account: Account) -> dict[str, SuppressionEntry]:
    """The entry that each name (its hash) stands in, by reading the whole list; the first one, if in several."""
    found: dict[str, SuppressionEntry] = {}
    for entry in suppression_list(ledger, account, at=LATER).entries:
        names: list[OrderId | Alias] = [*entry.order_ids, *([entry.alias] if entry.alias else [])]
        for name in names:
            found.setdefault(ledger.hash_of(name), entry)
    return found


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    notices=NOTICES,
    links=LINKS,
    sends=SENDS,
    decisions=DECISIONS,
    proof=st.sampled_from(RequireProof),
    days=st.one_of(st.none(), st.just(1)),
    purged=st.booleans(),
)
def test_a_lookup_says_what_the_list_says(
    notices: Any, links: Any, sends: Any, decisions: Any, proof: RequireProof, days: int | None, purged: bool
) -> None:
    account = Account(name="uk", trust=Trust(require_proof=proof), expire_after_days=days)
    names: list[OrderId | Alias] = [*ORDERS, *BUYERS, order(99), buyer(99), SHARED]
    with tempfile.TemporaryDirectory() as folder, open_ledger(f"sqlite:///{Path(folder) / 'l'}") as ledger:
        _fill(ledger, notices, links, sends, decisions)
        if purged:
            ledger.purge("uk", listed=(), now=NOON + timedelta(days=40))
        listed = _by_name(ledger, account)
        expected = {name: listed.get(ledger.hash_of(name)) for name in names}
        together = lookup(ledger, account, names, at=LATER)
        assert {name: answer.entry for name, answer in together.items()} == expected
        for name in (ORDERS[0], BUYERS[0]):
            (answer,) = lookup(ledger, account, [name], at=LATER).values()
            assert answer == together[name]


def test_what_a_person_allowed_is_said() -> None:
    account = Account(name="uk", trust=Trust(require_proof=RequireProof.NEVER))
    with tempfile.TemporaryDirectory() as folder, open_ledger(f"sqlite:///{Path(folder) / 'l'}") as ledger:
        notices = [(order(1), buyer(1), GENUINE, 1), (order(2), buyer(2), GENUINE, 1)]
        decisions = [
            (Action.ALLOW, buyer(1), False, 2, None),
            (Action.ALLOW, order(3), True, 2, None),
        ]
        _fill(ledger, notices, [(order(3), buyer(2))], [], decisions)
        answers = lookup(ledger, account, [order(1), buyer(1), order(2), order(3), buyer(3)], at=LATER)
        assert [(each.is_listed, each.allowed) for each in answers.values()] == [
            (False, True),
            (False, True),
            (True, False),
            (False, True),
            (False, False),
        ]
        entry = answers[order(2)].entry
        assert entry
        assert entry.allowed_orders == (order(3),)
