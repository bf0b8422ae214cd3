"""The Python interface for tools that send: may mail go to this buyer, or about this order.

    from bounce_watch.checker import Checker

    with Checker.open() as checker:
        for name in outgoing:
            if checker.check(name).may_go:
                send(name)

It only reads: it makes no ledger, migrates none and files nothing. Threads may share a Checker; a process that was
forked opens its own. Whatever goes wrong is raised as one of `bounce_watch.errors`, with a message and an advice.
docs/reference/python.md tells the rest.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from bounce_watch.records.ids import MARKETPLACES
from bounce_watch.records.opt_out import EntrySource
from bounce_watch.settings import load_settings
from bounce_watch.store.glance import open_glance
from bounce_watch.store.ledger import open_ledger
from bounce_watch.upkeep.check import Checked, ListCheck, State

__all__ = ["Checked", "Checker", "EntrySource", "State"]


def _now() -> datetime:
    return datetime.now(UTC)


class Checker:
    """Asks the suppression list of one account; a context manager. Make one with `Checker.open`.

    Each call looks at the ledger anew, so what a poll in another process files is seen by the next call.
    """

    def __init__(self, asked: ListCheck, *, clock: Callable[[], datetime] = _now) -> None:
        self._asked = asked
        self._clock = clock

    @classmethod
    def open(
        cls,
        config: str | os.PathLike[str] | None = None,
        account: str | None = None,
        *,
        max_age: timedelta | None = None,
        clock: Callable[[], datetime] = _now,
    ) -> Self:
        """A checker for `account` (the only one if None) of the settings in `config`.

        None for `config` means those of BOUNCE_WATCH_CONFIG, else the user's own, as on the command line. Answers are
        stale when no poll was complete within `max_age`, or the `max_age_hours` of the settings if it is None. `clock`
        gives the time in UTC. Raises SettingsError, UsageError for an account that is not clear, and LedgerError when
        there is no ledger of this version.
        """
        found = load_settings(None if config is None else Path(config), os.environ)
        one = found.account(account)
        glance = open_glance(found.ledger_url, key_file=found.ledger_key)
        opened = glance or open_ledger(
            found.ledger_url,
            create=False,
            migrate=False,
            key_file=found.ledger_key,
            key_folder=found.data_folder,
        )
        asked = ListCheck(
            ledger=opened,
            account=one.account,
            marketplaces=MARKETPLACES | frozenset(found.marketplaces),
            has_mailbox=one.imap is not None,
            max_age=found.max_age if max_age is None else max_age,
        )
        return cls(asked, clock=clock)

    def check(self, name: str) -> Checked:
        """The answer for one order id or address; raises LedgerError and TryLater, never for what `name` holds."""
        return self.check_many([name])[0]

    def check_many(self, names: Iterable[str]) -> list[Checked]:
        """One answer for each name, in their order; a few hundred at once take little longer than one."""
        return self._asked.answers(names, at=self._clock())

    def close(self) -> None:
        """Let go of the ledger."""
        self._asked.ledger.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
