"""Opt-outs and the suppression list that follows from them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.notice import Evidence
from bounce_watch.records.times import require_utc


class AliasFrom(StrEnum):
    """Where an order's alias was learnt; the first in this order that knows one wins. PERSON: chosen in review."""

    PERSON = "person"
    NOTICE = "notice"
    ORDER_REPORT = "order_report"
    SENT_LOG = "sent_log"
    BUYER_MESSAGE = "buyer_message"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class OptOut:
    """A buyer's refusal, known for one order: derived from counted notices, never stored.

    `notices` counts blocked messages; copies of one event count once. `alias` is None while nobody told
    us the buyer's alias, or when it is shared by many buyers. `heard_at` is when the last notice came: the time it
    says, or, where it says none, the begin of the run that read it.
    """

    account: str
    order_id: OrderId
    alias: Alias | None
    alias_from: AliasFrom
    marketplace: str | None
    first_noticed_at: datetime | None
    last_noticed_at: datetime | None
    notices: int
    evidence: Evidence
    heard_at: datetime | None = None

    def __post_init__(self) -> None:
        require_utc(
            first_noticed_at=self.first_noticed_at,
            last_noticed_at=self.last_noticed_at,
            heard_at=self.heard_at,
        )


class EntrySource(StrEnum):
    """Why somebody is on the list."""

    OPT_OUT = "opt_out"
    MANUAL = "manual"


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppressionEntry:
    """Somebody not to write to: a buyer by alias, with every known order, or an order whose alias is unknown.

    `since` is when the first notice came, or when a person put it there without one, and `last_noticed_at` when the last
    notice did; `notices` is how many messages Amazon blocked. `expires_at` is when the entry leaves the list by itself (None:
    never). `allowed_orders` are orders of this buyer that a person allowed: mail about them may go, so they are not among
    `order_ids`. `reason` may hold a person's own words.
    """

    account: str
    alias: Alias | None
    order_ids: tuple[OrderId, ...]
    marketplace: str | None
    since: datetime | None
    last_noticed_at: datetime | None
    notices: int
    source: EntrySource
    reason: str
    expires_at: datetime | None = None
    allowed_orders: tuple[OrderId, ...] = ()

    def __post_init__(self) -> None:
        require_utc(since=self.since, last_noticed_at=self.last_noticed_at, expires_at=self.expires_at)
        if self.alias is None and not self.order_ids:
            raise ValueError("an entry needs an alias or an order id")


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppressionList:
    """The list of one account at one instant; `revision` is a digest of its content, not of when it was made."""

    account: str
    entries: tuple[SuppressionEntry, ...]
    made_at: datetime
    revision: str

    def __post_init__(self) -> None:
        require_utc(made_at=self.made_at)

    @property
    def without_alias(self) -> int:
        """How many entries only an order id is known for."""
        return sum(entry.alias is None for entry in self.entries)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Whether mail may go to one alias, or about one order: `entry` is the entry it stands in, None if in none.

    `allowed` is True where a person's decision keeps it off the list in spite of notices.
    """

    name: OrderId | Alias
    entry: SuppressionEntry | None
    allowed: bool = False

    @property
    def is_listed(self) -> bool:
        """True when unsolicited mail must not go."""
        return self.entry is not None
