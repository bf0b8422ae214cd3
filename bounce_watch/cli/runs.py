"""`runs` lists what was read and imported; `undo` and `redo` take a run back and bring it back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from bounce_watch.cli.context import AccountName, AsJson, By, Config, Note, actor, ledger, now, settings
from bounce_watch.cli.talk import colour, out, out_lines, say, unicode, width
from bounce_watch.text.inert import json_text

if TYPE_CHECKING:
    from pathlib import Path

    from bounce_watch.reports.layout import Section
    from bounce_watch.upkeep.undo import Change

RunNumber = Annotated[int, typer.Argument(metavar="RUN", min=1, help="Its number, as `runs` shows it.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what it would change, and change nothing.")]


def runs(
    limit: Annotated[int, typer.Option(metavar="N", min=1, help="How many, the newest first.")] = 20,
    config: Config = None,
    account: AccountName = None,
    as_json: AsJson = False,
) -> None:
    """List the polls, imports and other runs, newest first, with what each of them counted.

    Example: bounce-watch runs --limit 5
    """
    from bounce_watch.reports.runs import runs_json, runs_section
    from bounce_watch.reports.terminal import render_sections

    found = settings(config)
    chosen = [found.account(account)] if account else list(found.accounts.values())
    with ledger(found, create=False) as opened:
        listed = {one.account.name: opened.runs(one.account.name, limit) for one in chosen}
    if as_json:
        for each in listed.values():
            out("".join(runs_json(each)))
        return

    def sections(columns: int) -> Iterable[Section]:
        return (runs_section(name, each, columns, found.time_zone) for name, each in listed.items())

    out(render_sections(sections, width=width(), colour=colour(), unicode=unicode()))


def undo(
    run: RunNumber,
    note: Note = "",
    by: By = None,
    dry_run: DryRun = False,
    config: Config = None,
    account: AccountName = None,
    as_json: AsJson = False,
) -> None:
    """Take a run back: all that it filed counts no more, until `redo`. What leaves or enters the list is listed.

    Example: bounce-watch undo 12 --note "wrong file" --dry-run
    """
    _decide("undo", run, note=note, by=by, dry_run=dry_run, config=config, account=account, as_json=as_json)


def redo(
    run: RunNumber,
    note: Note = "",
    by: By = None,
    dry_run: DryRun = False,
    config: Config = None,
    account: AccountName = None,
    as_json: AsJson = False,
) -> None:
    """Bring an undone run back, as if it had never been undone.

    Example: bounce-watch redo 12
    """
    _decide("redo", run, note=note, by=by, dry_run=dry_run, config=config, account=account, as_json=as_json)


def _decide(
    action: str,
    run: int,
    *,
    note: str,
    by: str | None,
    dry_run: bool,
    config: Path | None,
    account: str | None,
    as_json: bool,
) -> None:
    from bounce_watch.upkeep import undo as upkeep

    found = settings(config)
    one = found.account(account).account
    decide = upkeep.undo if action == "undo" else upkeep.redo
    with ledger(found, create=False) as opened:
        change = decide(opened, one, run, actor=actor(by), note=note, at=now(), dry_run=dry_run)
    if as_json:
        out(json_text(_as_data(change, dry_run=dry_run), sort_keys=True))
        return
    for line in upkeep.told(change, zone=found.time_zone, dry_run=dry_run):
        say(line)
    out_lines(_list_change(change))


def _list_change(change: Change) -> Iterable[str]:
    """`- alias` for a name that leaves the list, `+ alias` for one that enters it."""
    from bounce_watch.reports.wording import names_shortened

    yield from (f"- {names_shortened(name)}" for name in change.went)
    yield from (f"+ {names_shortened(name)}" for name in change.came)


def _as_data(change: Change, *, dry_run: bool) -> dict[str, object]:
    held = change.contents
    return {
        "account": change.run.account,
        "action": change.action.value,
        "run": change.run.id,
        "dry_run": dry_run,
        "mails": held.mails,
        "readings": held.readings,
        "verdicts": held.verdicts,
        "sends": held.sends,
        "links": held.links,
        "covered_days": change.covered_days,
        "notices_less": change.notices_less,
        "notices_more": change.notices_more,
        "went": list(change.went),
        "came": list(change.came),
    }
