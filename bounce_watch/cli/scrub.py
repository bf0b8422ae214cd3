"""`scrub` takes the rows of opted-out buyers out of an outgoing file."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from bounce_watch.cli.age import tell_age
from bounce_watch.cli.context import AccountName, AsJson, Config, ledger, now, settings
from bounce_watch.cli.talk import check_pipe, out, pour, say
from bounce_watch.errors import ATTENTION, UsageError

if TYPE_CHECKING:
    from bounce_watch.suppression.beside import NotJudged
    from bounce_watch.suppression.scrub import ScrubMode, ScrubResult
    from bounce_watch.upkeep.scrub import Scrubbed


def scrub(
    source: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FILE]", readable=False, help="What is about to be sent: a table; `-` or none: a pipe."
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="The rows that may go; standard output if left out."
        ),
    ] = None,
    dropped: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The rows taken out, with the reason; needed but for --critical."),
    ] = None,
    alias_column: Annotated[
        list[str] | None,
        typer.Option(metavar="HEADER|NUMBER", help="Column with the address (repeatable), if not found."),
    ] = None,
    order_column: Annotated[
        list[str] | None,
        typer.Option(metavar="HEADER|NUMBER", help="Column with the order id (repeatable), if not found."),
    ] = None,
    encoding: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="utf-8, utf-16, cp1252, cp932 ...; else told by content."),
    ] = None,
    delimiter: Annotated[
        str | None, typer.Option(metavar="NAME", help="comma, semicolon, tab or pipe; else told by content.")
    ] = None,
    all_marketplace: Annotated[
        bool,
        typer.Option(
            "--all-marketplace", help="For marketing tools: take out every row with a marketplace alias."
        ),
    ] = False,
    critical: Annotated[
        bool,
        typer.Option("--critical", help="Order-critical mail: take nothing out, file who is on the list."),
    ] = False,
    max_age: Annotated[
        int | None,
        typer.Option(min=1, metavar="HOURS", help="Exit code 3 if the last complete poll is older."),
    ] = None,
    config: Config = None,
    account: AccountName = None,
    as_json: AsJson = False,
) -> None:
    """Split an outgoing file: rows that may go, octet for octet as they were, and rows of opted-out buyers.

    Ends with 3 if the list is stale, after its work. Example: bounce-watch scrub out.csv -o clean.csv --dropped dropped.csv
    """
    from bounce_watch.records.ids import MARKETPLACES
    from bounce_watch.suppression.scrub import ScrubOptions
    from bounce_watch.suppression.scrub_columns import ScrubColumns
    from bounce_watch.upkeep.scrub import check_request, scrub

    mode = _mode(all_marketplace=all_marketplace, critical=critical)
    rows_in = _source(source)
    if output is None:
        _check_output(as_json=as_json)
    found = settings(config)
    chosen = found.account(account)
    check_request(rows_in, output, dropped, mode=mode)
    with ledger(found, create=False, migrate=True) as opened:
        done = scrub(
            opened,
            chosen.account,
            rows_in,
            clean_path=output,
            dropped_path=dropped,
            options=ScrubOptions(
                columns=ScrubColumns(alias=tuple(alias_column or ()), order_id=tuple(order_column or ())),
                encoding=encoding,
                delimiter=delimiter,
                mode=mode,
                marketplaces=MARKETPLACES | frozenset(found.marketplaces),
            ),
            clock=now,
            pour=pour,
        )
        limit = timedelta(hours=max_age) if max_age else found.max_age
        is_stale = tell_age([chosen], opened, max_age=limit)
    _tell(done, mode, is_stale=is_stale, as_json=as_json)
    raise typer.Exit(ATTENTION if is_stale else 0)


def _mode(*, all_marketplace: bool, critical: bool) -> ScrubMode:
    from bounce_watch.suppression.scrub import ScrubMode

    if all_marketplace and critical:
        raise UsageError("--all-marketplace and --critical exclude each other.", "Give one of them.")
    if all_marketplace:
        return ScrubMode.ALL_MARKETPLACE
    return ScrubMode.CRITICAL if critical else ScrubMode.LISTED


def _source(named: Path | None) -> Path | BinaryIO:
    if named is not None and str(named) != "-":
        return named
    if sys.stdin is None or (named is None and sys.stdin.isatty()):
        raise UsageError("There is no file to scrub.", "Name one, or feed the rows through a pipe.")
    return sys.stdin.buffer


def _check_output(*, as_json: bool) -> None:
    """Standard output is for the rows."""
    if as_json:
        raise UsageError("Rows and --json can't both be written to standard output.", "Name a file: -o FILE")
    check_pipe()


def _tell(done: Scrubbed, mode: ScrubMode, *, is_stale: bool, as_json: bool) -> None:
    from bounce_watch.reports.wording import counted, listed
    from bounce_watch.suppression.scrub import ScrubMode

    result, rows = done.result, counted(done.result.read, "row")
    say(f"read as {result.dialect}; {result.columns}.")
    if result.beside:
        say(f"Not judged by: {listed([_beside(result, each) for each in result.beside])}.")
        say("If rows are for those, name the columns by these flags, and the ones above, too.")
    if mode is ScrubMode.CRITICAL:
        say(f"{rows} read: all may go, {result.listed:,} of them to buyers on the list.")
        say(
            f"Filed as order-critical: {done.filed:,}. Whether they are, Amazon decides, and blocks them if not."
        )
    else:
        say(f"{rows} read: {result.kept:,} may go, {result.dropped:,} taken out.")
    if mode is ScrubMode.ALL_MARKETPLACE:
        say(f"On the list: {result.listed:,}. Contacts of a marketing tool are filed as nothing.")
    if done.known:
        counts = "counts" if done.known == 1 else "count"
        say(f"{counted(done.known, 'row')} of this file had been filed by an earlier run, and {counts} once.")
    if result.unread_orders:
        cells = counted(result.unread_orders, "cell")
        say(
            f"{cells} for order ids, the first in row {result.unread_at}, could not be read as one, and the"
            " rows may go: look whether they are Amazon's, and correct them."
        )
    if as_json:
        out(_json(done, mode, is_stale=is_stale))


def _beside(result: ScrubResult, found: NotJudged) -> str:
    """What stands in a column that no row was judged by, and the flags that name it."""
    from bounce_watch.reports.wording import counted, listed

    kinds = [
        (found.aliases, "alias", "aliases", "--alias-column"),
        (found.orders, "order id", "order ids", "--order-column"),
    ]
    said = [f"{counted(number, one, more)} ({flag})" for number, one, more, flag in kinds if number]
    title = result.columns.called(found.column)
    return f"{listed(said)} in column {title}"


def _json(done: Scrubbed, mode: ScrubMode, *, is_stale: bool) -> str:
    from bounce_watch.text.inert import json_text

    result = done.result
    return json_text(
        {
            "mode": mode.value,
            "read": result.read,
            "kept": result.kept,
            "dropped": result.dropped,
            "listed": result.listed,
            "filed": done.filed,
            "unjudged": result.unjudged,
            "encoding": result.dialect.coding.codec,
            "delimiter": result.dialect.delimiter,
            "alias_columns": [place + 1 for place in result.columns.alias_at],
            "order_columns": [place + 1 for place in result.columns.order_at],
            "header": result.columns.titles is not None,
            "stale": is_stale,
        }
    )
