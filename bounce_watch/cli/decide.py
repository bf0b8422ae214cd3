"""`suppressions add`, `release` and `allow`: a person's say about the list."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bounce_watch.cli.context import AccountName, AsJson, By, Config, Note, actor, ledger, now, settings
from bounce_watch.cli.talk import out, say
from bounce_watch.text.inert import json_text

if TYPE_CHECKING:
    from bounce_watch.records.decision import DecisionScope
    from bounce_watch.settings import Settings
    from bounce_watch.upkeep.decide import Name

Names = Annotated[
    list[str],
    typer.Argument(metavar="ALIAS|ORDER…", help="Buyers' addresses or order ids; - for one a line on stdin."),
]
Scope = Annotated[
    str, typer.Option(metavar="SCOPE", help="buyer, with every order; or order, that order alone.")
]
Expires = Annotated[
    str | None, typer.Option(metavar="DAY", help="It holds to the end of this day; for good if left out.")
]
For = Annotated[
    int | None, typer.Option("--for", metavar="DAYS", min=1, max=36_500, help="It holds so many days more.")
]


def add(
    names: Names,
    scope: Scope = "buyer",
    expires: Expires = None,
    days: For = None,
    note: Note = "",
    by: By = None,
    config: Config = None,
    account: AccountName = None,
    as_json: AsJson = False,
) -> None:
    """Put buyers or orders on the list, without a notice.

    Example: bounce-watch suppressions add 203-1234567-7654321 --note "asked by phone"
    """
    _decide("add", names, scope, expires, days, note, by, config, account, as_json=as_json)


def release(
    names: Names,
    scope: Scope = "buyer",
    expires: Expires = None,
    days: For = None,
    note: Note = "",
    by: By = None,
    config: Config = None,
    account: AccountName = None,
    as_json: AsJson = False,
) -> None:
    """Take buyers or orders off the list, until a new notice comes.

    Example: bounce-watch suppressions release 203-1234567-7654321 --note "opted in again"
    """
    _decide("release", names, scope, expires, days, note, by, config, account, as_json=as_json)


def allow(
    names: Names,
    scope: Scope = "buyer",
    expires: Expires = None,
    days: For = None,
    note: Note = "",
    by: By = None,
    config: Config = None,
    account: AccountName = None,
    as_json: AsJson = False,
) -> None:
    """Keep buyers or orders off the list, whatever notices come.

    Example: bounce-watch suppressions allow 203-1234567-7654321 --scope order --for 14
    """
    _decide("allow", names, scope, expires, days, note, by, config, account, as_json=as_json)


def _decide(
    action: str,
    names: list[str],
    scope: str,
    expires: str | None,
    days: int | None,
    note: str,
    by: str | None,
    config: Path | None,
    account: str | None,
    *,
    as_json: bool,
) -> None:
    from bounce_watch.records.decision import Action, By
    from bounce_watch.upkeep import decide as upkeep
    from bounce_watch.upkeep.decide_words import as_data, told
    from bounce_watch.upkeep.retention import purge

    found = settings(config)
    one, who = found.account(account).account, actor(by)
    # Names may come slowly on standard input: the time is taken when all is there, at filing.
    about, named = _scope(scope), _names(names, found)
    ends = upkeep.expiry(until=expires, days=days, at=now(), zone=found.time_zone)
    wishes = [upkeep.Wish(action=Action(action), name=name, scope=about, expires_at=ends) for name in named]
    with ledger(found) as opened:
        done = upkeep.decide(opened, one, wishes, by=By(actor=who, at=now(), note=note))
        purge(opened, one, now=now())
    if as_json:
        told_of = [as_data(each) for each in done]
        out(json_text({"format": 1, "account": one.name, "names": told_of}, sort_keys=True))
        return
    for each in done:
        say(told(each, zone=found.time_zone))


def _names(given: list[str], found: Settings) -> list[Name]:
    from bounce_watch.errors import UsageError
    from bounce_watch.records.ids import MARKETPLACES
    from bounce_watch.upkeep.decide import parse_names

    marketplaces = MARKETPLACES | frozenset(found.marketplaces)
    if "-" not in given:
        return parse_names(given, marketplaces)
    if len(given) > 1:
        raise UsageError("- stands for all names.", "Name them here, or one a line on standard input.")
    return parse_names(sys.stdin.read().splitlines(), marketplaces, place="Line")


def _scope(text: str) -> DecisionScope:
    from bounce_watch.errors import UsageError
    from bounce_watch.records.decision import DecisionScope

    try:
        return DecisionScope(text)
    except ValueError:
        raise UsageError(f"There is no scope {text!r}.", "Take buyer or order.") from None
