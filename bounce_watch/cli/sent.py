"""`sent import` loads what you sent and which alias belongs to which order."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from bounce_watch.cli.context import AccountName, Config, ledger, now, settings
from bounce_watch.cli.talk import say
from bounce_watch.errors import PARTLY

SHOWN = 5
"""How many skipped rows are named; the rest is a number."""


def _column(of_what: str) -> object:
    return typer.Option(metavar="HEADER", help=f"Column with {of_what}; a usual header is found by itself.")


def import_(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE…", readable=False, help="CSV of what you sent, or an order report"),
    ],
    config: Config = None,
    account: AccountName = None,
    order_column: Annotated[str | None, _column("the order id")] = None,
    alias_column: Annotated[str | None, _column("the buyer's address")] = None,
    sent_at_column: Annotated[str | None, _column("the instant of sending")] = None,
    marketplace_column: Annotated[str | None, _column("the marketplace")] = None,
    purpose_column: Annotated[str | None, _column("the purpose")] = None,
    label_column: Annotated[str | None, _column("the template or campaign")] = None,
    from_day: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="First day for which the log is whole."
        ),
    ] = None,
    to_day: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="Last day for which the log is whole."),
    ] = None,
) -> None:
    """Load what you sent: a CSV log of your dispatch or e-mail tool, or Amazon's order reports.

    Example: bounce-watch sent import sent-2026-09.csv
    """
    from bounce_watch.errors import UsageError
    from bounce_watch.flow import import_sent
    from bounce_watch.records.ids import MARKETPLACES
    from bounce_watch.sent_log.csv_log import ColumnNames
    from bounce_watch.sent_log.detect import read_sent_file
    from bounce_watch.upkeep.retention import purge
    from bounce_watch.upkeep.undo import met_again

    if (from_day is None) != (to_day is None):
        raise UsageError(
            "Only one end of the days is given.", "Give both --from-day and --to-day, or neither."
        )
    found = settings(config)
    one = found.account(account).account
    columns = ColumnNames(
        order_id=order_column,
        alias=alias_column,
        sent_at=sent_at_column,
        marketplace=marketplace_column,
        purpose=purpose_column,
        label=label_column,
    )
    complete = True
    with ledger(found) as opened:
        for file in files:
            log = read_sent_file(
                file,
                account=one.name,
                time_zone=found.time_zone,
                seen_at=now(),
                columns=columns,
                coverage=(from_day.date(), to_day.date()) if from_day and to_day else None,
                marketplaces=MARKETPLACES | frozenset(found.marketplaces),
            )
            filed = import_sent(log, opened, account=one, clock=now)
            say(
                f"{file}: {log.rows:,} rows: {filed.new:,} new sends, {filed.duplicates:,} known already,"
                f" {len(log.links):,} orders with an alias, {len(log.skipped):,} rows left out."
            )
            for line in met_again(filed):
                say(line)
            for reason in log.skipped[:SHOWN]:
                say(f"  {reason}")
            complete = complete and not log.skipped
        purge(opened, one, now=now())
    raise typer.Exit(0 if complete else PARTLY)
