"""What every ledger must do with sends, links and coverage."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from bounce_watch.records.filed import Filed, SendCount
from bounce_watch.records.ids import Alias
from bounce_watch.records.sent import Origin, Purpose, SendOutcome
from bounce_watch.store.ledger import Ledger

from . import makers
from .contract import LedgerFixtures
from .dump import dump
from .makers import ACCOUNT, FORGED, HOUR, NOON, SHARED, UNPROVEN, buyer, coverage, link, log, order, send


class SendContract(LedgerFixtures):
    def test_the_same_file_again_adds_nothing(self, ledger: Ledger, run_id: int) -> None:
        twice = log([send(1), send(2)], [link(order(1), buyer(1))], coverage(NOON - HOUR, NOON + HOUR))
        assert ledger.file_sent_log(run_id, twice) == Filed(new=2)
        before = dump(ledger, ACCOUNT)
        assert ledger.file_sent_log(run_id, twice) == Filed(duplicates=2)
        assert dump(ledger, ACCOUNT) == before
        assert ledger.coverages(ACCOUNT) == [coverage(NOON - HOUR, NOON + HOUR)]

    def test_only_order_reports_say_when_an_order_was_placed(self, ledger: Ledger, run_id: int) -> None:
        placed = NOON - 48 * HOUR
        links = [
            replace(link(order(1), buyer(1)), ordered_at=placed),
            replace(link(order(1), buyer(2)), ordered_at=placed + HOUR),
            link(order(2), buyer(2)),
            replace(link(order(3), buyer(3), origin=Origin.BUYER_MESSAGE), ordered_at=placed),
        ]
        ledger.file_sent_log(run_id, log([send(4, alias=buyer(4), order_id=order(4))], links))
        asked = [order(number) for number in (1, 2, 3, 4, 5)]
        assert ledger.ordered_at(ACCOUNT, asked) == {order(1): placed}
        assert ledger.ordered_at(ACCOUNT, []) == {}
        assert ledger.ordered_at("other", asked) == {}
        assert ledger.supposing(run_id, undone=True).ordered_at(ACCOUNT, asked) == {}

    def test_equal_sends_of_one_file_stay_two(self, ledger: Ledger, run_id: int) -> None:
        assert ledger.file_sent_log(run_id, log([send(1), send(1)])) == Filed(new=2)
        overlapping = log([send(2), send(1)])
        assert ledger.file_sent_log(run_id, overlapping) == Filed(new=1, duplicates=1)
        three = log([send(1)] * 3)
        assert ledger.file_sent_log(run_id, three) == Filed(new=1, duplicates=2)

    def test_one_send_told_by_two_origins_is_one(self, ledger: Ledger, run_id: int) -> None:
        ledger.file_sent_log(run_id, log([send(1)]))
        again = log([send(1, origin=Origin.SENT_FOLDER)])
        assert ledger.file_sent_log(run_id, again) == Filed(duplicates=1)

    def test_any_difference_makes_another_send(self, ledger: Ledger, run_id: int) -> None:
        others = [
            send(1),
            send(2),
            send(1, sent_at=NOON + HOUR),
            send(1, purpose=Purpose.REPLY),
            send(1, outcome=SendOutcome.WITHHELD),
            send(1, message_id="<a@seller.example>"),
            send(1, alias=buyer(1)),
            send(1, order_id=order(1), alias=buyer(1)),
        ]
        assert ledger.file_sent_log(run_id, log(others)) == Filed(new=len(others))

    def test_files_in_any_order_leave_the_same(self, ledger: Ledger, run_id: int) -> None:
        sends = [send(number % 7, alias=buyer(number % 3)) for number in range(20)]
        ledger.file_sent_log(run_id, log(sends))
        straight = dump(ledger, ACCOUNT)["send"]
        other = ledger.start_run("de", "sent import", at=NOON)
        theirs = [send(number % 7, alias=buyer(number % 3), account="de") for number in range(20)]
        random.Random(4).shuffle(theirs)
        ledger.file_sent_log(other, log(theirs))
        ledger.file_sent_log(other, log(theirs[:9]))
        assert dump(ledger, "de")["send"] == straight

    def test_rows_of_a_log_are_no_mails(self, ledger: Ledger, run_id: int) -> None:
        ledger.file_sent_log(run_id, log([send(1)], [link(order(1), buyer(1))]))
        assert ledger.runs(ACCOUNT, 1)[0].read == 2
        assert ledger.totals(ACCOUNT).read == 0

    def test_a_log_of_another_account_is_refused(self, ledger: Ledger, run_id: int) -> None:
        with pytest.raises(ValueError, match="account"):
            ledger.file_sent_log(run_id, log([send(1), send(2, account="de")]))
        assert ledger.send_totals(ACCOUNT) is None

    def test_a_shared_alias_is_never_a_link(self, ledger: Ledger, run_id: int) -> None:
        shared = send(1, order_id=order(1), alias=SHARED)
        ledger.file_sent_log(run_id, log([shared], [link(order(2), SHARED)]))
        assert dump(ledger, ACCOUNT)["order_link"] == []

    def test_coverages_come_sorted(self, ledger: Ledger, run_id: int) -> None:
        spans = [coverage(NOON + HOUR, NOON + 2 * HOUR), coverage(NOON, NOON + HOUR)]
        for span in spans:
            ledger.file_sent_log(run_id, log(whole=span))
        assert ledger.coverages(ACCOUNT) == spans[::-1]

    def test_send_totals_leave_out_what_was_withheld(self, ledger: Ledger, run_id: int) -> None:
        withheld = send(3, sent_at=NOON + 9 * HOUR, outcome=SendOutcome.WITHHELD)
        ledger.file_sent_log(run_id, log([send(1), send(2, sent_at=NOON + HOUR), withheld]))
        assert ledger.send_totals(ACCOUNT) == (NOON, NOON + HOUR, 2)
        assert ledger.send_totals("de") is None

    def test_counts_by_marketplace_of_send_alias_or_link(self, ledger: Ledger, run_id: int) -> None:
        german = buyer(5, "amazon.de")
        sends = [
            send(1, marketplace="amazon.co.uk"),
            send(2, alias=buyer(2)),
            send(3),
            send(4),
            send(3, sent_at=NOON + HOUR),
        ]
        ledger.file_sent_log(run_id, log(sends, [link(order(3), german)]))
        assert ledger.count_sends(ACCOUNT, NOON, NOON + 2 * HOUR) == [
            SendCount(marketplace=None, messages=1, buyers=1),
            SendCount(marketplace="amazon.co.uk", messages=2, buyers=2),
            SendCount(marketplace="amazon.de", messages=2, buyers=1),
        ]

    def test_a_period_is_half_open(self, ledger: Ledger, run_id: int) -> None:
        at = [NOON - HOUR, NOON, NOON + HOUR, NOON + 2 * HOUR]
        ledger.file_sent_log(run_id, log([send(n, sent_at=instant) for n, instant in enumerate(at)]))
        (row,) = ledger.count_sends(ACCOUNT, NOON, NOON + 2 * HOUR)
        assert row.messages == 2

    @pytest.mark.parametrize(
        ("kwargs", "counted"),
        [
            ({"purpose": Purpose.UNSOLICITED}, 1),
            ({"purpose": Purpose.UNKNOWN}, 1),
            ({"purpose": Purpose.REPLY}, 0),
            ({"purpose": Purpose.ORDER_CRITICAL}, 0),
            ({"outcome": SendOutcome.WITHHELD}, 0),
            ({"origin": Origin.SENT_FOLDER}, 1),
            ({"origin": Origin.SCRUB}, 0),
            ({"account": "de"}, 0),
        ],
    )
    def test_only_what_could_be_blocked_counts(
        self, ledger: Ledger, kwargs: dict[str, str], counted: int
    ) -> None:
        run_id = ledger.start_run(kwargs.get("account", ACCOUNT), "sent import", at=NOON)
        ledger.file_sent_log(run_id, log([send(1, **kwargs)]))  # type: ignore[arg-type]  # one of several fields
        whole = ledger.count_sends(ACCOUNT, NOON, NOON + HOUR, by_marketplace=False)
        assert whole == [SendCount(marketplace=None, messages=counted, buyers=counted)]

    def test_a_buyer_of_several_orders_is_one(self, ledger: Ledger, run_id: int) -> None:
        sends = [send(1), send(2), send(3, alias=buyer(1)), send(4)]
        links = [link(order(1), buyer(1)), link(order(2), buyer(1), origin=Origin.BUYER_MESSAGE)]
        ledger.file_sent_log(run_id, log(sends, links))
        (whole,) = ledger.count_sends(ACCOUNT, NOON, NOON + HOUR, by_marketplace=False)
        assert (whole.messages, whole.buyers) == (4, 2)

    def test_orders_behind_a_shared_alias_are_several_buyers(self, ledger: Ledger, run_id: int) -> None:
        sends = [send(n, order_id=order(n), alias=SHARED) for n in (1, 2, 3)]
        ledger.file_sent_log(run_id, log(sends, [link(order(1), buyer(1)), link(order(2), buyer(1))]))
        (whole,) = ledger.count_sends(ACCOUNT, NOON, NOON + HOUR, by_marketplace=False)
        assert (whole.messages, whole.buyers) == (3, 2)

    def test_sends_for_orders_and_aliases_come_once_with_their_buyer(
        self, ledger: Ledger, run_id: int
    ) -> None:
        both = send(1, order_id=order(1), alias=buyer(1))
        by_order, by_alias, other = send(2), send(9, alias=buyer(3)), send(4)
        ledger.file_sent_log(run_id, log([both, by_order, by_alias, other], [link(order(2), buyer(2))]))
        found = list(ledger.sends_for(ACCOUNT, [order(1), order(2)], [buyer(1), buyer(3)]))
        assert {(filed.send.order_id, filed.send.alias, filed.buyer) for filed in found} == {
            (order(1), buyer(1), str(buyer(1))),
            (order(2), None, str(buyer(2))),
            (None, buyer(3), str(buyer(3))),
        }
        assert len(found) == 3
        assert list(ledger.sends_for(ACCOUNT, [], [])) == []
        assert list(ledger.sends_for("de", [order(1)], [buyer(1)])) == []

    def test_a_send_comes_back_as_it_was_filed(self, ledger: Ledger, run_id: int) -> None:
        full = send(
            1,
            order_id=order(1),
            alias=buyer(1),
            marketplace="amazon.co.uk",
            origin=Origin.SCRUB,
            outcome=SendOutcome.WITHHELD,
            message_id="<a@seller.example>",
        )
        ledger.file_sent_log(run_id, log([full]))
        (filed,) = ledger.sends_for(ACCOUNT, [order(1)], [])
        assert filed.send == full

    def test_thousands_of_keys_are_asked_for_in_pieces(self, ledger: Ledger, run_id: int) -> None:
        sends = [send(n) for n in range(1500)] + [send(n, alias=buyer(n)) for n in range(1500)]
        ledger.file_sent_log(run_id, log(sends))
        orders, aliases = [order(n) for n in range(1500)], [buyer(n) for n in range(1500)]
        assert sum(1 for _ in ledger.sends_for(ACCOUNT, orders, aliases)) == 3000
        assert len(ledger.orders_of_aliases(ACCOUNT, aliases)) == 1500

    def test_every_known_order_of_an_alias(self, ledger: Ledger, run_id: int) -> None:
        alias, unknown = buyer(1), buyer(99)
        notices = [
            makers.finding(makers.notice(3, alias=alias)),
            makers.finding(makers.notice(4, alias=alias), verdict=FORGED),
            makers.finding(makers.notice(5, alias=alias), verdict=UNPROVEN),
        ]
        ledger.file(run_id, notices, cursor=None, read=3, passed=0)
        links = [link(order(1), alias, origin=Origin.BUYER_MESSAGE), link(order(6), buyer(2))]
        ledger.file_sent_log(
            run_id, log([send(2, order_id=order(2), alias=alias), send(7, alias=alias)], links)
        )
        orders = ledger.orders_of_aliases(ACCOUNT, [alias, unknown])
        assert orders == {alias: [order(1), order(2), order(3)], unknown: []}
        empty: dict[Alias, list[object]] = {}
        assert ledger.orders_of_aliases(ACCOUNT, []) == empty
