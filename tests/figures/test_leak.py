"""Messages to buyers who stood on an exported list: found where the list is to blame, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bounce_watch.figures.facts import read_facts
from bounce_watch.figures.leak import find_leak
from bounce_watch.flow import import_sent
from bounce_watch.rates.periods import days, month
from bounce_watch.records.account import Account
from bounce_watch.records.change import Leak, LeakLabel
from bounce_watch.records.decision import Action, Decision, DecisionScope
from bounce_watch.records.filed import ExportForm, Filed, RunState
from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.rate import Period
from bounce_watch.store.ledger import Ledger, open_ledger
from bounce_watch.suppression.preset import load_preset
from bounce_watch.upkeep.export import ExportOptions, export
from tests.store import makers
from tests.store.makers import ACCOUNT, buyer, coverage, link, log, order, send

UK = Account(name=ACCOUNT)
MARCH, APRIL = month(date(2026, 3, 1), UTC), month(date(2026, 4, 1), UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def day(number: int, hour: int = 8, minute: int = 7) -> datetime:
    """An instant of March 2026; not on a quarter of an hour, unless it is asked for."""
    return datetime(2026, 3, 1, hour, minute, tzinfo=UTC) + (number - 1) * DAY


@dataclass
class Seller:
    """A seller's ledger and files, and what happens to them."""

    ledger: Ledger
    folder: Path
    account: Account = UK
    mails: int = 0

    def noticed(
        self,
        number: int,
        at: datetime | None,
        *,
        alias: Alias | None = None,
        blocked_on: date | None = None,
        read_at: datetime | None = None,
    ) -> int:
        """A notice about the order of this number comes; the run that read it."""
        self.mails += 1
        found = makers.notice(1000 + self.mails, order_id=order(number), alias=alias, noticed_at=at)
        read = read_at or at or day(28)
        run = self.ledger.start_run(ACCOUNT, "poll", at=read)
        mail = makers.finding(replace(found, blocked_on=blocked_on))
        self.ledger.file(run, [mail], cursor=None, read=1, passed=0)
        self.ledger.finish_run(run, at=read, state=RunState.COMPLETE, read=1, filed=Filed(new=1))
        return run

    def sent(self, number: int, at: datetime, *, label: str | None = "review") -> None:
        """A message about the order of this number is sent; the log is whole for half a year."""
        one = send(number, sent_at=at, label=label, message_id=f"{number}-{at}")
        whole = coverage(MARCH.start - 60 * DAY, APRIL.end + 60 * DAY)
        import_sent(log([one], whole=whole), self.ledger, account=UK, clock=lambda: at)

    def blocked(self, number: int, at: datetime, *, label: str | None = "review") -> None:
        """A message is sent, and Amazon's notice comes half an hour later."""
        self.sent(number, at, label=label)
        self.noticed(number, at + HOUR / 2)

    def export(
        self, at: datetime, *, preset: str = "addresses", name: str = "list.txt", delta: bool = False
    ) -> int:
        """The list goes to a file; the number of the export."""
        options = ExportOptions(form=ExportForm.DELTA if delta else ExportForm.FULL)
        path = self.folder / name
        export(self.ledger, [self.account], load_preset(preset), path, at=at, options=options)
        last = self.ledger.last_export(preset=preset, path=str(path))
        assert last is not None
        return last.id or 0

    def decide(
        self,
        action: Action,
        name: OrderId | Alias,
        at: datetime,
        *,
        scope: DecisionScope = DecisionScope.BUYER,
        expires_at: datetime | None = None,
    ) -> None:
        decision = Decision(
            account=ACCOUNT,
            action=action,
            subject=self.ledger.hash_of(name),
            actor="ann",
            decided_at=at,
            order_id=name if isinstance(name, OrderId) else None,
            alias=name if isinstance(name, Alias) else None,
            scope=scope,
            expires_at=expires_at,
        )
        self.ledger.decide(decision)

    def leak(self, period: Period | None = MARCH) -> Leak | None:
        return find_leak(self.ledger, read_facts(self.ledger, self.account), period)

    def leaked(self, period: Period | None = MARCH) -> int:
        leak = self.leak(period)
        return leak.messages if leak else 0


@pytest.fixture
def seller(tmp_path: Path) -> Iterator[Seller]:
    """Buyer 1 has the orders 1 and 2, and opted out on 1 March."""
    with open_ledger(f"sqlite:///{tmp_path}/ledger.sqlite") as ledger:
        found = Seller(ledger, tmp_path)
        links = log(links=[link(order(1), buyer(1)), link(order(2), buyer(1)), link(order(3), buyer(3))])
        import_sent(links, ledger, account=UK, clock=lambda: day(1))
        found.blocked(1, day(1))
        yield found


def test_without_an_export_nothing_leaks(seller: Seller) -> None:
    seller.blocked(2, day(3))
    assert seller.leak() is None


def test_what_was_sent_before_the_export_does_not_leak(seller: Seller) -> None:
    seller.blocked(2, day(2, 8))
    seller.export(day(2, 9))
    assert seller.leak() is None


def test_a_message_to_a_buyer_on_an_exported_list_leaks(seller: Seller) -> None:
    number = seller.export(day(2))
    seller.blocked(2, day(3))
    assert seller.leak() == Leak(
        messages=1,
        buyers=1,
        first_at=day(3),
        last_at=day(3),
        export_id=number,
        exported_at=day(2),
        preset="addresses",
        path=str(seller.folder / "list.txt"),
        labels=(LeakLabel(label="review", messages=1),),
    )


def test_a_buyer_who_was_not_on_the_list_does_not_leak(seller: Seller) -> None:
    seller.export(day(2))
    seller.blocked(3, day(3))
    assert seller.leak() is None


def test_messages_buyers_and_labels_are_counted(seller: Seller) -> None:
    seller.blocked(3, day(1))
    seller.export(day(2))
    for number, label, at in ((1, "b", 3), (2, "a", 4), (3, "a", 5), (1, None, 6)):
        seller.blocked(number, day(at), label=label)
    seller.noticed(3, day(9))  # Of a message that no log knows.
    leak = seller.leak()
    assert leak is not None
    assert (leak.messages, leak.buyers) == (5, 2)
    assert (leak.first_at, leak.last_at) == (day(3), day(9))
    assert [(each.label, each.messages) for each in leak.labels] == [("a", 2), (None, 2), ("b", 1)]


def test_the_first_export_that_held_one_of_them_is_told(seller: Seller) -> None:
    seller.export(day(2), name="old.txt", delta=True)
    seller.noticed(3, day(3))
    second = seller.export(day(4), name="old.txt", delta=True)
    third = seller.export(day(5), preset="csv", name="new.csv")
    seller.blocked(3, day(6))
    leak = seller.leak()
    assert leak is not None
    assert (leak.export_id, leak.exported_at, leak.path) == (second, day(4), str(seller.folder / "old.txt"))
    assert third > second


class TestPersons:
    def test_who_was_released_is_free_at_once(self, seller: Seller) -> None:
        seller.export(day(2))
        seller.decide(Action.RELEASE, buyer(1), day(3))
        seller.blocked(2, day(4))
        assert seller.leak() is None

    def test_a_release_by_another_order_is_about_the_buyer(self, seller: Seller) -> None:
        seller.export(day(2))
        seller.decide(Action.RELEASE, order(1), day(3))
        seller.blocked(2, day(4))
        assert seller.leak() is None

    def test_after_the_next_notice_the_release_is_over(self, seller: Seller) -> None:
        seller.export(day(2))
        seller.decide(Action.RELEASE, buyer(1), day(3))
        seller.blocked(2, day(4))
        seller.export(day(5))
        seller.blocked(2, day(6))
        leak = seller.leak()
        assert leak is not None
        assert (leak.messages, leak.first_at, leak.exported_at) == (1, day(6), day(2))

    def test_a_release_that_came_too_late_frees_nobody(self, seller: Seller) -> None:
        seller.export(day(2))
        seller.blocked(2, day(3))
        seller.decide(Action.RELEASE, buyer(1), day(4))
        assert seller.leaked() == 1

    def test_a_release_for_a_time_ends(self, seller: Seller) -> None:
        seller.export(day(2))
        seller.decide(Action.RELEASE, buyer(1), day(3), expires_at=day(5))
        seller.blocked(2, day(6))
        assert seller.leaked() == 1

    def test_who_left_a_list_and_came_back_stood_on_it_but_in_between(self, seller: Seller) -> None:
        seller.export(day(2))
        seller.decide(Action.RELEASE, buyer(1), day(3))
        seller.export(day(4))
        seller.blocked(2, day(5))
        back = seller.export(day(6))
        seller.blocked(2, day(7))
        leak = seller.leak()
        assert leak is not None
        assert (leak.messages, leak.export_id, leak.first_at) == (1, back, day(7))

    def test_an_order_that_was_allowed_alone_may_be_written_about(self, seller: Seller) -> None:
        seller.export(day(2))
        seller.decide(Action.ALLOW, order(2), day(3), scope=DecisionScope.ORDER)
        seller.blocked(2, day(4))
        assert seller.leak() is None
        seller.blocked(1, day(5))
        assert seller.leaked() == 1

    def test_who_was_added_by_a_person_counts_as_well(self, seller: Seller) -> None:
        seller.decide(Action.ADD, buyer(3), day(1))
        seller.export(day(2))
        seller.blocked(3, day(3))
        assert seller.leaked() == 1

    def test_an_undone_notice_is_none(self, seller: Seller) -> None:
        seller.export(day(2))
        run = seller.noticed(2, day(4))
        assert seller.leaked() == 1
        undo = Decision(account=ACCOUNT, action=Action.UNDO, subject=str(run), actor="ann", decided_at=day(5))
        seller.ledger.decide(undo)
        assert seller.leak() is None


class TestOrders:
    """Order 9 has a buyer whom nobody knows."""

    def test_an_order_of_an_unknown_buyer_is_that_order_only(self, seller: Seller) -> None:
        seller.noticed(9, day(1))
        number = seller.export(day(2), preset="orders")
        seller.blocked(9, day(3))
        leak = seller.leak()
        assert leak is not None
        assert (leak.messages, leak.buyers, leak.export_id) == (1, 1, number)

    def test_another_order_of_the_same_buyer_was_not_on_that_list(self, seller: Seller) -> None:
        seller.noticed(9, day(1))
        seller.export(day(2), preset="orders")
        import_sent(
            log(links=[link(order(9), buyer(9)), link(order(10), buyer(9))]),
            seller.ledger,
            account=UK,
            clock=lambda: day(2),
        )
        seller.blocked(10, day(3))
        assert seller.leak() is None
        seller.export(day(4), preset="orders")
        seller.blocked(10, day(5))
        assert seller.leaked() == 1

    @pytest.mark.parametrize(("action", "leaked"), [(Action.RELEASE, 0), (Action.ADD, 1)])
    def test_what_a_person_says_of_it(self, seller: Seller, action: Action, leaked: int) -> None:
        seller.noticed(9, day(1))
        seller.export(day(2), preset="orders")
        seller.decide(action, order(9), day(3))
        seller.blocked(9, day(4))
        assert seller.leaked() == leaked


class TestWhenItWasSent:
    """Of a message that no log knows, or knows by its day, the list must have held the buyer all that time.

    And for the 23 hours before, in which the tool that sends may not have loaded it yet.
    """

    @pytest.mark.parametrize(("noticed", "leaked"), [(day(4, 7, 6), 0), (day(4, 7, 7), 0), (day(4, 7, 8), 1)])
    def test_a_day_of_slack_without_a_send(self, seller: Seller, noticed: datetime, leaked: int) -> None:
        seller.export(day(2))
        seller.noticed(2, noticed)
        assert seller.leaked() == leaked

    # Where clocks are 14 hours ahead, the 4th begins on the 3rd at 10:00 UTC.
    @pytest.mark.parametrize(
        ("exported", "leaked"), [(day(2, 10, 59), 1), (day(2, 11, 0), 0), (day(3, 9, 59), 0)]
    )
    def test_the_day_that_the_notice_names(self, seller: Seller, exported: datetime, leaked: int) -> None:
        seller.export(exported)
        seller.noticed(2, day(4, 16), blocked_on=date(2026, 3, 4))
        assert seller.leaked() == leaked

    def test_a_notice_of_unknown_time_tells_by_its_day(self, seller: Seller) -> None:
        seller.export(day(2))
        seller.noticed(2, None)
        assert seller.leak() is None
        seller.noticed(2, None, blocked_on=date(2026, 3, 4))
        leak = seller.leak()
        assert leak is not None
        assert leak.first_at == day(3, 10, 0)

    def test_a_message_was_sent_before_its_notice_whatever_the_log_says(self, seller: Seller) -> None:
        seller.sent(2, day(3, 12))
        seller.noticed(2, day(3, 8))
        seller.export(day(3, 9))
        assert seller.leak() is None

    @pytest.mark.parametrize(
        ("exported", "leaked"), [(day(2, 0, 59), 1), (day(2, 1, 0), 0), (day(3, 0, 0), 0)]
    )
    def test_a_log_that_knows_only_days(self, seller: Seller, exported: datetime, leaked: int) -> None:
        seller.export(exported)
        seller.sent(2, day(3, 12, 0))
        seller.noticed(2, day(3, 14))
        assert seller.leaked() == leaked

    def test_a_buyer_who_may_have_left_the_list_by_then(self, seller: Seller) -> None:
        """The policy took the buyer off, and the export without them came before the notice."""
        seller.account = replace(UK, expire_after_days=3)
        seller.export(day(2))
        seller.export(day(4, 20))
        seller.noticed(2, day(5, 8))
        assert seller.leak() is None


def test_a_tool_has_a_day_to_load_the_list(seller: Seller) -> None:
    seller.export(day(2))
    seller.blocked(2, day(2, 8, 8))
    seller.blocked(2, day(3, 7, 6))
    assert seller.leak() is None
    seller.blocked(2, day(3, 7, 8))
    assert seller.leaked() == 1


def test_a_leak_is_told_in_the_period_in_which_its_notice_came_or_was_read(seller: Seller) -> None:
    seller.export(day(2))
    seller.sent(2, APRIL.start - timedelta(seconds=1))
    seller.noticed(2, APRIL.start + HOUR)
    assert (seller.leaked(MARCH), seller.leaked(APRIL)) == (0, 1)
    seller.blocked(1, APRIL.start)
    assert (seller.leaked(APRIL), seller.leaked(None)) == (2, 2)
    seller.noticed(2, APRIL.end)
    assert seller.leaked(APRIL) == 2
    week = days(date(2026, 5, 12), 7, UTC)
    seller.sent(2, APRIL.end - 9 * DAY)
    seller.noticed(2, APRIL.end - 9 * DAY + HOUR, read_at=week.end - HOUR)
    assert seller.leaked(week) == 1


@pytest.mark.parametrize(("days", "leaked"), [(9, 1), (8, 0)])
def test_whom_the_policy_let_go_is_no_leak_of_an_old_file(seller: Seller, days: int, leaked: int) -> None:
    """The notice came on the 1st at 8:37; half an hour after the message of the 10th at 8:07 is day 9."""
    seller.account = replace(UK, expire_after_days=days)
    seller.export(day(2))
    seller.blocked(2, day(10))
    assert seller.leaked() == leaked


@pytest.mark.parametrize(("days", "leaked"), [(9, 1), (8, 0)])
def test_who_stood_there_as_a_hash_was_not_named(seller: Seller, days: int, leaked: int) -> None:
    seller.account = replace(UK, list_days=days)
    seller.export(day(2))
    seller.decide(Action.ADD, buyer(1), day(3))
    seller.blocked(2, day(10))
    assert seller.leaked() == leaked


def test_names_that_are_forgotten_still_tell(seller: Seller) -> None:
    seller.export(day(2))
    seller.decide(Action.ALLOW, order(1), day(3), scope=DecisionScope.ORDER)
    seller.blocked(1, day(4))
    seller.blocked(2, day(5))
    before = seller.leak()
    purged = seller.ledger.purge(ACCOUNT, listed=set, now=day(200))
    assert purged.names >= 3
    assert before is not None
    assert seller.leak() == before
    assert before.messages == 1


def test_other_accounts_exports_are_theirs(seller: Seller) -> None:
    export(seller.ledger, [Account(name="de")], load_preset("addresses"), seller.folder / "de.txt", at=day(2))
    seller.blocked(2, day(3))
    assert seller.leak() is None
