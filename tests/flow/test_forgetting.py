"""What was forgotten stays forgotten, whichever door it comes back through, and what the list needs stays."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bounce_watch.flow import suppression_list
from bounce_watch.records.account import Account
from bounce_watch.records.decision import Action, Decision
from bounce_watch.records.filed import Filed, RunState
from bounce_watch.records.notice import Finding
from bounce_watch.store import tables
from bounce_watch.store.ledger import Ledger, open_ledger
from bounce_watch.upkeep.retention import erase, every_account, purge
from tests.store.makers import (
    ACCOUNT,
    FORGED,
    NOON,
    UNPROVEN,
    buyer,
    finding,
    link,
    log,
    notice,
    opt_out,
    order,
    send,
    unrecognised,
)

UK = Account(name=ACCOUNT)
LATER = NOON + timedelta(days=400)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with open_ledger(f"sqlite:///{tmp_path}/ledger.sqlite") as opened:
        yield opened


def file(ledger: Ledger, *findings: Finding, message: str = "") -> None:
    run = ledger.start_run(ACCOUNT, "import", at=NOON)
    ledger.file(run, findings, cursor=None, read=len(findings), passed=0)
    ledger.finish_run(
        run, at=NOON, state=RunState.COMPLETE, read=len(findings), filed=Filed(), message=message
    )


def clear_names(ledger: Ledger) -> set[str]:
    with ledger._reading() as connection:
        rows = connection.execute(tables.IDENTITY.select()).mappings().all()
    return {row["clear"] for row in rows if row["clear"]}


@pytest.mark.parametrize("by_order", [True, False])
def test_a_buyer_whom_an_unproven_notice_put_on_the_list_is_erased_whole(
    ledger: Ledger, by_order: bool
) -> None:
    """The order is known to us and the alias only to the notice: erasing one takes the other along."""
    run = ledger.start_run(ACCOUNT, "sent import", at=NOON)
    ledger.file_sent_log(run, log([send(1)]))
    file(ledger, finding(notice(1, alias=buyer(1)), verdict=UNPROVEN))
    (entry,) = suppression_list(ledger, UK, at=NOON).entries
    assert (entry.alias, entry.order_ids) == (buyer(1), (order(1),))
    done = erase(ledger, UK, order(1) if by_order else buyer(1), actor="nina", note="", now=NOON)
    assert done.listed
    assert clear_names(ledger) == set()
    (entry,) = suppression_list(ledger, UK, at=NOON).entries
    assert entry.alias is not None
    assert entry.alias.is_hashed


def test_an_account_that_these_settings_do_not_know_keeps_what_may_be_on_its_list(ledger: Ledger) -> None:
    file(
        ledger,
        opt_out(1),
        finding(notice(2, alias=buyer(2)), verdict=UNPROVEN),
        finding(notice(3, alias=buyer(3)), verdict=FORGED),
    )
    (unknown,) = every_account([], ledger)
    assert unknown.name == ACCOUNT
    purge(ledger, unknown, now=LATER)
    assert clear_names(ledger) == {str(order(1)), str(order(2)), str(buyer(2))}
    (known,) = every_account([UK], ledger)
    purge(ledger, known, now=LATER)
    assert clear_names(ledger) == {str(order(1))}


def test_file_names_and_messages_hold_no_names(ledger: Ledger) -> None:
    name = f"mail/Order {order(1)} {buyer(1)}.eml"
    file(ledger, finding(unrecognised(1), folder=name), message=f"{name} could not be read")
    with ledger._reading() as connection:
        (place,) = connection.scalars(tables.SIGHTING.select().with_only_columns(tables.SIGHTING.c.folder))
        (message,) = connection.scalars(tables.RUN.select().with_only_columns(tables.RUN.c.message))
    assert place == "mail/Order – –"
    assert message == "mail/Order – – could not be read"


def test_octets_that_were_forgotten_do_not_come_back(ledger: Ledger) -> None:
    mail = finding(unrecognised(1), octets=b"Subject: x\r\n\r\nb3JkZXI=\r\n")
    file(ledger, mail)
    assert len(list(ledger.set_aside(ACCOUNT))) == 1
    purge(ledger, UK, now=LATER)
    assert list(ledger.set_aside(ACCOUNT)) == []
    file(ledger, mail)
    assert list(ledger.set_aside(ACCOUNT)) == []


def test_a_late_link_brings_the_alias_of_an_old_entry(ledger: Ledger) -> None:
    """The mailbox is read first, and the order report long after: the list has the alias in clear."""
    file(ledger, opt_out(1))
    purge(ledger, UK, now=LATER)
    run = ledger.start_run(ACCOUNT, "sent import", at=LATER)
    ledger.file_sent_log(run, log(links=[link(order(1), buyer(1))]))
    purge(ledger, UK, now=LATER)
    (entry,) = suppression_list(ledger, UK, at=LATER).entries
    assert (entry.alias, entry.order_ids) == (buyer(1), (order(1),))


def test_a_damaged_decision_and_a_damaged_erasure_go_on_holding(ledger: Ledger) -> None:
    file(ledger, opt_out(1), opt_out(2))
    erase(ledger, UK, order(2), actor="nina", note="asked", now=NOON)
    first = ledger.runs(ACCOUNT, 1)[0].id
    ledger.decide(
        Decision(account=ACCOUNT, action=Action.UNDO, subject=str(first), actor="nina", decided_at=NOON)
    )
    with ledger._writing() as connection:
        connection.execute(tables.DECISION.update().values(note="nothing"))
        connection.execute(tables.IDENTITY.update().values(marketplace="amazon.xx"))
    assert list(ledger.damages())
    ledger.mend_rest([ACCOUNT], now=NOON)
    assert list(ledger.damages()) == []
    assert suppression_list(ledger, UK, at=NOON).entries == ()
    again = ledger.start_run(ACCOUNT, "rebuild", at=NOON)
    ledger.file(again, [opt_out(1), opt_out(2)], cursor=None, read=2, passed=0, mend=True)
    assert suppression_list(ledger, UK, at=NOON).entries == ()
    assert str(order(2)) not in clear_names(ledger)
