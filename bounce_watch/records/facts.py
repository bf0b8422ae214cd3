"""What the list asks of a ledger, whichever way it is read."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Protocol

from bounce_watch.records.decision import Decision
from bounce_watch.records.filed import FiledNotice, Run
from bounce_watch.records.ids import Alias, OrderId


class Facts(Protocol):
    """The facts of a ledger from which the list follows; see store.ledger.Ledger for what each gives."""

    def hash_of(self, name: OrderId | Alias) -> str:
        """The keyed hash of a name."""
        ...

    def related(self, account: str, names: Collection[OrderId | Alias]) -> set[str]:
        """The hashes of all that bears on these names."""
        ...

    def opt_out_notices(
        self, account: str, *, as_of: datetime | None = None, orders: Collection[str] | None = None
    ) -> Iterator[FiledNotice]:
        """Opt-out notices by order."""
        ...

    def list_decisions(
        self, account: str, *, as_of: datetime | None = None, hashes: Collection[str] | None = None
    ) -> list[Decision]:
        """Decisions about the list, in their order."""
        ...

    def linked_aliases(
        self, account: str, orders: Collection[OrderId], *, as_of: datetime | None = None
    ) -> dict[OrderId, Alias]:
        """The alias that is known of each order."""
        ...

    def orders_of_aliases(
        self, account: str, aliases: Collection[Alias], *, as_of: datetime | None = None
    ) -> dict[Alias, list[OrderId]]:
        """Every known order of each alias."""
        ...

    def last_complete_poll(self, account: str) -> Run | None:
        """The last run that read the mailbox to its end."""
        ...

    def close(self) -> None:
        """Let go of the database."""
        ...


class FactsWithAge(Facts, Protocol):
    """The same, and whether there is anything that they could be made from."""

    def has_read_mail(self, account: str) -> bool:
        """True when a mail of the account was ever read."""
        ...
