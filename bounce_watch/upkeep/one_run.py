"""A run of the ledger's that reads no mailbox: a review, a `reprocess`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime

from bounce_watch.errors import BounceWatchError
from bounce_watch.records.filed import Filed, RunState
from bounce_watch.store.ledger import Ledger


@contextmanager
def one_run(ledger: Ledger, account: str, command: str, *, at: datetime) -> Iterator[int]:
    """A run around what is filed inside, so that `undo` can take it back; an error closes it as FAILED."""
    run = ledger.start_run(account, command, at=at)
    state = RunState.FAILED
    try:
        yield run
        state = RunState.COMPLETE
    finally:
        # Where the ledger is what failed, the run stays RUNNING.
        with suppress(BounceWatchError):
            ledger.finish_run(run, at=at, state=state, read=0, filed=Filed())
