"""`reprocess` reads again what was set aside, shows what would change, and files it when told to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bounce_watch.cli.context import AccountName, AsJson, Config, catalogue, ledger, now, settings
from bounce_watch.cli.review import list_change_told
from bounce_watch.cli.talk import can_answer, colour, out, say, unicode, width

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bounce_watch.notices.catalogue import Catalogue
    from bounce_watch.records.account import Account
    from bounce_watch.reports.reprocess import Change
    from bounce_watch.store.ledger import Ledger


def reprocess(
    write: Annotated[
        bool, typer.Option("--write", help="File what is shown; without it, only a terminal is asked.")
    ] = False,
    config: Config = None,
    account: AccountName = None,
    as_json: AsJson = False,
) -> None:
    """Read set-aside mails again after new wordings, addresses or receivers, and show what would change.

    Example: bounce-watch reprocess --write
    """
    from bounce_watch.reports.reprocess import reprocess_json
    from bounce_watch.upkeep import reprocess as upkeep

    found = settings(config)
    one, known = found.account(account).account, catalogue(found)
    with ledger(found) as opened:
        changes = upkeep.preview(opened, one, known, now=now())
        past = upkeep.past_retention(opened, one)
        if as_json:
            run = upkeep.write(opened, one, changes, at=now()) if write else None
            out(reprocess_json(one.name, changes, past=past, run=run))
            return
        tell_changes(changes, past=past)
        if not changes:
            return
        if write or _is_wanted():
            write_changes(opened, one, known, changes)
        else:
            say("Nothing was written. To file this: bounce-watch reprocess --write")


def _is_wanted() -> bool:
    """Ask, where somebody can answer."""
    return can_answer() and typer.confirm("File this?", default=False, err=True)


def tell_changes(changes: Sequence[Change], *, past: int = 0) -> None:
    """Show what would change; `past` mails could not be looked at."""
    from bounce_watch.reports.reprocess import reprocess_sections
    from bounce_watch.reports.terminal import render_sections

    out(
        render_sections(
            lambda columns: reprocess_sections(changes, past=past, width=columns),
            width=width(),
            colour=colour(),
            unicode=unicode(),
        )
    )


def write_changes(opened: Ledger, account: Account, known: Catalogue, changes: Sequence[Change]) -> None:
    """File what was shown, and say what it means for the list."""
    from bounce_watch.upkeep.reprocess import write

    with list_change_told(opened, account):
        run = write(opened, account, changes, at=now())
    if run is not None:
        say(f"Filed as run {run}; `bounce-watch undo {run}` takes it back.")
    if any(change.is_dropped for change in changes):
        say("An export to a file that still has them will stop; --allow-shrink lets them go.")
