"""Logs of invented tools, each with what a person reads in it (fixtures/sent/*.json, written by hand)."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bounce_watch.errors import DataError
from bounce_watch.sent_log.csv_log import Tally, read_csv_log, read_log
from bounce_watch.sent_log.mapping import Certainty
from bounce_watch.sent_log.plan import LogOptions, LogPlan, plan_log
from tests.sent_log.samples import FIXTURES

LONDON = ZoneInfo("Europe/London")
TWINS = {path: json.loads(path.read_text("utf-8")) for path in sorted(FIXTURES.glob("*.json"))}
READ = [path for path, twin in TWINS.items() if "sends" in twin]
OPEN = [path for path, twin in TWINS.items() if "question" in twin]


def log_of(twin: Path) -> Path:
    (found,) = (path for path in FIXTURES.glob(f"{twin.stem}.*") if path.suffix != ".json")
    return found


def options_of(expected: dict[str, Any]) -> LogOptions:
    zone = expected.get("options", {}).get("time_zone")
    return LogOptions(time_zone=ZoneInfo(zone) if zone else None)


def planned(twin: Path) -> LogPlan:
    with log_of(twin).open("rb") as file:
        return plan_log(file, account="uk", time_zone=LONDON, options=options_of(TWINS[twin]))


def test_there_are_enough_of_them() -> None:
    assert len(READ) >= 12
    assert len(READ) + len(OPEN) == len(TWINS)


@pytest.mark.parametrize("twin", READ, ids=lambda path: path.stem)
def test_the_columns_are_found(twin: Path) -> None:
    plan, expected = planned(twin), TWINS[twin]
    titles = plan.mapping.titles
    found = {
        each.field.value: titles[each.place] if titles else each.place + 1 for each in plan.mapping.found
    }
    assert found == expected["columns"]
    assert (str(plan.table.dialect), plan.is_sure) == (expected["dialect"], expected["sure"])
    assert plan.is_sure == all(each.certainty is Certainty.TITLE for each in plan.mapping.found)


@pytest.mark.parametrize("twin", READ, ids=lambda path: path.stem)
def test_the_sends_are_read(twin: Path) -> None:
    expected = TWINS[twin]
    log = read_csv_log(log_of(twin), account="uk", time_zone=LONDON, options=options_of(expected))
    sends = [
        [
            send.order_id and str(send.order_id),
            send.alias and str(send.alias),
            send.sent_at,
            send.purpose.value,
            send.label,
            send.message_id,
            send.marketplace,
        ]
        for send in log.sends
    ]
    assert sends == [[*row[:2], datetime.fromisoformat(row[2]), *row[3:]] for row in expected["sends"]]
    assert list(log.skipped) == expected["skipped"]
    assert log.rows == len(expected["sends"]) + len(expected["skipped"]) + sum(expected["left_out"].values())


@pytest.mark.parametrize("twin", READ, ids=lambda path: path.stem)
def test_what_is_left_out_is_counted_by_its_reason(twin: Path) -> None:
    plan, tally = planned(twin), Tally()
    with log_of(twin).open("rb") as file:
        for number, outcome in read_log(file, plan):
            tally.add(number, outcome)
    assert {each.value: number for each, number in tally.left_out.items()} == TWINS[twin]["left_out"]


@pytest.mark.parametrize("twin", OPEN, ids=lambda path: path.stem)
def test_what_nobody_can_tell_is_a_question(twin: Path) -> None:
    (question,) = planned(twin).questions
    assert question.what == TWINS[twin]["question"]
    assert TWINS[twin]["answer"] in question.answer
    with pytest.raises(DataError) as error:
        read_csv_log(log_of(twin), account="uk", time_zone=LONDON)
    assert error.value.message == question.what
