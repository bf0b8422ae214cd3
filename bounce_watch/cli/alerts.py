"""`alerts` tells those whom the settings name what needs a person, and tests the way to them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from bounce_watch.cli.context import AccountName, AsJson, Config, ledger, now, settings
from bounce_watch.cli.report import read_reports
from bounce_watch.cli.talk import out, out_lines, say
from bounce_watch.errors import ATTENTION, PARTLY, SettingsError

if TYPE_CHECKING:
    from datetime import datetime

    from bounce_watch.records.alert import Alert, AlertOutcome
    from bounce_watch.records.secret import Secret
    from bounce_watch.reports.content import ReportContent
    from bounce_watch.settings import Settings
    from bounce_watch.sign_in.secret import SecretSource
    from bounce_watch.store.ledger import Ledger


def check(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be told to whom, and tell nobody.")
    ] = False,
    config: Config = None,
    account: AccountName = None,
    as_json: AsJson = False,
) -> None:
    """Tell those whom the settings name what needs a person; ends with 3 if anything does, told before or not.

    Example: bounce-watch alerts check --dry-run
    """
    from bounce_watch.reports.alerts import alert_lines, alerts_json

    found = settings(config)
    chosen = [found.account(account)] if account else list(found.accounts.values())
    with ledger(found, create=False, migrate=not dry_run) as opened:
        at = now()
        contents = read_reports(found, chosen, opened, at=at)
        alerts, outcomes = tell_alerts(found, contents, opened, at=at, dry_run=dry_run)
    if as_json:
        out(alerts_json(alerts, outcomes, dry_run=dry_run))
    else:
        out_lines(line for alert in alerts for line in alert_lines(alert))
        say_outcomes(outcomes, dry_run=dry_run)
        if not alerts:
            say("Nothing needs you.")
        elif not found.alerts.targets:
            say("The settings name nobody to tell: write [alerts] with to = [...].")
    raise typer.Exit(failure_code(outcomes) or (ATTENTION if alerts else 0))


def send_test(config: Config = None, as_json: AsJson = False) -> None:
    """Send one test message to everybody whom the settings name, and say whom it reached.

    Example: bounce-watch alerts test
    """
    from bounce_watch.reports.alerts import alerts_json
    from bounce_watch.upkeep.alerts import tell_test

    found = settings(config)
    if not found.alerts.targets:
        raise SettingsError(
            "The settings name nobody to tell.",
            "Write [alerts] with to = [...]; docs/how-to/alerts.md has examples.",
        )
    outcomes = tell_test(found.alerts.targets, _fetch)
    if as_json:
        out(alerts_json((), outcomes))
    else:
        say_outcomes(outcomes)
    raise typer.Exit(failure_code(outcomes))


def tell_alerts(
    found: Settings, contents: Sequence[ReportContent], opened: Ledger, *, at: datetime, dry_run: bool = False
) -> tuple[list[Alert], list[AlertOutcome]]:
    """What needs a person by these weekly reports, and what became of telling it; with `dry_run` nobody is told."""
    from bounce_watch.records.alert import AlertOutcome
    from bounce_watch.upkeep.alerts import alerts_of, parcels, tell

    by_account = [alerts_of(content, found.alerts) for content in contents]
    alerts = [alert for each in by_account for alert in each]
    if not found.alerts.targets:
        return alerts, []
    due_now = parcels(opened, by_account, found.alerts, now=at)
    if not dry_run:
        return alerts, tell(opened, due_now, _fetch, now=at)
    return alerts, [
        AlertOutcome(position=one.position, account=one.account, alerts=one.alerts) for one in due_now
    ]


def say_outcomes(outcomes: Iterable[AlertOutcome], *, dry_run: bool = False) -> None:
    """Whom it reached, and whom not."""
    from bounce_watch.reports.alerts import outcome_lines

    for outcome in outcomes:
        for line in outcome_lines(outcome, dry_run=dry_run):
            say(line)


def failure_code(outcomes: Sequence[AlertOutcome]) -> int:
    """The code of what failed if one kind of thing did, 5 if several did, 0 if nothing did."""
    codes = {outcome.error.exit_code for outcome in outcomes if outcome.error}
    return codes.pop() if len(codes) == 1 else (PARTLY if codes else 0)


def _fetch(source: SecretSource) -> Secret:
    from bounce_watch.sign_in.secret import fetch_secret

    return fetch_secret(source, os.environ)
