"""`report` shows how many buyers opt out, for a day, a week or a month."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from bounce_watch.cli.context import AccountName, AsJson, Config, ledger, now, settings
from bounce_watch.cli.talk import colour, out, unicode, width
from bounce_watch.errors import UsageError

if TYPE_CHECKING:
    from bounce_watch.flow import Clock
    from bounce_watch.records.account import Account
    from bounce_watch.records.rate import Period
    from bounce_watch.reports.content import PeriodName
    from bounce_watch.store.ledger import Ledger

_YEARS = range(1995, 2200)
"""Amazon opened in 1995; far beyond these years the calendar itself ends."""


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
    as_json: AsJson = False,
) -> None:
    """Show what matters now, the opt-outs of a period, their rate and its trend.

    Example: bounce-watch report --period month --date 2026-09-30
    """
    if on and on.year not in _YEARS:
        raise UsageError(
            f"There is nothing to report for {on.date()}.", f"Take a day from {_YEARS[0]} to {_YEARS[-1]}."
        )
    found = settings(config)
    chosen = [found.account(account)] if account else list(found.accounts.values())
    with ledger(found) as opened:
        for one in chosen:
            show(
                one.account,
                opened,
                zone=found.time_zone,
                has_mailbox=one.imap is not None,
                period=period,
                on=on.date() if on else None,
                as_json=as_json,
            )


def show(
    account: Account,
    opened: Ledger,
    *,
    zone: ZoneInfo,
    has_mailbox: bool,
    period: str = "week",
    on: date | None = None,
    as_json: bool = False,
    clock: Clock = now,
) -> None:
    """Write the report of one account."""
    from bounce_watch.figures.content import report_content
    from bounce_watch.flow import suppression_list
    from bounce_watch.reports.render import Form, render

    instant = clock()
    span, name = _period(period, on or instant.astimezone(zone).date(), zone)
    content = report_content(
        opened,
        account,
        listing=suppression_list(opened, account, at=instant),
        period=span,
        period_name=name,
        now=instant,
        zone=zone,
        has_mailbox=has_mailbox,
    )
    form = Form.JSON if as_json else Form.TERMINAL
    out(render(content, form, width=width(), colour=colour(), unicode=unicode()))


def _period(name: str, last_day: date, zone: ZoneInfo) -> tuple[Period, PeriodName]:
    from bounce_watch.rates.periods import day, days, month
    from bounce_watch.reports.content import PeriodName

    try:
        wanted = PeriodName(name)
    except ValueError:
        raise UsageError(f"There is no period {name!r}.", "Take day, week or month.") from None
    spans = {
        PeriodName.DAY: lambda: day(last_day, zone),
        PeriodName.WEEK: lambda: days(last_day, 7, zone),
        PeriodName.MONTH: lambda: month(last_day, zone),
    }
    return spans[wanted](), wanted
