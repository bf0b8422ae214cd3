"""The property of undo, as four checks on random histories; `test_undo.py` runs a few, this module many:

python -m tests.upkeep.undo_property --check last_run --examples 300 --seed 1
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, event, given, seed, settings
from hypothesis import strategies as st

from bounce_watch.records.decision import Action
from bounce_watch.upkeep.export import export
from tests.once import built_once
from tests.store.makers import ACCOUNT
from tests.upkeep.histories import PRESETS, UK, Step, played, runs, steps

Check = Callable[..., None]
picks = st.integers(0, 9)


def last_run(history: list[Step], last: Step) -> None:
    """Undo of the newest run: all as before it; redo: all as after it."""
    with played(history) as one:
        before = one.derived()
        run = one.play(last)
        assert run is not None
        after = one.derived()
        event(f"last run changes the export: {before['revision'] != after['revision']}")
        one.undo(run)
        assert one.derived() == before
        one.redo(run)
        assert one.derived() == after


def any_run(history: list[Step], last: Step, pick: int, other: int) -> None:
    """Undo and redo of any run: the same bytes; two undos in either order: the same bytes."""
    with played([*history, last]) as one:
        live = [run.id for run in one.ledger.runs(ACCOUNT, 100) if not run.undone]
        if not live:
            return
        first, second = live[pick % len(live)], live[other % len(live)]
        untouched = one.derived()
        one.undo(first)
        without_first = one.exports()
        event(f"undo of any run changes the export: {untouched['revision'] != without_first['revision']}")
        if first != second:
            one.decide(Action.UNDO, second)
            without_both = one.exports()
            one.decide(Action.REDO, first)
            one.decide(Action.UNDO, first)  # the same two, the other way round
            assert one.exports() == without_both
            one.decide(Action.REDO, second)
            assert one.exports() == without_first
        one.redo(first)
        assert one.derived() == untouched


def stays_undone(history: list[Step], last: Step, pick: int, order_of_mails: int) -> None:
    """What is undone stays so, whoever meets it again, and the run that meets it is told of it."""
    with played([*history, last]) as one:
        live = [run.id for run in one.ledger.runs(ACCOUNT, 100) if not run.undone]
        if not live:
            return
        whole = one.derived()
        run = live[pick % len(live)]
        one.undo(run)
        without = one.derived()
        held = one.ledger.contents_of(run)
        for mend in (False, True):
            filed = one.meet_all_again(mend=mend, seed=order_of_mails)
            assert filed.new == 0
            assert one.derived() == without
            assert (run in dict(filed.undone)) or not (held.mails or held.verdicts)
            assert set(dict(filed.undone)) <= {
                each.id for each in one.ledger.runs(ACCOUNT, 100) if each.undone
            }
        one.redo(run)
        assert one.derived() == whole


def export_goes_on(history: list[Step], last: Step, pick: int) -> None:
    """The guard lets an undo and a redo through, and the export names what went and what came."""
    with played([*history, last]) as one:
        live = [run.id for run in one.ledger.runs(ACCOUNT, 100) if not run.undone]
        if not live:
            return
        run = live[pick % len(live)]
        for preset in PRESETS:
            path = one.folder / preset.name
            at: list[set[str]] = []
            for act in (None, Action.UNDO, Action.REDO):
                if act:
                    one.decide(act, run)
                done = export(one.ledger, [UK], preset, path, at=one.clock())
                at.append(set(path.read_text("utf-8").splitlines()))
                if act and not preset.header:  # one key a line
                    assert set(done.went) == at[-2] - at[-1]
                    assert set(done.came) == at[-1] - at[-2]
            assert at[0] == at[2]


CHECKS: dict[Check, dict[str, st.SearchStrategy[Any]]] = {
    last_run: {"history": steps, "last": runs},
    any_run: {"history": steps, "last": runs, "pick": picks, "other": picks},
    stays_undone: {"history": steps, "last": runs, "pick": picks, "order_of_mails": picks},
    export_goes_on: {"history": steps, "last": runs, "pick": picks},
}


def with_examples(check: Check, examples: int, *, number: int | None = None) -> Callable[[], None]:
    """The check as a function that tries so many histories; always the same ones, or those of a number."""
    chosen = settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=number is None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    found: Callable[[], None] = chosen(given(**CHECKS[check])(check))
    return found if number is None else seed(number)(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    names = {check.__name__: check for check in CHECKS}
    parser.add_argument("--check", choices=names, action="append", help="only this one; may be repeated")
    parser.add_argument("--examples", type=int, default=300, help="histories for each check")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    for name in asked.check or names:
        began = time.monotonic()
        with built_once():
            with_examples(names[name], asked.examples, number=asked.seed)()
        took = time.monotonic() - began
        sys.stdout.write(f"{name}: {asked.examples} histories hold, {took:.0f} s\n")


if __name__ == "__main__":
    main()
