"""`sent poll` reads the folder of sent mail of each account; `daily` does the same."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING

import typer

from bounce_watch.cli.context import AccountName, AsJson, Config, ledger, now, settings
from bounce_watch.cli.poll import as_data, failure_filed, with_mailbox
from bounce_watch.cli.talk import out, say
from bounce_watch.errors import PARTLY, BounceWatchError, SettingsError
from bounce_watch.text.inert import json_text

if TYPE_CHECKING:
    from bounce_watch.records.filed import Run
    from bounce_watch.settings import AccountSettings, Settings
    from bounce_watch.store.ledger import Ledger


def poll(config: Config = None, account: AccountName = None, as_json: AsJson = False) -> None:
    """Read the folders of sent mail: what you sent to buyers, and for which days that is known. Changes nothing there.

    Example: bounce-watch sent poll --account uk
    """
    found = settings(config)
    chosen = [found.account(account)] if account else [one for one in with_mailbox(found) if reads_sent(one)]
    if not chosen:
        say("No account here has a folder of sent mail to read: they are switched off in the settings.")
    with ledger(found) as opened:
        code = poll_sent_folders(found, chosen, opened, as_json=as_json) if chosen else 0
    raise typer.Exit(code)


def reads_sent(one: AccountSettings) -> bool:
    """True unless the settings leave the account's folder of sent mail out, or name no mailbox that could be asked."""
    return one.imap is None or one.imap.reads_sent


def poll_sent_folders(
    found: Settings,
    chosen: list[AccountSettings],
    opened: Ledger,
    *,
    as_json: bool = False,
    by_the_way: bool = False,
) -> int:
    """Poll each account's folder; one that fails does not stop the others. The exit code says how it went.

    `by_the_way`: nobody asked for it by name, so that a server with no such folder is told, but no failure.
    """
    errors, complete = list[BounceWatchError](), True
    for one in chosen:
        try:
            complete = _poll_one(found, one, opened, as_json=as_json, by_the_way=by_the_way) and complete
        except BounceWatchError as error:
            say(f"{one.account.name}: {error.message}")
            say(error.advice)
            errors.append(error)
    if errors and len(errors) == len(chosen):
        return errors[0].exit_code
    return 0 if complete and not errors else PARTLY


def _poll_one(
    found: Settings, one: AccountSettings, opened: Ledger, *, as_json: bool, by_the_way: bool
) -> bool:
    from bounce_watch.mailboxes.base import open_sent_folder
    from bounce_watch.mailboxes.specs import NoSentFolder
    from bounce_watch.records.ids import MARKETPLACES
    from bounce_watch.sign_in.secret import fetch_secret
    from bounce_watch.upkeep.retention import purge_unless_new
    from bounce_watch.upkeep.sent_poll import SENT_POLL, poll_sent

    if one.imap is None or one.secret is None or not one.imap.reads_sent:
        raise SettingsError(
            f"The account {one.account.name} has no folder of sent mail to read.",
            f"Add [accounts.{one.account.name}.imap] to the settings, or take sent_folder out of it.",
        )
    with ExitStack() as stack:
        with failure_filed(opened, one.account.name, command=SENT_POLL, clock=now):
            secret = fetch_secret(one.secret, os.environ)
            mailbox = stack.enter_context(
                open_sent_folder(one.imap, secret, account=one.account.name, now=now)
            )
            folder = mailbox.folder()
            if isinstance(folder, NoSentFolder):
                if not by_the_way:
                    raise SettingsError(*folder)
                say(f"{one.account.name}: {folder.message}")
                say(folder.advice)
                return True
        run = poll_sent(
            mailbox,
            opened,
            account=one.account,
            clock=now,
            marketplaces=MARKETPLACES | frozenset(found.marketplaces),
        )
    purge_unless_new(opened, one.account, now=now())
    return _tell(run, folder.name, as_json=as_json)


def _tell(run: Run, folder: str, *, as_json: bool) -> bool:
    """Say what was read; True when it was complete."""
    from bounce_watch.reports.wording import counted
    from bounce_watch.upkeep.undo import met_again

    if as_json:
        out(json_text(as_data(run) | {"folder": folder}, sort_keys=True))
    else:
        say(
            f"{run.account}: sent mail in {folder!r}: read {counted(run.read, 'mail')}:"
            f" {run.filed.new:,} new to buyers, {run.filed.duplicates:,} known already."
        )
        for line in met_again(run.filed):
            say(line)
    complete = run.state.value == "complete"
    if run.message:
        say(f"Not complete: {run.message}.")
    return complete
