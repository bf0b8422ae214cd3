"""`suppressions list` shows the list in the terminal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from bounce_watch.cli.context import AccountName, AsJson, Config, ledger, now, settings
from bounce_watch.cli.talk import colour, out, unicode, width
from bounce_watch.errors import UsageError

if TYPE_CHECKING:
    from datetime import tzinfo

    from bounce_watch.records.account import Account
    from bounce_watch.records.opt_out import EntrySource
    from bounce_watch.reports.layout import Section
    from bounce_watch.store.ledger import Ledger
    from bounce_watch.upkeep.listing import Asked

SHOWN = 50
"""Lines in the terminal for each account; the rest is a number."""


def list_(
    source: Annotated[
        str | None,
        typer.Option(metavar="SOURCE", help="Only opt-out (there was a notice) or manual (by hand)."),
    ] = None,
    expiring: Annotated[
        bool, typer.Option("--expiring", help="Who leaves the list by himself, and when; the soonest first.")
    ] = False,
    within: Annotated[
        int | None, typer.Option(metavar="DAYS", min=1, max=36_500, help="With --expiring: in so many days.")
    ] = None,
    expired: Annotated[bool, typer.Option("--expired", help="Who left the list by himself.")] = False,
    released: Annotated[
        bool, typer.Option("--released", help="Who was released or allowed: by whom, when and why.")
    ] = False,
    expire_after: Annotated[
        int | None,
        typer.Option(
            "--expire-after", metavar="DAYS", min=1, max=36_500, help="As if this were the account's policy."
        ),
    ] = None,
    limit: Annotated[
        int | None, typer.Option(metavar="N", min=1, help=f"How many, the newest first; {SHOWN} if left out.")
    ] = None,
    config: Config = None,
    account: AccountName = None,
    as_json: AsJson = False,
) -> None:
    """Show who is on the list, who leaves it by himself, or who was taken off it.

    Example: bounce-watch suppressions list --expiring --within 30
    """
    asked = _asked(source, expiring=expiring, within=within, expired=expired, released=released)
    found = settings(config)
    chosen = [found.account(account)] if account else list(found.accounts.values())
    accounts = [_with_policy(one.account, expire_after) for one in chosen]
    with ledger(found, create=False) as opened:
        if as_json:
            _write(opened, accounts, asked, limit)
        else:
            _show(opened, accounts, asked, limit or SHOWN, found.time_zone)


def _show(opened: Ledger, accounts: list[Account], asked: Asked, limit: int, zone: tzinfo) -> None:
    from bounce_watch.reports.listing import list_section
    from bounce_watch.reports.terminal import render_sections
    from bounce_watch.upkeep.listing import look, newest

    shown = {one.name: newest(look(opened, one, asked, at=now()), limit, asked.view) for one in accounts}

    def sections(columns: int) -> Iterable[Section]:
        for name, (lines, total) in shown.items():
            yield list_section(name, asked.view, lines, total, columns, zone)

    out(render_sections(sections, width=width(), colour=colour(), unicode=unicode()))


def _write(opened: Ledger, accounts: list[Account], asked: Asked, limit: int | None) -> None:
    from bounce_watch.reports.listing import list_json
    from bounce_watch.upkeep.listing import look, newest

    for one in accounts:
        found = look(opened, one, asked, at=now())
        for line in newest(found, limit, asked.view)[0] if limit else found:
            out(list_json(line, asked.view))


def _with_policy(account: Account, days: int | None) -> Account:
    return account if days is None else replace(account, expire_after_days=days)


def _asked(source: str | None, *, expiring: bool, within: int | None, expired: bool, released: bool) -> Asked:
    from bounce_watch.reports.listing import View
    from bounce_watch.upkeep.listing import Asked

    if expiring + expired + released > 1:
        raise UsageError("--expiring, --expired and --released exclude each other.", "Give one of them.")
    if within is not None and not expiring:
        raise UsageError("--within says how soon somebody leaves the list.", "Add --expiring.")
    if released and source:
        raise UsageError("Who was released is on no list that a --source tells apart.", "Leave it out.")
    view = View.EXPIRING if expiring else View.EXPIRED if expired else View.OFF if released else View.ON
    days = None if within is None else timedelta(days=within)
    return Asked(view=view, source=_source(source), within=days)


def _source(text: str | None) -> EntrySource | None:
    from bounce_watch.records.opt_out import EntrySource

    known = {"opt-out": EntrySource.OPT_OUT, "manual": EntrySource.MANUAL}
    if text is not None and text not in known:
        raise UsageError(f"There is no source {text!r}.", "Take opt-out or manual.")
    return known[text] if text else None
