"""What a person decides about the list: names, ends, what changes, and what is said of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bounce_watch.errors import UsageError
from bounce_watch.records.decision import Action, By, Decision, DecisionScope
from bounce_watch.records.ids import MARKETPLACES
from bounce_watch.store.ledger import Ledger
from bounce_watch.upkeep.decide import Wish, decide, decision_of, end_of_day, expiry, parse_names
from bounce_watch.upkeep.decide_words import as_data, told
from bounce_watch.upkeep.undo import undo
from tests.store.makers import ACCOUNT, NOON, SHARED, buyer, order
from tests.upkeep.lists import AT, KIM, UK, file_notice, filled, state, want

LONDON = ZoneInfo("Europe/London")
DAY = timedelta(days=1)
NEW = buyer(9)
ADD, RELEASE, ALLOW = Action.ADD, Action.RELEASE, Action.ALLOW
ORDER = DecisionScope.ORDER


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with filled(tmp_path) as opened:
        yield opened


def decisions(ledger: Ledger) -> list[Decision]:
    return ledger.list_decisions(ACCOUNT)


def said(done: object) -> str:
    return told(done, zone=UTC)  # type: ignore[arg-type]  # the tests below hand over what `want` gives


# Names


def test_names_are_read_in_every_form_and_each_once() -> None:
    texts = [
        "[026-0000001-0000002]",
        " ABC0000000001@Marketplace.Amazon.co.uk",
        "abc0000000001+x@marketplace.amazon.co.uk",
    ]
    assert parse_names(texts, MARKETPLACES) == [order(1), buyer(1)]


def test_a_marketplace_of_the_settings_is_known() -> None:
    assert parse_names(["abc0000000001@marketplace.amazon.co.za"], MARKETPLACES | {"amazon.co.za"}) == [
        buyer(1, "amazon.co.za")
    ]


@pytest.mark.parametrize(
    "text",
    ["", "203-1234567", "026-0000001-00000022", "sam@firm.example", "abc@marketplace.amazon.example", "uk"],
)
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_names(["026-0000001-0000002", text], MARKETPLACES)
    assert caught.value.message == f"{text!r} is neither an order id nor a buyer's address."
    assert caught.value.advice.endswith("nothing was filed.")


def test_of_a_file_the_line_is_named_and_blank_lines_are_none() -> None:
    assert parse_names(["", str(order(1)), "  "], MARKETPLACES, place="Line") == [order(1)]
    with pytest.raises(UsageError, match=r"^Line 3 is neither"):
        parse_names(["", str(order(1)), "sam@firm.example"], MARKETPLACES, place="Line")
    with pytest.raises(UsageError, match="Nobody is named"):
        parse_names(["", " "], MARKETPLACES, place="Line")


def test_an_address_of_many_buyers_is_refused() -> None:
    with pytest.raises(UsageError, match="many buyers share") as caught:
        parse_names([str(SHARED)], MARKETPLACES)
    assert "Name the order" in caught.value.advice


# Ends


@pytest.mark.parametrize(
    ("until", "days", "end"),
    [
        (None, None, None),
        ("2026-03-10", None, datetime(2026, 3, 11, tzinfo=UTC)),
        ("2026-06-30", None, datetime(2026, 6, 30, 23, tzinfo=UTC)),  # summer time
        (None, 1, datetime(2026, 3, 12, tzinfo=UTC)),
        (None, 30, datetime(2026, 4, 9, 23, tzinfo=UTC)),
    ],
)
def test_an_end_is_that_of_a_day_in_the_zone_of_the_report(
    until: str | None, days: int | None, end: datetime | None
) -> None:
    assert expiry(until=until, days=days, at=AT, zone=LONDON) == end


@pytest.mark.parametrize(
    ("until", "days", "what"),
    [
        ("2026-03-09", None, "2026-03-09 is over already."),
        ("soon", None, "'soon' is not a day."),
        ("2026-02-30", None, "'2026-02-30' is not a day."),
        ("9999-12-31", None, "9999-12-31 is too far away."),
        ("2026-12-31", 3, "--expires and --for exclude each other."),
    ],
)
def test_a_wrong_end_is_refused(until: str | None, days: int | None, what: str) -> None:
    with pytest.raises(UsageError) as caught:
        expiry(until=until, days=days, at=AT, zone=LONDON)
    assert caught.value.message == what


# Add


def test_somebody_new_is_added(ledger: Ledger) -> None:
    done = want(ledger, ADD, NEW)
    assert said(done) == f"{NEW}: is on the list now."
    assert state(ledger, NEW).is_listed
    assert [(each.action, each.alias, each.actor, each.scope) for each in decisions(ledger)] == [
        (ADD, NEW, "kim", DecisionScope.BUYER)
    ]


def test_an_order_brings_its_buyer_with_every_order(ledger: Ledger) -> None:
    want(ledger, RELEASE, buyer(1))
    done = want(ledger, ADD, order(11), by=replace(KIM, at=AT + DAY))
    assert said(done) == f"{order(11)}: is on the list again with its buyer {buyer(1)} (2 orders)."
    assert state(ledger, order(1), at=AT + DAY).is_listed


def test_an_order_alone_leaves_its_buyer_free(ledger: Ledger) -> None:
    want(ledger, RELEASE, buyer(1))
    done = want(ledger, ADD, order(11), scope=ORDER, by=replace(KIM, at=AT + DAY))
    assert said(done) == f"{order(11)}: is on the list again."
    assert state(ledger, order(11), at=AT + DAY).is_listed
    assert not state(ledger, buyer(1), at=AT + DAY).is_listed


def test_who_is_there_by_a_notice_is_added_once_more_for_the_day_when_it_counts_no_longer(
    ledger: Ledger,
) -> None:
    done = want(ledger, ADD, buyer(1))
    assert said(done) == (
        f"{buyer(1)}: was on the list already since 1 Mar 2026 12:00 (1 notice), and stays there"
        " whatever becomes of that."
    )
    undo(ledger, UK, 1, actor="kim", note="", at=AT)
    assert state(ledger, buyer(1)).is_listed


def test_the_same_is_filed_once(ledger: Ledger) -> None:
    want(ledger, ADD, NEW)
    done = want(ledger, ADD, NEW, by=replace(KIM, at=AT + DAY))
    assert done.decision is None
    assert said(done) == f"{NEW}: is on the list already since 10 Mar 2026 09:00 (by hand): nothing to add."
    assert len(decisions(ledger)) == 1


@pytest.mark.parametrize(
    ("first", "second", "filed"), [(5, 9, True), (9, 5, False), (5, None, True), (None, 5, False)]
)
def test_a_longer_end_is_filed_and_a_shorter_one_is_not(
    ledger: Ledger, first: int | None, second: int | None, *, filed: bool
) -> None:
    want(ledger, ADD, NEW, expires_at=first and AT + first * DAY)  # type: ignore[arg-type]
    done = want(ledger, ADD, NEW, expires_at=second and AT + second * DAY)  # type: ignore[arg-type]
    assert (done.decision is not None) is filed
    ends = done.after.entry.expires_at if done.after.entry else AT
    assert ends == (AT + 9 * DAY if None not in {first, second} else None)


def test_a_longer_end_is_told(ledger: Ledger) -> None:
    want(ledger, ADD, NEW, expires_at=end_of_day((AT + DAY).date(), UTC))
    done = want(ledger, ADD, NEW)
    assert said(done) == f"{NEW}: was on the list until the end of 11 Mar 2026, is on it now for good."
    assert state(ledger, NEW, at=AT + 3 * DAY).is_listed


def test_an_added_buyer_leaves_with_the_end(ledger: Ledger) -> None:
    done = want(ledger, ADD, NEW, expires_at=AT + timedelta(hours=3))
    assert said(done) == f"{NEW}: is on the list now until 10 Mar 2026 12:00."
    assert state(ledger, NEW, at=AT + timedelta(hours=2)).is_listed
    assert not state(ledger, NEW, at=AT + timedelta(hours=3)).is_listed


def test_a_buyer_covers_the_order_but_not_the_other_way_round(ledger: Ledger) -> None:
    alone = want(ledger, ADD, order(50), scope=ORDER)
    wider = want(ledger, ADD, order(50))
    again = want(ledger, ADD, order(50), scope=ORDER)
    assert [bool(each.decision) for each in (alone, wider, again)] == [True, True, False]


# Release


def test_who_is_released_is_off_until_a_new_notice(ledger: Ledger) -> None:
    done = want(ledger, RELEASE, buyer(1))
    assert said(done) == (
        f"{buyer(1)}: was on the list since 1 Mar 2026 12:00 (1 notice) with 2 orders,"
        " is off it until a new notice comes."
    )
    assert not any(state(ledger, name).is_listed for name in (buyer(1), order(1), order(11)))
    file_notice(ledger, 4, buyer_number=1, about=11, at=AT + DAY)
    assert state(ledger, buyer(1), at=AT + 2 * DAY).is_listed


def test_an_order_takes_its_buyer_off(ledger: Ledger) -> None:
    done = want(ledger, RELEASE, order(11))
    assert said(done) == (
        f"{order(11)}: was on the list since 1 Mar 2026 12:00 (1 notice) with its buyer {buyer(1)} (2 orders),"
        " is off it until a new notice comes."
    )
    assert not state(ledger, buyer(1)).is_listed


def test_a_release_that_ends_lets_the_notice_count_again(ledger: Ledger) -> None:
    done = want(ledger, RELEASE, order(3), expires_at=datetime(2026, 3, 12, tzinfo=UTC))
    assert said(done).endswith("is off it until a new notice comes, at most until the end of 11 Mar 2026.")
    assert not state(ledger, order(3)).is_listed
    assert state(ledger, order(3), at=datetime(2026, 3, 12, tzinfo=UTC)).is_listed


@pytest.mark.parametrize("name", [NEW, order(77)], ids=["alias", "order"])
def test_nobody_is_released_who_is_not_there(ledger: Ledger, name: object) -> None:
    done = want(ledger, RELEASE, name)  # type: ignore[arg-type]
    assert said(done) == f"{name}: was not on the list: nothing to release."
    assert decisions(ledger) == []


def test_a_release_twice_is_filed_once(ledger: Ledger) -> None:
    assert [bool(want(ledger, RELEASE, buyer(1)).decision) for _ in range(2)] == [True, False]


def test_a_release_for_good_follows_one_that_ends(ledger: Ledger) -> None:
    want(ledger, RELEASE, buyer(1), expires_at=datetime(2026, 3, 12, tzinfo=UTC))
    done = want(ledger, RELEASE, order(11))
    assert said(done) == (
        f"{order(11)}: was released already until the end of 11 Mar 2026, is off the list until a new notice comes."
    )
    assert not state(ledger, buyer(1), at=AT + 9 * DAY).is_listed
    shorter = want(ledger, RELEASE, buyer(1), expires_at=AT + DAY)
    assert (shorter.decision, len(decisions(ledger))) == (None, 2)


def test_an_order_that_was_released_alone_can_take_its_buyer_with_it(ledger: Ledger) -> None:
    want(ledger, RELEASE, order(11), scope=ORDER)
    done = want(ledger, RELEASE, order(11))
    assert said(done) == (
        f"{order(11)}: was released already alone, is off the list with its buyer until a new notice comes."
    )
    assert not state(ledger, buyer(1)).is_listed


def test_an_allowance_for_good_follows_one_that_ends(ledger: Ledger) -> None:
    want(ledger, ALLOW, buyer(1), expires_at=AT + DAY)
    assert want(ledger, ALLOW, buyer(1)).decision is not None
    assert not state(ledger, buyer(1), at=AT + 9 * DAY).is_listed


def test_a_persons_word_is_kept_beside_that_of_an_import(ledger: Ledger) -> None:
    run = ledger.start_run(ACCOUNT, "suppressions import", at=AT)
    wish = Wish(action=ADD, name=NEW)
    ledger.decide(decision_of(ledger, UK, wish, by=KIM, run_id=run))
    done = want(ledger, ADD, NEW)
    assert said(done) == (
        f"{NEW}: was on the list already since 10 Mar 2026 09:00 (by hand), and stays there"
        " whatever becomes of that."
    )
    undo(ledger, UK, run, actor="kim", note="", at=AT)
    assert state(ledger, NEW).is_listed


def test_one_order_alone_is_released_and_its_buyer_stays(ledger: Ledger) -> None:
    done = want(ledger, RELEASE, order(11), scope=ORDER)
    assert said(done) == (
        f"{order(11)}: was on the list since 1 Mar 2026 12:00 (1 notice), is off it until a new notice comes;"
        " its buyer stays on it."
    )
    assert state(ledger, buyer(1)).is_listed
    assert state(ledger, order(1)).is_listed
    assert not state(ledger, order(11)).is_listed


def test_the_only_order_with_a_notice_leaves_its_buyer_on_the_list(ledger: Ledger) -> None:
    assert said(want(ledger, RELEASE, order(1), scope=ORDER)).endswith("; its buyer stays on it.")
    assert state(ledger, buyer(1)).is_listed
    assert not state(ledger, order(1)).is_listed


def test_a_release_of_today_does_not_undo_a_notice_of_later(ledger: Ledger) -> None:
    file_notice(ledger, 4, buyer_number=1, about=11, at=AT + DAY)
    done = want(ledger, RELEASE, buyer(1))
    assert said(done) == (
        f"{buyer(1)}: was on the list since 1 Mar 2026 12:00 (2 notices) with 2 orders, and still is:"
        " a notice of later keeps it there."
    )


# Allow


def test_who_is_allowed_stays_off_whatever_comes(ledger: Ledger) -> None:
    done = want(ledger, ALLOW, buyer(2), expires_at=datetime(2026, 4, 1, tzinfo=UTC))
    assert said(done) == (
        f"{buyer(2)}: was on the list since 1 Mar 2026 12:00 (1 notice) with 1 order,"
        " is kept off it whatever notices come until the end of 31 Mar 2026."
    )
    file_notice(ledger, 5, buyer_number=2, about=2, at=AT + DAY)
    answer = state(ledger, buyer(2), at=AT + 2 * DAY)
    assert (answer.is_listed, answer.allowed) == (False, True)
    assert state(ledger, buyer(2), at=datetime(2026, 4, 1, tzinfo=UTC)).is_listed


def test_somebody_unknown_is_allowed_beforehand_and_once(ledger: Ledger) -> None:
    assert said(want(ledger, ALLOW, NEW)) == f"{NEW}: is kept off the list whatever notices come."
    assert said(want(ledger, ALLOW, NEW)) == f"{NEW}: is allowed already: nothing to allow."
    assert len(decisions(ledger)) == 1


def test_a_release_ends_an_allowance(ledger: Ledger) -> None:
    want(ledger, ALLOW, buyer(1))
    done = want(ledger, RELEASE, order(11), by=replace(KIM, at=AT + DAY))
    assert said(done) == f"{order(11)}: was allowed; from now on a new notice puts it on the list."
    file_notice(ledger, 6, buyer_number=1, about=1, at=AT + 2 * DAY)
    assert state(ledger, buyer(1), at=AT + 3 * DAY).is_listed


def test_an_allowance_that_a_release_ended_can_be_given_again(ledger: Ledger) -> None:
    want(ledger, ALLOW, buyer(1))
    want(ledger, RELEASE, order(11))
    assert want(ledger, ALLOW, buyer(1)).decision is not None


def test_an_addition_ends_an_allowance(ledger: Ledger) -> None:
    want(ledger, ALLOW, buyer(2))
    assert said(want(ledger, ADD, buyer(2))) == f"{buyer(2)}: is on the list again with 1 order."


# All together


def test_an_alias_has_no_scope_of_an_order_and_then_nothing_is_filed(ledger: Ledger) -> None:
    wishes = [Wish(action=ADD, name=order(50)), Wish(action=ADD, name=NEW, scope=ORDER)]
    with pytest.raises(UsageError, match="is a buyer, not an order"):
        decide(ledger, UK, wishes, by=KIM)
    assert decisions(ledger) == []


def test_what_an_undone_import_decided_covers_nothing(ledger: Ledger) -> None:
    run = ledger.start_run(ACCOUNT, "suppressions import", at=AT)
    first = want(ledger, ADD, NEW)
    assert first.decision is not None
    ledger.decide(replace(first.decision, alias=buyer(8), subject=ledger.hash_of(buyer(8)), run_id=run))
    undo(ledger, UK, run, actor="kim", note="", at=AT)
    assert not state(ledger, buyer(8)).is_listed
    assert want(ledger, ADD, buyer(8)).decision is not None


def test_another_account_is_another_list(ledger: Ledger) -> None:
    want(ledger, RELEASE, buyer(1), account=replace(UK, name="de"))
    assert state(ledger, buyer(1)).is_listed


def test_for_a_program(ledger: Ledger) -> None:
    done = want(ledger, ADD, order(3), expires_at=AT + DAY, by=By(actor="kim", at=AT, note="by phone"))
    assert as_data(done) == {
        "name": str(order(3)),
        "action": "add",
        "scope": "buyer",
        "expires_at": "2026-03-11T09:00:00+00:00",
        "filed": True,
        "was_listed": True,
        "is_listed": True,
        "since": NOON.isoformat(),
        "leaves_at": None,
    }
    assert decisions(ledger)[0].note == "by phone"
