from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bounce_watch.records.decision import Action, Decision
from bounce_watch.records.filed import Purged
from bounce_watch.records.ids import Alias, OrderId

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
HASH = "0123456789abcdef" * 2


@pytest.mark.parametrize(("subject", "actor"), [("", "nina"), ("1", "")])
def test_a_decision_is_about_something_and_by_somebody(subject: str, actor: str) -> None:
    with pytest.raises(ValueError, match="about something"):
        Decision(account="uk", action=Action.UNDO, subject=subject, actor=actor, decided_at=NOON)


def test_a_decision_needs_no_note() -> None:
    decision = Decision(account="uk", action=Action.UNDO, subject="1", actor="nina", decided_at=NOON)
    assert (decision.note, decision.order_id, decision.alias) == ("", None, None)


def test_a_decision_has_an_instant_in_utc() -> None:
    with pytest.raises(ValueError, match="decided_at"):
        Decision(
            account="uk", action=Action.UNDO, subject="1", actor="nina", decided_at=datetime(2026, 11, 23)
        )


def test_what_was_forgotten_adds_up() -> None:
    assert Purged(names=1, mails=2, octets=3) + Purged(names=10) == Purged(names=11, mails=2, octets=3)


@pytest.mark.parametrize(("local", "shared"), [(f"#{HASH}", False), (f"#{HASH}s", True)])
def test_a_hashed_alias_knows_whether_many_share_it(local: str, shared: bool) -> None:
    alias = Alias(local, "amazon.de")
    assert (alias.is_hashed, alias.is_shared) == (True, shared)
    assert Alias.parse(str(alias)) is None  # Nobody outside can hand one in.


@pytest.mark.parametrize("value", [f"#{HASH[:-1]}", f"#{HASH}s", HASH, "#" + "G" * 32])
def test_what_is_no_hash_is_no_order(value: str) -> None:
    with pytest.raises(ValueError, match="not an order id"):
        OrderId(value)
    assert OrderId(f"#{HASH}").is_hashed
    assert OrderId.parse(f"#{HASH}") is None
