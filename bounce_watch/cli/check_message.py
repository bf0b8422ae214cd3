"""`check-message` judges mails that are about to go to buyers."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bounce_watch.cli.age import tell_age
from bounce_watch.cli.context import AccountName, AsJson, Config, ledger, now, settings
from bounce_watch.cli.talk import colour, out, say, unicode, width
from bounce_watch.errors import ATTENTION, DataError
from bounce_watch.text.inert import json_text

if TYPE_CHECKING:
    from datetime import timedelta

    from bounce_watch.settings import AccountSettings, Settings
    from bounce_watch.store.ledger import Ledger
    from bounce_watch.upkeep.check_message import CheckedMail


def check_message(
    paths: Annotated[list[str], typer.Argument(metavar="FILE…", help="Mails, one in a file (.eml), or -")],
    critical: Annotated[
        bool, typer.Option("--critical", help="It is about a critical topic: your own word for it.")
    ] = False,
    config: Config = None,
    account: AccountName = None,
    as_json: AsJson = False,
) -> None:
    """Say which of Amazon's known rules an outgoing mail breaks; ends with 3 if it breaks one. Stores nothing.

    It also ends with 3 if the list is too old to tell who opted out.

    Example: bounce-watch check-message draft.eml
    """
    from bounce_watch.records.ids import MARKETPLACES
    from bounce_watch.upkeep.check_message import CheckedMail, check_mail, read_octets

    found, codes = settings(config), {0}
    chosen = found.account(account)
    with _ledger(found) as opened:
        if _tell_age(chosen, opened, max_age=found.max_age) and chosen.imap:
            codes.add(ATTENTION)
        for path in paths:
            try:
                checked = check_mail(
                    Path(path),
                    read_octets(Path(path), sys.stdin.buffer),
                    chosen.account,
                    marketplaces=MARKETPLACES | frozenset(found.marketplaces),
                    at=now(),
                    max_age=found.max_age if chosen.imap else None,
                    ledger=opened,
                    critical=critical,
                )
            except DataError as error:
                if len(paths) == 1 and not as_json:
                    raise
                checked = CheckedMail(path=path, problem=f"{error.message} {error.advice}")
            codes.add(_show(checked, as_json=as_json))
    raise typer.Exit(max(codes))


@contextmanager
def _ledger(found: Settings) -> Iterator[Ledger | None]:
    """The ledger, or None where there is none yet: the mail is judged without it, and the answer says so.

    A ledger that is there and can't be asked is an error: nobody should take silence for "not on the list".
    """
    prefix = "sqlite:///"
    path = found.ledger_url.removeprefix(prefix)
    if found.ledger_url.startswith(prefix) and not Path(path).exists():
        yield None
    else:
        with ledger(found, create=False) as opened:
            yield opened


def _tell_age(chosen: AccountSettings, opened: Ledger | None, *, max_age: timedelta) -> bool:
    """Say how old the list is; True when it is too old to be trusted, as one that there is none of yet."""
    if opened:
        return tell_age([chosen], opened, max_age=max_age)
    if chosen.imap:
        say(f"{chosen.account.name}: there is no ledger yet. Read the mailbox: bounce-watch poll")
    return True


def _show(checked: CheckedMail, *, as_json: bool) -> int:
    from bounce_watch.reports.terminal import render_sections
    from bounce_watch.upkeep.message_page import message_json, message_sections

    judgement = checked.judgement
    if as_json:
        out(json_text(message_json(checked)))
    elif judgement is None:
        say(f"{checked.path} can't be judged: {checked.problem}")
    else:
        out(
            render_sections(
                lambda columns: message_sections(checked, judgement, columns),
                width=width(),
                colour=colour(),
                unicode=unicode(),
            )
        )
    if judgement is None:
        return DataError.exit_code
    return ATTENTION if judgement.is_broken else 0
