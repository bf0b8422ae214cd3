from __future__ import annotations

from datetime import timedelta
from itertools import permutations

import pytest

from bounce_watch.records.opt_out import EntrySource, OptOut, OptOutState
from bounce_watch.suppression.build import build_list
from tests.suppression.samples import A1, A2, MADE, O1, O2, O7, O9, SHARED, at, opt_out, sample_list


def test_entries_are_buyers_then_orders_without_a_buyer() -> None:
    first, second, third = sample_list().entries
    assert (first.alias, first.order_ids, first.notices) == (A1, (O1, O7), 3)
    assert (first.since, first.last_noticed_at) == (at(3, 9, 34), at(20, 15))
    assert (first.marketplace, first.source, first.account) == ("amazon.co.uk", EntrySource.OPT_OUT, "uk")
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
    (entry,) = build_list(found, account="uk", orders_of={}, made_at=MADE).entries
    assert (entry.order_ids, entry.notices) == ((O1, O7), 3)
    assert (entry.since, entry.last_noticed_at) == (at(3), at(9))


def test_a_shared_alias_is_never_a_key() -> None:
    found = [opt_out(O1, SHARED), opt_out(O2, SHARED)]
    entries = build_list(found, account="uk", orders_of={SHARED: [O9]}, made_at=MADE).entries
    assert [(entry.alias, entry.order_ids) for entry in entries] == [(None, (O1,)), (None, (O2,))]


def test_what_is_no_longer_active_is_not_on_the_list() -> None:
    found = [opt_out(O1, A1, state=OptOutState.RELEASED), opt_out(O2, A2, state=OptOutState.EXPIRED)]
    assert build_list(found, account="uk", orders_of={}, made_at=MADE).entries == ()


def test_another_accounts_buyers_are_refused() -> None:
    with pytest.raises(ValueError, match="account 'it'"):
        build_list([opt_out(O1, A1, account="it")], account="uk", orders_of={}, made_at=MADE)


def test_neither_input_order_nor_time_changes_the_list() -> None:
    found = [opt_out(O9, None), opt_out(O1, A1, first=at(3)), opt_out(O2, A2), opt_out(O7, A1)]
    lists = [
        build_list(each, account="uk", orders_of={A1: orders}, made_at=MADE + timedelta(days=number))
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
    one = build_list([opt_out(O1, A1, first=at(3))], account="uk", orders_of={}, made_at=MADE)
    two = build_list(other, account="uk", orders_of={}, made_at=MADE)
    assert len(one.revision) == 64
    assert one.revision != two.revision
    assert one.revision != build_list([], account="it", orders_of={}, made_at=MADE).revision
