from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from bounce_watch.reports.attention import AttentionFacts, attention
from bounce_watch.reports.content import AttentionKind, Severity

from .example import at

NOW = at(2026, 11, 23, 6, 30)
QUIET = AttentionFacts(now=NOW, last_read_to_end_at=NOW - timedelta(minutes=1))


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
        restricted=1,
        policy_blocks=1,
        not_authorised=1,
        unproven=1,
        forged=2,
        misdirected=1,
        unrecognised=1,
        unreadable=1,
        unmatched=1,
        conflicting=1,
        without_alias=1,
        unproven_accepted_for=("uk",),
    )
    assert kinds(everything) == [kind for kind in AttentionKind if kind is not AttentionKind.NOTHING]
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


def test_notices_that_no_log_explains_are_told() -> None:
    (only,) = attention(replace(QUIET, unmatched=19))
    assert only.text == "19 notices about no message in your sent log: the rate is too low."
