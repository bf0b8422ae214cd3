"""`suppressions export` writes the list in the shape a dispatch tool reads, `suppressions exports` tells which were made."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from bounce_watch.cli.age import tell_age
from bounce_watch.cli.context import AccountName, AsJson, Config, ledger, now, settings
from bounce_watch.cli.talk import check_pipe, colour, out, out_lines, out_octets, say, unicode, width
from bounce_watch.errors import ATTENTION, UsageError

if TYPE_CHECKING:
    from bounce_watch.records.account import Account
    from bounce_watch.settings import AccountSettings, Settings
    from bounce_watch.store.ledger import Ledger
    from bounce_watch.suppression.preset_shape import Preset
    from bounce_watch.upkeep.export import Exported, Tally


def export(
    preset: Annotated[
        str, typer.Option(metavar="NAME", help="Shape of the file: see `suppressions presets`.")
    ] = "addresses",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Where to; standard output if left out."),
    ] = None,
    config: Config = None,
    account: AccountName = None,
    all_accounts: Annotated[
        bool, typer.Option("--all-accounts", help="The lists of all accounts in one.")
    ] = False,
    delta: Annotated[
        bool,
        typer.Option(
            "--delta",
            help="Only what came since the last export there; what went is in FILE.removed.txt.",
        ),
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Only say what would change; write and record nothing.")
    ] = False,
    expire_after: Annotated[
        int | None,
        typer.Option(min=1, metavar="DAYS", help="Leave out buyers whose last notice is longer ago."),
    ] = None,
    max_age: Annotated[
        int | None,
        typer.Option(min=1, metavar="HOURS", help="Exit code 3 if the last complete poll is older."),
    ] = None,
    allow_shrink: Annotated[
        bool, typer.Option("--allow-shrink", help="Write even if entries of the last export are gone.")
    ] = False,
    allow_surge: Annotated[
        bool,
        typer.Option("--allow-surge", help="Write even if far more unproven opt-outs than usual came today."),
    ] = False,
) -> None:
    """Write the suppression list.

    Example: bounce-watch suppressions export --preset addresses -o suppressions.txt
    """
    if all_accounts and account:
        raise UsageError("--account and --all-accounts exclude each other.", "Give one of them.")
    if output is None and (delta or check):
        raise UsageError(
            "--delta and --check compare with the last export to a file.", "Name the file: --output FILE"
        )
    from bounce_watch.suppression.preset import load_preset

    found = settings(config)
    load_preset(preset, found.presets_folder)  # A wrong one is said before the ledger is looked for.
    chosen = list(found.accounts.values()) if all_accounts else [found.account(account)]
    with ledger(found, create=False, migrate=True) as opened:
        wanted = Wanted(preset, output, delta, check, allow_shrink, allow_surge, expire_after)
        export_list(found, chosen, opened, wanted)
        if tell_age(chosen, opened, max_age=timedelta(hours=max_age) if max_age else found.max_age):
            raise typer.Exit(ATTENTION)


class Wanted(NamedTuple):
    """What to export, and which guards to override."""

    preset: str = "addresses"
    output: Path | None = None
    delta: bool = False
    check: bool = False
    allow_shrink: bool = False
    allow_surge: bool = False
    expire_after: int | None = None


def export_list(found: Settings, chosen: Sequence[AccountSettings], opened: Ledger, wanted: Wanted) -> None:
    """Export the lists of the chosen accounts as one and record it; say what it holds and what it can't."""
    from bounce_watch.suppression.preset import load_preset

    shape = load_preset(wanted.preset, found.presets_folder)
    accounts = [one.account for one in chosen]
    if wanted.expire_after is not None:
        accounts = [replace(account, expire_after_days=wanted.expire_after) for account in accounts]
    if shape.warning:
        say(f"{shape.name}: {shape.warning}")
    if wanted.output is None:
        _to_standard_output(accounts, opened, shape)
        return
    from bounce_watch.upkeep.after_export import bring

    secrets = {one.secret.env for one in found.accounts.values() if one.secret and one.secret.env}
    environment = {name: value for name, value in os.environ.items() if name not in secrets}
    write_list(
        accounts,
        opened,
        shape,
        wanted,
        at=now(),
        zone=found.time_zone,
        locks=found.data_folder / "locks",
        deliver=partial(bring, found.after_export, preset=shape.name, environment=environment),
    )


def _to_standard_output(accounts: Sequence[Account], opened: Ledger, shape: Preset) -> None:
    from bounce_watch.suppression.export import render_export
    from bounce_watch.upkeep.export import Listing

    if shape.format.value == "xlsx":
        check_pipe()
    listing = Listing(opened, accounts, shape, now())
    for chunk in render_export(listing.read(), shape, one_account=len(accounts) == 1):
        out_octets(chunk)
    _say_what_is_missing(listing.tally, shape)


def write_list(
    accounts: Sequence[Account],
    opened: Ledger,
    shape: Preset,
    wanted: Wanted,
    *,
    at: datetime,
    zone: tzinfo,
    locks: Path | None = None,
    deliver: Callable[[Exported], None] | None = None,
) -> None:
    """Export the lists of `accounts` to a file as of the instant `at`, and say what was done, with times in `zone`."""
    from bounce_watch.records.filed import ExportForm
    from bounce_watch.upkeep.export import ExportOptions, export

    output = wanted.output or Path(shape.name)
    done = export(
        opened,
        accounts,
        shape,
        output.parent.resolve() / output.name,  # one file, one series, by whichever way it is named
        at=at,
        options=ExportOptions(
            form=ExportForm.DELTA if wanted.delta else ExportForm.FULL,
            check_only=wanted.check,
            allow_shrink=wanted.allow_shrink,
            allow_surge=wanted.allow_surge,
        ),
        locks=locks,
        deliver=deliver,
    )
    _say_what_was_done(done, output, zone, only_checked=wanted.check)
    _say_what_is_missing(done.tally, shape)


def _say_what_was_done(done: Exported, path: Path, zone: tzinfo, *, only_checked: bool) -> None:
    from bounce_watch.reports.wording import counted, moment, names_shortened

    last, forgotten = done.change.last, sum(name.startswith("#") for name in done.went)
    if only_checked:
        say(
            f"{done.account}: nothing was written; the list for {path} has {counted(done.tally.written, 'entry', 'entries')}."
        )
        for sign, names in (("+", done.came), ("-", done.went)):
            out_lines(f"{sign} {names_shortened(name)}" for name in names)
    else:
        new = "new " if done.removed else ""
        say(f"{done.account}: {counted(done.entries, f'{new}entry', f'{new}entries')} written to {path}.")
    if len(done.files) > 1:
        say(f"It goes on in {', '.join(part.name for part in done.files[1:])}.")
    if last is None:
        say("This is the first export of this preset to this file.")
    else:
        came, went = (counted(len(names), "name") for names in (done.came, done.went))
        say(f"Since the export of {moment(last.made_at, zone)}: {came} came, {went} went.")
    if done.removed:
        say(f"What went is in {done.removed.name}.")
        if forgotten:
            say(f"Not in it: {counted(forgotten, 'name')} forgotten by now. A full export leaves them out.")


def _say_what_is_missing(tally: Tally, shape: Preset) -> None:
    from bounce_watch.reports.wording import counted

    if tally.left_out and shape.key.value == "order":
        say(f"Not in this list: {counted(tally.left_out, 'entry', 'entries')} without any known order.")
        say("Load an order report (sent import ORDERS.txt), or use the preset addresses.")
    elif tally.left_out:
        say(f"Not in this list: {counted(tally.left_out, 'opt-out')} known by order id only.")
        say("Load an order report (sent import ORDERS.txt), or use the preset orders.")
    if tally.hash_only:
        say(f"Not in this list: {counted(tally.hash_only, 'entry', 'entries')} kept as a hash only.")
        say(
            "`bounce-watch scrub` still takes them out. Their names come back with the sent log or order report"
        )
        say("that holds them (load it again), or with `bounce-watch rebuild`, unless they were erased.")


def exports(
    config: Config = None,
    account: AccountName = None,
    limit: Annotated[int, typer.Option(metavar="N", min=1, help="How many of the newest.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Which exports were made, newest first, and what came and went with each.

    Example: bounce-watch suppressions exports --limit 5
    """
    from bounce_watch.reports.exports import exports_json, exports_section
    from bounce_watch.reports.terminal import render_sections

    found = settings(config)
    name = found.account(account).account.name
    with ledger(found, create=False) as opened:
        made = opened.exports(name, limit)
    if as_json:
        out("".join(exports_json(made)))
        return
    out(
        render_sections(
            lambda columns: [exports_section(name, made, columns, found.time_zone)],
            width=width(),
            colour=colour(),
            unicode=unicode(),
        )
    )
