"""One event, several copies."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bounce_watch.notices.copies import count_events
from bounce_watch.records.filed import FiledNotice
from tests.notices.makers import filed

A, B = "a@seller.example", "b@seller.example"


def blocked(*notices: FiledNotice) -> int:
    return sum(messages for _, messages in count_events(notices))


def test_two_recipients_within_ten_minutes_are_one_event() -> None:
    assert blocked(filed(0, A), filed(10, B)) == 1
    assert blocked(filed(0, A), filed(10.1, B)) == 2


def test_the_same_recipient_twice_is_a_second_blocked_message() -> None:
    assert blocked(filed(0, A), filed(1, A)) == 2
    assert blocked(filed(0, A), filed(0, B), filed(1, A), filed(1, B)) == 2


def test_another_order_or_text_is_another_event() -> None:
    assert blocked(filed(0, A), filed(0, B, order="026-1234567-0000001")) == 2
    assert blocked(filed(0, A), filed(0, B, body="other")) == 2


def test_notices_without_recipient_or_instant_count_each() -> None:
    assert blocked(filed(0), filed(1)) == 2
    assert blocked(filed(None, A), filed(None, B)) == 1
    assert blocked(filed(None, A), filed(0, B)) == 2
    assert count_events([]) == []


def test_copies_stay_with_zero_because_they_may_know_the_alias() -> None:
    pairs = count_events([filed(3, B), filed(0, A)])
    assert [(pair[0].notice.recipients, pair[1]) for pair in pairs] == [((A,), 1), ((B,), 0)]


NOTICES = st.builds(
    filed,
    st.one_of(st.none(), st.integers(0, 40)),
    st.sampled_from([A, B]),
    order=st.sampled_from(["026-1234567-0000001", "026-1234567-0000002"]),
    body=st.sampled_from(["x", "y"]),
    name=st.sampled_from("pqr"),
)


@given(st.lists(NOTICES, max_size=12, unique_by=lambda each: each.notice.fingerprint), st.randoms())
def test_the_order_of_arrival_changes_nothing(notices: list[FiledNotice], random: object) -> None:
    shuffled = list(notices)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis' randoms() are random.Random
    assert count_events(shuffled) == count_events(notices)
    assert 0 <= blocked(*notices) <= len(notices)
