"""What is read from a real ledger, with figures worked out by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bounce_watch.records.account import Account, RequireProof, Trust
from bounce_watch.records.filed import Filed, RunState
from bounce_watch.records.notice import Finding, NoticeKind
from bounce_watch.store.ledger import Ledger, open_ledger
from bounce_watch.upkeep.look import account_facts, look
from tests.store.makers import (
    FORGED,
    NOON,
    UNPROVEN,
    finding,
    foreign,
    misdirected,
    notice,
    opt_out,
    unreadable,
    unrecognised,
)

UK = Account(name="uk")
NOW = NOON + timedelta(hours=3)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with open_ledger(f"sqlite:///{tmp_path}/ledger.sqlite") as opened:
        yield opened


def file(ledger: Ledger, *findings: Finding, command: str = "poll") -> None:
    run = ledger.start_run("uk", command, at=NOON)
    filed = ledger.file(run, findings, cursor=None, read=len(findings), passed=0)
    ledger.finish_run(run, at=NOON, state=RunState.COMPLETE, read=len(findings), filed=filed)


def test_every_number(ledger: Ledger) -> None:
    file(
        ledger,
        opt_out(1),
        opt_out(2),
        opt_out(3, verdict=UNPROVEN),
        opt_out(4, verdict=FORGED),
        opt_out(5, verdict=FORGED),
        finding(misdirected(6), verdict=None),
        finding(unrecognised(7), verdict=None),
        finding(unrecognised(8), verdict=None),
        finding(unrecognised(9), verdict=None),
        finding(unreadable(10), verdict=None),
        finding(foreign(11), verdict=None),
        finding(notice(12, kind=NoticeKind.POLICY_BLOCK)),
    )
    facts = account_facts(ledger, UK, has_mailbox=True, now=NOW)
    assert facts.waiting == {"unproven": 1, "forged": 2, "misdirected": 1, "unrecognised": 3, "unreadable": 1}
    assert facts.urgent == {"policy_block": 1}
    assert (facts.opt_outs, facts.mails_read) == (2, 12)
    assert facts.last_read_to_end_at == NOON
    assert [run.command for run in facts.runs] == ["poll"]


def test_which_proof_is_asked_for_decides_what_waits(ledger: Ledger) -> None:
    file(ledger, opt_out(1, verdict=UNPROVEN))
    never = replace(UK, trust=Trust(require_proof=RequireProof.NEVER))
    waits = account_facts(ledger, UK, has_mailbox=True, now=NOW)
    counts = account_facts(ledger, never, has_mailbox=True, now=NOW)
    assert (waits.waiting, waits.opt_outs) == ({"unproven": 1}, 0)
    assert (counts.waiting, counts.opt_outs) == ({}, 1)


@pytest.mark.parametrize(
    ("age", "number"), [(timedelta(0), 1), (timedelta(days=7), 1), (timedelta(days=7, seconds=1), 0)]
)
def test_urgent_for_seven_days(age: timedelta, number: int, ledger: Ledger) -> None:
    file(ledger, finding(notice(1, kind=NoticeKind.ACCOUNT_RESTRICTED, noticed_at=NOW - age)))
    facts = account_facts(ledger, UK, has_mailbox=True, now=NOW)
    assert facts.urgent.get("account_restricted", 0) == number


def test_urgent_of_unknown_time_counts_and_forged_does_not(ledger: Ledger) -> None:
    file(
        ledger,
        finding(notice(1, kind=NoticeKind.SENDER_NOT_AUTHORISED, noticed_at=None)),
        finding(notice(2, kind=NoticeKind.ACCOUNT_RESTRICTED, noticed_at=NOW), verdict=FORGED),
    )
    assert account_facts(ledger, UK, has_mailbox=True, now=NOW).urgent == {"sender_not_authorised": 1}


def test_an_account_that_the_ledger_does_not_know(ledger: Ledger) -> None:
    file(ledger, opt_out(1))
    facts = account_facts(ledger, Account(name="de"), has_mailbox=True, now=NOW)
    assert (facts.runs, facts.last_read_to_end_at, facts.mails_read, facts.opt_outs) == ([], None, 0, 0)


def test_many_imports_do_not_hide_the_poll_before_them(ledger: Ledger) -> None:
    poll = ledger.start_run("uk", "poll", at=NOON)
    ledger.finish_run(poll, at=NOON, state=RunState.FAILED, read=0, filed=Filed(), message="No server.")
    for _ in range(40):
        file(ledger, command="import")
    (seen,) = look(ledger, [(UK, True)], now=NOW, max_age=timedelta(hours=26)).accounts
    assert seen.newest_poll is not None
    assert seen.newest_poll.state is RunState.FAILED
    assert "No server." in seen.reasons[0].text


def test_each_account_by_itself(ledger: Ledger) -> None:
    file(ledger, opt_out(1))
    accounts = [(UK, True), (Account(name="de"), True), (Account(name="fr"), False)]
    seen = look(ledger, accounts, now=NOW, max_age=timedelta(hours=26)).accounts
    assert [(one.account, one.verdict.value) for one in seen] == [
        ("uk", "ok"),
        ("de", "attention"),
        ("fr", "attention"),
    ]
