"""What the commands share: settings, catalogue, ledger, account and clock, each made when it is asked for."""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bounce_watch.errors import UsageError

if TYPE_CHECKING:
    from bounce_watch.notices.catalogue import Catalogue
    from bounce_watch.settings import Settings
    from bounce_watch.store.ledger import Ledger

Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        readable=False,  # whether it can be read is for the settings to say
        help="Settings; else $BOUNCE_WATCH_CONFIG, else your own folder.",
    ),
]
AccountName = Annotated[
    str | None, typer.Option("--account", metavar="NAME", help="The account; the only one if left out.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON.")]
Note = Annotated[str, typer.Option(metavar="TEXT", help="Why, for whoever looks at the history.")]
By = Annotated[str | None, typer.Option(metavar="NAME", help="Who decides; your user name if left out.")]

_named: list[Path] = []
"""What `bounce-watch --config FILE COMMAND` named; a command's own --config wins."""


def name_config(path: Path | None) -> None:
    """Remember the --config that stood before the command."""
    _named[:] = [path] if path else []


def settings(config: Path | None) -> Settings:
    """The settings that this command goes by."""
    from bounce_watch.settings import load_settings

    return load_settings(config or (_named[0] if _named else None), os.environ)


def catalogue(found: Settings) -> Catalogue:
    """The shipped wordings and the seller's own."""
    from bounce_watch.notices.catalogue import load_catalogue

    return load_catalogue(found.wordings_folder, marketplaces=found.marketplaces)


@contextmanager
def ledger(found: Settings, *, create: bool = True, migrate: bool | None = None) -> Iterator[Ledger]:
    """The ledger of the settings, made and migrated if need be; without `create` neither, unless `migrate` says so."""
    from bounce_watch.store.ledger import open_ledger

    with open_ledger(
        found.ledger_url,
        create=create,
        migrate=create if migrate is None else migrate,
        key_file=found.ledger_key,
        key_folder=found.data_folder,
    ) as opened:
        yield opened


def actor(by: str | None) -> str:
    """Who decides: the name that was given, else the operating system's name of the user."""
    if by:
        return by
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError) as error:
        raise UsageError("This system does not say who you are.", "Say it: --by NAME") from error


def now() -> datetime:
    """The one clock of the program."""
    return datetime.now(UTC)
