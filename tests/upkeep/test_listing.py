"""The list from its four sides: who is on it, who leaves it, who left it, whom a person took off it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bounce_watch.records.account import Account
from bounce_watch.records.decision import Action, By, DecisionScope
from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.opt_out import EntrySource
from bounce_watch.reports.listing import EndsBy, Line, View, list_json, list_section
from bounce_watch.reports.terminal import render_sections
from bounce_watch.store.ledger import Ledger
from bounce_watch.upkeep.listing import Asked, look, newest
from bounce_watch.upkeep.retention import purge
from tests.store.makers import NOON, buyer, order
from tests.upkeep.lists import AT, KIM, UK, file_notice, filled, want

DAY = timedelta(days=1)
NEW = Alias("newbuyer000001", "amazon.de")
MONTH = replace(UK, expire_after_days=30)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with filled(tmp_path) as opened:
        yield opened


def seen(
    ledger: Ledger, view: View = View.ON, *, account: Account = UK, at: datetime = AT, **asked: Any
) -> list[Line]:
    return list(look(ledger, account, Asked(view=view, **asked), at=at))


def named(lines: list[Line]) -> list[OrderId | Alias]:
    return [line.name for line in lines]


def test_the_list_has_buyers_then_orders(ledger: Ledger) -> None:
    assert named(seen(ledger)) == [buyer(1), buyer(2), order(3)]
    assert all(line.ends_at is None and line.ends_by is None for line in seen(ledger))


@pytest.mark.parametrize(
    ("source", "names"), [(EntrySource.MANUAL, [NEW]), (EntrySource.OPT_OUT, [buyer(1), buyer(2), order(3)])]
)
def test_one_source(ledger: Ledger, source: EntrySource, names: list[OrderId | Alias]) -> None:
    want(ledger, Action.ADD, NEW)
    assert named(seen(ledger, source=source)) == names


def test_who_leaves_by_a_decision_or_by_the_policy(ledger: Ledger) -> None:
    want(ledger, Action.ADD, NEW, expires_at=AT + 5 * DAY)
    want(ledger, Action.ADD, buyer(2))
    lines = seen(ledger, View.EXPIRING, account=MONTH)
    assert {line.name: (line.ends_at, line.ends_by) for line in lines} == {
        NEW: (AT + 5 * DAY, EndsBy.DECISION),
        buyer(1): (NOON + 30 * DAY, EndsBy.POLICY),
        order(3): (NOON + 30 * DAY, EndsBy.POLICY),
    }
    assert named(seen(ledger, View.EXPIRING)) == [NEW]


def test_who_leaves_soon(ledger: Ledger) -> None:
    want(ledger, Action.ADD, NEW, expires_at=AT + 5 * DAY)
    assert named(seen(ledger, View.EXPIRING, account=MONTH, within=5 * DAY)) == [NEW]
    assert named(seen(ledger, View.EXPIRING, account=MONTH, within=4 * DAY)) == []
    assert len(seen(ledger, View.EXPIRING, account=MONTH, within=30 * DAY)) == 4


def test_who_left_by_the_policy_or_with_a_decision(ledger: Ledger) -> None:
    want(ledger, Action.ADD, NEW, expires_at=AT + 5 * DAY)
    want(ledger, Action.ADD, buyer(2))
    file_notice(ledger, 4, buyer_number=1, about=11, at=NOON + 20 * DAY)
    late = NOON + 31 * DAY
    lines = seen(ledger, View.EXPIRED, account=MONTH, at=late)
    assert {line.name: (line.ends_at, line.ends_by) for line in lines} == {
        order(3): (NOON + 30 * DAY, EndsBy.POLICY),
        NEW: (AT + 5 * DAY, EndsBy.DECISION),
    }
    assert named(seen(ledger, View.EXPIRED, account=MONTH, at=late, source=EntrySource.MANUAL)) == [NEW]
    assert named(seen(ledger, account=MONTH, at=late)) == [buyer(1), buyer(2)]


def test_who_was_added_until_a_day_and_is_there_by_a_notice_did_not_leave(ledger: Ledger) -> None:
    want(ledger, Action.ADD, buyer(1), expires_at=AT + DAY)
    assert seen(ledger, View.EXPIRED, at=AT + 2 * DAY) == []


def test_whom_a_person_took_off_and_who_came_back(ledger: Ledger) -> None:
    want(ledger, Action.RELEASE, buyer(1), by=By(actor="kim", at=AT, note="opted in"))
    want(ledger, Action.ALLOW, order(3), scope=DecisionScope.ORDER, expires_at=AT + 9 * DAY)
    want(ledger, Action.RELEASE, buyer(2))
    file_notice(ledger, 5, buyer_number=2, about=2, at=AT + DAY)
    later = AT + 2 * DAY
    lines = seen(ledger, View.OFF, at=later)
    assert {line.name: (line.decision.action, line.ends_at) for line in lines if line.decision} == {
        buyer(1): (Action.RELEASE, None),
        order(3): (Action.ALLOW, AT + 9 * DAY),
    }
    assert named(seen(ledger, View.OFF, at=AT + 9 * DAY)) == [buyer(1)]


def test_who_was_added_again_was_taken_off_no_more(ledger: Ledger) -> None:
    want(ledger, Action.RELEASE, buyer(1))
    want(ledger, Action.ADD, buyer(1), by=replace(KIM, at=AT + DAY))
    assert seen(ledger, View.OFF, at=AT + DAY) == []


def test_the_newest_first_and_how_many_there_are(ledger: Ledger) -> None:
    want(ledger, Action.ADD, NEW)
    file_notice(ledger, 6, buyer_number=2, about=2, at=AT - DAY)
    shown, total = newest(seen(ledger), 2, View.ON)
    assert (named(shown), total) == ([NEW, buyer(2)], 4)


def test_of_those_who_leave_the_soonest_first_and_of_those_who_left_the_last(ledger: Ledger) -> None:
    for number, days in ((91, 7), (92, 3), (93, 5)):
        want(ledger, Action.ADD, buyer(number), expires_at=AT + days * DAY)
    soon, _ = newest(seen(ledger, View.EXPIRING), 2, View.EXPIRING)
    assert named(soon) == [buyer(92), buyer(93)]
    late, _ = newest(seen(ledger, View.EXPIRED, at=AT + 8 * DAY), 2, View.EXPIRED)
    assert named(late) == [buyer(91), buyer(93)]


def test_thirty_days_after_a_release_only_a_hash_is_left(ledger: Ledger) -> None:
    want(ledger, Action.RELEASE, buyer(1))
    purge(ledger, UK, now=AT + 29 * DAY)
    assert named(seen(ledger, View.OFF, at=AT + 29 * DAY)) == [buyer(1)]
    purge(ledger, UK, now=AT + 31 * DAY)
    line = seen(ledger, View.OFF, at=AT + 31 * DAY)[0]
    assert line.name.is_hashed
    assert "(forgotten) #" in shown(View.OFF, [line])
    assert not any(str(buyer(1)) in list_json(each, View.OFF) for each in seen(ledger, View.OFF))


# What is shown


def shown(view: View, lines: list[Line], *, width: int = 80, total: int | None = None) -> str:
    return render_sections(
        lambda columns: [list_section("uk", view, lines, total or len(lines), columns, UTC)],
        width=width,
        colour=False,
    )


def test_a_list_in_eighty_columns(ledger: Ledger) -> None:
    want(ledger, Action.ADD, NEW, expires_at=datetime(2026, 4, 1, tzinfo=UTC))
    words = shown(View.ON, seen(ledger)).split("\n")
    assert [line.split() for line in words[1:4]] == [
        ["buyer", "or", "order", "since", "notices", "until"],
        [str(buyer(1)), "1", "Mar", "2026", "1", "-"],
        [str(buyer(2)), "1", "Mar", "2026", "1", "-"],
    ]
    assert words[4].split() == [str(NEW), "10", "Mar", "2026", "by", "hand", "31", "Mar", "2026"]


@pytest.mark.parametrize("width", [40, 60, 80, 160])
@pytest.mark.parametrize("view", View)
def test_every_view_fits(ledger: Ledger, view: View, width: int) -> None:
    by = By(actor="a very long name of somebody", at=AT, note="why " * 30)
    want(ledger, Action.ADD, NEW, expires_at=AT + DAY, by=by)
    want(ledger, Action.ADD, buyer(91), expires_at=AT + 40 * DAY, by=by)
    want(ledger, Action.ALLOW, buyer(1), by=by)
    lines = seen(ledger, view, account=MONTH, at=AT + 25 * DAY)
    assert lines
    text = shown(view, lines, width=width)
    assert all(len(line) <= width for line in text.split("\n"))
    assert len(text.split("\n")) == len(lines) + 3


def test_a_wide_terminal_says_why(ledger: Ledger) -> None:
    want(
        ledger, Action.ALLOW, buyer(1), by=By(actor="kim", at=AT, note="reads our mail"), expires_at=AT + DAY
    )
    text = shown(View.OFF, seen(ledger, View.OFF), width=160)
    assert text.split("\n")[1].split() == ["buyer", "or", "order", "on", "until", "by", "why"]
    assert "allowed" in text
    assert "11 Mar 2026" in text
    assert "kim" in text
    assert "reads our mail" in text
    assert "opted out of unsolicited messages" in shown(View.ON, seen(ledger), width=160)


@pytest.mark.parametrize(
    ("view", "says"), [(View.ON, "Nobody."), (View.EXPIRING, "Only a decision that ends")]
)
def test_nobody(view: View, says: str) -> None:
    assert says in " ".join(shown(view, []).split())


def test_that_there_are_more_is_said(ledger: Ledger) -> None:
    assert "2 of 1,234; --limit and --json show more." in shown(View.ON, seen(ledger)[:2], total=1_234)


def test_for_a_program(ledger: Ledger) -> None:
    want(ledger, Action.ALLOW, order(11), scope=DecisionScope.ORDER, by=By(actor="kim", at=AT, note="repair"))
    first = json.loads(list_json(seen(ledger)[0], View.ON))
    assert first == {
        "format": 1,
        "account": "uk",
        "view": "on",
        "name": str(buyer(1)),
        "alias": str(buyer(1)),
        "order_ids": [str(order(1))],
        "allowed_orders": [str(order(11))],
        "marketplace": "amazon.co.uk",
        "since": NOON.isoformat(),
        "last_noticed_at": NOON.isoformat(),
        "notices": 1,
        "source": "opt_out",
        "reason": "opted out of unsolicited messages",
        "ends_at": None,
        "ends_by": None,
        "decision": None,
    }
    off = json.loads(list_json(seen(ledger, View.OFF)[0], View.OFF))
    assert (off["name"], off["alias"], off["order_ids"], off["notices"]) == (str(order(11)), None, [], None)
    assert off["decision"] == {
        "action": "allow",
        "scope": "order",
        "actor": "kim",
        "decided_at": AT.isoformat(),
        "expires_at": None,
        "note": "repair",
        "run": None,
    }
