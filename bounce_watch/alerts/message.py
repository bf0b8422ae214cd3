"""The message that alerts become: plain text, without a word about any buyer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bounce_watch.records.alert import Alert, AlertSeverity
from bounce_watch.text.inert import inert
from bounce_watch.text.names import names_replaced

LONGEST = 500
"""Characters of one sentence; ours are a third of that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What is sent to one target; `severity` is that of its weightiest alert, None for a test."""

    title: str
    body: str
    severity: AlertSeverity | None = None


TEST = Message(
    title="bounce_watch: a test",
    body="This is the test that you asked for with: bounce-watch alerts test. Alerts will look like this.",
)


def compose(account: str, alerts: Sequence[Alert]) -> Message:
    """One message for the alerts of an account, in their order; ValueError without any."""
    if not alerts:
        raise ValueError("a message needs an alert")
    stop = any(alert.severity is AlertSeverity.STOP for alert in alerts)
    parts = [f"{without_buyers(alert.text)}\n{without_buyers(alert.advice)}".strip() for alert in alerts]
    return Message(
        title=f"bounce_watch, {without_buyers(account)}: {'stop sending' if stop else 'please look'}",
        body="\n\n".join(parts),
        severity=AlertSeverity.STOP if stop else AlertSeverity.CHECK,
    )


def without_buyers(text: str) -> str:
    """One harmless line without order ids and addresses: a net under sentences that hold none by their making."""
    return names_replaced(inert(text), "–")[:LONGEST]
