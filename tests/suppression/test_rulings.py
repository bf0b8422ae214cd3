"""How notices and decisions combine; each case is worked out by hand from docs/explanation/who-is-on-the-list.md."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from bounce_watch.records.decision import Action, Decision, DecisionScope
from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.opt_out import EntrySource
from bounce_watch.suppression.build import ADDED, REASON
from bounce_watch.suppression.rulings import Rulings
from tests.suppression.samples import A1, A2, MADE, O1, O2, O7, O9, SHARED, at, listed, opt_out

DAY = timedelta(days=1)
ADD, RELEASE, ALLOW = Action.ADD, Action.RELEASE, Action.ALLOW
ORDER = DecisionScope.ORDER


def decided(
    action: Action,
    name: OrderId | Alias,
    *,
    day: int = 10,
    scope: DecisionScope = DecisionScope.BUYER,
    expires_at: datetime | None = None,
    note: str = "",
) -> Decision:
    return Decision(
        account="uk",
        action=action,
        subject=f"hash of {name}",
        actor="ann",
        decided_at=at(day),
        note=note,
        order_id=name if isinstance(name, OrderId) else None,
        alias=name if isinstance(name, Alias) else None,
        scope=scope,
        expires_at=expires_at,
    )


NOTICED = [opt_out(O1, A1, first=at(5)), opt_out(O7, A1, first=at(6))]
"""Buyer 1 opted out, which two orders tell, before anything was decided."""


@pytest.mark.parametrize(
    ("decisions", "keys"),
    [
        ([], [(A1, (O1, O7))]),
        ([decided(RELEASE, A1)], []),
        ([decided(ALLOW, A1)], []),
        ([decided(RELEASE, O1)], []),  # The buyer behind the order is meant.
        ([decided(RELEASE, A2)], [(A1, (O1, O7))]),
        ([decided(RELEASE, A1), decided(ADD, A1)], [(A1, (O1, O7))]),
        ([decided(ALLOW, A1), decided(ADD, O7)], [(A1, (O1, O7))]),
        ([decided(ADD, A1), decided(RELEASE, O7)], []),
        ([decided(RELEASE, A1, day=4)], [(A1, (O1, O7))]),  # Both notices came later.
        ([decided(ALLOW, A1, day=4)], []),
        ([decided(ALLOW, A1, expires_at=MADE + DAY)], []),
        ([decided(ALLOW, A1, expires_at=MADE)], [(A1, (O1, O7))]),
        ([decided(RELEASE, A1), decided(ALLOW, A1, expires_at=MADE)], []),  # The one before holds again.
        ([decided(ALLOW, O1, scope=ORDER)], [(A1, (O7,))]),
        ([decided(RELEASE, O1, scope=ORDER)], [(A1, (O7,))]),
        ([decided(RELEASE, O1, scope=ORDER, day=4)], [(A1, (O1, O7))]),
        ([decided(ALLOW, O1, scope=ORDER), decided(ADD, A1)], [(A1, (O1, O7))]),
        ([decided(ADD, A1), decided(ALLOW, O1, scope=ORDER)], [(A1, (O7,))]),
        ([decided(ALLOW, O1, scope=ORDER), decided(ALLOW, O7, scope=ORDER)], [(A1, ())]),
        ([decided(ADD, O1, scope=ORDER)], [(A1, (O1, O7))]),
        ([decided(RELEASE, A1), decided(ADD, O1, scope=ORDER)], [(None, (O1,))]),
        ([decided(ADD, O1, scope=ORDER), decided(RELEASE, A1)], []),
        ([decided(ADD, O2, scope=ORDER)], [(A1, (O1, O7)), (None, (O2,))]),
    ],
)
def test_who_is_on_the_list(
    decisions: list[Decision], keys: list[tuple[Alias | None, tuple[OrderId, ...]]]
) -> None:
    entries = listed(NOTICED, *decisions, alias_of={O1: A1, O7: A1})
    assert [(entry.alias, entry.order_ids) for entry in entries] == keys


@pytest.mark.parametrize("scope", DecisionScope)
def test_an_order_whose_buyer_is_on_the_list_has_no_entry_of_its_own(scope: DecisionScope) -> None:
    entries = listed(NOTICED, decided(ADD, O9, scope=scope), orders_of={A1: [O9]}, alias_of={O9: A1})
    assert [(entry.alias, entry.order_ids) for entry in entries] == [(A1, (O1, O7, O9))]


def test_a_release_holds_until_a_later_notice_comes() -> None:
    released = decided(RELEASE, A1, day=10)
    assert listed([opt_out(O1, A1, first=at(5), last=at(10))], released) == []
    (entry,) = listed([opt_out(O1, A1, first=at(5), last=at(11))], released)
    assert entry.alias == A1
    (other,) = listed([*NOTICED, opt_out(O2, A1, first=at(12), notices=2)], released)
    # What was released before does not count again, but the buyer's orders do.
    assert (other.since, other.notices, other.order_ids) == (at(12), 2, (O1, O7, O2))


@pytest.mark.parametrize(("heard", "on_it"), [(at(9), False), (at(11), True)])
def test_a_notice_that_says_no_time_came_when_it_was_read(heard: datetime, on_it: bool) -> None:
    entries = listed([opt_out(O1, A1, heard=heard)], decided(RELEASE, A1))
    assert [entry.since for entry in entries] == ([None] if on_it else [])
    assert listed([opt_out(O1, A1)], decided(RELEASE, A1)) == []


def test_a_release_of_one_order_ends_with_the_next_notice_of_its_buyer() -> None:
    """Order 9 never had a notice of its own; on the 12th its buyer opts out again."""
    released = decided(RELEASE, O9, scope=ORDER)
    (entry,) = listed(NOTICED, released, orders_of={A1: [O9]})
    assert entry.allowed_orders == (O9,)
    (again,) = listed([*NOTICED, opt_out(O2, A1, first=at(12))], released, orders_of={A1: [O9]})
    assert (again.allowed_orders, again.order_ids) == ((), (O1, O7, O9, O2))


def test_an_entry_that_a_person_made() -> None:
    till = MADE + DAY
    (entry,) = listed([], decided(ADD, A2, note="asked by phone", expires_at=till), orders_of={A2: [O2]})
    assert (entry.alias, entry.order_ids, entry.marketplace) == (A2, (O2,), "amazon.it")
    assert (entry.since, entry.last_noticed_at, entry.notices) == (at(10), None, 0)
    assert (entry.source, entry.reason, entry.expires_at) == (EntrySource.MANUAL, "asked by phone", till)
    (bare,) = listed([], decided(ADD, O2))
    assert (bare.alias, bare.order_ids, bare.marketplace, bare.reason) == (None, (O2,), None, ADDED)


def test_who_was_added_stands_among_those_who_opted_out() -> None:
    """Buyers in the order of their aliases, however they came to the list."""
    noticed = [opt_out(O2, A2, first=at(5))]
    assert [entry.alias for entry in listed(noticed, decided(ADD, A1))] == [A1, A2]
    assert [entry.alias for entry in listed(NOTICED, decided(ADD, A2))] == [A1, A2]


def test_a_notice_says_more_than_a_person_who_added_the_buyer() -> None:
    (entry,) = listed(NOTICED, decided(ADD, A1, note="asked by phone", expires_at=MADE + DAY))
    assert (entry.source, entry.reason, entry.since, entry.notices) == (
        EntrySource.OPT_OUT,
        REASON,
        at(5),
        2,
    )
    assert entry.expires_at is None


@pytest.mark.parametrize(
    ("expires_at", "expected"),
    [(None, None), (at(7) + 40 * DAY, at(7) + 40 * DAY), (at(7), at(6) + 30 * DAY)],
)
def test_the_last_of_two_ends_counts(expires_at: datetime | None, expected: datetime | None) -> None:
    """The notices hold for 30 days from the 6th, the decision till it expires."""
    added = decided(ADD, A1, day=1, expires_at=expires_at)
    (entry,) = listed(NOTICED, added, now=at(6, 12), expire_after=30 * DAY)
    assert entry.expires_at == expected


def test_who_was_added_stays_when_the_notices_have_expired() -> None:
    (entry,) = listed(NOTICED, decided(ADD, A1), now=at(6) + 31 * DAY, expire_after=30 * DAY)
    assert (entry.source, entry.notices, entry.order_ids) == (EntrySource.MANUAL, 0, (O1, O7))


def test_an_order_without_a_buyer_is_released_by_its_number() -> None:
    found = [opt_out(O9, None, first=at(5)), opt_out(O2, SHARED, first=at(5))]
    assert [entry.order_ids for entry in listed(found)] == [(O9,), (O2,)]
    assert [entry.order_ids for entry in listed(found, decided(RELEASE, O9))] == [(O2,)]
    assert listed(found, decided(ALLOW, O9), decided(RELEASE, O2, scope=ORDER)) == []
    (kept, _) = listed(found, decided(ADD, O9, expires_at=MADE + DAY))
    assert (kept.source, kept.expires_at) == (EntrySource.OPT_OUT, None)


def test_an_allowed_order_is_named_in_the_entry_of_its_buyer() -> None:
    (entry,) = listed(NOTICED, decided(ALLOW, O9, scope=ORDER), orders_of={A1: [O1, O9]})
    assert (entry.order_ids, entry.allowed_orders) == ((O1, O7), (O9,))


def test_what_a_person_says_of_a_name() -> None:
    rulings = Rulings(
        [decided(ALLOW, A1), decided(ADD, A2), decided(RELEASE, O2, scope=ORDER), decided(ADD, O9)],
        alias_of={O1: A1, O2: A2},
        at=MADE,
    )
    assert [rulings.is_allowed(name) for name in (A1, O1, A2, O2, O9, O7)] == [
        True,
        True,
        False,
        True,
        False,
        False,
    ]
    assert set(rulings.names()) == {A1, A2, O1, O2, O9}


def test_decisions_that_make_no_sense() -> None:
    with pytest.raises(ValueError, match="one alias or one order"):
        Decision(
            account="uk",
            action=ADD,
            subject="x",
            actor="ann",
            decided_at=MADE,
            scope=DecisionScope.BUYER,
        )
    with pytest.raises(ValueError, match="an order that it names"):
        decided(ADD, A1, scope=ORDER)
    with pytest.raises(ValueError, match="many buyers"):
        decided(ADD, SHARED)
