"""What later facts say about a notice: its best verdict, its alias by rank, whether we know its order."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bounce_watch.records.filed import FiledNotice
from bounce_watch.records.ids import Alias
from bounce_watch.records.notice import Finding, Method, NoticeKind, Outcome, Verdict
from bounce_watch.records.opt_out import AliasFrom
from bounce_watch.records.sent import OrderLink, Origin, SendOutcome, SentMessage
from bounce_watch.store.ledger import Ledger

from . import makers
from .contract import LedgerFixtures
from .makers import (
    ACCOUNT,
    FORGED,
    GENUINE,
    NOON,
    SHARED,
    UNPROVEN,
    buyer,
    link,
    log,
    order,
    send,
    without_digest,
)


def _only(ledger: Ledger) -> FiledNotice:
    (filed,) = ledger.opt_out_notices(ACCOUNT)
    return filed


def _file(ledger: Ledger, run_id: int, *findings: Finding) -> None:
    ledger.file(run_id, findings, cursor=None, read=len(findings), passed=0)


class NoticeContract(LedgerFixtures):
    def test_a_notice_comes_back_as_it_was_filed(self, ledger: Ledger, run_id: int) -> None:
        full = makers.notice(1, alias=buyer(1), noticed_at=NOON + timedelta(microseconds=123_456))
        _file(ledger, run_id, makers.finding(full))
        filed = _only(ledger)
        assert filed.notice.body_digest not in {"", full.body_digest}
        assert replace(filed, notice=without_digest(filed.notice)) == FiledNotice(
            notice=without_digest(full),
            outcome=Outcome.GENUINE,
            method=Method.AUTHENTICATION_RESULTS,
            reason="dmarc=pass",
            known_to_us=False,
            linked_alias=None,
            linked_from=AliasFrom.NONE,
            conflicting_alias=None,
            run_id=run_id,
            filed_at=NOON,
        )

    def test_notices_come_by_order_time_and_fingerprint(self, ledger: Ledger, run_id: int) -> None:
        late, early, unknown = (
            makers.notice(number, order_id=order(5), noticed_at=at)
            for number, at in ((1, NOON + makers.HOUR), (2, NOON), (3, None))
        )
        twins = [makers.notice(number, order_id=order(4)) for number in (4, 5)]
        _file(ledger, run_id, *(makers.finding(found) for found in (late, early, unknown, *twins)))
        got = [without_digest(filed.notice) for filed in ledger.opt_out_notices(ACCOUNT)]
        expected = [*sorted(twins, key=lambda twin: twin.fingerprint), unknown, early, late]
        assert got == [without_digest(notice) for notice in expected]

    def test_other_kinds_are_asked_for_by_name(self, ledger: Ledger, run_id: int) -> None:
        block = makers.notice(1, kind=NoticeKind.POLICY_BLOCK)
        claim = makers.notice(2, kind=NoticeKind.CLAIM)
        _file(ledger, run_id, makers.opt_out(3), makers.finding(block), makers.finding(claim))
        (filed,) = ledger.other_notices(ACCOUNT, [NoticeKind.POLICY_BLOCK])
        assert without_digest(filed.notice) == without_digest(block)
        both = ledger.other_notices(ACCOUNT, [NoticeKind.CLAIM, NoticeKind.POLICY_BLOCK])
        assert [f.notice.kind for f in both] == [NoticeKind.POLICY_BLOCK, NoticeKind.CLAIM]
        assert [f.notice.fingerprint for f in both] == [block.fingerprint, claim.fingerprint]
        assert ledger.other_notices(ACCOUNT, []) == []
        assert _only(ledger).notice.fingerprint == makers.print_of(3)

    @pytest.mark.parametrize(
        ("verdicts", "best"),
        [
            ([FORGED, GENUINE, UNPROVEN], GENUINE),
            ([GENUINE, FORGED], GENUINE),
            ([UNPROVEN, FORGED], FORGED),
            ([UNPROVEN], UNPROVEN),
            ([None], Verdict(outcome=Outcome.UNPROVEN, method=Method.NONE, reason="")),
        ],
    )
    def test_the_best_verdict_of_all_copies(
        self, ledger: Ledger, run_id: int, verdicts: list[Verdict | None], best: Verdict
    ) -> None:
        _file(ledger, run_id, *(makers.opt_out(1, verdict=verdict) for verdict in verdicts))
        filed = _only(ledger)
        assert (filed.outcome, filed.method, filed.reason) == (best.outcome, best.method, best.reason)

    @pytest.mark.parametrize(
        ("sends", "links", "known"),
        [
            ([], [], False),
            ([send(1)], [], True),
            ([send(1, outcome=SendOutcome.WITHHELD, origin=Origin.SCRUB)], [], True),
            ([send(1, origin=Origin.SENT_FOLDER)], [], True),
            ([send(9, alias=buyer(1))], [], True),
            ([], [link(order(1), buyer(7))], True),
            ([], [link(order(7), buyer(1))], True),
            ([], [link(order(1), buyer(1), origin=Origin.BUYER_MESSAGE)], False),
            ([send(1, origin=Origin.BUYER_MESSAGE)], [], False),
            ([send(2), send(9, alias=buyer(2))], [link(order(3), buyer(3))], False),
        ],
    )
    def test_known_to_us(
        self, ledger: Ledger, run_id: int, sends: list[SentMessage], links: list[OrderLink], known: bool
    ) -> None:
        _file(ledger, run_id, makers.finding(makers.notice(1, alias=buyer(1)), verdict=UNPROVEN))
        ledger.file_sent_log(run_id, log(sends, links))
        assert _only(ledger).known_to_us is known

    def test_a_shared_alias_is_no_knowledge(self, ledger: Ledger, run_id: int) -> None:
        _file(ledger, run_id, makers.finding(makers.notice(1, alias=SHARED), verdict=UNPROVEN))
        ledger.file_sent_log(run_id, log([send(9, alias=SHARED)]))
        assert _only(ledger).known_to_us is False

    def test_another_accounts_records_are_no_knowledge(self, ledger: Ledger, run_id: int) -> None:
        _file(ledger, run_id, makers.opt_out(1))
        other = ledger.start_run("de", "sent import", at=NOON)
        ledger.file_sent_log(other, log([send(1, account="de")], [link(order(1), buyer(1), account="de")]))
        filed = _only(ledger)
        assert (filed.known_to_us, filed.linked_alias) == (False, None)

    @pytest.mark.parametrize(
        ("origins", "expected"),
        [
            ({}, (None, AliasFrom.NONE)),
            ({Origin.BUYER_MESSAGE: [1]}, (1, AliasFrom.BUYER_MESSAGE)),
            ({Origin.BUYER_MESSAGE: [1], Origin.CSV_LOG: [2]}, (2, AliasFrom.SENT_LOG)),
            ({Origin.SENT_FOLDER: [2], Origin.BUYER_MESSAGE: [1]}, (2, AliasFrom.SENT_LOG)),
            ({Origin.CSV_LOG: [2], Origin.ORDER_REPORT: [3]}, (3, AliasFrom.ORDER_REPORT)),
            ({Origin.ORDER_REPORT: [3, 4]}, (None, AliasFrom.NONE)),
            ({Origin.ORDER_REPORT: [3, 4], Origin.CSV_LOG: [2]}, (2, AliasFrom.SENT_LOG)),
            ({Origin.CSV_LOG: [2], Origin.SENT_FOLDER: [5]}, (None, AliasFrom.NONE)),
            ({Origin.CSV_LOG: [2], Origin.SENT_FOLDER: [2]}, (2, AliasFrom.SENT_LOG)),
        ],
    )
    @pytest.mark.parametrize("named", [None, SHARED])
    def test_the_alias_is_joined_by_rank(
        self,
        ledger: Ledger,
        run_id: int,
        origins: dict[Origin, list[int]],
        expected: tuple[int | None, AliasFrom],
        named: Alias | None,
    ) -> None:
        _file(ledger, run_id, makers.finding(makers.notice(1, alias=named)))
        links = [
            link(order(1), buyer(number), origin=origin) for origin, ns in origins.items() for number in ns
        ]
        ledger.file_sent_log(run_id, log(links=links))
        number, source = expected
        filed = _only(ledger)
        assert (filed.linked_alias, filed.linked_from) == (number and buyer(number), source)
        assert filed.conflicting_alias is None

    def test_another_genuine_notice_of_the_order_ranks_first(self, ledger: Ledger, run_id: int) -> None:
        silent = makers.notice(1, order_id=order(1), noticed_at=None)
        naming = makers.notice(2, order_id=order(1), alias=buyer(6))
        _file(ledger, run_id, makers.finding(silent), makers.finding(naming))
        ledger.file_sent_log(run_id, log(links=[link(order(1), buyer(3))]))
        first, second = ledger.opt_out_notices(ACCOUNT)
        assert (first.linked_alias, first.linked_from) == (buyer(6), AliasFrom.NOTICE)
        assert (second.linked_alias, second.conflicting_alias) == (None, buyer(3))

    @pytest.mark.parametrize("verdict", [FORGED, UNPROVEN])
    def test_an_unproven_or_forged_notice_links_nothing(
        self, ledger: Ledger, run_id: int, verdict: Verdict
    ) -> None:
        silent = makers.notice(1, order_id=order(1), noticed_at=None)
        hostile = makers.notice(2, order_id=order(1), alias=buyer(66))
        _file(ledger, run_id, makers.finding(silent), makers.finding(hostile, verdict=verdict))
        first, _ = ledger.opt_out_notices(ACCOUNT)
        assert (first.linked_alias, first.linked_from) == (None, AliasFrom.NONE)

    def test_two_notices_that_disagree_link_nothing(self, ledger: Ledger, run_id: int) -> None:
        notices = [makers.notice(1, order_id=order(1), noticed_at=None)]
        notices += [makers.notice(number, order_id=order(1), alias=buyer(number)) for number in (2, 3)]
        _file(ledger, run_id, *(makers.finding(notice) for notice in notices))
        silent, *_ = ledger.opt_out_notices(ACCOUNT)
        assert silent.linked_alias is None

    @pytest.mark.parametrize(("logged", "conflicting"), [(1, None), (2, buyer(2))])
    def test_a_conflict_with_our_logs_is_shown(
        self, ledger: Ledger, run_id: int, logged: int, conflicting: Alias | None
    ) -> None:
        _file(ledger, run_id, makers.finding(makers.notice(1, alias=buyer(1))))
        ledger.file_sent_log(run_id, log(links=[link(order(1), buyer(logged))]))
        assert _only(ledger).conflicting_alias == conflicting

    def test_a_send_with_order_and_alias_is_a_link(self, ledger: Ledger, run_id: int) -> None:
        _file(ledger, run_id, makers.opt_out(1))
        both = send(1, order_id=order(1), alias=buyer(4))
        ledger.file_sent_log(run_id, log([both]))
        filed = _only(ledger)
        assert (filed.linked_alias, filed.linked_from) == (buyer(4), AliasFrom.SENT_LOG)

    def test_a_marketplace_of_the_sellers_own_comes_back(self, ledger: Ledger, run_id: int) -> None:
        new = makers.notice(1, alias=Alias("abcdefgh1", "amazon.co.za"), marketplace="amazon.co.za")
        _file(ledger, run_id, makers.finding(new))
        assert without_digest(_only(ledger).notice) == without_digest(new)

    def test_many_notices_are_read_while_others_are_filed(self, ledger: Ledger, run_id: int) -> None:
        _file(ledger, run_id, *(makers.opt_out(number) for number in range(1200)))
        notices = ledger.opt_out_notices(ACCOUNT)
        next(notices)
        _file(ledger, run_id, makers.opt_out(5000))
        assert sum(1 for _ in notices) == 1199
        assert len(list(ledger.opt_out_notices(ACCOUNT))) == 1201

    def test_genuine_is_what_a_copy_proved(self, ledger: Ledger, run_id: int) -> None:
        _file(ledger, run_id, makers.opt_out(1, verdict=FORGED), makers.opt_out(2, verdict=GENUINE))
        outcomes = {filed.notice.order_id: filed.outcome for filed in ledger.opt_out_notices(ACCOUNT)}
        assert outcomes == {order(1): Outcome.FORGED, order(2): Outcome.GENUINE}
