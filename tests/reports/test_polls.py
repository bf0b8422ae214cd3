"""Which poll is spoken of: the newest that is no longer at work, unless a later one completed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bounce_watch.records.filed import Filed, Run, RunState
from bounce_watch.reports.polls import incomplete_poll, newest_poll

NOW = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
COMPLETE, PARTLY, FAILED, RUNNING = RunState.COMPLETE, RunState.PARTLY, RunState.FAILED, RunState.RUNNING


def run(
    number: int, state: RunState, *, began: float, ended: float | None = None, command: str = "poll"
) -> Run:
    """`began` and `ended` are minutes before NOW."""
    finished = None if state is RUNNING else NOW - timedelta(minutes=began - 1 if ended is None else ended)
    return Run(
        id=number,
        account="uk",
        command=command,
        started_at=NOW - timedelta(minutes=began),
        finished_at=finished,
        state=state,
        read=0,
        filed=Filed(),
    )


def spoken_of(*runs: Run) -> int | None:
    found = incomplete_poll(sorted(runs, key=lambda each: -each.id), now=NOW)
    return found.id if found else None


def test_none_and_one() -> None:
    assert spoken_of() is None
    assert newest_poll([]) is None
    assert spoken_of(run(1, COMPLETE, began=10)) is None


@pytest.mark.parametrize("state", [PARTLY, FAILED])
@pytest.mark.parametrize("command", ["poll", "daily"])
def test_the_newest_did_not_complete(state: RunState, command: str) -> None:
    before = run(1, COMPLETE, began=3000)
    assert spoken_of(before, run(2, state, began=10, command=command)) == 2


def test_a_complete_one_afterwards_answers() -> None:
    assert spoken_of(run(1, FAILED, began=10), run(2, COMPLETE, began=5)) is None


def test_one_that_began_earlier_and_completed_later_answers() -> None:
    """Two at once: the younger was refused, the older went on and read all."""
    assert spoken_of(run(1, COMPLETE, began=30, ended=2), run(2, FAILED, began=20)) is None
    assert spoken_of(run(1, COMPLETE, began=30, ended=25), run(2, FAILED, began=20)) == 2


@pytest.mark.parametrize(("minutes", "found"), [(0, None), (59, None), (60, 2), (6000, 2)])
def test_one_at_work_is_no_alarm_until_it_takes_an_hour(minutes: int, found: int | None) -> None:
    assert spoken_of(run(1, COMPLETE, began=7000), run(2, RUNNING, began=minutes)) == found


def test_while_one_is_at_work_the_one_before_speaks() -> None:
    assert spoken_of(run(1, FAILED, began=90), run(2, RUNNING, began=1)) == 1
    assert spoken_of(run(1, FAILED, began=90), run(2, RUNNING, began=2), run(3, RUNNING, began=1)) == 1


def test_a_killed_one_that_was_followed_by_a_complete_one() -> None:
    assert spoken_of(run(1, RUNNING, began=600), run(2, COMPLETE, began=300)) is None


def test_other_commands_say_nothing_of_the_mailbox() -> None:
    imported = [run(number, COMPLETE, began=9 - number, command="import") for number in (2, 3)]
    assert spoken_of(run(1, FAILED, began=90), *imported) == 1
    assert spoken_of(run(1, FAILED, began=90, command="sent import")) is None
    newest = newest_poll([imported[1], imported[0], run(1, FAILED, began=90)])
    assert newest is not None
    assert newest.id == 1
