"""`db` looks after the ledger itself: is it whole, and a copy of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bounce_watch.cli.context import AsJson, Config, ledger, now, settings
from bounce_watch.cli.talk import out, out_lines, say
from bounce_watch.errors import LedgerError


def check(config: Config = None, as_json: AsJson = False) -> None:
    """Check that the ledger holds what was written, row by row; ends with 74 if it does not. Changes nothing.

    Example: bounce-watch db check
    """
    from bounce_watch.reports.upkeep import check_json, row_text
    from bounce_watch.reports.wording import counted

    with ledger(settings(config), create=False) as opened:
        rows = [(damage.table, damage.row, damage.what) for damage in opened.damages()]
        name, backups = opened.name, opened.backups
    if as_json:
        out(check_json(name, rows))
    else:
        out_lines(map(row_text, rows))
    if rows:
        raise LedgerError(
            f"The ledger {name} is damaged: {counted(len(rows), 'fault')}.",
            f"Restore a backup (they lie in {backups}), or run bounce-watch rebuild to read the mailbox again.",
        )
    say(f"The ledger {name} is whole.")


def backup(
    target: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", help="A new file; in the folder of backups if left out."),
    ] = None,
    config: Config = None,
) -> None:
    """Copy the ledger to a new file while it may be in use, with its key beside it.

    Example: bounce-watch db backup
    """
    with ledger(settings(config), create=False) as opened:
        path = opened.back_up(target.absolute() if target else None, at=now())
    say(f"Copied to {path}, and its key to {path}.key: neither is of use without the other.")
