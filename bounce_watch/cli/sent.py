"""`sent import` loads what you sent and which alias belongs to which order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from bounce_watch.cli import sent_shown as shown
from bounce_watch.cli.context import AccountName, AsJson, Config, ledger, now, settings
from bounce_watch.cli.talk import can_answer, colour, out, say, unicode, width
from bounce_watch.errors import PARTLY, DataError, GuardStopped, UsageError
from bounce_watch.text.inert import json_text

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from bounce_watch.records.account import Account
    from bounce_watch.records.sent import Purpose
    from bounce_watch.sent_log.plan import LogOptions
    from bounce_watch.settings import Settings
    from bounce_watch.store.ledger import Ledger
    from bounce_watch.upkeep.sent_import import Looked

PURPOSES = ("unsolicited", "order-critical", "reply")


def _column(of_what: str) -> object:
    return typer.Option(
        metavar="HEADER|NUMBER", help=f"Column with {of_what}; a usual header is found by itself, - is none."
    )


def _day(which: str) -> object:
    return typer.Option(
        formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help=f"{which} day for which the log is whole."
    )


def import_(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE…", readable=False, help="Table of what you sent, or an order report"),
    ],
    config: Config = None,
    account: AccountName = None,
    order_column: Annotated[str | None, _column("the order id")] = None,
    alias_column: Annotated[str | None, _column("the buyer's address")] = None,
    sent_at_column: Annotated[str | None, _column("the instant of sending")] = None,
    status_column: Annotated[str | None, _column("what became of the message")] = None,
    purpose_column: Annotated[str | None, _column("the purpose")] = None,
    marketplace_column: Annotated[str | None, _column("the marketplace")] = None,
    label_column: Annotated[str | None, _column("the template or campaign")] = None,
    message_id_column: Annotated[str | None, _column("the Message-ID")] = None,
    purpose: Annotated[
        str | None, typer.Option(metavar="|".join(PURPOSES), help="The purpose of every row of the files.")
    ] = None,
    sent_status: Annotated[
        list[str] | None,
        typer.Option(metavar="WORD", help="Status of a message that went out (repeatable); no other did."),
    ] = None,
    time_format: Annotated[
        str | None,
        typer.Option(metavar="FORMAT", help='day-first, month-first, or one as "%d.%m.%Y %H:%M".'),
    ] = None,
    time_zone: Annotated[
        str | None,
        typer.Option(
            metavar="ZONE", help="Of times without an offset, as Europe/London; else the settings'."
        ),
    ] = None,
    encoding: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="utf-8, utf-16, cp1252, cp932 ...; else told by content."),
    ] = None,
    delimiter: Annotated[
        str | None, typer.Option(metavar="NAME", help="comma, semicolon, tab or pipe; else told by content.")
    ] = None,
    from_day: Annotated[datetime | None, _day("First")] = None,
    to_day: Annotated[datetime | None, _day("Last")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Import without asking, guessed columns too.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show how the files are understood, and file nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Load what you sent: a log of your dispatch or e-mail tool, or Amazon's order reports. A terminal is asked first.

    Example: bounce-watch sent import sent-2026-09.csv
    """
    from bounce_watch.sent_log.mapping import ColumnNames
    from bounce_watch.sent_log.plan import LogOptions
    from bounce_watch.sent_log.source import opened

    found = settings(config)
    one = found.account(account).account
    options = LogOptions(
        columns=ColumnNames(
            order_id=order_column,
            alias=alias_column,
            sent_at=sent_at_column,
            status=status_column,
            purpose=purpose_column,
            marketplace=marketplace_column,
            label=label_column,
            message_id=message_id_column,
        ),
        purpose=_purpose(purpose, purpose_column),
        time_format=time_format,
        time_zone=_zone(time_zone),
        sent_status=tuple(sent_status) if sent_status else None,
        encoding=encoding,
        delimiter=delimiter,
    )
    coverage = _days(from_day, to_day)
    with ExitStack() as stack:
        looked = [
            (
                path,
                _look(
                    path,
                    stack.enter_context(opened(path)),
                    found,
                    account=one.name,
                    options=options,
                    coverage=coverage,
                ),
            )
            for path in files
        ]
        complete = _go_on(looked, found, one, yes=yes, dry_run=dry_run, as_json=as_json)
    raise typer.Exit(0 if complete else PARTLY)


def _look(
    path: Path,
    file: BinaryIO,
    found: Settings,
    *,
    account: str,
    options: LogOptions,
    coverage: tuple[date, date] | None,
) -> Looked:
    from bounce_watch.records.ids import MARKETPLACES
    from bounce_watch.upkeep.sent_import import look

    with _named(path):
        return look(
            file,
            account=account,
            time_zone=found.time_zone,
            seen_at=now(),
            options=options,
            coverage=coverage,
            marketplaces=MARKETPLACES | frozenset(found.marketplaces),
        )


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """What is wrong with a file names it, for it may be one of many."""
    try:
        yield
    except DataError as error:
        raise DataError(f"{path}: {error.message}", error.advice) from error


def _purpose(named: str | None, column: str | None) -> Purpose | None:
    from bounce_watch.records.sent import Purpose

    if named is None:
        return None
    if named not in PURPOSES:
        raise UsageError(f"There is no purpose {named!r}.", f"Take one of: {', '.join(PURPOSES)}.")
    if column is not None:
        raise UsageError("--purpose and --purpose-column exclude each other.", "Give one of them.")
    return Purpose(named.replace("-", "_"))


def _zone(named: str | None) -> ZoneInfo | None:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return None if named is None else ZoneInfo(named)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # OSError: a folder of zones
        raise UsageError(f"There is no time zone {named!r}.", "Name one as Europe/London.") from error


def _days(first: datetime | None, last: datetime | None) -> tuple[date, date] | None:
    if first is None and last is None:
        return None
    if first is None or last is None:
        raise UsageError(
            "Only one end of the days is given.", "Give both --from-day and --to-day, or neither."
        )
    return first.date(), last.date()


def _go_on(
    looked: list[tuple[Path, Looked]],
    found: Settings,
    one: Account,
    *,
    yes: bool,
    dry_run: bool,
    as_json: bool,
) -> bool:
    """Show, ask and file; whether all rows could be used. Nothing is filed while one of the files can't be."""
    from bounce_watch.upkeep.retention import purge

    asks = can_answer() and not (yes or dry_run or as_json)
    for path, each in looked:
        if dry_run:
            _show(path, each, one, as_json=as_json)
        _check(path, each, may_guess=yes or asks or dry_run)
    if dry_run:
        return True
    complete = True
    with ledger(found) as opened:
        for path, each in looked:
            if not asks or _is_wanted(path, each, one):
                complete &= _import(opened, one, path, each, as_json=as_json)
        purge(opened, one, now=now())
    return complete


def _show(path: Path, looked: Looked, one: Account, *, as_json: bool = False) -> None:
    from bounce_watch.reports.terminal import render_sections

    if as_json:
        out(json_text(shown.as_data(str(path), looked, account=one.name, filed=None), sort_keys=True))
        return
    out(
        render_sections(
            lambda columns: shown.sections(str(path), looked, columns),
            width=width(),
            colour=colour(),
            unicode=unicode(),
        )
    )


def _check(path: Path, looked: Looked, *, may_guess: bool) -> None:
    """GuardStopped for a file of which something is open, or guessed where nobody confirms it."""
    from bounce_watch.upkeep.sent_import import LookedReport

    if isinstance(looked, LookedReport):
        return
    for question in looked.plan.questions:
        raise GuardStopped(f"{path}: {question.what}", question.answer)
    if looked.plan.mapping.guesses and not may_guess:
        raise GuardStopped(
            f"Columns of {path} are only guessed, so nothing was imported.",
            f"Look with --dry-run; if they are right: --yes, or {shown.options(looked)}",
        )


def _is_wanted(path: Path, looked: Looked, one: Account) -> bool:
    from bounce_watch.upkeep.sent_import import LookedLog

    _show(path, looked, one)
    if not typer.confirm("Import?", default=False, err=True):
        say(f"Nothing was imported from {path}.")
        return False
    if isinstance(looked, LookedLog) and looked.plan.mapping.guesses:
        say(f"To import such files without a question: {shown.options(looked)}")
    return True


def _import(opened: Ledger, one: Account, path: Path, looked: Looked, *, as_json: bool) -> bool:
    """File it and tell; whether all rows could be used."""
    from bounce_watch.upkeep.sent_again import folder_and_logs, known_in_another_form, was_covered
    from bounce_watch.upkeep.sent_import import LookedReport, file_looked
    from bounce_watch.upkeep.undo import met_again

    covered = was_covered(opened, one, looked)
    alike = known_in_another_form(opened, one, looked)
    with _named(path):
        run, filed = file_looked(opened, one, looked, clock=now)
    held = (0, 0) if covered else folder_and_logs(opened, one, looked)
    if as_json:
        data = shown.as_data(str(path), looked, account=one.name, filed=(run, filed))
        out(json_text(data, sort_keys=True))
    say(f"{path}: {shown.read_as(looked)}")
    if isinstance(looked, LookedReport):
        say(f"{path}: {shown.report_result(looked)}")
    else:
        say(f"{path}: {shown.result(looked, filed)}")
    for line in shown.counted_twice(run, filed, covered=covered, alike=alike):
        say(line)
    for line in shown.less_than_the_folder(run, *held):
        say(line)
    for line in (*met_again(filed), *(f"  {reason}" for reason in shown.reasons(looked))):
        say(line)
    return not shown.faults(looked)
