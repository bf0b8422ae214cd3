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

    An account without a mailbox is never too old: nobody polls it.
    """
    stale = False
    for name in (one.account.name for one in chosen if one.imap):
        run = opened.last_complete_poll(name)
        at = run.finished_at if run else None
        say(
            f"{name}: last complete poll {at:%Y-%m-%d %H:%M} UTC."
            if at
            else f"{name}: no poll was ever complete."
        )
        stale |= at is None or now() - at > max_age
    if stale:
        say("That is too long ago for the list to be trusted. Read the mailbox: bounce-watch poll")
    return stale
