"""Exports of a real ledger: whole and as deltas, compared with the one before, guarded, split and recorded."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from bounce_watch.errors import GuardStopped, LedgerError, TryLater
from bounce_watch.records.account import Account, RequireProof, Trust
from bounce_watch.records.decision import Action, Decision, DecisionScope
from bounce_watch.records.filed import ExportForm
from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.store.ledger import Ledger, open_ledger
from bounce_watch.suppression.preset import load_preset
from bounce_watch.suppression.preset_shape import Preset
from bounce_watch.upkeep import export as exporting
from bounce_watch.upkeep.export import Exported, ExportOptions, export
from tests.store import makers
from tests.store.makers import HOUR, NOON, buyer, order

UK = Account(name="uk", trust=Trust(require_proof=RequireProof.NEVER))
DE = replace(UK, name="de")
ADDRESSES, ORDERS = load_preset("addresses"), load_preset("orders")
LATER = NOON + 2 * HOUR
DAY = timedelta(days=1)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with open_ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}") as opened:
        yield opened


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "list.txt"


def notice(ledger: Ledger, *numbers: int, account: Account = UK, at: datetime = NOON) -> int:
    """Buyers opt out, each by a notice that names order and alias; the run."""
    run = ledger.start_run(account.name, "import", at=at)
    found = [makers.finding(makers.notice(each, alias=buyer(each), noticed_at=at)) for each in numbers]
    found = [replace(each, ref=replace(each.ref, account=account.name)) for each in found]
    ledger.file(run, found, cursor=None, read=len(found), passed=0)
    return run


def decide(
    ledger: Ledger,
    action: Action,
    name: OrderId | Alias,
    *,
    at: datetime = LATER,
    expires_at: datetime | None = None,
    scope: DecisionScope = DecisionScope.BUYER,
) -> None:
    decision = Decision(
        account="uk",
        action=action,
        subject=ledger.hash_of(name),
        actor="ann",
        decided_at=at,
        order_id=name if isinstance(name, OrderId) else None,
        alias=name if isinstance(name, Alias) else None,
        scope=scope,
        expires_at=expires_at,
    )
    ledger.decide(decision)


def run(
    ledger: Ledger,
    path: Path,
    *accounts: Account,
    preset: Preset = ADDRESSES,
    at: datetime = LATER,
    **given: Any,
) -> Exported:
    form = ExportForm.DELTA if given.pop("delta", False) else ExportForm.FULL
    options = ExportOptions(form=form, **given)
    return export(ledger, accounts or (UK,), preset, path, at=at, options=options)


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines()


def names(*numbers: int) -> list[str]:
    return [str(buyer(number)) for number in numbers]


def test_the_first_export_holds_everybody(ledger: Ledger, path: Path) -> None:
    notice(ledger, 1, 2)
    done = run(ledger, path)
    assert lines(path) == names(1, 2)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (done.change.last, done.came, done.went) == (None, (), ())
    assert (done.files, done.tally.written, done.tally.left_out) == ((path,), 2, 0)


def test_what_came_and_went_since_the_last_export(ledger: Ledger, path: Path) -> None:
    notice(ledger, 1, 2)
    first = run(ledger, path)
    notice(ledger, 3)
    decide(ledger, Action.RELEASE, buyer(1), at=LATER + HOUR)
    done = run(ledger, path, at=LATER + 2 * HOUR)
    assert lines(path) == names(2, 3)
    assert (done.came, done.went) == ((str(buyer(3)),), (str(buyer(1)),))
    assert done.tally.revision != first.tally.revision
    again = run(ledger, path, at=LATER + 3 * HOUR)
    assert (again.came, again.went, again.tally.revision) == ((), (), done.tally.revision)
    told = [(each.form, each.keys, each.came, each.went) for each in ledger.exports("uk", 9)]
    assert told == [(ExportForm.FULL, 2, 0, 0), (ExportForm.FULL, 2, 1, 1), (ExportForm.FULL, 2, 0, 0)]


def test_a_delta_holds_what_came_and_beside_it_what_went(ledger: Ledger, path: Path) -> None:
    notice(ledger, 1, 2)
    first = run(ledger, path, delta=True)
    removed = path.with_name("list.txt.removed.txt")
    assert (lines(path), lines(removed)) == (names(1, 2), [])
    assert (first.files, first.removed, first.entries) == ((path,), removed, 2)
    notice(ledger, 3)
    decide(ledger, Action.ALLOW, order(1), at=LATER + HOUR)
    run(ledger, path, at=LATER + 2 * HOUR, delta=True)
    assert (lines(path), lines(removed)) == (names(3), names(1))
    run(ledger, path, at=LATER + 3 * HOUR, delta=True)
    assert (lines(path), lines(removed)) == ([], [])
    run(ledger, path, at=LATER + 4 * HOUR)
    assert lines(path) == names(2, 3)


def test_a_delta_by_orders_names_only_the_orders_that_are_new(ledger: Ledger, path: Path) -> None:
    notice(ledger, 1)
    run(ledger, path, preset=ORDERS)
    links = makers.log([], [makers.link(order(9), buyer(1))])
    ledger.file_sent_log(ledger.start_run("uk", "sent import", at=NOON), links)
    done = run(ledger, path, preset=ORDERS, delta=True)
    assert (lines(path), done.came) == ([str(order(9))], (str(order(9)),))


def test_only_looking_writes_and_records_nothing(ledger: Ledger, path: Path) -> None:
    notice(ledger, 1)
    run(ledger, path)
    notice(ledger, 2)
    before = path.read_bytes()
    done = run(ledger, path, check_only=True)
    assert (done.came, done.files, path.read_bytes()) == ((str(buyer(2)),), (), before)
    assert len(ledger.exports("uk", 9)) == 1
    assert sorted(each.name for each in path.parent.glob("*list*")) == ["list.txt"]


def test_shrinkage_without_a_reason_is_stopped(ledger: Ledger, path: Path) -> None:
    notice(ledger, 1, 2)
    run(ledger, path)
    before = path.read_bytes()
    proven = replace(UK, trust=Trust(require_proof=RequireProof.ALWAYS))
    weak = makers.finding(makers.notice(3, alias=buyer(3)), verdict=makers.UNPROVEN)
    ledger.file(ledger.start_run("uk", "import", at=NOON), [weak], cursor=None, read=1, passed=0)
    run(ledger, path)
    before = path.read_bytes()
    options: list[dict[str, Any]] = [{}, {"delta": True}, {"check_only": True}]
    for given in options:
        with pytest.raises(GuardStopped, match="1 entry of the last export would disappear"):
            run(ledger, path, proven, **given)
    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir() if "list" in each.name] == ["list.txt"]
    assert len(ledger.exports("uk", 9)) == 2
    run(ledger, path, proven, allow_shrink=True)
    assert lines(path) == names(1, 2)


@pytest.mark.parametrize("form", ["release", "undo", "expiry", "end of an addition"])
def test_what_a_decision_or_expiry_explains_may_go(ledger: Ledger, path: Path, form: str) -> None:
    notice(ledger, 1)
    second = notice(ledger, 2, at=NOON - 20 * DAY)
    decide(ledger, Action.ADD, buyer(3), expires_at=LATER + 2 * DAY)
    run(ledger, path)
    assert lines(path) == names(1, 2, 3)
    account, later = UK, LATER + DAY
    match form:
        case "release":
            decide(ledger, Action.RELEASE, buyer(2), at=LATER + HOUR)
        case "undo":
            undo = Decision(
                account="uk", action=Action.UNDO, subject=str(second), actor="a", decided_at=later
            )
            ledger.decide(undo)
        case "expiry":
            account = replace(UK, expire_after_days=21)
        case _:
            later = LATER + 3 * DAY
    run(ledger, path, account, at=later + HOUR)
    assert lines(path) == (names(1, 2) if form == "end of an addition" else names(1, 3))


def test_an_undone_log_takes_nobody_off_who_opted_out(ledger: Ledger, path: Path) -> None:
    """Its links named the buyers: without them the tool could not know who opted out."""
    bare = [makers.finding(makers.notice(each)) for each in (1, 2)]
    ledger.file(ledger.start_run("uk", "poll", at=NOON), bare, cursor=None, read=2, passed=0)
    logs = [ledger.start_run("uk", "sent import", at=NOON) for _ in range(2)]
    for number, log in enumerate(logs, start=1):
        ledger.file_sent_log(log, makers.log([], [makers.link(order(number), buyer(number))]))
    run(ledger, path)
    assert lines(path) == names(1, 2)
    later = LATER + HOUR
    undo = Decision(account="uk", action=Action.UNDO, subject=str(logs[1]), actor="a", decided_at=later)
    ledger.decide(undo)
    with pytest.raises(GuardStopped, match="1 entry of the last export would disappear"):
        run(ledger, path, at=later)
    assert lines(path) == names(1, 2)
    decide(ledger, Action.RELEASE, order(2), at=later + HOUR)
    run(ledger, path, at=later + 2 * HOUR)
    assert lines(path) == names(1)


@pytest.mark.parametrize("buyers", [0, 1])
def test_a_longer_list_of_another_ledger_is_left_alone(ledger: Ledger, path: Path, buyers: int) -> None:
    path.write_text("somebody@marketplace.amazon.co.uk\n" * 9)
    notice(ledger, *range(buyers))
    with pytest.raises(GuardStopped, match="holds a longer list"):
        run(ledger, path)
    assert len(lines(path)) == 9
    run(ledger, path, allow_shrink=True)
    assert len(lines(path)) == buyers


def test_a_workbook_of_somebody_else_is_not_counted_by_lines(ledger: Ledger, path: Path) -> None:
    path.write_bytes(b"PK\n" * 99)
    notice(ledger, 1)
    assert run(ledger, path, preset=load_preset("xlsx")).entries == 1


def test_what_did_not_reach_the_tool_is_in_the_next_delta_again(ledger: Ledger, path: Path) -> None:
    options = ExportOptions(form=ExportForm.DELTA)
    notice(ledger, 1)
    run(ledger, path, delta=True)
    notice(ledger, 2)

    def refuse(done: Exported) -> None:
        raise LedgerError("no way", "try again")

    with pytest.raises(LedgerError, match="no way"):
        export(ledger, [UK], ADDRESSES, path, at=LATER, options=options, deliver=refuse)
    brought: list[Exported] = []
    export(ledger, [UK], ADDRESSES, path, at=LATER, options=options, deliver=brought.append)
    assert lines(path) == names(2)
    assert [done.entries for done in brought] == [1]
    assert len(ledger.exports("uk", 9)) == 2


def test_a_list_that_is_longer_than_the_tool_takes_is_split(ledger: Ledger, path: Path) -> None:
    small = replace(ADDRESSES, max_rows=2)
    notice(ledger, *range(1, 6))
    done = run(ledger, path, preset=small)
    parts = [path, path.with_name("list-2.txt"), path.with_name("list-3.txt")]
    assert list(done.files) == parts
    assert [lines(part) for part in parts] == [names(1, 2), names(3, 4), names(5)]
    for number in (3, 4, 5):
        decide(ledger, Action.RELEASE, buyer(number), at=LATER + HOUR)
    foreign = path.with_name("list-4.txt")
    foreign.write_text("ours")
    assert run(ledger, path, preset=small, at=LATER + 2 * HOUR).files == (path,)
    # Parts of the export before are gone, but nothing else.
    assert [part.exists() for part in (*parts, foreign)] == [True, False, False, True]


def test_an_old_part_that_can_t_be_removed_is_said(
    ledger: Ledger, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = replace(ADDRESSES, max_rows=1)
    notice(ledger, 1, 2)
    run(ledger, path, preset=small)
    decide(ledger, Action.RELEASE, buyer(2), at=LATER + HOUR)

    def refuse(part: Path, *, missing_ok: bool = False) -> None:
        assert part.name == "list-2.txt"
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(LedgerError, match="can't be removed"):
        run(ledger, path, preset=small, at=LATER + 2 * HOUR)


def test_several_accounts_side_by_side(ledger: Ledger, path: Path) -> None:
    notice(ledger, 1)
    notice(ledger, 1, 2, account=DE)
    done = run(ledger, path, UK, DE)
    assert (lines(path), done.account) == (names(1, 2), "uk+de")
    assert run(ledger, path, UK, DE).tally.revision == done.tally.revision
    with pytest.raises(GuardStopped):
        run(ledger, path, UK)


def test_two_exports_to_one_path_wait_for_each_other(
    ledger: Ledger, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notice(ledger, 1)
    locks = tmp_path / "data" / "locks"
    export(ledger, [UK], ADDRESSES, path, at=LATER, locks=locks)
    assert stat.S_IMODE(locks.stat().st_mode) == 0o700
    (lock,) = locks.iterdir()
    monkeypatch.setattr(exporting, "_WAIT_S", 0.05)
    with FileLock(lock), pytest.raises(TryLater, match="Another export"):
        export(ledger, [UK], ADDRESSES, path, at=LATER, locks=locks)
    other = path.with_name("other.txt")
    with FileLock(lock):
        export(ledger, [UK], ADDRESSES, other, at=LATER, locks=locks)
    assert lines(other) == names(1)


def test_forgotten_names_stay_on_the_list_and_are_not_written(ledger: Ledger, path: Path) -> None:
    notice(ledger, 1, 2)
    run(ledger, path)
    ledger.purge("uk", listed=[buyer(1), order(1)], now=NOON + 31 * DAY)
    done = run(ledger, path, at=NOON + 31 * DAY, delta=True)
    assert (lines(path), done.went, done.tally.hash_only) == ([], (), 1)
    decide(ledger, Action.RELEASE, Alias(f"#{ledger.hash_of(buyer(2))}", "amazon.co.uk"), at=NOON + 32 * DAY)
    done = run(ledger, path, at=NOON + 33 * DAY, delta=True)
    (gone,) = done.went
    assert gone.startswith("#")
    assert lines(path.with_name("list.txt.removed.txt")) == []
