"""`purge` forgets what has passed its retention, or a buyer who asks for it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bounce_watch.cli.context import AccountName, AsJson, By, Config, Note, actor, ledger, now, settings
from bounce_watch.cli.talk import out, say
from bounce_watch.errors import LedgerError, UsageError

if TYPE_CHECKING:
    from bounce_watch.records.account import Account
    from bounce_watch.records.ids import Alias, OrderId
    from bounce_watch.settings import Settings
    from bounce_watch.store.ledger import Ledger
    from bounce_watch.upkeep.retention import Forgotten


def purge(
    order: Annotated[
        str | None, typer.Option(metavar="ORDER", help="Erase the buyer of this order, for ever.")
    ] = None,
    alias: Annotated[
        str | None, typer.Option(metavar="ALIAS", help="Erase the buyer with this address, for ever.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Erase without asking.")] = False,
    note: Note = "",
    by: By = None,
    config: Config = None,
    account: AccountName = None,
    as_json: AsJson = False,
) -> None:
    """Forget what has passed its retention, as every poll does; or erase one buyer at once.

    Example: bounce-watch purge --order 203-1234567-7654321 --yes
    """
    if order and alias:
        raise UsageError(
            "--order and --alias exclude each other.", "Give one: the buyer behind it is erased."
        )
    found = settings(config)
    if order or alias:
        _erase(found, account, _name(found, order, alias), yes=yes, note=note, by=by, as_json=as_json)
    elif yes or note or by:
        raise UsageError(
            "Nobody is named to be erased.", "Add --order or --alias, or leave the other options out."
        )
    else:
        _purge(found, account, as_json=as_json)


def _purge(found: Settings, account: str | None, *, as_json: bool) -> None:
    from bounce_watch.upkeep.retention import every_account, purge

    with ledger(found) as opened:
        configured = [one.account for one in found.accounts.values()]
        chosen = [found.account(account).account] if account else every_account(configured, opened)
        done = [(one, purge(opened, one, now=now())) for one in chosen]
    for one, forgotten in done:
        _tell(one, forgotten, as_json=as_json)
    _check([forgotten for _, forgotten in done])


def _erase(
    found: Settings,
    account: str | None,
    name: OrderId | Alias,
    *,
    yes: bool,
    note: str,
    by: str | None,
    as_json: bool,
) -> None:
    from bounce_watch.upkeep.retention import erase

    one, who = found.account(account).account, actor(by)
    with ledger(found) as opened:
        _confirm(opened, one, name, yes=yes)
        done = erase(opened, one, name, actor=who, note=note, now=now())
    _tell(one, done, as_json=as_json, erased=True)
    _check([done])


def _name(found: Settings, order: str | None, alias: str | None) -> OrderId | Alias:
    from bounce_watch.records.ids import MARKETPLACES, Alias, OrderId

    named = (
        OrderId.parse(order)
        if order
        else Alias.parse(alias or "", MARKETPLACES | frozenset(found.marketplaces))
    )
    if named is None:
        raise UsageError(
            f"{order or alias} is not {'an order id' if order else 'an alias'}.",
            "An order id looks like 203-1234567-7654321, an alias like abc123@marketplace.amazon.co.uk.",
        )
    if isinstance(named, Alias) and named.is_shared:
        raise UsageError(
            f"{named} stands for many buyers.", "Name the buyer by an order: purge --order ORDER."
        )
    return named


def _confirm(opened: Ledger, account: Account, name: OrderId | Alias, *, yes: bool) -> None:
    """Ask on a terminal; elsewhere --yes must have been given."""
    from bounce_watch.reports.wording import counted

    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError("An erasure can't be taken back.", "Add --yes to do it.")
    known = len(opened.names_of_buyer(account.name, name))
    say(f"{name}: {counted(known, 'order id or alias', 'order ids and aliases')} of this buyer in clear.")
    typer.confirm("Erase them for ever?", abort=True, err=True)


def _tell(account: Account, done: Forgotten, *, as_json: bool, erased: bool = False) -> None:
    from bounce_watch.reports.upkeep import backup_lines, purge_json, purged_text

    backups: dict[str, Sequence[Path]] = {
        "cleaned": done.backups.cleaned,
        "deleted": done.backups.deleted,
        "failed": done.backups.failed,
    }
    if as_json:
        listed = done.listed if erased else None
        out(purge_json(account.name, done.purged, backups=backups, swept=done.swept, listed=listed))
    else:
        _say_erased(account, done) if erased else say(purged_text(account.name, done.purged))
        for line in backup_lines(backups):
            say(line)


def _say_erased(account: Account, done: Forgotten) -> None:
    from bounce_watch.reports.wording import counted

    purged = done.purged
    names = counted(purged.names, "order id or alias", "order ids and aliases")
    say(
        f"{account.name}: erased: {names}, the texts of {counted(purged.mails, 'mail')},"
        f" {counted(purged.octets, 'mail')} that had been set aside."
    )
    if done.listed:
        say(
            "This buyer stays on the list as a hash: no export shows the name, and scrub still takes the rows out."
        )
    say("Out of reach: your mailbox, files that were exported or loaded, and copies of the ledger elsewhere.")


def _check(done: Sequence[Forgotten]) -> None:
    """An end that nobody overlooks when something old is still to be found."""
    if not all(each.swept for each in done):
        raise LedgerError(
            "Another process reads the ledger, so its write-ahead log still holds what was forgotten.",
            "Wait for it to end, then run bounce-watch purge again.",
        )
    if any(each.backups.failed for each in done):
        raise LedgerError("Not every backup could be cleaned.", "Delete those named above.")
