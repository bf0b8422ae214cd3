"""`poll` reads the mailboxes of the settings, `import` reads files; both file what they find."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bounce_watch.cli.context import AccountName, AsJson, Config, catalogue, ledger, now, settings
from bounce_watch.cli.talk import out, say
from bounce_watch.errors import PARTLY, BounceWatchError, SettingsError, UsageError
from bounce_watch.text.inert import json_text

if TYPE_CHECKING:
    from bounce_watch.flow import Clock
    from bounce_watch.mailboxes.specs import MailboxSpec
    from bounce_watch.notices.catalogue import Catalogue
    from bounce_watch.records.account import Account
    from bounce_watch.records.filed import Run
    from bounce_watch.records.mail import Fingerprint
    from bounce_watch.settings import AccountSettings, Settings
    from bounce_watch.sign_in.secret import SecretSource
    from bounce_watch.store.ledger import Ledger


def poll(
    config: Config = None,
    account: AccountName = None,
    since: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            metavar="YYYY-MM-DD",
            help="Leave out mail received before this day; reads all else anew.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Read the mailboxes to their end and file what is new. The mailboxes are only read, never changed.

    Example: bounce-watch poll --account uk
    """
    found = settings(config)
    chosen = [found.account(account)] if account else with_mailbox(found)
    if since:
        chosen = [_since(one, since.date()) for one in chosen]
    with ledger(found) as opened:
        code = poll_accounts(found, chosen, opened, command="poll", as_json=as_json)
    raise typer.Exit(code)


def with_mailbox(found: Settings) -> list[AccountSettings]:
    """The accounts that have a mailbox; all of them when none has one, so that the error names one."""
    every = list(found.accounts.values())
    return [one for one in every if one.imap] or every


def _since(one: AccountSettings, day: date) -> AccountSettings:
    return replace(one, imap=replace(one.imap, since=day)) if one.imap else one


def poll_accounts(
    found: Settings, chosen: list[AccountSettings], opened: Ledger, *, command: str, as_json: bool = False
) -> int:
    """Poll each account; an account that fails does not stop the others. The exit code says how it went."""
    known, errors, complete, read = catalogue(found), list[BounceWatchError](), True, set[str]()
    for one in chosen:
        try:
            run = _poll_one(one, known, opened, command)
            read.add(one.account.name)
            complete = tell(run, as_json=as_json) and complete
        except BounceWatchError as error:
            errors.append(error)
            say(f"{one.account.name}: {error.message}")
            say(error.advice)
    complete = _forget_elsewhere(found, opened, but=read) and complete
    if errors and len(errors) == len(chosen):
        return errors[0].exit_code
    return 0 if complete and not errors else PARTLY


def _forget_elsewhere(found: Settings, opened: Ledger, *, but: set[str]) -> bool:
    """Purge the accounts that were not just read to their end: time goes on for them, too. True if that went well."""
    from bounce_watch.upkeep.retention import every_account, purge_unless_new

    try:
        for account in every_account([one.account for one in found.accounts.values()], opened):
            if account.name not in but:
                purge_unless_new(opened, account, now=now())
    except BounceWatchError as error:
        say(f"{error.message} So what is too old could not be forgotten.")
        say(error.advice)
        return False
    return True


def _poll_one(one: AccountSettings, known: Catalogue, opened: Ledger, command: str) -> Run:
    if one.imap is None or one.secret is None:
        raise SettingsError(
            f"The account {one.account.name} has no mailbox to poll.",
            f"Add [accounts.{one.account.name}.imap] to the settings, or use `bounce-watch import PATH`.",
        )
    return take_in(one.account, one.imap, known, opened, command=command, source=one.secret)


def take_in(
    account: Account,
    spec: MailboxSpec,
    known: Catalogue,
    opened: Ledger,
    *,
    command: str,
    source: SecretSource | None = None,
    clock: Clock = now,
    reread: set[Fingerprint] | None = None,
) -> Run:
    """Read one mailbox or path to its end for an account, then forget what has passed its retention.

    `reread` is for a rebuild, see flow.intake; it mends first and forgets then.
    """
    from bounce_watch.flow import intake, wanted
    from bounce_watch.mailboxes.base import open_mailbox
    from bounce_watch.resolver import resolver_for
    from bounce_watch.sign_in.secret import fetch_secret
    from bounce_watch.upkeep.retention import purge

    looked_for, resolver = wanted(account, known), resolver_for(account)
    with ExitStack() as stack:
        with failure_filed(opened, account.name, command=command, clock=clock):
            secret = fetch_secret(source, os.environ) if source else None
            mailbox = stack.enter_context(
                open_mailbox(spec, secret, account=account.name, wanted=looked_for, now=clock)
            )
        run = intake(
            mailbox,
            opened,
            account=account,
            catalogue=known,
            clock=clock,
            command=command,
            resolver=resolver,
            reread=reread,
        )
    if reread is None:
        purge(opened, account, now=clock())
    return run


@contextmanager
def failure_filed(opened: Ledger, account: str, *, command: str, clock: Clock) -> Iterator[None]:
    """A poll that ends before its first mail (no secret, no server) is filed as FAILED, too.

    Reports and `health` then know of it. Of files nobody expects that they are there every day.
    """
    from bounce_watch.records.filed import Filed, RunState
    from bounce_watch.reports.polls import POLLS
    from bounce_watch.upkeep.sent_poll import SENT_POLL

    began = clock()
    try:
        yield
    except BounceWatchError as error:
        if command in {*POLLS, SENT_POLL}:
            run = opened.start_run(account, command, at=began)
            opened.finish_run(
                run, at=clock(), state=RunState.FAILED, read=0, filed=Filed(), message=error.message
            )
        raise


def import_(
    paths: Annotated[
        list[str], typer.Argument(metavar="PATH…", help="mbox, Maildir, folder of .eml, .eml, or -")
    ],
    config: Config = None,
    account: AccountName = None,
    as_json: AsJson = False,
) -> None:
    """File the notices of mail files. Importing the same file twice changes nothing.

    Example: bounce-watch import ~/Mail/amazon.mbox
    """
    from bounce_watch.mailboxes.specs import PathSpec

    found = settings(config)
    one, known, complete = found.account(account), catalogue(found), True
    if paths.count("-") > 1:
        raise UsageError("Standard input (-) is named twice.", "Name it once.")
    with ledger(found) as opened:
        for path in paths:
            run = take_in(one.account, PathSpec(path=Path(path)), known, opened, command="import")
            complete = tell(run, as_json=as_json) and not run.message and complete
    raise typer.Exit(0 if complete else PARTLY)


def tell(run: Run, *, as_json: bool) -> bool:
    """Say what a run did; True when it was complete (a mail that can't be read at all is filed, too)."""
    from bounce_watch.reports.wording import counted
    from bounce_watch.upkeep.undo import met_again

    if as_json:
        out(json_text(as_data(run), sort_keys=True))
    else:
        filed = run.filed
        say(
            f"{run.account}: read {counted(run.read, 'mail')}: {filed.new:,} new,"
            f" {filed.duplicates:,} known already, {filed.not_amazon:,} not from Amazon."
        )
        for line in met_again(run.filed):
            say(line)
    complete = run.state.value == "complete"
    if run.message:
        say(f"{run.message}." if complete else f"Not complete: {run.message}. The next run tries again.")
    return complete


def as_data(run: Run) -> dict[str, object]:
    """A run as JSON."""
    return {
        "account": run.account,
        "command": run.command,
        "state": run.state.value,
        "started_at": run.started_at.isoformat(),
        "finished_at": run.finished_at.isoformat() if run.finished_at else None,
        "read": run.read,
        "new": run.filed.new,
        "duplicates": run.filed.duplicates,
        "not_amazon": run.filed.not_amazon,
        "undone": [{"run": number, "mails": mails} for number, mails in run.filed.undone],
        "message": run.message,
    }
