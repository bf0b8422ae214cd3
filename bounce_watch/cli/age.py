"""How old what the ledger knows is: said with every export, scrub and check."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from bounce_watch.cli.context import now
from bounce_watch.cli.talk import say

if TYPE_CHECKING:
    from bounce_watch.settings import AccountSettings
    from bounce_watch.store.ledger import Ledger


def tell_age(chosen: Sequence[AccountSettings], opened: Ledger, *, max_age: timedelta) -> bool:
    """Say when the mailboxes of these accounts were last read to their end; True when that is too long ago.

    Mail that nobody polls is never too old; but an account of which no mail was ever read has an empty list for no
    reason of its buyers.
    """
    stale = False
    for one in chosen:
        name = one.account.name
        if one.imap is None:
            if not opened.has_read_mail(name):
                say(f"{name}: no mail was ever read, so nobody can be on its list by a notice.")
                say("Poll or import first, or correct --config and --account.")
                stale = True
            continue
        run = opened.last_complete_poll(name)
        at = run.finished_at if run else None
        if at is not None and now() - at <= max_age:
            say(f"{name}: last complete poll {at:%Y-%m-%d %H:%M} UTC.")
            continue
        stale = True
        when = f"was last read to its end on {at:%Y-%m-%d %H:%M} UTC" if at else "was never read to its end"
        say(f"{name}: the mailbox {when}, so opt-outs may be missing. Read it: bounce-watch poll")
    return stale
