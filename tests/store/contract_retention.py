"""What every ledger must forget, and what must not change by it; run on each back end."""

from __future__ import annotations

import zlib
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from bounce_watch.records.decision import Action, Decision
from bounce_watch.records.filed import Purged
from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.store import tables
from bounce_watch.store.ledger import Ledger

from . import makers
from .contract import LedgerFixtures
from .makers import ACCOUNT, FORGED, GENUINE, HOUR, NOON, buyer, exported, link, log, order, send

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


def clear_names(ledger: Ledger, account: str = ACCOUNT) -> set[str]:
    with ledger._reading() as connection:
        query = select(tables.IDENTITY.c.clear).where(tables.IDENTITY.c.account == account)
        return {name for name in connection.scalars(query) if name is not None}


def load(ledger: Ledger, *sends: int, at: datetime = NOON) -> None:
    """A send with order and alias for each number."""
    run = ledger.start_run(ACCOUNT, "sent import", at=at)
    made = [send(number, order_id=order(number), alias=buyer(number), sent_at=at) for number in sends]
    ledger.file_sent_log(run, log(made))


def names_of(*numbers: int) -> set[str]:
    return {str(name) for number in numbers for name in (order(number), buyer(number))}


class RetentionContract(LedgerFixtures):
    @pytest.mark.parametrize(
        ("later", "kept"), [(29 * DAY, True), (30 * DAY, True), (30 * DAY + SECOND, False), (31 * DAY, False)]
    )
    def test_names_stay_in_clear_for_thirty_days(self, ledger: Ledger, later: timedelta, kept: bool) -> None:
        load(ledger, 1)
        assert clear_names(ledger) == names_of(1)
        done = ledger.purge(ACCOUNT, listed=(), now=NOON + later)
        assert done == Purged(names=0 if kept else 2)
        assert clear_names(ledger) == (names_of(1) if kept else set())

    @pytest.mark.parametrize(("later", "kept"), [(30 * DAY, True), (30 * DAY + SECOND, False)])
    def test_texts_and_octets_stay_as_long(
        self, ledger: Ledger, run_id: int, later: timedelta, kept: bool
    ) -> None:
        found = makers.finding(makers.unrecognised(1), octets=b"Dear Ada", subject="Ada")
        ledger.file(run_id, [found, makers.opt_out(2)], cursor=None, read=2, passed=0)
        ledger.file_sent_log(run_id, log([send(3, message_id="<203@tool.example>")]))
        done = ledger.purge(ACCOUNT, listed=(order(2), order(3)), now=NOON + later)
        assert done == (Purged() if kept else Purged(mails=2, octets=1))
        with ledger._reading() as connection:
            texts = connection.execute(select(tables.MAIL.c.subject, tables.MAIL.c.message_id)).all()
            octets = connection.scalars(select(tables.SET_ASIDE.c.octets)).all()
            (sent_as,) = connection.scalars(select(tables.SEND.c.message_id)).all()
        assert [zlib.decompress(each) for each in octets] == ([b"Dear Ada"] if kept else [])
        assert {subject for subject, _ in texts} == (
            {"Ada", "Your message was not delivered"} if kept else {""}
        )
        assert all((message_id is not None) is kept for _, message_id in texts)
        assert sent_as == ("<203@tool.example>" if kept else None)
        assert list(ledger.damages()) == []
        assert ledger.purge(ACCOUNT, listed=(order(2), order(3)), now=NOON + later) == Purged()

    def test_a_mail_of_unknown_or_future_time_came_when_it_was_read(
        self, ledger: Ledger, run_id: int
    ) -> None:
        future = makers.finding(makers.unrecognised(1, noticed_at=NOON + 900 * DAY), octets=b"a")
        unknown = makers.finding(makers.misdirected(2), octets=b"b")
        ledger.file(run_id, [future, unknown], cursor=None, read=2, passed=0)
        assert ledger.purge(ACCOUNT, listed=(), now=NOON + 30 * DAY) == Purged()
        assert ledger.purge(ACCOUNT, listed=(), now=NOON + 31 * DAY) == Purged(mails=2, octets=2)

    def test_what_is_listed_stays_in_clear(self, ledger: Ledger) -> None:
        load(ledger, 1, 2)
        ledger.purge(ACCOUNT, listed=(order(1), buyer(1)), now=NOON + 400 * DAY)
        assert clear_names(ledger) == names_of(1)
        ledger.purge(ACCOUNT, listed=(), now=NOON + 400 * DAY)
        assert clear_names(ledger) == set()

    def test_another_accounts_names_are_its_own(self, ledger: Ledger) -> None:
        load(ledger, 1)
        run = ledger.start_run("de", "sent import", at=NOON)
        theirs = send(1, order_id=order(1), alias=buyer(1), account="de")
        ledger.file_sent_log(run, log([theirs]))
        ledger.purge(ACCOUNT, listed=(), now=NOON + 31 * DAY)
        assert (clear_names(ledger), clear_names(ledger, "de")) == (set(), names_of(1))

    def test_joins_and_distinct_counts_are_those_of_before(self, ledger: Ledger, run_id: int) -> None:
        sends = [send(number) for number in range(1, 8)]
        links = [link(order(number), buyer(number % 3)) for number in range(1, 8)]
        ledger.file_sent_log(run_id, log(sends, links))
        ledger.file(run_id, [makers.opt_out(number) for number in (1, 2)], cursor=None, read=2, passed=0)
        counts = makers.sent_between(ledger, NOON, NOON + HOUR)
        assert [(each.messages, each.buyers) for each in counts.values()] == [(7, 3)]
        before = list(ledger.opt_out_notices(ACCOUNT))
        ledger.purge(ACCOUNT, listed=(), now=NOON + 31 * DAY)
        assert clear_names(ledger) == set()
        assert makers.sent_between(ledger, NOON, NOON + HOUR) == counts
        after = list(ledger.opt_out_notices(ACCOUNT))
        assert {filed.notice.order_id for filed in after} == {
            hashed_order(ledger, 1),
            hashed_order(ledger, 2),
        }
        assert {(each.known_to_us, each.linked_from, each.outcome) for each in after} == {
            (each.known_to_us, each.linked_from, each.outcome) for each in before
        }
        assert all(each.linked_alias is not None and each.linked_alias.is_hashed for each in after)
        assert len(list(ledger.sends_for(ACCOUNT, [order(1)], [buyer(1)]))) == 1
        assert ledger.orders_of_aliases(ACCOUNT, [buyer(1)])[buyer(1)] == sorted(
            hashed_order(ledger, number) for number in (1, 4, 7)
        )

    def test_a_hashed_name_comes_back_as_its_hash(self, ledger: Ledger, run_id: int) -> None:
        shared = makers.SHARED
        findings = [
            makers.finding(makers.notice(1, alias=buyer(1))),
            makers.finding(makers.notice(2, alias=shared)),
        ]
        ledger.file(run_id, findings, cursor=None, read=2, passed=0)
        ledger.purge(ACCOUNT, listed=(), now=NOON + 31 * DAY)
        told = {filed.notice.order_id: filed.notice.alias for filed in ledger.opt_out_notices(ACCOUNT)}
        assert told == {
            hashed_order(ledger, 1): Alias(f"#{ledger.hash_of(buyer(1))}", "amazon.co.uk"),
            hashed_order(ledger, 2): Alias(f"#{ledger.hash_of(shared)}s", "amazon.co.uk"),
        }
        assert [alias.is_shared for alias in told.values() if alias].count(True) == 1

    def test_a_fresh_send_brings_a_name_back_and_an_old_one_until_the_next_purge(
        self, ledger: Ledger
    ) -> None:
        load(ledger, 1)
        ledger.purge(ACCOUNT, listed=(), now=NOON + 40 * DAY)
        assert clear_names(ledger) == set()
        run = ledger.start_run(ACCOUNT, "sent import", at=NOON + 41 * DAY)
        ledger.file_sent_log(run, log([send(1, order_id=order(1), alias=buyer(1))]))
        assert clear_names(ledger) == names_of(1)  # The list may need it now.
        ledger.purge(ACCOUNT, listed=(), now=NOON + 41 * DAY)
        assert clear_names(ledger) == set()
        again = send(1, order_id=order(1), alias=buyer(1), sent_at=NOON + 20 * DAY)
        ledger.file_sent_log(run, log([again]))
        ledger.purge(ACCOUNT, listed=(), now=NOON + 50 * DAY)
        assert clear_names(ledger) == names_of(1)
        ledger.purge(ACCOUNT, listed=(), now=NOON + 51 * DAY)
        assert clear_names(ledger) == set()

    def test_an_erased_buyer_is_gone_with_all_orders_and_stays_away(
        self, ledger: Ledger, run_id: int
    ) -> None:
        links = [link(order(1), buyer(1)), link(order(2), buyer(1)), link(order(3), buyer(3))]
        sent = [send(1, order_id=order(1), alias=buyer(1), message_id="<1@tool.example>"), send(2), send(3)]
        notice = makers.finding(makers.notice(2), octets=b"octets", subject=f"order {order(2)}")
        ledger.file_sent_log(run_id, log(sent, links))
        ledger.file(run_id, [notice], cursor=None, read=1, passed=0)
        ledger.decide(
            Decision(
                account=ACCOUNT,
                action=Action.ACCEPT,
                subject=makers.print_of(2),
                actor="me",
                decided_at=NOON,
                note="Mrs Lovelace rang",
            )
        )
        done = ledger.erase(ACCOUNT, order(1), at=NOON + HOUR)
        assert done == Purged(names=3, mails=1, octets=1)
        assert clear_names(ledger) == {str(order(3)), str(buyer(3))}
        assert [decision.note for decision in ledger.decisions(ACCOUNT, Action.ACCEPT)] == [""]
        for _ in range(2):  # A fresh log, the same mail again, and a rebuild.
            ledger.file_sent_log(run_id, log([send(2, sent_at=NOON + 2 * HOUR), *sent], links))
            ledger.file(run_id, [notice], cursor=None, read=1, passed=0)
            ledger.file(run_id, [notice], cursor=None, read=1, passed=0, mend=True)
        assert clear_names(ledger) == {str(order(3)), str(buyer(3))}
        assert list(ledger.set_aside(ACCOUNT)) == []
        with ledger._reading() as connection:
            assert connection.execute(select(tables.MAIL.c.subject, tables.MAIL.c.message_id)).all() == [
                ("", None)
            ]
            query = select(tables.SEND.c.label).where(tables.SEND.c.order_id_hash == ledger.hash_of(order(1)))
            assert connection.scalars(query).all() == [None]
        (filed,) = ledger.opt_out_notices(ACCOUNT)
        assert filed.notice.order_id == hashed_order(ledger, 2)
        assert filed.linked_alias == Alias(f"#{ledger.hash_of(buyer(1))}", "amazon.co.uk")
        assert list(ledger.damages()) == []

    def test_an_erased_name_in_other_mails_goes_as_well(self, ledger: Ledger, run_id: int) -> None:
        subject = makers.finding(
            makers.unrecognised(1), octets=b"?", subject=f"About {str(order(5)).lower()}"
        )
        told = makers.finding(makers.unrecognised(2), octets=b"encoded")
        other = makers.finding(makers.unrecognised(3), octets=b"!", subject="About something else")
        ledger.file(run_id, [subject, told, other], cursor=None, read=3, passed=0)
        done = ledger.erase(ACCOUNT, order(5), at=NOON, mails={makers.print_of(2)})
        assert done == Purged(names=0, mails=2, octets=2)
        assert [kept.fingerprint for kept in ledger.set_aside(ACCOUNT)] == [makers.print_of(3)]
        ledger.file(run_id, [subject], cursor=None, read=1, passed=0)
        assert [kept.fingerprint for kept in ledger.set_aside(ACCOUNT)] == [makers.print_of(3)]

    def test_a_name_can_be_erased_before_it_is_seen(self, ledger: Ledger) -> None:
        assert ledger.erase(ACCOUNT, buyer(1), at=NOON) == Purged()
        load(ledger, 1)
        assert clear_names(ledger) == {str(order(1))}

    def test_a_strangers_alias_for_an_order_is_not_erased_with_it(self, ledger: Ledger, run_id: int) -> None:
        """A forged notice must not make us forget somebody else."""
        forged = makers.finding(makers.notice(1, alias=buyer(9)), verdict=FORGED)
        genuine = makers.finding(makers.notice(2, alias=buyer(2)), verdict=GENUINE)
        ledger.file(run_id, [forged, genuine], cursor=None, read=2, passed=0)
        ledger.erase(ACCOUNT, order(1), at=NOON)
        assert clear_names(ledger) == {str(buyer(9))} | names_of(2)

    def test_a_copy_of_a_message_keeps_no_buyers_address(self, ledger: Ledger, run_id: int) -> None:
        notice = makers.notice(1)
        copied = type(notice)(
            **{name: getattr(notice, name) for name in notice.__dataclass_fields__ if name != "recipients"},
            recipients=("support@seller.example", str(buyer(1))),
        )
        ledger.file(run_id, [makers.finding(copied)], cursor=None, read=1, passed=0)
        (filed,) = ledger.opt_out_notices(ACCOUNT)
        assert filed.notice.recipients == ("support@seller.example", f"#{ledger.hash_of(buyer(1))}")

    def test_an_export_knows_its_members_again_when_they_are_hashes(self, ledger: Ledger) -> None:
        load(ledger, 1)
        exported(ledger, [1])
        ledger.purge(ACCOUNT, listed=(), now=NOON + 31 * DAY)
        change = ledger.compare_export(preset="csv", path="out.csv", hashes=[])
        assert set(change.went.values()) == {
            f"#{ledger.hash_of(buyer(1))}@marketplace.amazon.co.uk",
            f"#{ledger.hash_of(order(1))}",
        }


def hashed_order(ledger: Ledger, number: int) -> OrderId:
    return OrderId(f"#{ledger.hash_of(order(number))}")
