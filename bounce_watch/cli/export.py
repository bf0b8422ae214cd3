"""`suppressions export` writes the list in the shape a dispatch tool reads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bounce_watch.cli.context import AccountName, Config, ledger, now, settings
from bounce_watch.cli.talk import out, say
from bounce_watch.errors import UsageError

if TYPE_CHECKING:
    from bounce_watch.flow import Clock
    from bounce_watch.records.account import Account
    from bounce_watch.store.ledger import Ledger


def export(
    preset: Annotated[str, typer.Option(help="addresses, orders or csv.")] = "addresses",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Where to; standard output if left out."),
    ] = None,
    config: Config = None,
    account: AccountName = None,
    all_accounts: Annotated[
        bool, typer.Option("--all-accounts", help="The lists of all accounts in one.")
    ] = False,
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
    found = settings(config)
    chosen = list(found.accounts.values()) if all_accounts else [found.account(account)]
    with ledger(found) as opened:
        export_list(
            [one.account for one in chosen],
            opened,
            preset=preset,
            output=output,
            allow_shrink=allow_shrink,
            allow_surge=allow_surge,
        )


def export_list(
    accounts: list[Account],
    opened: Ledger,
    *,
    preset: str,
    output: Path | None,
    allow_shrink: bool = False,
    allow_surge: bool = False,
    clock: Clock = now,
) -> None:
    """Export the lists of `accounts` as one and record it; say how many entries could not be written."""
    from bounce_watch.flow import export, merged_list
    from bounce_watch.reports.wording import counted
    from bounce_watch.suppression.export import hashed, left_out, render_export
    from bounce_watch.suppression.preset import load_preset

    shape = load_preset(preset)
    if output is None:
        listing = merged_list(opened, accounts, at=clock())
        out("".join(render_export(listing, shape)))
    else:
        done = export(
            opened,
            accounts,
            shape,
            output.absolute(),
            at=clock(),
            allow_shrink=allow_shrink,
            allow_surge=allow_surge,
        )
        listing = done.listing
        held = len(listing.entries) - left_out(listing, shape) - hashed(listing, shape)
        written = counted(held, "entry", "entries")
        say(f"{listing.account}: {written} written to {output}.")
        if done.came or done.went:
            say(f"Since the export before: {len(done.came):,} came, {len(done.went):,} went.")
    if missing := left_out(listing, shape):
        say(f"Not in this list: {counted(missing, 'opt-out')} known by order id only.")
        say("Load an order report (sent import ORDERS.txt), or use the preset orders.")
    if kept_as_hash := hashed(listing, shape):
        say(f"Not in this list: {counted(kept_as_hash, 'entry', 'entries')} kept as a hash only.")
        say(
            "`bounce-watch scrub` still takes them out. Their names come back with the sent log or order report"
        )
        say("that holds them (load it again), or with `bounce-watch rebuild`, unless they were erased.")
