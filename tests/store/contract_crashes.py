"""Crashes, repetitions and two writers at once: nothing is half there, nothing is there twice."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bounce_watch.records.filed import Filed
from bounce_watch.records.notice import Finding
from bounce_watch.store import intake, runs, writing
from bounce_watch.store.ledger import Ledger

from . import makers
from .contract import LedgerFixtures
from .dump import assert_reconciled, dump
from .makers import ACCOUNT, FORGED, GENUINE, NOON, UNPROVEN
from .opening import open_ledger

_NUMBERS = count()
_FORK = multiprocessing.get_context("fork")


class CutOffError(Exception):
    """Stands for a crash."""


def various(account: str) -> list[Finding]:
    """Every kind of finding, copies with other places and verdicts included."""
    return [
        makers.finding(makers.notice(1), verdict=FORGED, account=account),
        makers.finding(makers.notice(1), verdict=GENUINE, uid=20, account=account),
        makers.finding(makers.notice(1), verdict=UNPROVEN, folder="Junk", account=account),
        makers.finding(makers.notice(2), verdict=GENUINE, account=account),
        makers.finding(makers.misdirected(2), verdict=GENUINE, uid=21, account=account),
        makers.finding(makers.unrecognised(3), octets=b"three", account=account),
        makers.finding(makers.unrecognised(3), octets=b"three", uid=22, account=account),
        makers.finding(makers.unreadable(4), verdict=None, account=account),
        makers.finding(makers.foreign(5), verdict=None, account=account),
    ]


ALL = range(len(various(ACCOUNT)))


def _file_each(ledger: Ledger, account: str, batches: Sequence[Sequence[int]]) -> None:
    findings = various(account)
    run_id = ledger.start_run(account, "poll", at=NOON)
    for batch in batches:
        chunk = [findings[index] for index in batch]
        ledger.file(run_id, chunk, cursor=None, read=len(chunk) + 1, passed=1)


def _dying(times: int, real: Callable[..., Any], die: Callable[[], None]) -> Callable[..., Any]:
    """`real`, whose call of this number ends in `die` instead."""
    calls = count(1)

    def call(*args: Any, **kwargs: Any) -> Any:
        if next(calls) == times:
            die()
        return real(*args, **kwargs)

    return call


def _cut_off() -> None:
    raise CutOffError


def _kill_self() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _file_and_die(url: str, run_id: int) -> None:
    # The process is about to end, so nothing has to be put back.
    pytest.MonkeyPatch().setattr(intake, "insert_or_ignore", _dying(4, writing.insert_or_ignore, _kill_self))
    with open_ledger(url) as ledger:
        ledger.file(run_id, various(ACCOUNT), cursor=makers.cursor(9), read=len(ALL), passed=0)


_HUNDRED = 100


def _file_in_a_race(url: str, barrier: Any, results: Any, *, backwards: bool) -> None:
    """What one of two processes does: open (maybe create) the ledger, file 100 mails in chunks of 20."""
    numbers = list(range(_HUNDRED))[:: -1 if backwards else 1]
    barrier.wait()
    try:
        with open_ledger(url) as ledger:
            run_id = ledger.start_run(ACCOUNT, "poll", at=NOON)
            filed = Filed()
            for start in range(0, _HUNDRED, 20):
                chunk = [makers.opt_out(number) for number in numbers[start : start + 20]]
                filed += ledger.file(run_id, chunk, cursor=makers.cursor(start + 1), read=20, passed=0)
        results.put(filed)
    except Exception as error:
        results.put(repr(error))
        raise


class CrashContract(LedgerFixtures):
    @pytest.mark.parametrize(
        ("module", "name", "times"),
        [(intake, "insert_or_ignore", times) for times in range(1, 6)]
        + [(runs, "progress", 1), (runs, "add_mails", 1), (intake, "insert_or_replace", 1)],
    )
    def test_a_crash_between_two_statements_leaves_nothing(
        self, ledger: Ledger, run_id: int, monkeypatch: pytest.MonkeyPatch, module: Any, name: str, times: int
    ) -> None:
        ledger.file(run_id, [makers.opt_out(9)], cursor=makers.cursor(2), read=1, passed=0)
        before, runs_before = dump(ledger, ACCOUNT), ledger.runs(ACCOUNT, 9)
        with monkeypatch.context() as patch:
            patch.setattr(module, name, _dying(times, getattr(module, name), _cut_off))
            with pytest.raises(CutOffError):
                ledger.file(run_id, various(ACCOUNT), cursor=makers.cursor(9), read=len(ALL), passed=0)
        assert (dump(ledger, ACCOUNT), ledger.runs(ACCOUNT, 9)) == (before, runs_before)
        filed = ledger.file(run_id, various(ACCOUNT), cursor=makers.cursor(9), read=len(ALL), passed=0)
        assert filed == Filed(new=4, duplicates=4, not_amazon=1)
        assert_reconciled(ledger, ACCOUNT)

    def test_a_process_killed_while_it_files_leaves_nothing(self, url: str) -> None:
        with open_ledger(url) as ledger:
            run_id = ledger.start_run(ACCOUNT, "poll", at=NOON)
            before = dump(ledger, ACCOUNT)
        child = _FORK.Process(target=_file_and_die, args=(url, run_id))
        child.start()
        child.join(30)
        assert child.exitcode == -signal.SIGKILL
        with open_ledger(url, create=False) as ledger:
            assert dump(ledger, ACCOUNT) == before
            assert ledger.runs(ACCOUNT, 1)[0].read == 0
            assert ledger.file(run_id, various(ACCOUNT), cursor=None, read=len(ALL), passed=0).new == 4

    def test_two_processes_at_once_file_each_mail_once(self, url: str) -> None:
        barrier, results = _FORK.Barrier(2), _FORK.Queue()
        workers = [
            _FORK.Process(
                target=_file_in_a_race, args=(url, barrier, results), kwargs={"backwards": backwards}
            )
            for backwards in (False, True)
        ]
        for worker in workers:
            worker.start()
        answers = [results.get(timeout=60) for _ in workers]
        for worker in workers:
            worker.join(30)
        assert all(isinstance(answer, Filed) for answer in answers), answers
        total = answers[0] + answers[1]
        assert (total.new, total.duplicates) == (_HUNDRED, _HUNDRED)
        with open_ledger(url, create=False) as ledger:
            assert len(dump(ledger, ACCOUNT)["mails"]) == _HUNDRED
            assert_reconciled(ledger, ACCOUNT)

    @settings(
        max_examples=int(os.environ.get("BOUNCE_WATCH_EXAMPLES", "12")),
        deadline=None,
        # Accounts, not ledgers, keep the examples apart; each back end is an executor of its own.
        suppress_health_check=[
            HealthCheck.function_scoped_fixture,
            HealthCheck.too_slow,
            HealthCheck.differing_executors,
        ],
    )
    @given(
        st.permutations(ALL),
        st.lists(st.lists(st.sampled_from(ALL), max_size=5), max_size=4),
        st.integers(1, 9),
    )
    def test_order_and_repetition_change_nothing(
        self, ledger: Ledger, shuffled: list[int], repeated: list[list[int]], size: int
    ) -> None:
        straight, mixed = (f"account {next(_NUMBERS)}" for _ in range(2))
        _file_each(ledger, straight, [ALL])
        parts = [shuffled[start : start + size] for start in range(0, len(shuffled), size)]
        _file_each(ledger, mixed, [*repeated, *parts, *repeated])
        assert dump(ledger, mixed) == dump(ledger, straight)
        assert_reconciled(ledger, mixed)
