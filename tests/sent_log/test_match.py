from __future__ import annotations

from datetime import date, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bounce_watch.records.ids import Alias
from bounce_watch.records.notice import NoticeKind
from bounce_watch.records.sent import Purpose, SendOutcome
from bounce_watch.sent_log.match import LATE_LOG, MAX_AGE, match_sends
from tests.sent_log.samples import (
    ALIAS,
    DAY,
    HOUR,
    MINUTE,
    NOON,
    ORDER,
    OTHER_ALIAS,
    OTHER_ORDER,
    notice,
    send,
)


def test_a_notice_answers_the_nearest_earlier_send_of_its_order() -> None:
    old, near, later = send(NOON - 5 * DAY), send(NOON - MINUTE), send(NOON + HOUR)
    other = send(NOON - MINUTE / 2, order_id=OTHER_ORDER)
    assert match_sends([notice("n")], [old, later, other, near]) == {"n": near}


def test_one_send_answers_one_notice() -> None:
    first, second = send(NOON - 2 * DAY), send(NOON - DAY)
    answers = match_sends(
        [notice("a"), notice("b", at=NOON + MINUTE), notice("c", at=NOON + HOUR)], [first, second]
    )
    assert answers == {"a": second, "b": first}


def test_each_notice_of_an_order_gets_its_own_send() -> None:
    first, second = send(NOON - 7 * DAY), send(NOON)
    notices = [notice("early", at=NOON - 7 * DAY + MINUTE), notice("late", at=NOON + MINUTE)]
    assert match_sends(notices, [first, second]) == {"early": first, "late": second}


@pytest.mark.parametrize(("age", "found"), [(MAX_AGE, True), (MAX_AGE + timedelta(seconds=1), False)])
def test_a_send_is_at_most_thirty_days_older(age: timedelta, found: bool) -> None:
    assert bool(match_sends([notice("n")], [send(NOON - age)])) is found


def test_the_day_that_a_notice_names_decides() -> None:
    meant, nearer = send(NOON - 5 * DAY), send(NOON - HOUR)
    assert match_sends([notice("n", blocked_on=date(2026, 9, 5))], [meant, nearer]) == {"n": meant}


@pytest.mark.parametrize(
    ("day", "found"), [(date(2026, 9, 9), True), (date(2026, 9, 11), True), (date(2026, 9, 8), False)]
)
def test_a_day_off_by_one_is_a_matter_of_time_zones(day: date, found: bool) -> None:
    assert bool(match_sends([notice("n", blocked_on=day)], [send(NOON - HOUR)])) is found


def test_a_notice_that_names_its_day_chooses_before_one_that_does_not() -> None:
    older, newer = send(NOON - 9 * DAY), send(NOON - HOUR)
    vague, exact = notice("vague", at=NOON - MINUTE), notice("exact", blocked_on=NOON.date())
    assert match_sends([vague, exact], [older, newer]) == {"vague": older, "exact": newer}


def test_an_undated_notice_is_placed_by_the_day_it_names() -> None:
    meant = send(NOON)
    assert match_sends([notice("n", at=None, blocked_on=NOON.date())], [meant]) == {"n": meant}
    assert match_sends([notice("n", at=None)], [meant]) == {}


def test_the_alias_serves_where_the_log_has_no_order() -> None:
    by_alias = send(NOON - HOUR, order_id=None)
    stranger = send(NOON - MINUTE, order_id=None, alias=OTHER_ALIAS)
    assert match_sends([notice("n", alias=ALIAS)], [by_alias, stranger]) == {"n": by_alias}
    assert match_sends([notice("n")], [by_alias]) == {}
    assert match_sends([notice("n")], [by_alias], aliases={"n": ALIAS}) == {"n": by_alias}


def test_another_order_of_the_same_buyer_is_not_the_answer() -> None:
    assert match_sends([notice("n", alias=ALIAS)], [send(NOON - HOUR, order_id=OTHER_ORDER)]) == {}


def test_a_shared_alias_matches_nobody() -> None:
    shared = Alias("no-reply-amazon-iba-buyer", "amazon.it")
    assert match_sends([notice("n", alias=shared)], [send(NOON - HOUR, order_id=None, alias=shared)]) == {}


@pytest.mark.parametrize("purpose", [Purpose.ORDER_CRITICAL, Purpose.REPLY])
def test_what_can_not_be_blocked_is_not_matched(purpose: Purpose) -> None:
    assert match_sends([notice("n")], [send(NOON - HOUR, purpose=purpose)]) == {}


def test_unknown_purposes_match_and_withheld_sends_do_not() -> None:
    assert match_sends([notice("n")], [send(NOON - HOUR, purpose=Purpose.UNKNOWN)])
    assert match_sends([notice("n")], [send(NOON - HOUR, outcome=SendOutcome.WITHHELD)]) == {}


def test_only_opt_outs_answer_a_send() -> None:
    refund = notice("n", kind=NoticeKind.REFUND)
    assert match_sends([refund], [send(NOON - HOUR)]) == {}


def test_a_log_that_knows_only_days_still_matches() -> None:
    morning = notice("n", at=NOON - 3 * HOUR)
    assert match_sends([morning], [send(NOON)]) == {"n": send(NOON)}
    assert match_sends([notice("n", at=NOON - LATE_LOG - MINUTE)], [send(NOON)]) == {}


def test_a_later_send_is_offered_only_after_everybody_has_chosen() -> None:
    stray, own = notice("stray", at=NOON - HOUR), notice("own", at=NOON + MINUTE)
    assert match_sends([stray, own], [send(NOON)]) == {"own": send(NOON)}


INSTANTS = st.integers(0, 40 * 24).map(lambda hours: NOON + timedelta(hours=hours))


@given(
    st.lists(st.tuples(INSTANTS, st.booleans()), max_size=8),
    st.lists(st.tuples(INSTANTS, st.booleans()), max_size=8),
    st.integers(0, 1000),
)
def test_the_order_of_the_input_does_not_matter(
    sent: list[tuple[datetime, bool]], noticed: list[tuple[datetime, bool]], seed: int
) -> None:
    sends = [send(at, order_id=ORDER if known else None) for at, known in sent]
    notices = [
        notice(f"n{number}", at=at, alias=ALIAS, blocked_on=at.date() if dated else None)
        for number, (at, dated) in enumerate(noticed)
    ]
    answers = match_sends(notices, sends)
    shuffle = Random(seed)
    again = match_sends(shuffle.sample(notices, len(notices)), shuffle.sample(sends, len(sends)))
    assert again == answers
    assert len(answers) <= min(len(sends), len(notices))
    instants = {each.fingerprint: each.noticed_at for each in notices}
    for name, answer in answers.items():
        came = instants[name]
        assert came is not None
        assert -LATE_LOG <= came - answer.send.sent_at <= MAX_AGE
