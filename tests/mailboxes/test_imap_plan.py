"""The parts of the plan that need no server at all."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bounce_watch.mailboxes.imap_plan import (
    LISTED_AT_ONCE,
    WINDOW,
    Examined,
    Header,
    decoded_addresses,
    range_criteria,
    scope_of,
    steps,
    sweep_is_due,
    uid_ranges,
    wanted_criteria,
    windows,
)
from bounce_watch.records.mail import Cursor, Wanted
from tests.mailboxes.samples import NOW


def header(uid: int, size: int = 1000) -> Header:
    return Header(uid=uid, size=size, received_at=None, address_fields="")


def test_search_terms_are_whole_words() -> None:
    assert wanted_criteria(Wanted(senders=("@marketplace.amazon.",))) == ["FROM", "marketplace.amazon"]


def test_search_terms_are_joined_by_or_in_pairs() -> None:
    assert wanted_criteria(Wanted(senders=("a", "b", "c"))) == [
        "OR",
        ["FROM", "a"],
        ["OR", ["FROM", "b"], ["FROM", "c"]],
    ]


def test_range_with_and_without_an_end() -> None:
    assert range_criteria(5, None, None) == ["UID", "5:*"]
    assert range_criteria(5, 9, date(2026, 11, 1)) == ["UID", "5:9", "SINCE", date(2026, 11, 1)]


@pytest.mark.parametrize(
    ("exists", "uidnext", "ranges"),
    [
        (10, 11, [(1, None)]),
        (10, 4_000_000_000, [(1, None)]),
        (LISTED_AT_ONCE + 1, None, [(1, None)]),
        (120_000, 120_001, [(1, 50_000), (50_001, 100_000), (100_001, None)]),
    ],
)
def test_ranges_hold_few_enough_uids(
    exists: int, uidnext: int | None, ranges: list[tuple[int, int | None]]
) -> None:
    assert list(uid_ranges(1, None, Examined(uidvalidity=1, uidnext=uidnext, exists=exists))) == ranges


def test_scope_depends_on_senders_and_since_only() -> None:
    wanted = Wanted(senders=("a", "b"))
    assert scope_of(wanted, None) == scope_of(Wanted(senders=("b", "a")), None)
    assert (
        len(
            {
                scope_of(wanted, None),
                scope_of(wanted, date(2026, 1, 1)),
                scope_of(Wanted(senders=("a",)), None),
            }
        )
        == 3
    )


@pytest.mark.parametrize(("days", "due"), [(0, False), (6, False), (7, True), (30, True), (-8, True)])
def test_a_sweep_is_due_after_a_week(days: int, due: bool) -> None:
    cursor = Cursor(account="uk", folder="INBOX", uidvalidity=1, next_uid=5, scope="", swept_at=NOW)
    assert sweep_is_due(cursor, NOW + timedelta(days=days)) is due


def test_windows_without_candidates_and_without_uids() -> None:
    assert [window.uids for window in windows([3, 4, 9], [])] == [(3, 4, 9)]
    assert list(windows([], [])) == []


@given(st.sets(st.integers(1, 10_000), max_size=1500))
def test_windows_hold_every_uid_once(uids: set[int]) -> None:
    ordered = sorted(uids)
    candidates = ordered[::2]
    made = list(windows(ordered, candidates))
    assert [uid for window in made for uid in window.uids] == ordered
    assert [uid for window in made for uid in window.candidates] == candidates
    assert all(len(window.candidates) <= WINDOW for window in made)
    assert all(set(window.candidates) <= set(window.uids) for window in made)


@given(st.lists(st.integers(0, 6_000_000), max_size=60))
def test_steps_settle_every_uid_once_and_never_before_its_body(sizes: list[int]) -> None:
    uids = list(range(10, 10 + 2 * len(sizes) + 1))
    headers = [header(uid, size) for uid, size in zip(uids[::2], sizes, strict=False)]
    made = list(steps(uids, headers))
    assert [uid for step in made for uid in step.settled] == uids
    assert all({each.uid for each in step.headers} <= set(step.settled) for step in made)
    assert [each for step in made for each in step.headers] == headers


@pytest.mark.parametrize(
    ("field", "part"),
    [
        (
            b"From: =?iso-8859-1?q?K=E4ufer?= <x@marketplace.amazon.de>\r\n\r\n",
            "Käufer <x@marketplace.amazon.de>",
        ),
        (
            b"From: =?utf-8?b?8J+YgA?=\r\n <auto-communication@amazon.com>\r\n\r\n",
            "auto-communication@amazon.com",
        ),
        (b"From: =?no-such-charset?q?a=E4b?= <y@z.example>\r\n\r\n", "aäb"),
        (b"From: =?utf-8?q?owner=40shop=2Eexample?= <f@z.example>\r\n\r\n", "owner@shop.example"),
        (b"From: \xff\xfe raw <auto-communication@amazon.it>\r\n\r\n", "<auto-communication@amazon.it>"),
        (b"From: =?utf-8?b?a?= <auto-communication@amazon.es>\r\n\r\n", "<auto-communication@amazon.es>"),
        (b"From: =?utf-8?b?\xff?= <auto-communication@amazon.nl>\r\n\r\n", "<auto-communication@amazon.nl>"),
        (b"From: =?undefined?q?a?= <auto-communication@amazon.se>\r\n\r\n", "<auto-communication@amazon.se>"),
        (b"From: auto-communication\r\n\t@amazon.fr\r\n\r\n", "auto-communication @amazon.fr"),
    ],
)
def test_from_fields_are_decoded_however_broken(field: bytes, part: str) -> None:
    assert part in decoded_addresses(field)


@given(st.binary(max_size=200))
def test_no_from_field_raises(field: bytes) -> None:
    assert isinstance(decoded_addresses(b"From: =?" + field), str)
