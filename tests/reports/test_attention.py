from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bounce_watch.records.filed import Filed, Run, RunState
from bounce_watch.reports.attention import AttentionFacts, attention
from bounce_watch.reports.content import AttentionKind, Severity

from .example import at
from .examples import LEAK, PARTLY, SILENT, SINCE

NOW = at(2026, 11, 23, 6, 30)
QUIET = AttentionFacts(now=NOW, last_read_to_end_at=NOW - timedelta(minutes=1))
FAILED = Run(
    id=7,
    account="uk",
    command="daily",
    started_at=NOW - timedelta(hours=5),
    finished_at=NOW - timedelta(hours=4, minutes=59),
    state=RunState.FAILED,
    read=0,
    filed=Filed(),
    message="The server imap.seller.example:993 can't be reached.",
)


def kinds(facts: AttentionFacts) -> list[AttentionKind]:
    return [one.kind for one in attention(facts)]


def test_a_quiet_morning_has_one_calm_line() -> None:
    (only,) = attention(replace(QUIET, notices=57, new_orders=8))
    assert only.kind is AttentionKind.NOTHING
    assert only.text == "Nothing needs you: 57 messages blocked, 8 new opt-outs since yesterday."
    assert only.advice == ""
    (only,) = attention(replace(QUIET, notices=1))
    assert only.text == "Nothing needs you: 1 message blocked, no new opt-out since yesterday."


@pytest.mark.parametrize(
    ("end", "when"), [(NOW, "on 23 Nov 2026"), (NOW + timedelta(seconds=1), "since yesterday")]
)
def test_of_a_period_that_is_over_the_calm_line_names_the_last_day(end: datetime, when: str) -> None:
    (only,) = attention(replace(QUIET, notices=2, speaks_until=end))
    assert only.text == f"Nothing needs you: 2 messages blocked, no new opt-out {when}."


@pytest.mark.parametrize(
    ("field", "kind", "severity", "words"),
    [
        ("restricted", AttentionKind.ACCOUNT_RESTRICTED, Severity.STOP, "restricted"),
        ("policy_blocks", AttentionKind.POLICY_BLOCK, Severity.STOP, "blocked 3 messages"),
        ("not_authorised", AttentionKind.SENDER_NOT_AUTHORISED, Severity.STOP, "not authorised"),
        (
            "unproven",
            AttentionKind.SET_ASIDE,
            Severity.CHECK,
            "3 notices set aside and not counted: 3 unproven.",
        ),
        ("forged", AttentionKind.SET_ASIDE, Severity.CHECK, "3 forged."),
        ("misdirected", AttentionKind.SET_ASIDE, Severity.CHECK, "3 misdirected."),
        ("unrecognised", AttentionKind.UNRECOGNISED, Severity.CHECK, "3 mails"),
        ("unreadable", AttentionKind.UNREADABLE, Severity.CHECK, "3 mails"),
        ("conflicting", AttentionKind.CONFLICTING_ALIAS, Severity.CHECK, "3 orders"),
        ("without_alias", AttentionKind.NO_ALIAS, Severity.NOTE, "3 opt-outs"),
        ("not_our_orders", AttentionKind.NOT_OUR_ORDER, Severity.NOTE, "3 notices about an order"),
    ],
)
def test_each_rule_speaks_alone(field: str, kind: AttentionKind, severity: Severity, words: str) -> None:
    values: dict[str, Any] = {field: 3}
    (only,) = attention(replace(QUIET, **values))
    assert only.kind is kind
    assert only.kind.severity is severity
    assert words in only.text
    assert only.advice


def test_the_weightiest_comes_first() -> None:
    everything = AttentionFacts(
        now=NOW,
        last_read_to_end_at=None,
        incomplete_poll=FAILED,
        restricted=1,
        policy_blocks=1,
        not_authorised=1,
        unproven=1,
        forged=2,
        misdirected=1,
        unrecognised=1,
        unreadable=1,
        unmatched=1,
        not_our_orders=1,
        surge=(63, 4),
        leak=LEAK,
        silences=(SILENT,),
        change_point=SINCE,
        rate=PARTLY.buyers,
        rate_above=0.02,
        conflicting=1,
        without_alias=1,
        unproven_accepted_for=("uk",),
    )
    # Which of the two speaks of the mailbox depends on the last poll.
    left_out = {AttentionKind.NOTHING, AttentionKind.STALE_POLL}
    assert kinds(everything) == [kind for kind in AttentionKind if kind not in left_out]
    left_out = {AttentionKind.NOTHING, AttentionKind.POLL_INCOMPLETE}
    assert kinds(replace(everything, incomplete_poll=None)) == [
        kind for kind in AttentionKind if kind not in left_out
    ]
    aside = next(one for one in attention(everything) if one.kind is AttentionKind.SET_ASIDE)
    assert aside.text == "4 notices set aside and not counted: 1 unproven, 2 forged and 1 misdirected."


@pytest.mark.parametrize(
    ("last", "stale"),
    [
        (NOW, False),
        (NOW - timedelta(hours=26), False),
        (NOW - timedelta(hours=26, seconds=1), True),
        (NOW + timedelta(hours=30), False),
        (None, True),
    ],
)
def test_a_mailbox_is_stale_after_26_hours(last: datetime | None, stale: bool) -> None:
    found = kinds(replace(QUIET, last_read_to_end_at=last))
    assert found == [AttentionKind.STALE_POLL if stale else AttentionKind.NOTHING]
    assert kinds(replace(QUIET, last_read_to_end_at=last, has_mailbox=False)) == [AttentionKind.NOTHING]


@pytest.mark.parametrize(
    ("elapsed", "words"),
    [
        (timedelta(hours=27, minutes=59), "27 hours ago"),
        (timedelta(hours=47), "47 hours ago"),
        (timedelta(days=2), "2 days ago"),
        (timedelta(days=9, hours=23), "9 days ago"),
    ],
)
def test_how_long_ago(elapsed: timedelta, words: str) -> None:
    (only,) = attention(replace(QUIET, last_read_to_end_at=NOW - elapsed))
    assert words in only.text
    assert "bounce-watch poll" in only.advice


def test_accounts_that_ask_for_no_proof_are_named() -> None:
    (only,) = attention(replace(QUIET, unproven_accepted_for=("uk", "de")))
    assert "for uk and de" in only.text
    assert "require_proof" in only.advice


def test_nobody_is_told_to_override_a_buyers_choice() -> None:
    loud = replace(QUIET, restricted=1, policy_blocks=1, not_authorised=1, unproven=1, without_alias=1)
    assert "[Important]" not in " ".join(one.text + one.advice for one in attention(loud))


def test_a_naive_clock_is_refused() -> None:
    with pytest.raises(ValueError, match="now"):
        AttentionFacts(now=datetime(2026, 11, 23), last_read_to_end_at=None)


def test_unproven_notices_without_a_named_receiver_get_the_advice_that_helps() -> None:
    (only,) = attention(replace(QUIET, unproven=2, names_receiver=False))
    assert "authserv_ids" in only.advice
    (only,) = attention(replace(QUIET, forged=2, names_receiver=False))
    assert "authserv_ids" not in only.advice


def test_an_account_that_never_read_a_mail_is_not_all_right() -> None:
    (only,) = attention(replace(QUIET, has_mailbox=False, last_read_to_end_at=None, mails_read=0))
    assert (only.kind, "bounce-watch import" in only.advice) == (AttentionKind.STALE_POLL, True)


def test_a_surge_says_what_is_usual() -> None:
    (only,) = attention(replace(QUIET, surge=(63, 4.5)))
    assert only.text == "63 unproven opt-outs in 24 hours, where 4.5 a day are usual: exports stop."
    assert (only.kind.severity, "--allow-surge" in only.advice) == (Severity.CHECK, True)


def test_notices_that_no_log_explains_are_told() -> None:
    (only,) = attention(replace(QUIET, unmatched=19))
    assert only.text == "19 notices about no message in your sent log: the rate is too low."


def test_a_leak_comes_before_all_that_was_read() -> None:
    loud = replace(QUIET, leak=LEAK, restricted=1, silences=(SILENT,), zone=ZoneInfo("Asia/Tokyo"))
    first, *_ = attention(loud)
    assert (first.kind, first.kind.severity) == (AttentionKind.LEAK, Severity.STOP)
    early = replace(LEAK, first_at=at(2026, 11, 16, 23))
    assert "17 Nov 2026" in attention(replace(loud, leak=early))[0].text


class TestAPollThatDidNotComplete:
    def test_says_since_when_what_failed_and_what_to_do(self) -> None:
        read = NOW - timedelta(hours=25)
        (only,) = attention(replace(QUIET, last_read_to_end_at=read, incomplete_poll=FAILED))
        assert (only.kind, only.kind.severity) == (AttentionKind.POLL_INCOMPLETE, Severity.CHECK)
        assert only.text == (
            "The last poll, 4 hours ago, did not complete: The server imap.seller.example:993 can't be reached."
            " Notices since the last complete one, 25 hours ago, may be missing here."
        )
        assert only.advice == "Poll again: bounce-watch poll"

    def test_where_none_ever_completed(self) -> None:
        partly = replace(FAILED, state=RunState.PARTLY, message="3 mails of INBOX could not be fetched")
        (only,) = attention(replace(QUIET, last_read_to_end_at=None, incomplete_poll=partly))
        assert "did not complete: 3 mails of INBOX could not be fetched. The mailbox was never" in only.text

    def test_killed(self) -> None:
        killed = replace(FAILED, state=RunState.RUNNING, finished_at=None, message="")
        (only,) = attention(replace(QUIET, incomplete_poll=killed))
        assert only.text.startswith("The last poll began 5 hours ago and has not ended: it was killed")
        assert "at work" in only.advice

    def test_without_a_reason(self) -> None:
        (only,) = attention(replace(QUIET, incomplete_poll=replace(FAILED, message="")))
        assert "no reason was filed" in only.text

    def test_stands_before_all_else(self) -> None:
        loud = replace(QUIET, restricted=1, unproven=2, incomplete_poll=FAILED)
        assert kinds(loud) == [
            AttentionKind.POLL_INCOMPLETE,
            AttentionKind.ACCOUNT_RESTRICTED,
            AttentionKind.SET_ASIDE,
        ]

    def test_of_a_mailbox_that_is_in_no_settings_any_more(self) -> None:
        gone = replace(QUIET, has_mailbox=False, incomplete_poll=FAILED)
        assert kinds(gone) == [AttentionKind.NOTHING]


def test_how_old_is_too_old_can_be_said() -> None:
    facts = replace(QUIET, last_read_to_end_at=NOW - timedelta(hours=2), stale_after=timedelta(hours=2))
    assert kinds(facts) == [AttentionKind.NOTHING]
    assert kinds(replace(facts, now=NOW + timedelta(seconds=1))) == [AttentionKind.STALE_POLL]
