"""The reports of one or several accounts, from the ledger to what a form writes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from bounce_watch.errors import UsageError
from bounce_watch.figures.content import Asked, report_content
from bounce_watch.flow import suppression_list
from bounce_watch.rates.periods import day, days, month
from bounce_watch.records.account import Account
from bounce_watch.records.rate import Period
from bounce_watch.reports.content import PeriodName, ReportContent
from bounce_watch.store.ledger import Ledger

FIRST_YEAR = 1995
"""Amazon opened then."""


def asked(name: str, last_day: date | None, zone: ZoneInfo, *, now: datetime) -> Asked:
    """The period that a person named; None is the one of today. UsageError for an unknown one or a day to come."""
    today = now.astimezone(zone).date()
    wanted = last_day or today
    if wanted > today:
        raise UsageError(f"{wanted} is yet to come.", f"Take a day up to today, {today}.")
    if wanted.year < FIRST_YEAR:
        raise UsageError(f"There is nothing to report for {wanted}.", f"Take a day from {FIRST_YEAR} on.")
    try:
        kind = PeriodName(name)
    except ValueError:
        raise UsageError(f"There is no period {name!r}.", "Take day, week or month.") from None
    return Asked(period=_period(kind, wanted, zone), name=kind, zone=zone)


def _period(kind: PeriodName, last_day: date, zone: ZoneInfo) -> Period:
    match kind:
        case PeriodName.DAY:
            return day(last_day, zone)
        case PeriodName.WEEK:
            return days(last_day, 7, zone)
        case PeriodName.MONTH:
            return month(last_day, zone)


def report_contents(
    ledger: Ledger,
    accounts: Sequence[Account],
    wanted: Asked,
    *,
    now: datetime,
    polled: Collection[str],
    rate_above: float | None = None,
) -> list[ReportContent]:
    """What the report of each account says, in their order.

    `polled` are the names of the accounts with a mailbox; `rate_above` as in report_content.
    """
    return [
        report_content(
            ledger,
            one,
            wanted,
            listing=suppression_list(ledger, one, at=now),
            now=now,
            has_mailbox=one.name in polled,
            rate_above=rate_above,
        )
        for one in accounts
    ]
