"""Which poll a report has to speak of: the newest one, if it did not read the mailbox to its end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from bounce_watch.records.filed import Run, RunState

POLLS = frozenset({"poll", "daily", "rebuild"})
"""The commands that read a mailbox; a run of another command says nothing about it."""

LONGEST_POLL = timedelta(hours=1)
"""A poll that began less than this ago and has not ended is taken for one at work in another process."""


def newest_poll(runs: Sequence[Run]) -> Run | None:
    """The newest poll among an account's runs, which come newest first; None without any."""
    return next((run for run in runs if run.command in POLLS), None)


def incomplete_poll(runs: Sequence[Run], *, now: datetime) -> Run | None:
    """The newest poll of an account's runs (newest first) if it left the mailbox unread somewhere, else None.

    That is one that ended PARTLY or FAILED, or is RUNNING since `LONGEST_POLL` or longer: it was killed, or
    hangs. A younger RUNNING one is passed over, so the one before it still speaks. Any poll that completed
    later answers for the one that did not.
    """
    polls = [run for run in runs if run.command in POLLS]
    ended = next((run for run in polls if not _at_work(run, now=now)), None)
    if ended is None or any(_read_all_after(run, ended) for run in polls):
        return None
    return None if ended.state is RunState.COMPLETE else ended


def _at_work(run: Run, *, now: datetime) -> bool:
    return run.state is RunState.RUNNING and now - run.started_at < LONGEST_POLL


def _read_all_after(run: Run, other: Run) -> bool:
    """True when `run` read the mailbox to its end after `other` had ended (or, killed, begun)."""
    if run.state is not RunState.COMPLETE or run.finished_at is None:
        return False
    return run.finished_at > (other.finished_at or other.started_at)
