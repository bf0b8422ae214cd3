"""`rebuild` reads the whole mailbox again and mends the ledger by it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bounce_watch.cli.context import AccountName, AsJson, Config, catalogue, ledger, now, settings
from bounce_watch.cli.poll import take_in, tell
from bounce_watch.cli.talk import out, out_lines, say
from bounce_watch.errors import PARTLY, BounceWatchError, UsageError

if TYPE_CHECKING:
    from bounce_watch.notices.catalogue import Catalogue
    from bounce_watch.records.mail import Fingerprint
    from bounce_watch.settings import AccountSettings
    from bounce_watch.store.ledger import Ledger


def rebuild(
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="PATH…", help="Mail files that were imported once, to be read again as well"),
    ] = None,
    config: Config = None,
    account: AccountName = None,
    as_json: AsJson = False,
) -> None:
    """Read the whole mailbox again and mend what is damaged; sends, links and decisions stay.

    Example: bounce-watch rebuild --account uk
    """
    found = settings(config)
    with_mail = [one for one in found.accounts.values() if one.imap]
    chosen = [found.account(account)] if account or paths else with_mail or [found.account(None)]
    if not paths and not all(one.imap for one in chosen):
        raise UsageError(
            "There is no mailbox to read again.", "Name the files that were imported: rebuild PATH…"
        )
    known = catalogue(found)
    with ledger(found) as opened:
        opened.renew_indexes()
        codes = [_rebuild_one(one, paths or [], known, opened, as_json=as_json) for one in chosen]
    raise typer.Exit(max(codes) if len(set(codes)) == 1 else PARTLY)


def _rebuild_one(
    one: AccountSettings, paths: list[str], known: Catalogue, opened: Ledger, *, as_json: bool
) -> int:
    """Read every source, settle the rest if all of them were read to their end, then forget again; the exit code."""
    from bounce_watch.upkeep.retention import purge

    reread, code = set[str](), 0
    try:
        whole = [_read(one, path, known, opened, reread) for path in (None, *paths)]
        if all(whole):
            _settle(one, opened, reread, as_json=as_json)
        else:
            say(f"{one.account.name}: nothing was taken for missing, since not all could be read.")
            code = PARTLY
    except BounceWatchError as error:
        say(f"{one.account.name}: {error.message}")
        say(f"{error.advice} Nothing was taken for missing.")
        code = error.exit_code
    if code:
        with suppress(
            BounceWatchError
        ):  # What is damaged still may stop this; a rebuild that ends well does it.
            purge(opened, one.account, now=now())
        return code
    purge(opened, one.account, now=now())
    return code


def _read(
    one: AccountSettings, path: str | None, known: Catalogue, opened: Ledger, reread: set[Fingerprint]
) -> bool:
    """Read the mailbox (None), or a path again."""
    from bounce_watch.mailboxes.specs import PathSpec

    spec = one.imap if path is None else PathSpec(path=Path(path))
    if spec is None:
        return True
    run = take_in(
        one.account,
        spec,
        known,
        opened,
        command="import" if path else "rebuild",
        source=None if path else one.secret,
        reread=reread,
    )
    return tell(run, as_json=False)


def _settle(one: AccountSettings, opened: Ledger, reread: set[Fingerprint], *, as_json: bool) -> None:
    from bounce_watch.reports.upkeep import missing_lines, rebuild_json, row_text

    missing = opened.missing(one.account.name, reread)
    settled = [(each.table, each.row, each.what) for each in opened.mend_rest([one.account.name], now=now())]
    if as_json:
        out(rebuild_json(one.account.name, complete=True, missing=missing, settled=settled))
    else:
        out_lines(missing_lines(one.account.name, missing))
    for row in settled:
        say(row_text(row))
    if any(table == "send" for table, _, _ in settled):
        say("Load your sent logs again: bounce-watch sent import FILE")
