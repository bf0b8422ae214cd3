"""`history` tells every fact and decision about one order or buyer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from bounce_watch.cli.context import AccountName, AsJson, Config, ledger, settings
from bounce_watch.cli.talk import colour, out, say, unicode, width
from bounce_watch.errors import UsageError

if TYPE_CHECKING:
    from bounce_watch.records.ids import Alias, OrderId
    from bounce_watch.reports.layout import Section
    from bounce_watch.settings import Settings


def history(
    name: Annotated[str, typer.Argument(metavar="ORDER|ALIAS", help="An order id, or a buyer's address.")],
    config: Config = None,
    account: AccountName = None,
    as_json: AsJson = False,
) -> None:
    """Tell everything that is known of an order or buyer, and what was decided, in the order of time.

    Example: bounce-watch history 203-1234567-7654321
    """
    from bounce_watch.reports.runs import history_json, history_section
    from bounce_watch.reports.terminal import render_sections
    from bounce_watch.reports.wording import listed, name_text

    found = settings(config)
    asked = _named(name, found)
    chosen = [found.account(account)] if account else list(found.accounts.values())
    with ledger(found, create=False) as opened:
        told = {one.account.name: opened.history(one.account.name, asked) for one in chosen}
    known = {each: events for each, events in told.items() if events}
    if as_json:
        for each, events in known.items():
            out("".join(history_json(each, events)))
        return
    if not known:
        say(f"Nothing is known of {name_text(asked)} in {listed(list(told))}.")
        return

    def sections(columns: int) -> Iterable[Section]:
        for each, events in known.items():
            yield history_section(each, name_text(asked), events, columns, found.time_zone)

    out(render_sections(sections, width=width(), colour=colour(), unicode=unicode()))


def _named(text: str, found: Settings) -> OrderId | Alias:
    """What the user typed: an order id, an alias, or the hash of either as JSON shows it."""
    from bounce_watch.records.ids import MARKETPLACES, Alias, OrderId

    known = OrderId.parse(text) or Alias.parse(text, MARKETPLACES | frozenset(found.marketplaces))
    if known is not None:
        return known
    try:
        return OrderId(text.partition("@")[0].removesuffix("s").lower())
    except ValueError:
        raise UsageError(
            f"{text!r} is neither an order id nor a buyer's address.",
            "Write an order id as 203-1234567-7654321, an address as it stands in a notice or report.",
        ) from None
