"""What the ledger gives back: runs, tallies, and notices with everything later facts say about them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bounce_watch.records.decision import Action
from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.mail import MessageRef, RawMessage
from bounce_watch.records.notice import Evidence, Method, Notice, Outcome, Verdict
from bounce_watch.records.opt_out import AliasFrom
from bounce_watch.records.sent import SentCoverage, SentMessage
from bounce_watch.records.times import require_utc


@dataclass(frozen=True, slots=True, kw_only=True)
class FiledNotice:
    """A notice as filed, joined with what is known today.

    `outcome` and `method` are the best verdict over all copies of exactly this mail (GENUINE before FORGED
    before UNPROVEN). `known_to_us` says that its order, or its alias, stands in our own sends or order
    reports; a buyer's message is no evidence. `linked_alias` is the alias that our own logs know for the
    order, by rank, when the notice itself names none, names a shared one, or is not proven; `conflicting_alias` is one that our
    logs know and that differs from the notice's. `decided` is what a person decided about the mail (ACCEPT or
    DISMISS), `run_id` the run that first filed it, which began at `filed_at`.
    """

    notice: Notice
    outcome: Outcome
    method: Method
    reason: str
    known_to_us: bool
    linked_alias: Alias | None
    linked_from: AliasFrom
    conflicting_alias: Alias | None = None
    decided: Action | None = None
    run_id: int = 0
    filed_at: datetime | None = None

    @property
    def set_aside_as(self) -> Outcome:
        """As what a notice waits that does not count: FORGED, or UNPROVEN, as is one that a person made and took back."""
        return Outcome.FORGED if self.outcome is Outcome.FORGED else Outcome.UNPROVEN


@dataclass(frozen=True, slots=True, kw_only=True)
class FiledSend:
    """A send, and the key that stands for its buyer: the alias, given or linked, else the order id.

    `marketplace` is that of the send, else the one that our own records know for its order.
    """

    send: SentMessage
    buyer: str
    marketplace: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """What one transaction changed: new mails, mails that were there already, mails that have no row.

    `undone` says, for each undone run that filed some of what was met again, how many mails (or sends, links and
    coverages) of this transaction those are: they stay undone. It is known when something is filed, not kept.
    """

    new: int = 0
    duplicates: int = 0
    not_amazon: int = 0
    undone: tuple[tuple[int, int], ...] = ()

    def __add__(self, other: Filed) -> Filed:
        return Filed(
            new=self.new + other.new,
            duplicates=self.duplicates + other.duplicates,
            not_amazon=self.not_amazon + other.not_amazon,
            undone=tuple(sorted((Counter(dict(self.undone)) + Counter(dict(other.undone))).items())),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Purged:
    """What was forgotten: names that stood in clear, mails whose texts were emptied, octets that were set aside."""

    names: int = 0
    mails: int = 0
    octets: int = 0

    def __add__(self, other: Purged) -> Purged:
        return Purged(
            names=self.names + other.names,
            mails=self.mails + other.mails,
            octets=self.octets + other.octets,
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
    undone: bool = False

    def __post_init__(self) -> None:
        require_utc(started_at=self.started_at, finished_at=self.finished_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunContents:
    """How many facts a run filed: `readings` are what mails were taken for, those of known mails included."""

    mails: int = 0
    readings: int = 0
    verdicts: int = 0
    sends: int = 0
    links: int = 0
    decisions: int = 0
    coverages: tuple[SentCoverage, ...] = ()


DISMISSED, UNDONE = "dismissed", "undone"
"""What ResultCount says of mails that a person dismissed, and of those of undone runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultCount:
    """How many mails have this result: a notice kind, `unrecognised`, `misdirected`, `unreadable`, or the above."""

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
class MissingMail:
    """A mail that a rebuild did not find in the mailbox: what it was taken for stays."""

    fingerprint: str
    result: str
    order_id: OrderId | None
    noticed_at: datetime | None
    folder: str

    def __post_init__(self) -> None:
        require_utc(noticed_at=self.noticed_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAside:
    """A mail whose octets were kept so that a person, or a later catalogue, can look at it again."""

    fingerprint: str
    raw: RawMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class MailFacts:
    """One mail as a person who decides about it sees it.

    `result`, `reason`, `candidates`, `evidence` and `noticed_at` are what it is taken for today, `verdict` is the
    best one (None: there is none), `place` where it was last seen, and `kept` says that its octets are still there.
    Subject and sender are empty when they have passed their retention.
    """

    fingerprint: str
    result: str
    reason: str
    candidates: tuple[str, ...]
    evidence: Evidence | None
    noticed_at: datetime | None
    subject: str
    from_address: str | None
    verdict: Verdict | None
    place: MessageRef | None
    kept: bool

    def __post_init__(self) -> None:
        require_utc(noticed_at=self.noticed_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One fact or decision in the history of an order or alias; `what` is one sentence in our own words.

    `kind` is the table it stands in (`send`, `order_link`, `recognition`, `verdict`, `decision`, `export`), `run` the
    run that brought it (None: none did), and `undone` says that this run is undone today.
    """

    at: datetime
    kind: str
    what: str
    run: int | None = None
    undone: bool = False

    def __post_init__(self) -> None:
        require_utc(at=self.at)


class ExportForm(StrEnum):
    """FULL holds the whole list; DELTA what came and what went since the export before."""

    FULL = "full"
    DELTA = "delta"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRecord:
    """One export as it was made: which preset went to which path, with which revision.

    `files` is into how many files it was split. The rest is the ledger's: `keys`, how many aliases or order ids the
    list held then, hashed ones included; `came` and `went`, by how many it differed from the export before; and `id`.
    """

    account: str
    preset: str
    path: str
    revision: str
    made_at: datetime
    form: ExportForm = ExportForm.FULL
    keys: int = 0
    files: int = 1
    came: int = 0
    went: int = 0
    id: int | None = None

    def __post_init__(self) -> None:
        require_utc(made_at=self.made_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportChange:
    """How a list differs from the last export of a preset to a path (None: there was none, so nothing is compared).

    `came` and `went` are names by their keyed hash; a name that is not known in clear begins with `#`.
    """

    last: ExportRecord | None
    came: Mapping[str, str] = field(default_factory=dict)
    went: Mapping[str, str] = field(default_factory=dict)
