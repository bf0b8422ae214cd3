"""`review` shows what was set aside, and files what a person decides about it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from bounce_watch.cli.context import (
    AccountName,
    AsJson,
    Config,
    actor,
    catalogue,
    ledger,
    name_config,
    now,
    settings,
)
from bounce_watch.cli.talk import colour, out, say, unicode, width
from bounce_watch.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bounce_watch.records.account import Account
    from bounce_watch.records.decision import By
    from bounce_watch.reports.review import Group
    from bounce_watch.settings import Settings
    from bounce_watch.store.ledger import Ledger
    from bounce_watch.upkeep.review import Named, Settled

SHOWN = 5
"""How many names are told that come onto the list or leave it; the rest is a number."""

Numbers = Annotated[
    list[str], typer.Argument(metavar="NUMBER…", help="As `review` shows them; the order id of a conflict")
]
Note = Annotated[
    str, typer.Option(metavar="TEXT", help="Why, in your own words; names of buyers are left out.")
]
Actor = Annotated[str | None, typer.Option("--by", metavar="NAME", help="Who decides; you if left out.")]


def review(
    context: typer.Context,
    config: Config = None,
    account: AccountName = None,
    decided: Annotated[
        bool, typer.Option("--decided", help="Show what was decided instead of what waits.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show the mails that do not count and wait for a person: why, what was tried, and where they lie.

    Example: bounce-watch review
    """
    if context.invoked_subcommand:
        if account or decided or as_json:
            raise UsageError(
                "Options stand in front of what to do.",
                f"Put them behind `review {context.invoked_subcommand}`.",
            )
        if config:
            name_config(config)
        return
    found = settings(config)
    chosen = [found.account(account)] if account else list(found.accounts.values())
    with ledger(found) as opened:
        for one in chosen:
            _show(found, one.account, opened, decided=decided, as_json=as_json)


def _show(found: Settings, account: Account, opened: Ledger, *, decided: bool, as_json: bool) -> None:
    from bounce_watch.reports.review import review_json, review_sections
    from bounce_watch.reports.terminal import render_sections
    from bounce_watch.upkeep import review as upkeep

    items = upkeep.decided(opened, account) if decided else upkeep.waiting(opened, account)
    if as_json:
        out(review_json(account.name, items, made_at=now()))
        return
    out(
        render_sections(
            lambda columns: review_sections(account.name, items, columns, found.time_zone, decided=decided),
            width=width(),
            colour=colour(),
            unicode=unicode(),
        )
    )


def accept(
    numbers: Numbers,
    order: Annotated[
        str | None, typer.Option(metavar="ORDER", help="The order that a mail is about which names none.")
    ] = None,
    alias: Annotated[
        str | None, typer.Option(metavar="ALIAS", help="The buyer's alias: of --order, or of a conflict.")
    ] = None,
    forged: Annotated[
        bool, typer.Option("--forged", help="Accept even what your own receiver calls forged.")
    ] = False,
    note: Note = "",
    by: Actor = None,
    config: Config = None,
    account: AccountName = None,
) -> None:
    """Count a mail as the opt-out that it is, or say which alias is the buyer's.

    Example: bounce-watch review accept 3f2a91c0 --note "seen in Seller Central"
    """
    from bounce_watch.upkeep.review import accept as accept_items

    found = settings(config)
    with _deciding(found, account) as (opened, one):
        named = _named(found, order, alias, forged=forged)
        done = accept_items(
            opened, one, handles=numbers, catalogue=catalogue(found), by=_by(by, note), named=named
        )
        _tell(done)


def dismiss(
    numbers: Annotated[
        list[str] | None, typer.Argument(metavar="NUMBER…", help="As `review` shows them")
    ] = None,
    all_of: Annotated[
        str | None, typer.Option("--all-of", metavar="GROUP", help="All that waits of a group, as forged.")
    ] = None,
    note: Note = "",
    by: Actor = None,
    config: Config = None,
    account: AccountName = None,
) -> None:
    """Never count a mail; of a conflict: keep the order id alone.

    Example: bounce-watch review dismiss --all-of forged
    """
    from bounce_watch.upkeep import review as upkeep

    if bool(numbers) == bool(all_of):
        raise UsageError("What is to be dismissed?", "Give numbers, or --all-of GROUP, and not both.")
    group = _group(all_of) if all_of else None
    found = settings(config)
    with _deciding(found, account) as (opened, one):
        if group:
            _tell(upkeep.dismiss_all(opened, one, group=group, by=_by(by, note)))
        else:
            _tell(upkeep.dismiss(opened, one, handles=numbers or [], by=_by(by, note)))


def reopen(
    numbers: Numbers,
    note: Note = "",
    by: Actor = None,
    config: Config = None,
    account: AccountName = None,
) -> None:
    """Take back what was decided, so that it waits again.

    Example: bounce-watch review reopen 3f2a91c0
    """
    from bounce_watch.upkeep import review as upkeep

    with _deciding(settings(config), account) as (opened, one):
        _tell(upkeep.reopen(opened, one, handles=numbers, by=_by(by, note)))


@contextmanager
def _deciding(found: Settings, account: str | None) -> Iterator[tuple[Ledger, Account]]:
    """The ledger and the account; at the end, what has changed for the next export."""
    one = found.account(account).account
    with ledger(found) as opened, list_change_told(opened, one):
        yield opened, one


@contextmanager
def list_change_told(opened: Ledger, account: Account) -> Iterator[None]:
    """Say at the end who came onto the list, and who left it."""
    from bounce_watch.flow import suppression_list
    from bounce_watch.reports.wording import counted
    from bounce_watch.upkeep.review import list_changes

    before = suppression_list(opened, account, at=now())
    yield
    came, went = list_changes(before, suppression_list(opened, account, at=now()))
    if not came and not went:
        say("The next export stays as it is.")
    for names, verb in ((came, "gains"), (went, "loses")):
        if names:
            more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
            say(f"The next export {verb} {counted(len(names), 'name')}: {', '.join(names[:SHOWN])}{more}.")


def _tell(done: Sequence[Settled]) -> None:
    if not done:
        say("Nothing waits there.")
    for each in done:
        say(f"{each.item.handle}: {each.said}.")


def _by(name: str | None, note: str) -> By:
    from bounce_watch.records.decision import By

    return By(actor=actor(name), at=now(), note=note)


def _named(found: Settings, order: str | None, alias: str | None, *, forged: bool) -> Named:
    from bounce_watch.records.ids import MARKETPLACES, Alias, OrderId
    from bounce_watch.upkeep.review import Named

    order_id = OrderId.parse(order) if order else None
    if order and not order_id:
        raise UsageError(f"{order} is not an order id.", "It looks like 026-1234567-1234567.")
    buyer = Alias.parse(alias, MARKETPLACES | frozenset(found.marketplaces)) if alias else None
    if alias and not buyer:
        raise UsageError(
            f"{alias} is not an alias.",
            "It is an address at a marketplace, as abc123@marketplace.amazon.co.uk.",
        )
    return Named(order_id=order_id, alias=buyer, forged=forged)


def _group(name: str) -> Group:
    from bounce_watch.reports.review import Group
    from bounce_watch.reports.wording import listed

    try:
        return Group(name)
    except ValueError:
        raise UsageError(
            f"There is no group {name}.", f"Take {listed([group.value for group in Group])}."
        ) from None
