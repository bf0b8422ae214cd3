"""What is sent names no buyer and holds nothing that acts."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bounce_watch.alerts.message import LONGEST, compose, without_buyers
from bounce_watch.records.alert import Alert, AlertKind, AlertSeverity
from tests.output.evil import EVIL

NOW = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)


def alert(text: str, advice: str = "", severity: AlertSeverity = AlertSeverity.CHECK) -> Alert:
    kind = AlertKind.SILENCE
    return Alert(account="uk", kind=kind, text=text, advice=advice, severity=severity, at=NOW)


def test_several_alerts_are_one_message() -> None:
    message = compose("uk", [alert("Silent.", "Check it."), alert("Leaks.", severity=AlertSeverity.STOP)])
    assert message.title == "bounce_watch, uk: stop sending"
    assert message.body == "Silent.\nCheck it.\n\nLeaks."
    assert message.severity is AlertSeverity.STOP
    calm = compose("uk", [alert("Silent.")])
    assert (calm.title, calm.severity) == ("bounce_watch, uk: please look", AlertSeverity.CHECK)
    with pytest.raises(ValueError, match="needs an alert"):
        compose("uk", [])


def test_neither_an_order_nor_an_address_gets_through() -> None:
    said = "Order 203-1234567-1234567 of s01-1234567-1234567, a1b2c3d4e5f6g7@marketplace.amazon.co.uk, <jo@x.example>."
    assert without_buyers(said) == "Order – of –, – <–>."


def test_nothing_in_it_acts() -> None:
    for text in EVIL:
        sent = compose("uk", [alert(text, text)])
        assert all(line.isprintable() for line in sent.body.split("\n"))
        assert len(sent.body) <= 2 * LONGEST + 1
