"""The samples under fixtures/outgoing-messages: each is judged as its golden twin says, with every form of line end."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from bounce_watch.outgoing.draft import Draft, InLedger
from bounce_watch.outgoing.judge import judge
from bounce_watch.outgoing.rules import Severity, load_rules
from bounce_watch.records.ids import MARKETPLACES, Alias, OrderId
from bounce_watch.records.times import as_utc
from bounce_watch.upkeep.check_message import read_draft

from .makers import ALWAYS, AT, found, in_ledger, known, not_checked

ROOM = Path(__file__).parents[2] / "fixtures" / "outgoing-messages"
SAMPLES = sorted(ROOM.glob("*.eml"))
TWINS = sorted(ROOM.glob("*.json"))
_DOMAIN = re.compile(r"(?:@|https?://|www\.)([a-z0-9-]+(?:\.[a-z0-9-]+)+)")
IN_CODE = {"attachment.size"}
"""A mail of more than 10 MB is no sample; test_judge.py makes one."""


def twin_of(path: Path) -> dict[str, Any]:
    loaded = json.loads(path.with_suffix(".json").read_text("utf-8"))
    assert isinstance(loaded, dict)
    return loaded


def ledger_of(data: dict[str, Any] | None) -> InLedger | None:
    """What a twin says of the ledger; left out: an order placed ten days ago, and a list of today."""
    if data is None:
        return None
    changes: dict[str, Any] = {}
    if "listed" in data:
        names = [Alias.parse(name) or OrderId.parse(name) for name in data["listed"]]
        assert all(names)
        changes["listed"] = tuple(names)
    for name in ("known_since", "ordered_at"):
        if name in data:
            changes[name] = as_utc(datetime.fromisoformat(data[name])) if data[name] else None
    if "is_stale" in data:
        changes["is_stale"] = data["is_stale"]
    if "labels" in data:
        changes["labels"] = tuple((label, AT) for label in data["labels"])
    return in_ledger(**changes, messages=data.get("messages", 0))


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"], ids=["LF", "CRLF", "CR"])
def test_sample_is_judged_as_its_twin_says(path: Path, line_end: bytes) -> None:
    twin = twin_of(path)
    beside = dict(twin.get("known", {}))
    if "ledger" in beside:
        beside["ledger"] = ledger_of(beside["ledger"])
    if "own_addresses" in beside:
        beside["own_addresses"] = tuple(beside["own_addresses"])
    draft = read_draft(path.read_bytes().replace(b"\n", line_end))
    assert isinstance(draft, Draft)
    judgement = judge(draft, known(**beside), load_rules(), at=AT)
    assert sorted(found(judgement)) == twin["expect"]["found"]
    assert sorted(not_checked(judgement)) == twin["expect"]["not_checked"]
    assert {each.rule for each in judgement.not_checked} >= ALWAYS
    forbidden = [each for each in judgement.found if each.rule.severity is Severity.FORBIDDEN]
    assert judgement.is_broken == bool(forbidden)


def test_every_sample_has_a_twin_and_every_twin_a_sample() -> None:
    assert len(SAMPLES) > 40
    assert [path.stem for path in SAMPLES] == [path.stem for path in TWINS]
    assert {*ROOM.iterdir()} == {*SAMPLES, *TWINS}


def test_every_rule_that_a_mail_can_break_has_a_sample() -> None:
    expected = {each.split()[0] for path in SAMPLES for each in twin_of(path)["expect"]["found"]}
    breakable = {rule.id for rule in load_rules().values() if rule.to_do}
    assert breakable - expected == IN_CODE
    assert expected - breakable == set()


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_twin_is_written_in_the_one_form(path: Path) -> None:
    twin = twin_of(path)
    written = json.dumps(twin, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    assert path.with_suffix(".json").read_text("utf-8") == written
    assert set(twin) - {"known"} == {"expect", "why"}
    assert set(twin["expect"]) == {"found", "not_checked"}
    assert set(twin.get("known", {})) <= {"critical", "ledger", "own_addresses"}
    assert twin["why"].endswith(".")


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_sample_is_small_and_names_no_real_domain(path: Path) -> None:
    octets = path.read_bytes()
    assert 0 < len(octets) < 8 * 1024
    assert b"\r" not in octets
    allowed = ("example", "amazonses.com", *MARKETPLACES, *load_rules()["link.tracking"].hosts)
    domains = set(_DOMAIN.findall(octets.decode("utf-8").lower()))
    assert not [each for each in domains if not each.endswith(allowed)]
