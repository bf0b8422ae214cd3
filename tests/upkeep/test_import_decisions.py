"""Lists of other tools: every sample with what it must come to, and what an import may never do."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import pytest

from bounce_watch.errors import BounceWatchError, DataError, LedgerError
from bounce_watch.flow import suppression_list
from bounce_watch.records.decision import Action, By, Decision, DecisionScope
from bounce_watch.records.filed import RunState
from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.store.ledger import Ledger
from bounce_watch.suppression.export import render_export
from bounce_watch.suppression.preset import load_preset
from bounce_watch.suppression.scrub_columns import ScrubColumns
from bounce_watch.upkeep.import_decisions import Imported, import_list
from bounce_watch.upkeep.import_rows import Found, LeftOut, Reading, read_list
from bounce_watch.upkeep.import_words import as_data, changes, columns_told, told
from bounce_watch.upkeep.undo import redo, undo
from tests.store.makers import ACCOUNT, buyer, order
from tests.upkeep.lists import AT, KIM, UK, file_notice, filled, state, want

SAMPLES = Path(__file__).parents[2] / "fixtures" / "decisions"
FILES = sorted(path for path in SAMPLES.iterdir() if path.suffix != ".json")
DAY = timedelta(days=1)
NEW = Alias("newbuyer000001", "amazon.de")
ADD, RELEASE, ALLOW = Action.ADD, Action.RELEASE, Action.ALLOW


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with filled(tmp_path) as opened:
        yield opened


def twin(path: Path) -> dict[str, Any]:
    loaded = json.loads(path.with_name(path.name + ".json").read_text("utf-8"))
    assert isinstance(loaded, dict)
    return loaded


def bring(
    ledger: Ledger,
    octets: bytes | str,
    *,
    by: By = KIM,
    weaken: bool = False,
    dry_run: bool = False,
    **how: Any,
) -> tuple[Found, Imported]:
    content = octets.encode() if isinstance(octets, str) else octets
    found, rows = read_list(content, Reading(account=ACCOUNT, zone=UTC, **how))
    return found, import_list(ledger, UK, rows, by=by, weaken=weaken, dry_run=dry_run)


def of_twin(ledger: Ledger, path: Path, **more: Any) -> tuple[Found, Imported]:
    options = dict(twin(path).get("options", {}))
    if "every_row_is" in options:
        options["every_row_is"] = Action(options["every_row_is"])
    return bring(ledger, path.read_bytes(), **options, **more)


def names(ledger: Ledger) -> set[OrderId | Alias]:
    listing = suppression_list(ledger, UK, at=AT)
    return {name for entry in listing.entries for name in (entry.alias, *entry.order_ids) if name}


def decisions(ledger: Ledger) -> list[Decision]:
    return ledger.decisions(ACCOUNT, ADD, RELEASE, ALLOW)


def test_every_sample_has_a_twin_and_every_twin_a_sample() -> None:
    twins = {path.name.removesuffix(".json") for path in SAMPLES.iterdir() if path.suffix == ".json"}
    assert twins == {path.name for path in FILES}
    assert len(FILES) > 20
    assert all(len(twin(path)["why"]) > 10 for path in FILES)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_sample(path: Path, ledger: Ledger) -> None:
    said = twin(path)
    if "error" in said:
        with pytest.raises(DataError) as caught:
            of_twin(ledger, path)
        assert caught.value.message == said["error"]
        assert caught.value.advice
        assert decisions(ledger) == []
        assert "suppressions import" not in {run.command for run in ledger.runs(ACCOUNT, 9)}
        return
    expect = said["expect"]
    found, done = of_twin(ledger, path)
    assert columns_told("x", found) == f"x: {expect['columns']}."
    assert done.rows == expect["rows"]
    assert (done.filed[ADD], done.filed[RELEASE], done.filed[ALLOW]) == tuple(
        expect[key] for key in ("added", "released", "allowed")
    )
    assert done.already == expect["already"]
    assert done.left_out == Counter({LeftOut(why): number for why, number in expect["left_out"].items()})
    assert [f"{each.action.value} {each.alias or each.order_id}" for each in decisions(ledger)] == expect[
        "names"
    ]
    assert done.rows == sum(done.filed.values()) + done.already + sum(done.left_out.values())


GOOD = [path for path in FILES if not path.name.startswith("bad_")]


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.name)
def test_a_second_time_it_files_nothing(path: Path, ledger: Ledger) -> None:
    _, first = of_twin(ledger, path)
    before = decisions(ledger)
    _, again = of_twin(ledger, path, by=replace(KIM, at=AT + timedelta(hours=1)))
    assert decisions(ledger) == before
    assert (again.rows, again.left_out) == (first.rows, first.left_out)
    assert again.already == first.already + sum(first.filed.values())


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.name)
def test_nobody_leaves_the_list_by_an_import_that_is_not_told_to(path: Path, ledger: Ledger) -> None:
    before = names(ledger)
    bring(ledger, path.read_bytes())
    assert before <= names(ledger)


@pytest.mark.parametrize("preset", ["csv", "addresses", "orders"])
def test_our_own_export_changes_nothing(preset: str, ledger: Ledger) -> None:
    want(ledger, ADD, NEW)
    want(ledger, ADD, order(60))
    want(ledger, ALLOW, order(11), scope=DecisionScope.ORDER)
    listing = suppression_list(ledger, UK, at=AT)
    exported = b"".join(render_export(listing.entries, load_preset(preset)))
    before = decisions(ledger)
    _, done = bring(ledger, exported)
    assert decisions(ledger) == before
    assert done.already == done.rows > 2
    assert suppression_list(ledger, UK, at=AT).revision == listing.revision


def test_our_own_export_fills_an_empty_ledger(ledger: Ledger, tmp_path: Path) -> None:
    exported = b"".join(render_export(suppression_list(ledger, UK, at=AT).entries, load_preset("csv")))
    (tmp_path / "new").mkdir()
    with filled(tmp_path / "new") as new:
        for run in new.runs(ACCOUNT, 9):
            undo(new, UK, run.id, actor="kim", note="", at=AT)
        assert names(new) == set()
        bring(new, exported)
        assert names(new) == names(ledger)


def test_a_row_says_who_why_and_until_when(ledger: Ledger) -> None:
    text = f"email,reason,expires_at\n{NEW},by phone,2026-12-31\n{buyer(9)},,\n"
    _, done = bring(ledger, text, by=By(actor="kim", at=AT, note="from the old tool"))
    first, second = decisions(ledger)
    assert (first.note, second.note) == ("by phone", "from the old tool")
    assert (first.actor, first.run_id, first.scope) == ("kim", done.run, DecisionScope.BUYER)
    assert first.expires_at is not None
    assert first.expires_at.isoformat() == "2027-01-01T00:00:00+00:00"
    assert second.expires_at is None


def test_a_note_is_cut(ledger: Ledger) -> None:
    bring(ledger, f"email,note\n{NEW},{'x' * 900}\n")
    assert decisions(ledger)[0].note == "x" * 500


def test_a_look_files_nothing_and_says_the_same(ledger: Ledger) -> None:
    runs = ledger.runs(ACCOUNT, 9)
    text = f"{NEW}\n{buyer(1)}\n"
    found, seen = bring(ledger, text, dry_run=True)
    assert (decisions(ledger), ledger.runs(ACCOUNT, 9)) == ([], runs)
    assert list(changes(seen)) == [f"+ {NEW}"]
    assert list(told(seen)) == [
        "uk: 2 rows read: 1 added, 1 already on the list, 0 left out.",
        "Nothing was changed.",
    ]
    assert as_data(seen, found)["dry_run"] is True
    _, done = bring(ledger, text)
    assert [list(done.wishes), done.rows, done.already] == [list(seen.wishes), seen.rows, seen.already]


def test_it_is_a_run_that_undo_takes_back_and_redo_brings_back(ledger: Ledger) -> None:
    before = names(ledger)
    _, done = bring(ledger, f"{NEW}\n{order(70)}\nsam@firm.example\n")
    assert done.run is not None
    run = ledger.run(ACCOUNT, done.run)
    assert run is not None
    assert (run.command, run.state, run.read, run.filed.new) == (
        "suppressions import",
        RunState.COMPLETE,
        3,
        2,
    )
    assert run.message == "1 row left out"
    assert list(told(done))[-1] == f"It is run {run.id}; `bounce-watch undo {run.id}` takes it back."
    undo(ledger, UK, run.id, actor="kim", note="", at=AT + DAY)
    assert names(ledger) == before
    redo(ledger, UK, run.id, actor="kim", note="", at=AT + 2 * DAY)
    assert names(ledger) == before | {NEW, order(70)}


def test_after_an_undo_the_file_is_filed_again(ledger: Ledger) -> None:
    _, first = bring(ledger, str(NEW))
    assert first.run is not None
    undo(ledger, UK, first.run, actor="kim", note="", at=AT)
    _, again = bring(ledger, str(NEW))
    assert again.filed[ADD] == 1


def test_what_an_allowance_keeps_off_no_import_puts_on(ledger: Ledger) -> None:
    want(ledger, ALLOW, buyer(1))
    _, done = bring(ledger, f"{buyer(1)}\n{order(11)}\n{NEW}\n")
    assert done.left_out == {LeftOut.ALLOWED: 2}
    assert done.filed[ADD] == 1
    assert list(told(done))[1] == "Left out: 2 about somebody whom a person allowed."
    assert not state(ledger, buyer(1)).is_listed


def test_who_was_released_is_added_again_and_that_is_said(ledger: Ledger) -> None:
    want(ledger, RELEASE, buyer(1))
    _, done = bring(ledger, str(order(11)), by=replace(KIM, at=AT + DAY))
    assert (done.filed[ADD], done.again) == (1, 1)
    assert "Of those added a person had released 1; `suppressions allow` holds against imports, too." in told(
        done
    )
    assert state(ledger, buyer(1), at=AT + DAY).is_listed


def test_an_end_is_lengthened_and_never_shortened(ledger: Ledger) -> None:
    want(ledger, ADD, NEW, expires_at=AT + 30 * DAY)
    _, shorter = bring(ledger, f"email,until\n{NEW},2026-03-20\n")
    assert (shorter.already, shorter.leaving) == (1, 1)
    assert list(told(shorter))[1] == (
        "Of those on the list already 1 leaves it by themselves: bounce-watch suppressions list --expiring"
    )
    _, longer = bring(ledger, f"email,until\n{NEW},2026-12-31\n")
    assert longer.filed[ADD] == 1
    assert state(ledger, NEW, at=AT + 200 * DAY).is_listed


def run_of(done: Imported) -> int:
    assert done.run is not None
    return done.run


def take_back(ledger: Ledger, done: Imported) -> None:
    undo(ledger, UK, run_of(done), actor="kim", note="", at=AT)


def test_whom_two_lists_name_stays_when_either_is_undone(ledger: Ledger) -> None:
    _, first = bring(ledger, f"{NEW}\n{order(70)}\n")
    _, second = bring(ledger, f"{NEW}\n{buyer(9)}\n")
    assert (second.filed[ADD], second.kept, second.already) == (2, 1, 0)
    assert "Of those added 1 were on the list by another import, and stay if that is undone." in told(second)
    take_back(ledger, first)
    assert state(ledger, NEW).is_listed
    assert not state(ledger, order(70)).is_listed
    redo(ledger, UK, run_of(first), actor="kim", note="", at=AT)
    take_back(ledger, second)
    assert state(ledger, NEW).is_listed


@pytest.mark.parametrize("smaller", [f"{NEW}\n", f"{NEW}\n{buyer(1)}\n"])
def test_a_part_of_an_earlier_list_is_another_list(smaller: str, ledger: Ledger) -> None:
    _, first = bring(ledger, f"{NEW}\n{order(70)}\n")
    _, second = bring(ledger, smaller)
    assert second.filed[ADD] == 1
    take_back(ledger, first)
    assert state(ledger, NEW).is_listed


def test_two_lists_are_not_taken_together_for_a_third(ledger: Ledger) -> None:
    _, first = bring(ledger, str(NEW))
    bring(ledger, str(order(70)))
    _, third = bring(ledger, f"{NEW}\n{order(70)}\n")
    assert third.filed[ADD] == 2
    take_back(ledger, first)
    assert state(ledger, NEW).is_listed


def test_another_reason_makes_another_list(ledger: Ledger) -> None:
    _, first = bring(ledger, f"email,reason\n{NEW},by phone\n")
    _, second = bring(ledger, f"email,reason\n{NEW},by letter\n")
    assert (first.filed[ADD], second.filed[ADD]) == (1, 1)


def test_a_note_with_names_is_the_same_note_the_second_time(ledger: Ledger) -> None:
    text = f"email,reason\n{NEW},about {order(70)}\n"
    bring(ledger, text)
    _, again = bring(ledger, text)
    assert (again.filed[ADD], again.already) == (0, 1)


def test_a_list_that_is_brought_again_after_a_release_is_filed_whole_and_then_it_is_that_list(
    ledger: Ledger,
) -> None:
    text = f"{NEW}\n{order(70)}\n"
    _, first = bring(ledger, text)
    want(ledger, RELEASE, NEW)
    _, second = bring(ledger, text)
    assert (second.filed[ADD], second.again, second.kept) == (2, 1, 1)
    _, third = bring(ledger, text)
    assert (third.filed[ADD], third.already) == (0, 2)
    take_back(ledger, first)
    assert state(ledger, NEW).is_listed
    assert state(ledger, order(70)).is_listed


def test_the_same_list_after_a_release_is_not_said_by_what_another_list_put_back(ledger: Ledger) -> None:
    bring(ledger, str(NEW))
    want(ledger, RELEASE, NEW)
    _, other = bring(ledger, f"{NEW}\n{order(70)}\n")
    _, again = bring(ledger, str(NEW))
    assert again.filed[ADD] == 1
    take_back(ledger, other)
    assert state(ledger, NEW).is_listed


def test_who_was_added_by_hand_needs_no_list_unless_an_import_released_him(ledger: Ledger) -> None:
    want(ledger, ADD, NEW)
    _, covered = bring(ledger, str(NEW))
    assert (covered.filed[ADD], covered.already) == (0, 1)
    bring(ledger, str(NEW), weaken=True, every_row_is=RELEASE)
    _, first = bring(ledger, f"{NEW}\n{order(70)}\n")
    _, second = bring(ledger, f"{NEW}\n")
    assert second.filed[ADD] == 1
    take_back(ledger, first)
    assert state(ledger, NEW).is_listed


@pytest.mark.parametrize("by_import", [False, True])
def test_an_order_alone_is_not_its_buyer(ledger: Ledger, *, by_import: bool) -> None:
    """Order 11 is of buyer 1, who is free."""
    want(ledger, RELEASE, buyer(1))
    if by_import:
        bring(ledger, f"order,scope\n{order(11)},order\n")
    else:
        want(ledger, ADD, order(11), scope=DecisionScope.ORDER)
    assert not state(ledger, buyer(1)).is_listed
    _, alone = bring(ledger, f"order,scope\n{order(11)},order\n")
    assert (alone.filed[ADD], alone.already) == (0, 1)
    _, done = bring(ledger, str(order(11)))
    assert done.filed[ADD] == 1
    assert state(ledger, buyer(1)).is_listed


def test_an_order_alone_and_with_its_buyer_in_one_file(ledger: Ledger) -> None:
    want(ledger, RELEASE, buyer(1))
    _, done = bring(ledger, f"order,scope\n{order(11)},order\n{order(11)},buyer\n{order(11)},order\n")
    assert (done.filed[ADD], done.already) == (2, 1)
    assert state(ledger, buyer(1)).is_listed


@pytest.mark.parametrize("by_import", [False, True])
def test_a_row_without_an_end_means_for_good(ledger: Ledger, *, by_import: bool) -> None:
    if by_import:
        bring(ledger, f"email,until\n{NEW},2026-03-11\n")
    else:
        want(ledger, ADD, NEW, expires_at=AT + DAY)
    _, done = bring(ledger, str(NEW))
    assert (done.filed[ADD], done.already) == (1, 0)
    assert state(ledger, NEW, at=AT + 9 * DAY).is_listed


def test_a_notice_covers_a_row_as_long_as_the_policy_lets_it(ledger: Ledger) -> None:
    """The notices are of 1 March: with 30 days they end on the 31st."""
    policy = replace(UK, expire_after_days=30)
    text = f"email,until\n{buyer(1)},2026-03-20\n{buyer(2)},2026-04-20\n"
    _, rows = read_list(text.encode(), Reading(account=ACCOUNT, zone=UTC))
    done = import_list(ledger, policy, rows, by=KIM)
    assert (done.filed[ADD], done.already, done.leaving, done.kept) == (1, 1, 1, 1)
    assert [each.alias for each in decisions(ledger)] == [buyer(2)]


def test_a_list_with_an_end_that_is_brought_twice_tells_who_leaves(ledger: Ledger) -> None:
    text = f"email,until\n{NEW},2026-12-31\n"
    bring(ledger, text)
    _, again = bring(ledger, text)
    assert (again.already, again.leaving, again.kept) == (1, 1, 0)


def test_a_list_whose_older_rows_have_ended_is_the_same_list(ledger: Ledger) -> None:
    text = f"email,until\n{NEW},2026-03-11\n{buyer(9)},2026-12-31\n"
    bring(ledger, text)
    _, again = bring(ledger, text, by=replace(KIM, at=AT + 9 * DAY))
    assert (again.already, again.left_out) == (1, {LeftOut.EXPIRED: 1})


@pytest.mark.parametrize(("action", "other"), [(RELEASE, ALLOW), (ALLOW, RELEASE)])
def test_a_row_that_takes_off_for_longer_says_something_new(
    action: Action, other: Action, ledger: Ledger
) -> None:
    want(ledger, action, buyer(1), expires_at=AT + DAY)
    _, done = bring(ledger, str(buyer(1)), weaken=True, every_row_is=action)
    assert done.filed[action] == 1
    assert not state(ledger, buyer(1), at=AT + 2 * DAY).is_listed
    _, again = bring(ledger, str(buyer(1)), weaken=True, every_row_is=action)
    assert (again.filed[action], again.already) == (0, 1)
    _, changed = bring(ledger, str(buyer(1)), weaken=True, every_row_is=other)
    assert changed.filed[other] == (other is ALLOW)


def test_a_note_that_mentions_orders_names_nobody(ledger: Ledger) -> None:
    found, done = bring(
        ledger,
        f"email,note,until\n{NEW},instead of {order(80)},2026-12-31\n{buyer(9)},see {order(81)},2026-12-31\n",
    )
    assert (found.columns.alias_at, found.columns.order_at) == ((0,), ())
    assert [each.alias for each in decisions(ledger)] == [NEW, buyer(9)]
    assert not state(ledger, order(80)).is_listed
    assert done.rows == 2


def test_a_note_that_is_named_as_a_column_of_names_is_one(ledger: Ledger) -> None:
    bring(ledger, f"email,note\n{NEW},{order(80)}\n", columns=ScrubColumns(order_id=("note",)))
    assert [each.alias or each.order_id for each in decisions(ledger)] == [NEW, order(80)]


def test_a_release_lasts_until_a_notice_also_when_it_was_imported(ledger: Ledger) -> None:
    bring(ledger, str(order(3)), weaken=True, every_row_is=RELEASE)
    assert not state(ledger, order(3)).is_listed
    file_notice(ledger, 7, buyer_number=None, about=3, at=AT + DAY)
    assert state(ledger, order(3), at=AT + 2 * DAY).is_listed


def test_every_row_is_what_was_said_whatever_its_action_column_says(ledger: Ledger) -> None:
    found, done = bring(ledger, f"email,action\n{NEW},subscribed\n", every_row_is=ADD)
    assert found.called("action") is None
    assert done.filed[ADD] == 1


@pytest.mark.parametrize("column", ["Second", "2"])
def test_a_column_can_be_named_by_header_or_number(column: str, ledger: Ledger) -> None:
    text = f"First,Second\n{buyer(8)},{NEW}\n"
    bring(ledger, text, columns=ScrubColumns(alias=(column,)))
    assert [each.alias for each in decisions(ledger)] == [NEW]


def test_a_marketplace_of_the_settings_is_known(ledger: Ledger) -> None:
    bring(ledger, "abc0000000009@marketplace.amazon.co.za\n", marketplaces=frozenset({"amazon.co.za"}))
    assert [each.alias for each in decisions(ledger)] == [buyer(9, "amazon.co.za")]


def test_names_of_two_columns_are_one_buyers_and_each_is_added(ledger: Ledger) -> None:
    """Whoever moves to a new ledger has no links there: the orders are on the list by themselves."""
    _, done = bring(ledger, f"email,order\n{NEW},{order(71)}\n{buyer(1)},{order(72)}\n")
    assert done.filed[ADD] == 2
    assert [each.alias or each.order_id for each in decisions(ledger)] == [NEW, order(71), order(72)]


def test_a_ledger_that_fails_leaves_a_failed_run_and_no_decision(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*decided: Decision) -> None:
        raise LedgerError("The disk is full.", "Make room.")

    monkeypatch.setattr(ledger, "decide", refuse)
    with pytest.raises(BounceWatchError, match="disk is full"):
        bring(ledger, str(NEW))
    newest = ledger.runs(ACCOUNT, 1)[0]
    assert (newest.command, newest.state, newest.filed.new) == ("suppressions import", RunState.FAILED, 0)
    assert decisions(ledger) == []


def test_more_rows_than_are_looked_up_at_once(ledger: Ledger) -> None:
    many = [str(order(number)) for number in range(1_000, 2_203)]
    _, done = bring(ledger, "\n".join([*many, many[0], str(order(1))]))
    assert (done.rows, done.filed[ADD], done.already) == (1_205, 1_203, 2)


def test_no_error_repeats_a_word_of_the_file(ledger: Ledger) -> None:
    for path in FILES:
        if path.name in {"bad_columns.csv", "bad_octets.csv"} or not path.name.startswith("bad_"):
            continue
        with pytest.raises(DataError) as caught:
            of_twin(ledger, path)
        words = set(path.read_text("utf-8").replace(",", "\n").split("\n")) - {
            "",
            " ",
            "add",
            "order",
            "scope",
        }
        shown = f"{caught.value.message} {caught.value.advice}"
        assert not {word for word in words if word in shown and len(word) > 6}
