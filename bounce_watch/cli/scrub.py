"""`scrub` takes the rows of opted-out buyers out of an outgoing file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bounce_watch.cli.context import AccountName, Config, ledger, now, settings
from bounce_watch.cli.talk import say


def scrub(
    source: Annotated[
        Path, typer.Argument(metavar="FILE", readable=False, help="What is about to be sent: a UTF-8 CSV")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="The rows that may go.")],
    dropped: Annotated[Path, typer.Option(metavar="FILE", help="The rows taken out, with the reason.")],
    alias_column: Annotated[
        str | None, typer.Option(metavar="HEADER", help="Column with the address.")
    ] = None,
    order_column: Annotated[
        str | None, typer.Option(metavar="HEADER", help="Column with the order id.")
    ] = None,
    config: Config = None,
    account: AccountName = None,
) -> None:
    """Split an outgoing CSV: rows that may go, octet for octet as they were, and rows of opted-out buyers.

    Example: bounce-watch scrub out.csv -o clean.csv --dropped dropped.csv --alias-column Email
    """
    from bounce_watch import flow
    from bounce_watch.records.ids import MARKETPLACES
    from bounce_watch.suppression.scrub import ScrubColumns
    from bounce_watch.upkeep.retention import purge

    columns = ScrubColumns(alias=alias_column, order_id=order_column)
    found = settings(config)
    with ledger(found) as opened:
        done = flow.scrub(
            opened,
            found.account(account).account,
            source,
            clean_path=output,
            dropped_path=dropped,
            columns=columns,
            marketplaces=MARKETPLACES | frozenset(found.marketplaces),
            clock=now,
        )
        purge(opened, found.account(account).account, now=now())
    say(f"{done.read:,} rows read: {done.kept:,} may go, {done.dropped:,} taken out.")
