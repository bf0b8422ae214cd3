"""`suppressions import` files the list of another tool."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bounce_watch.cli.context import AccountName, AsJson, By, Config, Note, actor, ledger, now, settings
from bounce_watch.cli.talk import out, out_lines, say
from bounce_watch.text.inert import json_text

if TYPE_CHECKING:
    from bounce_watch.records.decision import Action


def import_(
    source: Annotated[
        Path,
        typer.Argument(metavar="FILE", readable=False, help="A table or one name a line, in any dialect."),
    ],
    every_row_is: Annotated[
        str | None,
        typer.Option(
            "--as",
            metavar="ACTION",
            help="What every row is: add, release or allow; else its action column says.",
        ),
    ] = None,
    weaken: Annotated[
        bool, typer.Option("--weaken", help="Let rows take somebody off the list (release, allow).")
    ] = False,
    alias_column: Annotated[
        list[str] | None, typer.Option(metavar="HEADER|N", help="Column with addresses; may be repeated.")
    ] = None,
    order_column: Annotated[
        list[str] | None, typer.Option(metavar="HEADER|N", help="Column with order ids; may be repeated.")
    ] = None,
    encoding: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="As utf-8, utf-16, cp1252; told by the content if left out."),
    ] = None,
    delimiter: Annotated[
        str | None, typer.Option(metavar="NAME", help="comma, semicolon, tab or pipe; told by the content.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what it would change, name by name, and change nothing.")
    ] = False,
    note: Note = "",
    by: By = None,
    config: Config = None,
    account: AccountName = None,
    as_json: AsJson = False,
) -> None:
    """Add everybody on the list of another tool. An import never weakens the list, unless it is told to.

    Example: bounce-watch suppressions import unsubscribed.csv --dry-run
    """
    from bounce_watch.records.decision import By as Who
    from bounce_watch.records.ids import MARKETPLACES
    from bounce_watch.sent_log.source import read_octets
    from bounce_watch.suppression.scrub_columns import ScrubColumns
    from bounce_watch.upkeep import import_words as words
    from bounce_watch.upkeep.import_decisions import import_list
    from bounce_watch.upkeep.import_rows import Reading, read_list
    from bounce_watch.upkeep.retention import purge

    settled = settings(config)
    one = settled.account(account).account
    name = actor(by)
    reading = Reading(
        account=one.name,
        zone=settled.time_zone,
        marketplaces=MARKETPLACES | frozenset(settled.marketplaces),
        columns=ScrubColumns(alias=tuple(alias_column or ()), order_id=tuple(order_column or ())),
        every_row_is=_action(every_row_is),
        encoding=encoding,
        delimiter=delimiter,
    )
    found, rows = read_list(read_octets(source), reading)
    with ledger(settled) as opened:
        who = Who(actor=name, at=now(), note=note)
        done = import_list(opened, one, rows, by=who, weaken=weaken, dry_run=dry_run)
        if not dry_run:
            purge(opened, one, now=now())
    if as_json:
        out(json_text({"format": 1, **words.as_data(done, found)}, sort_keys=True))
        return
    say(words.columns_told(str(source), found))
    for line in words.told(done):
        say(line)
    if dry_run:
        out_lines(words.changes(done))


def _action(text: str | None) -> Action | None:
    from bounce_watch.errors import UsageError
    from bounce_watch.records.decision import ABOUT_THE_LIST
    from bounce_watch.reports.wording import listed

    if text is None:
        return None
    known = {action.value: action for action in ABOUT_THE_LIST}
    if text not in known:
        raise UsageError(f"A row can't be {text!r}.", f"Take {listed(list(known))}.")
    return known[text]
