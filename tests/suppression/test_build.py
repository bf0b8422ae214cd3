from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from itertools import permutations

import pytest

from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.opt_out import EntrySource, OptOut
from bounce_watch.suppression.build import build_list
from bounce_watch.suppression.rulings import Rulings
from tests.suppression.samples import (
    A1,
    A2,
    MADE,
    O1,
    O2,
    O7,
    O9,
    SHARED,
    at,
    listed,
    listing,
    opt_out,
    sample_list,
)

DAY = timedelta(days=1)


def test_entries_are_buyers_then_orders_without_a_buyer() -> None:
    first, second, third = sample_list().entries
    assert (first.alias, first.order_ids, first.notices) == (A1, (O1, O7), 3)
    assert (first.since, first.last_noticed_at) == (at(3, 9, 34), at(20, 15))
    assert (first.marketplace, first.source, first.account) == ("amazon.co.uk", EntrySource.OPT_OUT, "uk")
    assert (first.expires_at, first.allowed_orders) == (None, ())
    assert (second.alias, second.order_ids, second.since) == (A2, (O2,), at(5))
    assert (third.alias, third.order_ids, third.since, third.marketplace) == (
        None,
        (O9,),
        None,
        "amazon.co.uk",
    )
    assert sample_list().without_alias == 1


def test_orders_of_one_buyer_become_one_entry() -> None:
    found = [opt_out(O1, A1, first=at(9), notices=2), opt_out(O7, A1, first=at(3), last=at(4))]
    (entry,) = listed(found)
    assert (entry.order_ids, entry.notices) == ((O1, O7), 3)
    assert (entry.since, entry.last_noticed_at) == (at(3), at(9))


def test_a_shared_alias_is_never_a_key() -> None:
    entries = listed([opt_out(O1, SHARED), opt_out(O2, SHARED)], orders_of={SHARED: [O9]})
    assert [(entry.alias, entry.order_ids) for entry in entries] == [(None, (O1,)), (None, (O2,))]


def test_another_accounts_buyers_are_refused() -> None:
    with pytest.raises(ValueError, match="account 'it'"):
        listed([opt_out(O1, A1, account="it")])


def test_neither_input_order_nor_time_changes_the_list() -> None:
    found = [opt_out(O9, None), opt_out(O1, A1, first=at(3)), opt_out(O2, A2), opt_out(O7, A1)]
    lists = [
        listing(listed(each, orders_of={A1: orders}, now=MADE + timedelta(days=number)))
        for number, each in enumerate(permutations(found))
        for orders in ([O1, O9], [O9, O1, O9])
    ]
    assert len({(each.entries, each.revision) for each in lists}) == 1


@pytest.mark.parametrize(
    "other",
    [
        [opt_out(O1, A1, first=at(4))],
        [opt_out(O1, A1, first=at(3), last=at(5))],
        [opt_out(O1, A1, first=at(3), notices=2)],
        [opt_out(O1, A2, first=at(3))],
        [opt_out(O2, A1, first=at(3))],
        [opt_out(O1, None, first=at(3))],
        [],
    ],
)
def test_any_change_of_content_changes_the_revision(other: list[OptOut]) -> None:
    one = listing(listed([opt_out(O1, A1, first=at(3))]))
    two = listing(listed(other))
    assert len(one.revision) == 64
    assert one.revision != two.revision
    assert listing([]).revision != listing([], account="it").revision


@pytest.mark.parametrize(("days", "on_it"), [(29.9, True), (30, False), (31, False)])
def test_a_buyer_is_off_the_list_when_the_last_notice_is_long_enough_ago(days: float, on_it: bool) -> None:
    found = [opt_out(O1, A1, first=at(1)), opt_out(O7, A1, first=at(3), last=at(20)), opt_out(O2, A2)]
    entries = listed(found, now=at(20) + days * DAY, expire_after=30 * DAY)
    assert [entry.alias for entry in entries] == ([A1, A2] if on_it else [A2])
    if on_it:
        assert (entries[0].expires_at, entries[0].order_ids) == (at(20) + 30 * DAY, (O1, O7))
    # Nobody knows when the other notice came.
    assert entries[-1].expires_at is None


def test_an_order_without_a_buyer_expires_too() -> None:
    found = [opt_out(O1, None, first=at(1))]
    assert listed(found, now=at(31), expire_after=30 * DAY) == []
    (entry,) = listed(found, now=at(30), expire_after=30 * DAY)
    assert entry.expires_at == at(31)


def test_orders_are_asked_for_a_few_hundred_buyers_at_a_time() -> None:
    asked: list[int] = []

    def orders_of(aliases: Collection[Alias]) -> dict[Alias, list[OrderId]]:
        asked.append(len(aliases))
        return {}

    found = (
        opt_out(OrderId(f"205-{number:07d}-0000001"), Alias(f"buyer{number:010d}", "amazon.co.uk"))
        for number in range(1201)
    )
    rulings = Rulings([], alias_of={}, at=MADE)
    assert len(list(build_list(found, account="uk", rulings=rulings, orders_of=orders_of, at=MADE))) == 1201
    assert asked == [500, 500, 201]
