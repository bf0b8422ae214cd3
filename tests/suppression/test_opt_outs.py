from __future__ import annotations

from itertools import permutations

import pytest

from bounce_watch.records.ids import Alias
from bounce_watch.records.notice import Evidence, NoticeKind
from bounce_watch.records.opt_out import AliasFrom
from bounce_watch.suppression.opt_outs import conflicting_orders, derive_opt_outs
from tests.suppression.samples import A1, A2, O1, O2, SHARED, at, filed


def test_one_opt_out_an_order_with_first_last_and_count() -> None:
    counted = [
        (filed("b", alias=A1, noticed_at=at(7), evidence=Evidence.HEADER), 1),
        (filed("a", alias=A1, noticed_at=at(3)), 1),
        (filed("copy", alias=A1, noticed_at=at(3)), 0),
        (filed("other", order_id=O2, alias=A2), 2),
    ]
    first, second = derive_opt_outs("uk", counted)
    assert (first.account, first.order_id, first.alias, first.alias_from) == ("uk", O1, A1, AliasFrom.NOTICE)
    assert (first.first_noticed_at, first.last_noticed_at, first.notices) == (at(3), at(7), 2)
    assert (first.evidence, first.marketplace) == (Evidence.HEADER, "amazon.co.uk")
    assert (second.order_id, second.notices, second.first_noticed_at) == (O2, 2, None)
    assert (second.evidence, second.marketplace) == (Evidence.WORDING, "amazon.it")


@pytest.mark.parametrize(
    ("named", "linked", "expected"),
    [
        (A1, A2, (A1, AliasFrom.NOTICE)),
        (None, A2, (A2, AliasFrom.SENT_LOG)),
        (SHARED, A2, (A2, AliasFrom.SENT_LOG)),
        (SHARED, None, (None, AliasFrom.NONE)),
        (None, SHARED, (None, AliasFrom.NONE)),
        (None, None, (None, AliasFrom.NONE)),
    ],
)
def test_the_notice_names_the_alias_before_our_logs_do(
    named: Alias | None, linked: Alias | None, expected: tuple[Alias | None, AliasFrom]
) -> None:
    (found,) = derive_opt_outs("uk", [(filed("a", alias=named, linked=linked), 1)])
    assert (found.alias, found.alias_from) == expected


def test_two_aliases_of_one_order_leave_it_open_and_are_reported() -> None:
    counted = [
        (filed("a", alias=A1, linked=A1), 1),
        (filed("b", alias=A2, linked=A1), 1),
        (filed("c", order_id=O2, alias=A2), 1),
    ]
    first, second = derive_opt_outs("uk", counted)
    assert (first.alias, first.alias_from, first.notices) == (None, AliasFrom.NONE, 2)
    assert second.alias == A2
    assert list(conflicting_orders(counted)) == [O1]


def test_a_silent_notice_beside_one_that_names_the_alias_is_no_conflict() -> None:
    counted = [(filed("a", linked=A1), 1), (filed("b", alias=A2, linked=A1), 1)]
    (found,) = derive_opt_outs("uk", counted)
    assert (found.alias, found.alias_from) == (A2, AliasFrom.NOTICE)
    assert list(conflicting_orders(counted)) == []


def test_the_order_of_an_orders_notices_does_not_matter() -> None:
    counted = [
        (filed("a", alias=A1, noticed_at=at(3), marketplace=None), 1),
        (filed("b", linked=A2, noticed_at=at(5)), 1),
        (filed("c", noticed_at=None, evidence=Evidence.HEADER), 1),
    ]
    answers = {next(derive_opt_outs("uk", each)) for each in permutations(counted)}
    assert len(answers) == 1


def test_the_marketplace_is_the_one_that_the_notices_agree_on() -> None:
    agreed = [(filed("a"), 1), (filed("b", marketplace=None), 1)]
    torn = [(filed("a"), 1), (filed("b", marketplace="amazon.it"), 1)]
    assert [each.marketplace for each in derive_opt_outs("uk", agreed)] == ["amazon.co.uk"]
    assert [each.marketplace for each in derive_opt_outs("uk", torn)] == [None]


def test_other_notices_are_no_opt_outs() -> None:
    counted = [
        (filed("a", kind=NoticeKind.REFUND), 1),
        (filed("b", kind=NoticeKind.ACCOUNT_RESTRICTED, order_id=None), 1),
    ]
    assert list(derive_opt_outs("uk", counted)) == []
    assert list(derive_opt_outs("uk", [])) == []
