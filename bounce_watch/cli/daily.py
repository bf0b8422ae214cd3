"""`daily` is the line for cron: poll, export, report."""

from __future__ import annotations

import typer

from bounce_watch.cli.context import AccountName, Config, ledger, settings
from bounce_watch.cli.export import Wanted, export_list
from bounce_watch.cli.poll import poll_accounts
from bounce_watch.cli.report import show
from bounce_watch.cli.talk import say
from bounce_watch.errors import PARTLY, BounceWatchError


def daily(config: Config = None, account: AccountName = None) -> None:
    """Poll, write the exports of the settings, show the report. A failed poll does not stop the rest.

    Example: bounce-watch daily
    """
    found = settings(config)
    chosen = [found.account(account)] if account else list(found.accounts.values())
    with ledger(found) as opened:
        polled = [one for one in chosen if one.imap]
        codes = [poll_accounts(found, polled, opened, command="daily")] if polled else []
        if not polled:
            say("No account here has a mailbox to poll, so nothing was polled.")
        for one in chosen:
            for preset, path in one.exports.items():
                try:
                    export_list(found, [one], opened, Wanted(preset, path))
                except BounceWatchError as error:
                    say(error.message)
                    say(error.advice)
                    codes.append(error.exit_code)
            show(one.account, opened, zone=found.time_zone, has_mailbox=one.imap is not None)
    failed = {code for code in codes if code}
    raise typer.Exit(failed.pop() if len(failed) == 1 else (PARTLY if failed else 0))
