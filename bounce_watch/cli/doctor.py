"""`doctor` looks whether everything is set up safely, and learns the name of the account's own receiver."""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bounce_watch.cli.context import AccountName, AsJson, Config, catalogue, ledger, now, settings
from bounce_watch.cli.talk import out, out_lines, say
from bounce_watch.errors import ATTENTION, BounceWatchError, SettingsError, UsageError
from bounce_watch.records.decision import Action, Decision

if TYPE_CHECKING:
    from bounce_watch.authenticity.learn import Trace
    from bounce_watch.mailboxes.specs import ImapSpec
    from bounce_watch.records.account import Account
    from bounce_watch.settings import AccountSettings, Settings
    from bounce_watch.store.ledger import Ledger
    from bounce_watch.upkeep.doctor import Check

MOUNTS = Path("/proc/mounts")


def doctor(
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PATH]…", help="Files of recent mail to learn from instead."),
    ] = None,
    config: Config = None,
    account: AccountName = None,
    confirm: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="Believe this receiver; shows first what that changes."),
    ] = None,
    withdraw: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Believe a confirmed receiver no longer.")
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="With --confirm: do it, and judge again what was set aside.")
    ] = False,
    by: Annotated[
        str | None, typer.Option(metavar="NAME", help="Who decides; your user name if left out.")
    ] = None,
    note: Annotated[str, typer.Option(metavar="TEXT", help="Why.")] = "",
    as_json: AsJson = False,
) -> None:
    """Check files, ledger, sign-in and receiver; ends with 3 if something needs you. Reads, never changes.

    Example: bounce-watch doctor --account uk --confirm mx.seller.example --write
    """
    if confirm and withdraw:
        raise UsageError("--confirm and --withdraw exclude each other.", "Give one of them.")
    found = settings(config)
    if confirm or withdraw:
        one = found.account(account).account
        action, names = (Action.CONFIRM, confirm) if confirm else (Action.WITHDRAW, withdraw or [])
        receivers = _checked(names)
        decisions = [
            Decision(
                account=one.name,
                action=action,
                subject=receiver,
                actor=by or getpass.getuser(),
                decided_at=now(),
                note=note,
            )
            for receiver in receivers
        ]
        with ledger(found) as opened:
            if confirm:
                _confirm(found, one, opened, decisions, write=write)
            else:
                _withdraw(opened, one, decisions)
        return
    chosen = [found.account(account)] if account else list(found.accounts.values())
    if paths and len(chosen) > 1:
        raise UsageError("Whose mail is it?", "Name the account with --account.")
    raise typer.Exit(_show(found, chosen, paths or [], as_json=as_json))


def _show(found: Settings, chosen: list[AccountSettings], paths: list[str], *, as_json: bool) -> int:
    from bounce_watch.text.inert import json_text
    from bounce_watch.upkeep.doctor import State

    checks = [("", check) for check in _files(found, chosen)]
    for one in chosen:
        checks += [(one.account.name, check) for check in _account(found, one, paths)]
    if as_json:
        rows = [
            {
                "account": name or None,
                "about": check.about,
                "state": check.state.value,
                "text": check.text,
                "advice": check.advice,
            }
            for name, check in checks
        ]
        out(json_text({"format": 1, "checks": rows}) + "\n")
    else:
        for name, check in checks:
            label = f"{name}: {check.about}" if name else check.about
            out_lines([f"{check.state.value:<8}{label}: {check.text}"])
            if check.advice:
                out_lines([f"{'':<8}{check.advice}"])
    return ATTENTION if any(check.state is State.CHECK for _, check in checks) else 0


def _files(found: Settings, chosen: list[AccountSettings]) -> Iterator[Check]:
    """The ledger, its key, exports and password files."""
    from bounce_watch.upkeep.doctor import Check, State, locks, privacy

    prefix = "sqlite:///"
    if found.ledger_url.startswith(prefix):
        path = Path(found.ledger_url.removeprefix(prefix))
        for each in (path, Path(f"{path}-wal"), found.ledger_key or Path(f"{path}.key")):
            yield from privacy(each, about="ledger", alone=True)
        yield from locks(path.absolute(), MOUNTS.read_text() if MOUNTS.exists() else "")
    for one in chosen:
        for path in one.exports.values():
            yield from privacy(path, about=f"export of {one.account.name}")
    try:
        with ledger(found, create=False):
            yield Check(about="ledger", state=State.FINE, text="The ledger opens, and its key fits.")
    except BounceWatchError as error:
        yield Check(about="ledger", state=State.CHECK, text=error.message, advice=error.advice)


def _account(found: Settings, one: AccountSettings, paths: list[str]) -> Iterator[Check]:
    from bounce_watch.upkeep.doctor import Check, State, policy, receivers

    account = _believed(found, one.account)
    yield from policy(account)
    if not paths and one.imap is None:
        text = "There is no mailbox to look into."
        yield Check(
            about="mailbox", state=State.UNKNOWN, text=text, advice="Name files of recent mail: doctor PATH"
        )
        return
    try:
        traces = _traces(found, one, paths)
    except BounceWatchError as error:
        yield Check(about="mailbox", state=State.CHECK, text=error.message, advice=error.advice)
        return
    yield Check(
        about="mailbox", state=State.FINE, text=f"It can be read; its {len(traces)} newest mails were."
    )
    yield from receivers(account, traces)[0]
    if not paths and one.imap is not None:
        yield _sent_folder(one, one.imap)


def _sent_folder(one: AccountSettings, spec: ImapSpec) -> Check:
    """Which folder would be read as the one with sent mail."""
    from bounce_watch.mailboxes.base import open_sent_folder
    from bounce_watch.mailboxes.specs import NoSentFolder
    from bounce_watch.sign_in.secret import fetch_secret
    from bounce_watch.upkeep.doctor import Check, State

    if not spec.reads_sent:
        return Check(about="sent mail", state=State.FINE, text="It is not read: the settings say so.")
    try:
        secret = None if one.secret is None else fetch_secret(one.secret, os.environ)
        with open_sent_folder(spec, secret, account=one.account.name, now=now) as sent:
            folder = sent.folder()
    except BounceWatchError as error:
        return Check(about="sent mail", state=State.CHECK, text=error.message, advice=error.advice)
    if isinstance(folder, NoSentFolder):
        return Check(about="sent mail", state=State.UNKNOWN, text=folder.message, advice=folder.advice)
    text = f"It would be read from {folder.name!r}, {folder.how}."
    return Check(about="sent mail", state=State.FINE, text=text)


def _believed(found: Settings, account: Account) -> Account:
    """The account with its confirmed receivers, as far as the ledger can be asked."""
    from bounce_watch.flow import trusted

    try:
        with ledger(found, create=False) as opened:
            return trusted(opened, account)
    except BounceWatchError:
        return account


def _traces(found: Settings, one: AccountSettings, paths: list[str]) -> list[Trace]:
    """The trace of each of the newest mails, of any sender."""
    from bounce_watch.mailboxes.base import open_mailbox
    from bounce_watch.mailboxes.parse import parse_message
    from bounce_watch.mailboxes.recent import recent_mails
    from bounce_watch.mailboxes.specs import PathSpec
    from bounce_watch.records.mail import Message, Wanted
    from bounce_watch.sign_in.secret import fetch_secret
    from bounce_watch.upkeep.doctor import LOOKED_AT

    secret = None if paths or one.secret is None else fetch_secret(one.secret, os.environ)
    specs = [PathSpec(path=Path(path)) for path in paths] if paths else [one.imap]
    raws = []
    for spec in specs:
        if spec is None:
            raise SettingsError("There is no mailbox to look into.", "Name files of recent mail.")
        everybody = Wanted(senders=("",))
        with open_mailbox(spec, secret, account=one.account.name, wanted=everybody, now=now) as mailbox:
            raws += recent_mails(mailbox, LOOKED_AT)
    parsed = (parse_message(raw) for raw in raws)
    return [message.trace for message in parsed if isinstance(message, Message)]


def _checked(names: list[str]) -> tuple[str, ...]:
    from bounce_watch.settings import check_receivers

    try:
        return check_receivers(tuple(names))
    except ValueError as error:
        raise UsageError(
            f"That is no receiver to believe: {error}.", "`doctor` shows whom it saw."
        ) from error


def _withdraw(opened: Ledger, account: Account, decisions: list[Decision]) -> None:
    for decision in decisions:
        if decision.subject not in opened.confirmed_receivers(account.name):
            raise UsageError(
                f"{decision.subject} was not confirmed.", "Receivers of the settings are taken out there."
            )
        opened.decide(decision)
        say(f"{decision.subject} is believed no longer. What it proved before stays proven.")


def _confirm(
    found: Settings, account: Account, opened: Ledger, decisions: list[Decision], *, write: bool
) -> None:
    """Show what believing these receivers changes in what was set aside; with `write` do it."""
    from dataclasses import replace

    from bounce_watch.cli.reprocess import tell_changes, write_changes
    from bounce_watch.flow import trusted
    from bounce_watch.upkeep.reprocess import past_retention, preview

    today = trusted(opened, account)
    ids = (*today.trust.authserv_ids, *(decision.subject for decision in decisions))
    then = replace(today, trust=replace(today.trust, authserv_ids=ids))
    changes = preview(opened, then, catalogue(found), now=now())
    tell_changes(changes, past=past_retention(opened, account))
    names = ", ".join(decision.subject for decision in decisions)
    if not write:
        say(f"Nothing was written. To believe {names}: the same command with --write.")
        return
    for decision in decisions:
        opened.decide(decision)
    write_changes(opened, then, catalogue(found), changes)
    say(f"{names}: believed from now on.")
