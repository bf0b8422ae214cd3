"""Decisions, and what an undone run takes out of every answer of the ledger; run on each back end."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bounce_watch.records.decision import Action, Decision
from bounce_watch.records.filed import UNDONE, Filed, ResultCount, RunContents
from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.notice import NoticeKind, Outcome
from bounce_watch.records.opt_out import AliasFrom
from bounce_watch.store.ledger import Ledger

from . import makers
from .contract import LedgerFixtures
from .dump import assert_reconciled
from .makers import (
    ACCOUNT,
    FORGED,
    GENUINE,
    HOUR,
    NOON,
    UNPROVEN,
    buyer,
    coverage,
    link,
    log,
    order,
    print_of,
    send,
)


def decide(
    ledger: Ledger,
    action: Action,
    subject: str,
    *,
    hours: int = 1,
    account: str = ACCOUNT,
    note: str = "",
    order_id: OrderId | None = None,
    alias: Alias | None = None,
) -> Decision:
    decision = Decision(
        account=account,
        action=action,
        subject=subject,
        actor="ann",
        decided_at=NOON + hours * HOUR,
        note=note,
        order_id=order_id,
        alias=alias,
    )
    ledger.decide(decision)
    return decision


class DecisionContract(LedgerFixtures):
    @pytest.fixture
    def second(self, ledger: Ledger, run_id: int) -> int:
        return ledger.start_run(ACCOUNT, "sent import", at=NOON)

    def test_decisions_come_back_as_they_were_filed(self, ledger: Ledger, run_id: int) -> None:
        undo = decide(ledger, Action.UNDO, str(run_id), note="wrong file")
        accept = decide(ledger, Action.ACCEPT, print_of(1), hours=0)
        chosen = decide(
            ledger,
            Action.CHOOSE_ALIAS,
            ledger.hash_of(order(1)),
            order_id=order(1),
            alias=buyer(1),
        )
        decide(ledger, Action.UNDO, "77", account="de")
        assert ledger.decisions(ACCOUNT) == [undo, accept, chosen]
        assert ledger.decisions(ACCOUNT, Action.ACCEPT, Action.DISMISS) == [accept]
        assert ledger.decisions("fr") == []

    def test_a_note_keeps_no_order_id_and_no_address(self, ledger: Ledger) -> None:
        note = f"{order(1)} of {buyer(1)}, says Ann"
        decide(ledger, Action.ACCEPT, print_of(1), note=note)
        (kept,) = ledger.decisions(ACCOUNT)
        assert str(order(1)) not in kept.note
        assert str(buyer(1)) not in kept.note
        assert "says Ann" in kept.note

    def test_the_last_decision_holds(self, ledger: Ledger, run_id: int) -> None:
        found = makers.opt_out(1, verdict=UNPROVEN)
        ledger.file(run_id, [found], cursor=None, read=1, passed=0)
        told = []
        for action in (Action.ACCEPT, Action.DISMISS, Action.REOPEN, Action.ACCEPT):
            decide(ledger, action, print_of(1))  # all at one instant: the order of filing tells
            (filed,) = ledger.opt_out_notices(ACCOUNT)
            told.append(filed.decided)
        assert told == [Action.ACCEPT, Action.DISMISS, None, Action.ACCEPT]

    def test_undone_as_of_an_instant(self, ledger: Ledger, run_id: int) -> None:
        """A notice of order 2 ties it to its buyer; undone at one o'clock and redone at two."""
        named = makers.finding(makers.notice(2, alias=buyer(1)))
        ledger.file(run_id, [named], cursor=None, read=1, passed=0)
        decide(ledger, Action.UNDO, str(run_id), hours=1)
        decide(ledger, Action.REDO, str(run_id), hours=2)
        counts = []
        for minutes in (59, 60, 119, 120):
            instant = NOON + timedelta(minutes=minutes)
            notices = list(ledger.opt_out_notices(ACCOUNT, as_of=instant))
            orders = ledger.orders_of_aliases(ACCOUNT, [buyer(1)], as_of=instant)[buyer(1)]
            counts.append((len(notices), orders))
        assert counts == [(1, [order(2)]), (0, []), (0, []), (1, [order(2)])]

    def test_an_undone_run_is_in_no_answer(self, ledger: Ledger, run_id: int) -> None:
        kinds = [
            makers.finding(makers.notice(1, alias=buyer(1))),
            makers.finding(makers.notice(2, kind=NoticeKind.REFUND)),
            makers.finding(makers.unrecognised(3)),
        ]
        ledger.file(run_id, kinds, cursor=makers.cursor(9), read=3, passed=0)
        assert len(ledger.waiting(ACCOUNT)) == 1
        decide(ledger, Action.UNDO, str(run_id))
        assert list(ledger.opt_out_notices(ACCOUNT)) == []
        assert ledger.other_notices(ACCOUNT, [NoticeKind.REFUND]) == []
        assert ledger.waiting(ACCOUNT) == []
        assert ledger.orders_of_aliases(ACCOUNT, [buyer(1)]) == {buyer(1): []}
        assert ledger.totals(ACCOUNT).results == (ResultCount(result=UNDONE, mails=3),)
        assert ledger.totals(ACCOUNT).read == 3
        assert ledger.cursors(ACCOUNT)["INBOX"] == makers.cursor(9)
        assert_reconciled(ledger, ACCOUNT)
        assert [run.undone for run in ledger.runs(ACCOUNT, 5)] == [True]
        decide(ledger, Action.REDO, str(run_id))
        assert len(list(ledger.opt_out_notices(ACCOUNT))) == len(ledger.waiting(ACCOUNT)) == 1
        assert {each.result for each in ledger.totals(ACCOUNT).results} == {
            "opt_out",
            "refund",
            "unrecognised",
        }

    def test_an_undone_sent_log_is_in_no_answer(self, ledger: Ledger, run_id: int, second: int) -> None:
        unproven = makers.opt_out(1, verdict=UNPROVEN)
        ledger.file(run_id, [unproven], cursor=None, read=1, passed=0)
        whole = coverage(NOON - timedelta(days=1), NOON + HOUR)
        ledger.file_sent_log(second, log([send(1)], [link(order(1), buyer(1))], whole))
        (filed,) = ledger.opt_out_notices(ACCOUNT)
        assert (filed.known_to_us, filed.linked_from) == (True, AliasFrom.ORDER_REPORT)
        decide(ledger, Action.UNDO, str(second))
        (filed,) = ledger.opt_out_notices(ACCOUNT)
        assert (filed.known_to_us, filed.linked_alias) == (False, None)
        assert ledger.count_sends(ACCOUNT, NOON - HOUR, NOON + HOUR) == []
        assert list(ledger.sends_for(ACCOUNT, [order(1)], [])) == []
        assert ledger.send_totals(ACCOUNT) is None
        assert ledger.coverages(ACCOUNT) == []
        assert ledger.orders_of_aliases(ACCOUNT, [buyer(1)]) == {buyer(1): []}
        decide(ledger, Action.REDO, str(second))
        (filed,) = ledger.opt_out_notices(ACCOUNT)
        assert (filed.known_to_us, filed.linked_alias) == (True, buyer(1))
        assert ledger.coverages(ACCOUNT) == [whole]
        assert ledger.send_totals(ACCOUNT) == (NOON, NOON, 1)

    def test_an_undone_verdict_proves_nothing(self, ledger: Ledger, run_id: int, second: int) -> None:
        for run, verdict in ((run_id, FORGED), (second, GENUINE)):
            ledger.file(run, [makers.opt_out(1, verdict=verdict)], cursor=None, read=1, passed=0)
        outcomes = []
        for action in (None, Action.UNDO, Action.REDO):
            if action:
                decide(ledger, action, str(second))
            (filed,) = ledger.opt_out_notices(ACCOUNT)
            outcomes.append(filed.outcome)
        assert outcomes == [Outcome.GENUINE, Outcome.FORGED, Outcome.GENUINE]

    def test_runs_of_another_account_are_left_alone(self, ledger: Ledger, run_id: int) -> None:
        ledger.file(run_id, [makers.opt_out(1)], cursor=None, read=1, passed=0)
        decide(ledger, Action.UNDO, str(run_id), account="de")
        assert len(list(ledger.opt_out_notices(ACCOUNT))) == 1
        assert ledger.run("de", run_id) is None

    def test_one_run_and_what_it_filed(self, ledger: Ledger, run_id: int, second: int) -> None:
        ledger.file(run_id, [makers.opt_out(1), makers.opt_out(2)], cursor=None, read=2, passed=0)
        whole = coverage(NOON - timedelta(days=1), NOON)
        own = send(1, order_id=order(1), alias=buyer(1))  # is a link, too
        ledger.file_sent_log(second, log([own, send(2)], [], whole))
        assert ledger.contents_of(run_id) == RunContents(mails=2, readings=2, verdicts=2)
        assert ledger.contents_of(second) == RunContents(sends=2, links=1, coverages=(whole,))
        assert ledger.contents_of(99) == RunContents()
        run = ledger.run(ACCOUNT, second)
        assert run is not None
        assert (run.command, run.undone) == ("sent import", False)
        assert ledger.run(ACCOUNT, 99) is None

    def test_supposing_decides_nothing(self, ledger: Ledger, run_id: int) -> None:
        ledger.file(run_id, [makers.opt_out(1)], cursor=None, read=1, passed=0)
        then = ledger.supposing(run_id, undone=True)
        assert [len(list(each.opt_out_notices(ACCOUNT))) for each in (then, ledger)] == [0, 1]
        decide(ledger, Action.UNDO, str(run_id))
        back = ledger.supposing(run_id, undone=False)
        assert [len(list(each.opt_out_notices(ACCOUNT))) for each in (back, ledger)] == [1, 0]
        assert len(ledger.decisions(ACCOUNT)) == 1

    def test_mails_of_undone_runs_that_are_met_again_are_told(
        self, ledger: Ledger, run_id: int, second: int
    ) -> None:
        """Mail 1 is run 1's, its genuine verdict and mail 2 are run 2's; mail 3 is new."""
        ledger.file(run_id, [makers.opt_out(1, verdict=FORGED)], cursor=None, read=1, passed=0)
        proven, other = makers.opt_out(1), makers.opt_out(2)
        ledger.file(second, [proven, other], cursor=None, read=2, passed=0)
        third = ledger.start_run(ACCOUNT, "poll", at=NOON)
        decide(ledger, Action.UNDO, str(run_id))
        again = [makers.opt_out(1, verdict=FORGED), proven, other, makers.opt_out(3)]
        for undone in (((run_id, 2),), ((run_id, 2), (second, 2))):
            filed = ledger.file(third, again, cursor=None, read=4, passed=0)
            assert filed.undone == undone
            decide(ledger, Action.UNDO, str(second))
        assert ledger.file(third, [makers.opt_out(9)], cursor=None, read=1, passed=0) == Filed(new=1)

    def test_sends_of_undone_runs_that_are_met_again_are_told(self, ledger: Ledger, second: int) -> None:
        given = log([send(1), send(2)], [link(order(1), buyer(1))], coverage(NOON, NOON + HOUR))
        ledger.file_sent_log(second, given)
        decide(ledger, Action.UNDO, str(second))
        third = ledger.start_run(ACCOUNT, "sent import", at=NOON)
        part = log([send(2), send(3)], [link(order(1), buyer(1)), link(order(1), buyer(2))])
        assert ledger.file_sent_log(third, part) == Filed(new=1, duplicates=1, undone=((second, 2),))
        assert ledger.file_sent_log(third, given).undone == ((second, 4),)
        assert ledger.send_totals(ACCOUNT) == (NOON, NOON, 1)
