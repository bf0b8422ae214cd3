"""What the ledger gives back: runs, tallies, and notices with everything later facts say about them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bounce_watch.records.ids import Alias
from bounce_watch.records.notice import Method, Notice, Outcome
from bounce_watch.records.opt_out import AliasFrom
from bounce_watch.records.sent import SentMessage
from bounce_watch.records.times import require_utc


@dataclass(frozen=True, slots=True, kw_only=True)
class FiledNotice:
    """A notice as filed, joined with what is known today.

    `outcome` and `method` are the best verdict over all copies of exactly this mail (GENUINE before FORGED
    before UNPROVEN). `known_to_us` says that its order, or its alias, stands in our own sends or order
    reports; a buyer's message is no evidence. `linked_alias` is the alias that our own logs know for the
    order, by rank, when the notice itself names none or a shared one; `conflicting_alias` is one that our
    logs know and that differs from the notice's.
    """

    notice: Notice
    outcome: Outcome
    method: Method
    reason: str
    known_to_us: bool
    linked_alias: Alias | None
    linked_from: AliasFrom
    conflicting_alias: Alias | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FiledSend:
    """A send, and the key that stands for its buyer: the alias, given or linked, else the order id."""

    send: SentMessage
    buyer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SendCount:
    """How many messages and distinct buyers of one marketplace (None: not known) in a period."""

    marketplace: str | None
    messages: int
    buyers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """What one transaction changed: new mails, mails that were there already, mails that have no row."""

    new: int = 0
    duplicates: int = 0
    not_amazon: int = 0

    def __add__(self, other: Filed) -> Filed:
        return Filed(
            new=self.new + other.new,
            duplicates=self.duplicates + other.duplicates,
            not_amazon=self.not_amazon + other.not_amazon,
        )


class RunState(StrEnum):
    """RUNNING (or killed), COMPLETE (read to the end), PARTLY (something is due), FAILED (stopped by an error)."""

    RUNNING = "running"
    COMPLETE = "complete"
    PARTLY = "partly"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One intake or import. `read` counts every mail (or row) that was looked at, passed-over ones included."""

    id: int
    account: str
    command: str
    started_at: datetime
    finished_at: datetime | None
    state: RunState
    read: int
    filed: Filed
    message: str = ""

    def __post_init__(self) -> None:
        require_utc(started_at=self.started_at, finished_at=self.finished_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultCount:
    """How many mails have this result: a notice kind, `unrecognised`, `misdirected` or `unreadable`."""

    result: str
    mails: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Sums over all runs of an account, for the reconciliation line."""

    read: int
    duplicates: int
    not_amazon: int
    results: tuple[ResultCount, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingMail:
    """A mail that a person should look at: unrecognised, misdirected or unreadable, with its reason."""

    fingerprint: str
    result: str
    reason: str
    candidates: tuple[str, ...]
    subject: str
    from_address: str | None
    noticed_at: datetime | None

    def __post_init__(self) -> None:
        require_utc(noticed_at=self.noticed_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRecord:
    """One export as it was made: which preset went to which path, with which revision and how many entries."""

    account: str
    preset: str
    path: str
    revision: str
    made_at: datetime
    members: tuple[str, ...]
    """The keys written, in their order: aliases or order ids."""

    def __post_init__(self) -> None:
        require_utc(made_at=self.made_at)
