"""Alerts, and what became of them, in their two forms for people and programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bounce_watch.records.alert import Alert, AlertOutcome
from bounce_watch.reports.wording import counted
from bounce_watch.text.inert import json_text

FORMAT = 1
"""Of the JSON; it rises when a meaning changes."""


def alert_lines(alert: Alert) -> Iterator[str]:
    """What is wrong, and what to do."""
    yield f"{alert.account}: {alert.text}"
    if alert.advice:
        yield f"  {alert.advice}"


def outcome_lines(outcome: AlertOutcome, *, dry_run: bool = False) -> Iterator[str]:
    """What one target was told, would be told, or why it could not be told; it is named by number and scheme alone."""
    name = f"target {outcome.position}" + (f" ({outcome.scheme})" if outcome.scheme else "")
    what = counted(len(outcome.alerts), "alert") if outcome.account else "the test message"
    of_whom = f" of {outcome.account}" if outcome.account else ""
    if outcome.error is not None:
        yield f"{name[0].upper()}{name[1:]} could not be told {what}{of_whom}: {outcome.error.message}"
        yield f"  {outcome.error.advice}"
    else:
        yield f"{'Would tell' if dry_run else 'Told'} {name} {what}{of_whom}."


def alerts_json(alerts: Sequence[Alert], outcomes: Sequence[AlertOutcome], *, dry_run: bool = False) -> str:
    """One object as text with a line end (see json_text)."""
    content = {
        "format": FORMAT,
        "dry_run": dry_run,
        "alerts": [_alert(alert) for alert in alerts],
        "targets": [_outcome(outcome) for outcome in outcomes],
    }
    return json_text(content, indent=2, sort_keys=True)


def _alert(alert: Alert) -> dict[str, object]:
    return {
        "account": alert.account,
        "kind": alert.kind.value,
        "subject": alert.subject or None,
        "severity": alert.severity.value,
        "text": alert.text,
        "advice": alert.advice or None,
        "at": alert.at.isoformat().replace("+00:00", "Z"),
    }


def _outcome(outcome: AlertOutcome) -> dict[str, object]:
    return {
        "target": outcome.position,
        "scheme": outcome.scheme or None,
        "account": outcome.account,
        "kinds": [alert.kind.value for alert in outcome.alerts],
        "error": outcome.error.message if outcome.error else None,
    }
