"""Decisions, and what an undone run takes out of every answer of the ledger; run on each back end."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from bounce_watch.records.decision import ABOUT_THE_LIST, Action, Decision, DecisionScope
from bounce_watch.records.filed import UNDONE, Filed, ResultCount, RunContents
from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.notice import NoticeKind, Outcome
from bounce_watch.records.opt_out import AliasFrom
from bounce_watch.records.sent import Origin
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
    SHARED,
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
        assert makers.sent_between(ledger, NOON - HOUR, NOON + HOUR) == {}
        assert list(ledger.sends_for(ACCOUNT, [order(1)], [])) == []
        assert makers.messages_ever(ledger) == 0
        assert ledger.coverages(ACCOUNT) == []
        assert ledger.orders_of_aliases(ACCOUNT, [buyer(1)]) == {buyer(1): []}
        decide(ledger, Action.REDO, str(second))
        (filed,) = ledger.opt_out_notices(ACCOUNT)
        assert (filed.known_to_us, filed.linked_alias) == (True, buyer(1))
        assert ledger.coverages(ACCOUNT) == [whole]
        assert makers.messages_ever(ledger) == 1

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
        assert makers.messages_ever(ledger) == 1


class ListDecisionContract(LedgerFixtures):
    def test_decisions_about_the_list_come_back(self, ledger: Ledger, run_id: int) -> None:
        added = about_list(ledger, Action.ADD, buyer(1), note="asked by phone", expires_at=NOON + 9 * HOUR)
        of_order = about_list(ledger, Action.ALLOW, order(2), scope=DecisionScope.ORDER)
        imported = about_list(ledger, Action.ADD, order(3), run_id=run_id)
        decide(ledger, Action.UNDO, "77")
        assert ledger.list_decisions(ACCOUNT) == [added, of_order, imported]
        assert ledger.list_decisions("fr") == []
        some = [ledger.hash_of(name) for name in (order(2), buyer(7))]
        assert ledger.list_decisions(ACCOUNT, hashes=some) == [of_order]
        assert ledger.contents_of(run_id).decisions == 1

    def test_they_come_in_their_order_however_many_names_are_asked_for(self, ledger: Ledger) -> None:
        taken = [
            list_decision(ledger, Action.ADD if number % 20 else Action.RELEASE, buyer(number % 520))
            for number in range(620)
        ]
        ledger.decide(*taken)
        names = [ledger.hash_of(buyer(number)) for number in range(520)]
        assert ledger.list_decisions(ACCOUNT, hashes=names) == taken

    def test_those_of_an_undone_import_do_not_hold(self, ledger: Ledger, run_id: int) -> None:
        kept = about_list(ledger, Action.ADD, buyer(1))
        about_list(ledger, Action.RELEASE, buyer(1), run_id=run_id)
        decide(ledger, Action.UNDO, str(run_id), hours=3)
        assert ledger.list_decisions(ACCOUNT) == [kept]
        assert len(ledger.list_decisions(ACCOUNT, as_of=NOON + 2 * HOUR)) == 2
        assert len(ledger.decisions(ACCOUNT, *ABOUT_THE_LIST)) == 2

    def test_later_ones_are_left_out_as_of_an_instant(self, ledger: Ledger) -> None:
        first = about_list(ledger, Action.ADD, buyer(1))
        about_list(ledger, Action.RELEASE, buyer(1), hours=2)
        assert ledger.list_decisions(ACCOUNT, as_of=NOON + HOUR) == [first]

    def test_several_are_filed_together_or_not_at_all(self, ledger: Ledger) -> None:
        good = list_decision(ledger, Action.ADD, buyer(1))
        other = replace(good, account="de")
        with pytest.raises(IntegrityError):
            ledger.decide(good, replace(good, run_id=4711))
        assert ledger.decisions(ACCOUNT) == []
        ledger.decide()
        ledger.decide(good, other, good)
        assert (ledger.decisions(ACCOUNT), ledger.decisions("de")) == ([good, good], [other])
        assert list(ledger.damages()) == []

    def test_a_forgotten_name_is_a_hash_in_its_decision(self, ledger: Ledger) -> None:
        about_list(ledger, Action.ADD, order(1))
        ledger.purge(ACCOUNT, listed=(), now=NOON + timedelta(days=32))
        (told,) = ledger.list_decisions(ACCOUNT)
        assert str(told.order_id) == f"#{ledger.hash_of(order(1))}"
        about_list(ledger, Action.RELEASE, told.order_id or order(9), hours=800)
        assert [each.subject for each in ledger.list_decisions(ACCOUNT)] == [ledger.hash_of(order(1))] * 2

    def test_a_buyer_who_is_released_stays_known_for_a_while(self, ledger: Ledger, run_id: int) -> None:
        """So that who was released by mistake can be put back; afterwards nobody remembers the buyer's orders."""
        ledger.file_sent_log(run_id, log([], [link(order(number), buyer(1)) for number in (1, 2)]))
        ledger.file_sent_log(run_id, log([], [link(order(3), buyer(3))]))
        about_list(ledger, Action.RELEASE, order(1), hours=24 * 40)
        ledger.purge(ACCOUNT, listed=(), now=NOON + timedelta(days=69))
        known = ledger.orders_of_aliases(ACCOUNT, [buyer(1), buyer(3)])
        assert known[buyer(1)] == [order(1), order(2)]
        assert all(each.is_hashed for each in known[buyer(3)])
        ledger.purge(ACCOUNT, listed=(), now=NOON + timedelta(days=71))
        assert all(each.is_hashed for each in ledger.orders_of_aliases(ACCOUNT, [buyer(1)])[buyer(1)])

    def test_what_scrub_filed_ties_no_order_to_a_buyer(self, ledger: Ledger, run_id: int) -> None:
        withheld = send(1, order_id=order(1), alias=buyer(1), origin=Origin.SCRUB)
        ledger.file_sent_log(run_id, log([withheld, send(2, order_id=order(2), alias=buyer(1))]))
        assert ledger.orders_of_aliases(ACCOUNT, [buyer(1)]) == {buyer(1): [order(2)]}

    def test_the_history_of_an_alias_is_that_of_its_orders_too(self, ledger: Ledger, run_id: int) -> None:
        ledger.file_sent_log(run_id, log([], [link(order(1), buyer(1)), link(order(2), buyer(2))]))
        ledger.file(run_id, [makers.opt_out(1)], cursor=None, read=1, passed=0)
        imported = about_list(ledger, Action.ALLOW, order(1), scope=DecisionScope.ORDER, run_id=run_id)
        decide(ledger, Action.UNDO, str(run_id), hours=3)
        told = ledger.history(ACCOUNT, buyer(1))
        assert [event.kind for event in told if event.what.startswith("mail taken for")] == ["recognition"]
        (decision,) = [
            event for event in told if event.kind == "decision" and event.at == imported.decided_at
        ]
        assert (decision.what, decision.run, decision.undone) == (
            "allowed, this order alone, by ann",
            run_id,
            True,
        )
        assert ledger.history(ACCOUNT, buyer(3)) == []

    def test_what_bears_on_a_name(self, ledger: Ledger, run_id: int) -> None:
        """Order 1 is tied to buyer 1 by a send, buyer 1 to order 2 by a notice and to order 3 by a link."""
        ledger.file(run_id, [makers.opt_out(2)], cursor=None, read=1, passed=0)
        named = makers.finding(makers.notice(5, alias=buyer(1)))
        ledger.file(run_id, [named], cursor=None, read=1, passed=0)
        sends = [send(1, order_id=order(1), alias=buyer(1)), send(7, order_id=order(7), alias=SHARED)]
        sends.append(send(8, order_id=order(8), alias=SHARED))
        ledger.file_sent_log(run_id, log(sends, [link(order(3), buyer(1)), link(order(4), buyer(4))]))
        expected = {ledger.hash_of(name) for name in (buyer(1), order(1), order(3), order(5))}
        for name in (buyer(1), order(1), order(3), order(5)):
            assert ledger.related(ACCOUNT, [name]) == expected
        assert ledger.related(ACCOUNT, [order(9)]) == {ledger.hash_of(order(9))}
        assert ledger.related(ACCOUNT, [order(7)]) == {ledger.hash_of(order(7))}
        assert ledger.related("de", [order(1)]) == {ledger.hash_of(order(1))}
        assert ledger.related(ACCOUNT, []) == set()

    def test_the_aliases_of_orders(self, ledger: Ledger, run_id: int) -> None:
        links = [link(order(number), buyer(number)) for number in range(1, 600)]
        ledger.file_sent_log(run_id, log([], links))
        wanted = [order(number) for number in range(1, 700)]
        assert ledger.linked_aliases(ACCOUNT, wanted) == {each.order_id: each.alias for each in links}
        assert ledger.linked_aliases("de", wanted) == {}

    def test_notices_of_some_orders(self, ledger: Ledger, run_id: int) -> None:
        ledger.file(run_id, [makers.opt_out(number) for number in (1, 2, 3)], cursor=None, read=3, passed=0)
        some = {ledger.hash_of(order(number)) for number in (1, 3, 9)}
        told = [filed.notice.order_id for filed in ledger.opt_out_notices(ACCOUNT, orders=some)]
        assert told == [order(1), order(3)]
        assert list(ledger.opt_out_notices(ACCOUNT, orders=[])) == []

    def test_notices_that_came_lately(self, ledger: Ledger, run_id: int) -> None:
        mails = [
            makers.finding(makers.notice(number, noticed_at=NOON + number * HOUR)) for number in (1, 2, 3)
        ]
        mails.append(makers.finding(makers.notice(4, noticed_at=None)))
        ledger.file(run_id, mails, cursor=None, read=4, passed=0)
        told = ledger.opt_out_notices(ACCOUNT, since=NOON + 2 * HOUR)
        assert [filed.notice.order_id for filed in told] == [order(2), order(3)]


def list_decision(
    ledger: Ledger,
    action: Action,
    name: OrderId | Alias,
    *,
    scope: DecisionScope = DecisionScope.BUYER,
    hours: int = 1,
    note: str = "",
    expires_at: datetime | None = None,
    run_id: int | None = None,
) -> Decision:
    return Decision(
        account=ACCOUNT,
        action=action,
        subject=ledger.hash_of(name),
        actor="ann",
        decided_at=NOON + hours * HOUR,
        note=note,
        order_id=name if isinstance(name, OrderId) else None,
        alias=name if isinstance(name, Alias) else None,
        scope=scope,
        expires_at=expires_at,
        run_id=run_id,
    )


def about_list(ledger: Ledger, action: Action, name: OrderId | Alias, **given: Any) -> Decision:
    decision = list_decision(ledger, action, name, **given)
    ledger.decide(decision)
    return decision
