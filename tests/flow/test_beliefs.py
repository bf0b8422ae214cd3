"""Whose word ties an alias to an order, and what a person took back never does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bounce_watch.errors import GuardStopped
from bounce_watch.listed import opt_outs
from bounce_watch.records.account import Account
from bounce_watch.records.decision import Action, Decision
from bounce_watch.records.ids import Alias
from bounce_watch.records.notice import Evidence, Finding
from bounce_watch.records.opt_out import AliasFrom
from bounce_watch.store.ledger import Ledger, open_ledger
from bounce_watch.suppression.preset import load_preset
from bounce_watch.upkeep.export import export
from tests.store.makers import (
    ACCOUNT,
    HOUR,
    NOON,
    UNPROVEN,
    buyer,
    finding,
    link,
    log,
    notice,
    opt_out,
    order,
    unrecognised,
)

UK, DE = Account(name=ACCOUNT), Account(name="de")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with open_ledger(f"sqlite:///{tmp_path}/ledger.sqlite") as opened:
        yield opened


def file(ledger: Ledger, *findings: Finding, account: str = ACCOUNT, mend: bool = False) -> int:
    run = ledger.start_run(account, "poll", at=NOON)
    ledger.file(run, findings, cursor=None, read=len(findings), passed=0, mend=mend)
    return run


def decide(ledger: Ledger, action: Action, subject: str) -> None:
    ledger.decide(
        Decision(account=ACCOUNT, action=action, subject=subject, actor="nina", decided_at=NOON + HOUR)
    )


def alias_of(ledger: Ledger) -> tuple[Alias | None, AliasFrom]:
    (found,) = opt_outs(ledger, UK)
    return found.alias, found.alias_from


def known(ledger: Ledger, *links: int) -> None:
    run = ledger.start_run(ACCOUNT, "sent import", at=NOON)
    ledger.file_sent_log(run, log(links=[link(order(1), buyer(number)) for number in links]))


def test_an_unproven_notice_does_not_outrank_our_own_logs(ledger: Ledger) -> None:
    known(ledger, 1)
    file(ledger, finding(notice(1, order_id=order(1), alias=buyer(66)), verdict=UNPROVEN))
    assert alias_of(ledger) == (buyer(1), AliasFrom.ORDER_REPORT)


def test_an_unproven_notice_does_not_contest_a_proven_one(ledger: Ledger) -> None:
    known(ledger, 7)
    file(ledger, finding(notice(1, order_id=order(1), alias=buyer(1))))
    file(ledger, finding(notice(2, order_id=order(1), alias=buyer(66)), verdict=UNPROVEN))
    assert alias_of(ledger) == (buyer(1), AliasFrom.NOTICE)


def test_an_unproven_notice_names_the_alias_where_nobody_else_does(ledger: Ledger) -> None:
    file(ledger, finding(notice(1, order_id=order(1), alias=buyer(5)), verdict=UNPROVEN))
    decide(ledger, Action.ACCEPT, notice(1).fingerprint)
    assert alias_of(ledger) == (buyer(5), AliasFrom.NOTICE)


@pytest.mark.parametrize("taken_back", [Action.DISMISS, Action.REOPEN])
def test_what_a_person_made_and_took_back_ties_nothing(ledger: Ledger, taken_back: Action) -> None:
    file(ledger, finding(unrecognised(1)))
    wrong = replace(notice(1, order_id=order(1), alias=buyer(66)), evidence=Evidence.PERSON)
    run = ledger.start_run(ACCOUNT, "review", at=NOON)
    ledger.file_anew(run, [finding(wrong)])
    decide(ledger, Action.ACCEPT, wrong.fingerprint)
    assert alias_of(ledger) == (buyer(66), AliasFrom.NOTICE)
    decide(ledger, taken_back, wrong.fingerprint)
    file(ledger, finding(notice(2, order_id=order(1))))
    assert alias_of(ledger) == (None, AliasFrom.NONE)
    assert ledger.orders_of_aliases(ACCOUNT, [buyer(66)]) == {buyer(66): []}


def test_what_a_person_made_in_an_undone_run_does_not_hide_what_is_understood_later(ledger: Ledger) -> None:
    file(ledger, finding(unrecognised(1)))
    run = ledger.start_run(ACCOUNT, "review", at=NOON)
    ledger.file_anew(run, [finding(replace(notice(1, order_id=order(9)), evidence=Evidence.PERSON))])
    decide(ledger, Action.ACCEPT, notice(1).fingerprint)
    decide(ledger, Action.UNDO, str(run))
    file(ledger, opt_out(1))
    assert [found.order_id for found in opt_outs(ledger, UK)] == [order(1)]


def test_the_guard_holds_whichever_accounts_a_file_was_written_for(ledger: Ledger, tmp_path: Path) -> None:
    file(ledger, opt_out(1))
    file(ledger, finding(notice(2), account="de"), account="de")
    preset, path = load_preset("orders"), tmp_path / "list.txt"
    assert export(ledger, [UK, DE], preset, path, at=NOON).went == ()
    before = path.read_bytes()
    with pytest.raises(GuardStopped, match="1 entry"):
        export(ledger, [UK], preset, path, at=NOON + HOUR)
    assert path.read_bytes() == before
    done = export(ledger, [DE, UK], preset, path, at=NOON + HOUR)
    assert (done.came, done.went) == ((), ())


def test_one_buyer_of_two_accounts_stands_once_in_a_list_of_addresses(ledger: Ledger, tmp_path: Path) -> None:
    file(ledger, finding(notice(1, alias=buyer(1))))
    file(ledger, finding(notice(2, alias=buyer(1)), account="de"), account="de")
    path = tmp_path / "list.txt"
    export(ledger, [UK, DE], load_preset("addresses"), path, at=NOON)
    assert path.read_text().split() == [str(buyer(1))]


def test_a_choice_holds_until_a_newer_notice_names_another_alias(ledger: Ledger) -> None:
    known(ledger, 7)
    file(ledger, finding(notice(1, order_id=order(1), alias=buyer(1))))
    ledger.decide(
        Decision(
            account=ACCOUNT,
            action=Action.CHOOSE_ALIAS,
            subject=ledger.hash_of(order(1)),
            order_id=order(1),
            alias=buyer(1),
            actor="nina",
            decided_at=NOON + HOUR,
        )
    )
    assert alias_of(ledger) == (buyer(1), AliasFrom.PERSON)
    assert [filed.conflicting_alias for filed in ledger.opt_out_notices(ACCOUNT)] == [None]
    later = ledger.start_run(ACCOUNT, "poll", at=NOON + 2 * HOUR)
    ledger.file(
        later,
        [
            finding(notice(2, order_id=order(1), alias=buyer(1))),
            finding(notice(3, order_id=order(1), alias=buyer(3))),
        ],
        cursor=None,
        read=2,
        passed=0,
    )
    assert alias_of(ledger) == (buyer(1), AliasFrom.PERSON)
    conflicts = {filed.conflicting_alias for filed in ledger.opt_out_notices(ACCOUNT)}
    assert conflicts == {None, buyer(3)}
