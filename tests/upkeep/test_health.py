"""The verdict: what makes an account need a person, and what does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bounce_watch.records.account import RequireProof
from bounce_watch.records.filed import RunState
from bounce_watch.reports.attention import STALE_AFTER
from bounce_watch.reports.content import AttentionKind
from bounce_watch.reports.health import AccountHealth, Health, HealthVerdict

from .samples import DAY_AND_A_BIT, FAILED, HOUR, NOW, QUIET, READ, health, seen

OK, ATTENTION = HealthVerdict.OK, HealthVerdict.ATTENTION


def reasons(account: AccountHealth) -> list[AttentionKind]:
    assert account.verdict is (ATTENTION if account.reasons else OK)
    return [one.kind for one in account.reasons]


def test_a_quiet_morning() -> None:
    account = seen(QUIET)
    assert (account.verdict, account.findings) == (OK, ())
    assert account.newest_poll == READ
    assert account.waiting == dict.fromkeys(
        ("unproven", "forged", "misdirected", "unrecognised", "unreadable"), 0
    )
    assert account.urgent == dict.fromkeys(("account_restricted", "policy_block", "sender_not_authorised"), 0)


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("unproven", AttentionKind.SET_ASIDE),
        ("forged", AttentionKind.SET_ASIDE),
        ("misdirected", AttentionKind.SET_ASIDE),
        ("unrecognised", AttentionKind.UNRECOGNISED),
        ("unreadable", AttentionKind.UNREADABLE),
    ],
)
def test_what_waits(reason: str, kind: AttentionKind) -> None:
    account = seen(replace(QUIET, waiting={reason: 2}))
    assert reasons(account) == [kind]
    assert account.waiting[reason] == 2
    assert sum(account.waiting.values()) == 2


@pytest.mark.parametrize("kind", ["account_restricted", "policy_block", "sender_not_authorised"])
def test_what_is_urgent(kind: str) -> None:
    assert [each.value for each in reasons(seen(replace(QUIET, urgent={kind: 1})))] == [kind]


@pytest.mark.parametrize(
    ("age", "max_age", "stale"),
    [
        (26 * HOUR, DAY_AND_A_BIT, False),
        (26 * HOUR + timedelta(seconds=1), DAY_AND_A_BIT, True),
        (2 * HOUR, HOUR, True),
        (HOUR, HOUR, False),
        (-5 * HOUR, HOUR, False),  # a clock that was set back
    ],
)
def test_stale(age: timedelta, max_age: timedelta, stale: bool) -> None:
    account = seen(replace(QUIET, last_read_to_end_at=NOW - age), max_age=max_age)
    assert reasons(account) == ([AttentionKind.STALE_POLL] if stale else [])


def test_never_polled() -> None:
    account = seen(replace(QUIET, runs=(), last_read_to_end_at=None, mails_read=0))
    assert reasons(account) == [AttentionKind.STALE_POLL]
    assert account.newest_poll is None


def test_the_newest_poll_did_not_complete() -> None:
    account = seen(replace(QUIET, runs=(FAILED, READ)))
    assert reasons(account) == [AttentionKind.POLL_INCOMPLETE]
    assert account.newest_poll == FAILED
    assert "No server." in account.reasons[0].text


def test_killed_and_at_work() -> None:
    killed = replace(FAILED, state=RunState.RUNNING, finished_at=None, started_at=NOW - HOUR)
    assert reasons(seen(replace(QUIET, runs=(killed, READ)))) == [AttentionKind.POLL_INCOMPLETE]
    at_work = replace(killed, started_at=NOW - HOUR + timedelta(seconds=1))
    assert reasons(seen(replace(QUIET, runs=(at_work, READ)))) == []


def test_an_account_of_files_is_never_stale_but_needs_files() -> None:
    files = replace(QUIET, has_mailbox=False, runs=(), last_read_to_end_at=None)
    assert reasons(seen(files)) == []
    assert reasons(seen(replace(files, mails_read=0))) == [AttentionKind.STALE_POLL]
    assert reasons(seen(replace(files, runs=(FAILED,)))) == []  # of a mailbox it once had


@pytest.mark.parametrize("proof", RequireProof)
def test_that_unproven_notices_count_is_a_note(proof: RequireProof) -> None:
    account = seen(replace(QUIET, require_proof=proof))
    never = proof is RequireProof.NEVER
    assert reasons(account) == []
    assert [each.kind for each in account.findings] == ([AttentionKind.PROOF_NOT_REQUIRED] if never else [])
    assert account.proof_required is not never


def test_one_account_of_several_is_enough() -> None:
    bad = replace(QUIET, account="de", waiting={"unreadable": 1})
    assert health(QUIET, bad).verdict is ATTENTION
    assert health(QUIET, QUIET).verdict is OK
    assert health().verdict is OK


def test_naive_times_are_refused() -> None:
    naive = datetime(2026, 11, 23)
    with pytest.raises(ValueError, match="made_at"):
        Health(made_at=naive, max_age=HOUR, accounts=())
    with pytest.raises(ValueError, match="last_read_to_end_at"):
        seen(replace(QUIET, last_read_to_end_at=naive))


def test_the_usual_limit_is_the_reports() -> None:
    from bounce_watch.cli.health import DEFAULT_MAX_AGE_H

    assert timedelta(hours=DEFAULT_MAX_AGE_H) == STALE_AFTER
