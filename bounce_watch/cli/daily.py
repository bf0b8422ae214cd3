"""`daily` is the line for cron: poll, read what was sent, export, report, alert."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import typer

from bounce_watch.cli.alerts import failure_code, say_outcomes, tell_alerts
from bounce_watch.cli.context import AccountName, Config, ledger, now, settings
from bounce_watch.cli.export import Wanted, export_list
from bounce_watch.cli.poll import poll_accounts
from bounce_watch.cli.report import drawn, read_reports
from bounce_watch.cli.sent_poll import poll_sent_folders, reads_sent
from bounce_watch.cli.talk import out, say
from bounce_watch.errors import PARTLY, BounceWatchError

if TYPE_CHECKING:
    from bounce_watch.reports.content import ReportContent
    from bounce_watch.settings import AccountSettings, Settings
    from bounce_watch.store.ledger import Ledger


def daily(config: Config = None, account: AccountName = None) -> None:
    """Poll, read what was sent, write the exports, show the report, send alerts. What fails does not stop the rest.

    Example: bounce-watch daily
    """
    found = settings(config)
    chosen = [found.account(account)] if account else list(found.accounts.values())
    with ledger(found) as opened:
        polled = [one for one in chosen if one.imap]
        codes = [poll_accounts(found, polled, opened, command="daily")] if polled else []
        if not polled:
            say("No account here has a mailbox to poll, so nothing was polled.")
        if with_sent := [one for one in polled if reads_sent(one) and not _failed(one, opened)]:
            codes.append(poll_sent_folders(found, with_sent, opened, by_the_way=True))
        for one in chosen:
            for preset, path in one.exports.items():
                try:
                    export_list(found, [one], opened, Wanted(preset, path))
                except BounceWatchError as error:
                    say(error.message)
                    say(error.advice)
                    codes.append(error.exit_code)
        at = now()
        contents = read_reports(found, chosen, opened, at=at)
        out(drawn(contents))
        if found.alerts.targets:
            codes.append(_alert(found, contents, opened, at=at))
    failed = {code for code in codes if code}
    raise typer.Exit(failed.pop() if len(failed) == 1 else (PARTLY if failed else 0))


def _failed(one: AccountSettings, opened: Ledger) -> bool:
    """True when the account could not be polled just now: to sign in once more would only lock it sooner."""
    return any(run.state.value == "failed" for run in opened.runs(one.account.name, limit=1))


def _alert(found: Settings, contents: list[ReportContent], opened: Ledger, *, at: datetime) -> int:
    """The code of what failed. That something needs a person is no failure: it was told, and the report says it."""
    try:
        _, outcomes = tell_alerts(found, contents, opened, at=at)
    except BounceWatchError as error:
        say(error.message)
        say(error.advice)
        return error.exit_code
    say_outcomes(outcomes)
    return failure_code(outcomes)
