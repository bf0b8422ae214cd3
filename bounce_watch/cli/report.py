"""`report` shows how many buyers opt out, for a day, a week or a month."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bounce_watch.cli.context import AccountName, AsJson, Config, ledger, now, settings
from bounce_watch.cli.talk import colour, out, say, unicode, width
from bounce_watch.errors import UsageError

if TYPE_CHECKING:
    from bounce_watch.reports.content import ReportContent
    from bounce_watch.reports.render import Form
    from bounce_watch.settings import AccountSettings, Settings
    from bounce_watch.store.ledger import Ledger


def report(
    period: Annotated[str, typer.Option(help="day, week (seven days) or month (calendar month).")] = "week",
    on: Annotated[
        datetime | None,
        typer.Option(
            "--date", formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="The last day; today if left out."
        ),
    ] = None,
    config: Config = None,
    account: AccountName = None,
    html: Annotated[
        Path | None,
        typer.Option(metavar="FILE", readable=False, help="Write it as a page that needs no network."),
    ] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="Write Markdown.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Write CSV: one row for each figure.")] = False,
    as_json: AsJson = False,
    names: Annotated[
        bool, typer.Option("--names", help="Let order ids and senders into the page or the Markdown.")
    ] = False,
) -> None:
    """Show what matters now, the opt-outs of a period, their rate and its trend.

    Example: bounce-watch report --period month --date 2026-09-30
    """
    from bounce_watch.reports.render import Form

    forms = {Form.HTML: html is not None, Form.MARKDOWN: markdown, Form.CSV: as_csv, Form.JSON: as_json}
    chosen = [form for form, wanted in forms.items() if wanted] or [Form.TERMINAL]
    if len(chosen) > 1:
        raise UsageError("Only one form at a time.", "Give one of --html FILE, --markdown, --csv and --json.")
    if names and chosen[0] not in {Form.HTML, Form.MARKDOWN}:
        raise UsageError("--names is for --html and --markdown.", "Leave it out.")
    if html is not None and not html.name:
        raise UsageError("--html names no file.", "Name one: --html report.html")
    found = settings(config)
    accounts = [found.account(account)] if account else list(found.accounts.values())
    with ledger(found) as opened:
        contents = read_reports(
            found, accounts, opened, at=now(), period=period, on=on.date() if on else None
        )
    _put(drawn(contents, chosen[0], names=names), html)


def read_reports(
    found: Settings,
    accounts: Sequence[AccountSettings],
    opened: Ledger,
    *,
    at: datetime,
    period: str = "week",
    on: date | None = None,
) -> list[ReportContent]:
    """What the report of each of these accounts says, as of an instant."""
    from bounce_watch.upkeep.report import asked, report_contents

    return report_contents(
        opened,
        [one.account for one in accounts],
        asked(period, on, found.time_zone, now=at),
        now=at,
        polled={one.account.name for one in accounts if one.imap},
        rate_above=found.alerts.rate_above,
    )


def drawn(contents: Sequence[ReportContent], form: Form | None = None, *, names: bool = False) -> str:
    """The reports in one form; None is that of this terminal."""
    from bounce_watch.reports.render import Form, render

    return render(
        contents, form or Form.TERMINAL, width=width(), colour=colour(), unicode=unicode(), names=names
    )


def _put(made: str, file: Path | None) -> None:
    from bounce_watch.suppression.files import write_atomically

    if file is None or file == Path("-"):
        out(made)
        return
    write_atomically(file, [made], encoding="utf-8")
    say(f"Wrote the report to {file}.")
