"""`health` says whether the mailboxes are read and what waits: for a person, a monitor, or Prometheus."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bounce_watch.cli.context import AccountName, AsJson, Config, ledger, now, settings
from bounce_watch.cli.talk import colour, out, unicode, width
from bounce_watch.errors import ATTENTION, BounceWatchError, UsageError

if TYPE_CHECKING:
    from bounce_watch.reports.health import Health
    from bounce_watch.reports.layout import Section
    from bounce_watch.settings import AccountSettings, Settings

DEFAULT_MAX_AGE_H = 26
"""That of the report's own line; a test compares the two."""

_A_YEAR_H = 366 * 24


def health(
    max_age: Annotated[
        int,
        typer.Option(
            metavar="HOURS", min=1, max=_A_YEAR_H, help="Attention without a complete poll for so long."
        ),
    ] = DEFAULT_MAX_AGE_H,
    textfile: Annotated[
        Path | None,
        typer.Option(metavar="FILE.prom", help="Also write this file for Prometheus' node_exporter."),
    ] = None,
    config: Config = None,
    account: AccountName = None,
    as_json: AsJson = False,
) -> None:
    """Say whether the mailboxes are read and what waits; ends with 3 if a person must look. Changes nothing.

    Example: bounce-watch health --max-age 12
    """
    from bounce_watch.reports.health import HealthVerdict

    chosen: list[AccountSettings] = []
    if textfile:
        _check(textfile)
    try:
        found = settings(config)
        chosen += [found.account(account)] if account else found.accounts.values()
        seen = _look(found, chosen, timedelta(hours=max_age))
    except BounceWatchError:
        if textfile:
            _write_failure(textfile, chosen)
        raise
    if textfile:
        _write(textfile, seen)
    _tell(seen, found, as_json=as_json)
    raise typer.Exit(0 if seen.verdict is HealthVerdict.OK else ATTENTION)


def _check(textfile: Path) -> None:
    from bounce_watch.upkeep.metrics import require_library

    if textfile.suffix != ".prom":
        raise UsageError(
            f"node_exporter reads files in .prom only, so it would not see {textfile}.",
            "Give the file a name that ends in .prom.",
        )
    require_library()


def _look(found: Settings, chosen: list[AccountSettings], max_age: timedelta) -> Health:
    from bounce_watch.upkeep.look import look

    with ledger(found, create=False) as opened:
        accounts = [(one.account, one.imap is not None) for one in chosen]
        return look(opened, accounts, now=now(), max_age=max_age)


def _write(textfile: Path, seen: Health) -> None:
    from bounce_watch.upkeep.metrics import write_metrics

    write_metrics(textfile, seen)


def _write_failure(textfile: Path, chosen: list[AccountSettings]) -> None:
    from bounce_watch.upkeep.metrics import write_failure

    write_failure(textfile, [one.account.name for one in chosen], made_at=now())


def _tell(seen: Health, found: Settings, *, as_json: bool) -> None:
    from bounce_watch.reports.health import health_json, health_sections

    if as_json:
        out(health_json(seen))
        return
    from bounce_watch.reports.terminal import render_sections

    def sections(columns: int) -> Iterable[Section]:
        return health_sections(seen, columns, found.time_zone)

    out(render_sections(sections, width=width(), colour=colour(), unicode=unicode()))
