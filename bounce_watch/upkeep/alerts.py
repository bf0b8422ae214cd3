"""From a report to alerts, and from alerts to those who are to hear of them.

What stands in a report's first lines was decided there; here it is only picked, and told to whom it was not told yet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bounce_watch.alerts.delivery import Delivery, deliver
from bounce_watch.alerts.message import TEST, Message, compose
from bounce_watch.alerts.rules import LONGEST, due, high_rate
from bounce_watch.errors import BounceWatchError
from bounce_watch.records.alert import Alert, AlertKind, AlertOutcome, AlertSeverity, Told
from bounce_watch.records.change import Leak, SilenceState
from bounce_watch.records.secret import Secret
from bounce_watch.reports.content import Attention, AttentionKind, ReportContent, Severity
from bounce_watch.reports.wording import counted, interval, percent, period_text
from bounce_watch.settings import AlertSettings
from bounce_watch.sign_in.secret import SecretSource
from bounce_watch.store.ledger import Ledger

Fetch = Callable[[SecretSource], Secret]

_SEE_REPORT = "See where it comes from: bounce-watch report"
_ADVICE = {
    AlertKind.LEAK: "Send nothing until it does. Which export, and since when: bounce-watch report",
    AlertKind.RATE_CHANGED: _SEE_REPORT,
}
"""Where the advice of the report points to what stands beside it there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """Alerts of one account that are due for a target; `position` is the target's place in the settings, from 1."""

    position: int
    source: SecretSource
    account: str
    alerts: tuple[Alert, ...]


def alerts_of(content: ReportContent, wanted: AlertSettings) -> tuple[Alert, ...]:
    """The alerts that the weekly report of one account gives rise to, of the kinds that the settings name."""
    found = (*_from_first_lines(content), *_from_rates(content, wanted.rate_above))
    return tuple(alert for alert in found if alert.kind in wanted.kinds)


def _from_first_lines(content: ReportContent) -> Iterator[Alert]:
    # The report has one line for each silent marketplace, in this order.
    silent = (each.marketplace for each in content.silences if each.state is SilenceState.SILENT)
    for line in content.attention:
        # Whether the rate is too high is asked here with a stricter rule.
        if line.kind.value not in set(AlertKind) or line.kind is AttentionKind.RATE_HIGH:
            continue
        alert = _alert(content, line)
        match alert.kind:
            case AlertKind.SILENCE:
                yield replace(alert, subject=next(silent, None) or "")
            case AlertKind.RATE_CHANGED:
                yield replace(alert, subject=_direction(content))
            case AlertKind.LEAK if content.leak:
                yield replace(alert, text=_leak_text(content.leak))
            case _:
                yield alert


def _alert(content: ReportContent, line: Attention) -> Alert:
    kind = AlertKind(line.kind.value)
    stop = line.kind.severity is Severity.STOP
    return Alert(
        account=content.accounts[0],
        kind=kind,
        text=line.text,
        advice=_ADVICE.get(kind, line.advice),
        severity=AlertSeverity.STOP if stop else AlertSeverity.CHECK,
        at=content.made_at,
    )


def _direction(content: ReportContent) -> str:
    point = content.change.point
    return "" if point is None else "rose" if point.after > point.before else "fell"


def _leak_text(leak: Leak) -> str:
    """Without the labels and the path of the report's line: they are words of other programs."""
    buyers = "1 buyer" if leak.buyers == 1 else f"{leak.buyers:,} buyers"
    return (
        f"Amazon blocked {counted(leak.messages, 'message')} to {buyers} already on your exported list:"
        " the export does not reach the sender."
    )


def _from_rates(content: ReportContent, limit: float | None) -> Iterator[Alert]:
    week = None if limit is None else high_rate([bucket.rates for bucket in content.trend], limit)
    if week is None or limit is None:
        return
    rate = week.buyers
    band = interval(rate.low or 0, rate.high or 1)
    yield Alert(
        account=content.accounts[0],
        kind=AlertKind.RATE_HIGH,
        text=(
            f"{percent(rate.value or 0)} of the buyers written to from {period_text(week.period)} opted out"
            f" ({band}), more than your limit of {percent(limit)}."
        ),
        advice=_SEE_REPORT,
        severity=AlertSeverity.CHECK,
        at=content.made_at,
    )


def parcels(
    ledger: Ledger, found: Iterable[Sequence[Alert]], wanted: AlertSettings, *, now: datetime
) -> list[Parcel]:
    """What is due for each target; `found` are the alerts of one account after the other."""
    since = now - max(wanted.cool_down, LONGEST)
    made = []
    for alerts in filter(None, found):
        account = alerts[0].account
        for position, source in enumerate(wanted.targets, start=1):
            told = ledger.told_since(account, target=_place(source), since=since, until=now)
            if mine := due(alerts, told, cool_down=wanted.cool_down):
                made.append(Parcel(position=position, source=source, account=account, alerts=mine))
    return sorted(made, key=lambda parcel: parcel.position)


def tell(ledger: Ledger, due_now: Sequence[Parcel], fetch: Fetch, *, now: datetime) -> list[AlertOutcome]:
    """Deliver each parcel and file what was delivered; what failed is due again the next time.

    SettingsError when the library is missing; all other errors stand in the outcomes.
    """
    messages = [(one.source, compose(one.account, one.alerts)) for one in due_now]
    outcomes = [
        AlertOutcome(
            position=parcel.position,
            scheme=delivery.scheme,
            account=parcel.account,
            alerts=parcel.alerts,
            error=delivery.error,
        )
        for parcel, delivery in zip(due_now, _sent(messages, fetch), strict=True)
    ]
    told = [
        Told(
            account=alert.account,
            target=_place(parcel.source),
            kind=alert.kind,
            subject=alert.subject,
            told_at=now,
        )
        for parcel, outcome in zip(due_now, outcomes, strict=True)
        if outcome.error is None
        for alert in parcel.alerts
    ]
    if told:
        ledger.file_told(told)
    return outcomes


def tell_test(targets: Sequence[SecretSource], fetch: Fetch) -> list[AlertOutcome]:
    """Send the test message to every target. SettingsError when the library is missing."""
    deliveries = _sent([(source, TEST) for source in targets], fetch)
    return [
        AlertOutcome(position=position, scheme=delivery.scheme, error=delivery.error)
        for position, delivery in enumerate(deliveries, start=1)
    ]


def _sent(messages: Sequence[tuple[SecretSource, Message]], fetch: Fetch) -> list[Delivery]:
    """How each delivery went; where the address can't be had, that is how."""
    secrets = {source: _fetched(source, fetch) for source in dict.fromkeys(source for source, _ in messages)}
    pairs = [(secrets[source], message) for source, message in messages]
    rest = iter(deliver((secret, message) for secret, message in pairs if isinstance(secret, Secret)))
    return [
        next(rest) if isinstance(secret, Secret) else Delivery(scheme="", error=secret) for secret, _ in pairs
    ]


def _fetched(source: SecretSource, fetch: Fetch) -> Secret | BounceWatchError:
    try:
        return fetch(source)
    except BounceWatchError as error:
        return error


def _place(source: SecretSource) -> str:
    """What names a target from one day to the next, also when its address changes."""
    for kind, value in (("env", source.env), ("command", source.command), ("keyring", source.keyring)):
        if value is not None:
            return f"{kind} {value}"
    return f"file {source.file}"
