"""What every ledger must do with sends, links and coverage."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from bounce_watch.records.filed import Filed
from bounce_watch.records.ids import Alias
from bounce_watch.records.rate import Dimension, Period, SendTally, order_age
from bounce_watch.records.sent import LogSpan, Origin, Purpose, SendOutcome
from bounce_watch.store.ledger import Ledger

from . import makers
from .contract import LedgerFixtures
from .dump import dump
from .makers import (
    ACCOUNT,
    FORGED,
    HOUR,
    NOON,
    SHARED,
    UNPROVEN,
    buyer,
    coverage,
    link,
    log,
    messages_ever,
    order,
    send,
    sent_between,
)


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

    def test_a_send_of_the_sent_folder_does_not_stand_in_for_one_of_a_log(
        self, ledger: Ledger, run_id: int
    ) -> None:
        folder = log([send(1, origin=Origin.SENT_FOLDER)])
        assert ledger.file_sent_log(run_id, folder) == Filed(new=1)
        assert ledger.file_sent_log(run_id, log([send(1)])) == Filed(new=1)
        assert ledger.file_sent_log(run_id, folder) == Filed(duplicates=1)

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
        assert messages_ever(ledger) == 0

    def test_a_shared_alias_is_never_a_link(self, ledger: Ledger, run_id: int) -> None:
        shared = send(1, order_id=order(1), alias=SHARED)
        ledger.file_sent_log(run_id, log([shared], [link(order(2), SHARED)]))
        assert dump(ledger, ACCOUNT)["order_link"] == []

    def test_coverages_come_sorted(self, ledger: Ledger, run_id: int) -> None:
        spans = [coverage(NOON + HOUR, NOON + 2 * HOUR), coverage(NOON, NOON + HOUR)]
        for span in spans:
            ledger.file_sent_log(run_id, log(whole=span))
        assert ledger.coverages(ACCOUNT) == spans[::-1]

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
        tally = sent_between(ledger, NOON, NOON + 2 * HOUR, by=Dimension.MARKETPLACE)
        assert {name: (one.messages, one.buyers, one.squares) for name, one in tally.items()} == {
            None: (1, 1, 1),
            "amazon.co.uk": (2, 2, 2),
            "amazon.de": (2, 1, 4),
        }

    def test_counts_by_label(self, ledger: Ledger, run_id: int) -> None:
        withheld = send(9, label="row 4 of a file", outcome=SendOutcome.WITHHELD, origin=Origin.SCRUB)
        labelled = [send(1, label="review"), send(2, label="review"), send(2, label=None), withheld]
        ledger.file_sent_log(run_id, log(labelled))
        tally = sent_between(ledger, NOON, NOON + HOUR, by=Dimension.LABEL)
        assert {name: one.messages for name, one in tally.items()} == {"review": 2, None: 1}

    @pytest.mark.parametrize(
        ("after", "group"),
        [
            (timedelta(0), "under 1 day"),
            (timedelta(hours=24) - timedelta(seconds=1), "under 1 day"),
            (timedelta(hours=24), "1 to 3 days"),
            (timedelta(days=4), "4 to 7 days"),
            (timedelta(days=14, hours=23), "8 to 14 days"),
            (timedelta(days=15), "15 to 30 days"),
            (timedelta(days=31), "over 30 days"),
            (timedelta(seconds=-1), None),
            (None, None),
        ],
    )
    def test_counts_by_days_since_the_order(
        self, ledger: Ledger, run_id: int, after: timedelta | None, group: str | None
    ) -> None:
        placed = None if after is None else NOON - after
        links = [replace(link(order(1), buyer(1), origin=Origin.ORDER_REPORT), ordered_at=placed)]
        ledger.file_sent_log(run_id, log([send(1)], links))
        assert set(sent_between(ledger, NOON, NOON + HOUR, by=Dimension.ORDER_AGE)) == {group}
        assert order_age(placed, NOON) == group

    def test_a_period_is_half_open(self, ledger: Ledger, run_id: int) -> None:
        at = [NOON - HOUR, NOON, NOON + HOUR, NOON + 2 * HOUR]
        ledger.file_sent_log(run_id, log([send(n, sent_at=instant) for n, instant in enumerate(at)]))
        assert sent_between(ledger, NOON, NOON + 2 * HOUR)[None].messages == 2

    def test_periods_may_overlap_and_come_in_their_order(self, ledger: Ledger, run_id: int) -> None:
        at = [NOON, NOON + HOUR, NOON + 2 * HOUR]
        ledger.file_sent_log(run_id, log([send(n, sent_at=instant) for n, instant in enumerate(at)]))
        ends = [(NOON, NOON + 3 * HOUR), (NOON + HOUR, NOON + 2 * HOUR), (NOON + 5 * HOUR, NOON + 6 * HOUR)]
        day = NOON.date()
        periods = [Period(first_day=day, last_day=day, start=start, end=end) for start, end in ends]
        whole = LogSpan(start=NOON - HOUR, end=NOON + 9 * HOUR, origin=Origin.CSV_LOG)
        tallies = ledger.tally_sends(ACCOUNT, periods, [whole])
        assert [{name: one.messages for name, one in tally.items()} for tally in tallies] == [
            {None: 3},
            {None: 1},
            {},
        ]
        assert ledger.tally_sends(ACCOUNT, periods, []) == [{}, {}, {}]
        assert ledger.tally_sends(ACCOUNT, [], [whole]) == []

    def test_a_log_counts_only_while_it_is_the_denominator(self, ledger: Ledger, run_id: int) -> None:
        told = [
            send(1, message_id="<a@shop.example>"),
            send(1, message_id="<a@shop.example>", origin=Origin.SENT_FOLDER),
            send(2, sent_at=NOON + 2 * HOUR, origin=Origin.SENT_FOLDER),
        ]
        assert ledger.file_sent_log(run_id, log(told)) == Filed(new=3)
        period = Period(first_day=NOON.date(), last_day=NOON.date(), start=NOON, end=NOON + 4 * HOUR)
        spans = [
            LogSpan(start=NOON, end=NOON + HOUR, origin=Origin.CSV_LOG),
            LogSpan(start=NOON + HOUR, end=NOON + 4 * HOUR, origin=Origin.SENT_FOLDER),
        ]
        (tally,) = ledger.tally_sends(ACCOUNT, [period], spans)
        assert tally[None].messages == 2

    @pytest.mark.parametrize(
        ("kwargs", "counted"),
        [
            ({"purpose": Purpose.UNSOLICITED}, 1),
            ({"purpose": Purpose.UNKNOWN}, 1),
            ({"purpose": Purpose.REPLY}, 0),
            ({"purpose": Purpose.ORDER_CRITICAL}, 0),
            ({"outcome": SendOutcome.WITHHELD}, 0),
            ({"origin": Origin.SENT_FOLDER}, 0),
            ({"origin": Origin.SCRUB}, 0),
            ({"account": "de"}, 0),
        ],
    )
    def test_only_what_could_be_blocked_counts(
        self, ledger: Ledger, kwargs: dict[str, str], counted: int
    ) -> None:
        run_id = ledger.start_run(kwargs.get("account", ACCOUNT), "sent import", at=NOON)
        ledger.file_sent_log(run_id, log([send(1, **kwargs)]))  # type: ignore[arg-type]  # one of several fields
        tally = sent_between(ledger, NOON, NOON + HOUR)
        assert sum(one.messages for one in tally.values()) == counted

    def test_what_scrub_withheld_counts_for_the_share(self, ledger: Ledger, run_id: int) -> None:
        taken = partial(send, outcome=SendOutcome.WITHHELD, origin=Origin.SCRUB)
        sends = [
            send(1, alias=buyer(1), purpose=Purpose.UNKNOWN),
            send(1, alias=buyer(1), purpose=Purpose.UNSOLICITED, sent_at=NOON + HOUR / 2),
            taken(2, alias=buyer(2)),
            taken(1, alias=buyer(1)),
            taken(3, alias=buyer(2)),
            taken(4, alias=buyer(4), purpose=Purpose.ORDER_CRITICAL),
        ]
        ledger.file_sent_log(run_id, log(sends))
        assert sent_between(ledger, NOON, NOON + HOUR) == {
            None: SendTally(
                messages=2,
                buyers=1,
                squares=4,
                unknown_purpose=1,
                withheld=3,
                withheld_buyers=2,
                share_buyers=2,
            )
        }

    def test_a_buyer_counts_on_the_day_of_the_first_message(self, ledger: Ledger, run_id: int) -> None:
        days = [NOON + timedelta(days=number) for number in range(4)]
        sends = [
            send(1, alias=buyer(1), sent_at=days[2]),
            send(2, alias=buyer(1), sent_at=days[1]),
            send(3, sent_at=days[1]),
            send(3, sent_at=days[3]),
            send(4, alias=buyer(4), sent_at=days[0], purpose=Purpose.REPLY),
            send(4, alias=buyer(4), sent_at=days[3]),
            send(5, alias=buyer(5), outcome=SendOutcome.WITHHELD, origin=Origin.SCRUB),
        ]
        ledger.file_sent_log(run_id, log(sends))
        periods = [
            Period(first_day=at.date(), last_day=at.date(), start=at, end=at + timedelta(days=1))
            for at in days
        ]
        whole = LogSpan(start=days[0], end=days[3] + HOUR, origin=Origin.CSV_LOG)
        assert ledger.first_contacts(ACCOUNT, periods, [whole]) == [0, 2, 0, 1]
        assert ledger.first_contacts(ACCOUNT, periods[2:], [whole]) == [1, 2]
        assert ledger.first_contacts(ACCOUNT, periods, []) == [0, 0, 0, 0]
        assert ledger.first_contacts(ACCOUNT, [], [whole]) == []

    def test_a_buyer_of_several_orders_is_one(self, ledger: Ledger, run_id: int) -> None:
        sends = [send(1), send(2), send(3, alias=buyer(1)), send(4)]
        links = [link(order(1), buyer(1)), link(order(2), buyer(1), origin=Origin.BUYER_MESSAGE)]
        ledger.file_sent_log(run_id, log(sends, links))
        whole = sent_between(ledger, NOON, NOON + HOUR)[None]
        assert (whole.messages, whole.buyers, whole.squares) == (4, 2, 10)

    def test_orders_behind_a_shared_alias_are_several_buyers(self, ledger: Ledger, run_id: int) -> None:
        sends = [send(n, order_id=order(n), alias=SHARED) for n in (1, 2, 3)]
        ledger.file_sent_log(run_id, log(sends, [link(order(1), buyer(1)), link(order(2), buyer(1))]))
        whole = sent_between(ledger, NOON, NOON + HOUR)[None]
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
