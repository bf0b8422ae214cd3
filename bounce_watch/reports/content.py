"""The numbers of a report, once; every form writes what stands here and computes nothing.

`flow.py` fills it from the ledger and from `rates`; `terminal.py` and `json.py` write it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from bounce_watch.records.change import Change, Leak, Silence
from bounce_watch.records.rate import Basis, CohortRates, Period, Rate, RateState
from bounce_watch.records.times import require_utc

WAITING_SHOWN = 10
"""How many waiting mails the terminal lists; the rest is a number there."""


class PeriodName(StrEnum):
    """What the reader asked for."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class Severity(StrEnum):
    """STOP: sending on does harm. CHECK: a person has to look. NOTE: good to know. CALM: nothing to do."""

    STOP = "stop"
    CHECK = "check"
    NOTE = "note"
    CALM = "calm"


class AttentionKind(StrEnum):
    """What a report can put in its first lines, in their order.

    A poll that did not complete stands first, because every line below is told by what was read; else the
    weightiest is first.
    """

    POLL_INCOMPLETE = "poll_incomplete"
    LEAK = "leak"
    ACCOUNT_RESTRICTED = "account_restricted"
    POLICY_BLOCK = "policy_block"
    SENDER_NOT_AUTHORISED = "sender_not_authorised"
    SILENCE = "silence"
    RATE_CHANGED = "rate_changed"
    RATE_HIGH = "rate_high"
    SET_ASIDE = "set_aside"
    UNRECOGNISED = "unrecognised"
    UNREADABLE = "unreadable"
    STALE_POLL = "stale_poll"
    UNMATCHED = "unmatched"
    SURGE = "surge"
    NOT_OUR_ORDER = "not_our_order"
    CONFLICTING_ALIAS = "conflicting_alias"
    NO_ALIAS = "no_alias"
    PROOF_NOT_REQUIRED = "proof_not_required"
    NOTHING = "nothing"

    @property
    def severity(self) -> Severity:
        """How loudly it is said."""
        return _SEVERITIES[self]


_SEVERITIES = {
    AttentionKind.POLL_INCOMPLETE: Severity.CHECK,
    AttentionKind.LEAK: Severity.STOP,
    AttentionKind.ACCOUNT_RESTRICTED: Severity.STOP,
    AttentionKind.POLICY_BLOCK: Severity.STOP,
    AttentionKind.SENDER_NOT_AUTHORISED: Severity.STOP,
    AttentionKind.SILENCE: Severity.CHECK,
    AttentionKind.RATE_CHANGED: Severity.CHECK,
    AttentionKind.RATE_HIGH: Severity.CHECK,
    AttentionKind.SET_ASIDE: Severity.CHECK,
    AttentionKind.UNRECOGNISED: Severity.CHECK,
    AttentionKind.UNREADABLE: Severity.CHECK,
    AttentionKind.STALE_POLL: Severity.CHECK,
    AttentionKind.UNMATCHED: Severity.NOTE,
    AttentionKind.SURGE: Severity.CHECK,
    AttentionKind.NOT_OUR_ORDER: Severity.NOTE,
    AttentionKind.CONFLICTING_ALIAS: Severity.CHECK,
    AttentionKind.NO_ALIAS: Severity.NOTE,
    AttentionKind.PROOF_NOT_REQUIRED: Severity.NOTE,
    AttentionKind.NOTHING: Severity.CALM,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attention:
    """One thing a person should know: what it is, and what to do about it ("" when there is nothing to do)."""

    kind: AttentionKind
    text: str
    advice: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """`notices`: messages that Amazon blocked. `orders`, `buyers`: distinct ones that those notices name.

    An order stands in for its buyer where the alias is not known.
    """

    notices: int
    orders: int
    buyers: int

    def __sub__(self, other: Counts) -> Counts:
        return Counts(
            notices=self.notices - other.notices,
            orders=self.orders - other.orders,
            buyers=self.buyers - other.buyers,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketplaceRow:
    """One marketplace in the period; `marketplace` None collects notices that name none."""

    marketplace: str | None
    counts: Counts
    rates: CohortRates


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRow:
    """The rates of one label, or of one number of days since the order; `name` None: not known."""

    name: str | None
    rates: CohortRates


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendBucket:
    """One step of the chart: notices that came in these days, and the rates of what was sent in them."""

    notices: int
    rates: CohortRates


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """Every mail ever read, by what became of it.

    `set_aside`: unproven, forged or misdirected. `dismissed`: by a person. `undone`: filed by a run that a
    person has undone.
    """

    read: int
    opt_outs: int
    other_kinds: int
    not_amazon: int
    duplicates: int
    set_aside: int
    unrecognised: int
    unreadable: int
    dismissed: int = 0
    undone: int = 0

    @property
    def parts(self) -> int:
        """The sum of everything but `read`."""
        return (
            self.opt_outs
            + self.other_kinds
            + self.not_amazon
            + self.duplicates
            + self.set_aside
            + self.unrecognised
            + self.unreadable
            + self.dismissed
            + self.undone
        )

    @property
    def adds_up(self) -> bool:
        """True when no mail was lost or counted twice."""
        return self.read == self.parts


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingRow:
    """A mail that waits for a person and why; `about` is its order id, else its subject."""

    reason: str
    about: str
    noticed_at: datetime | None
    sender: str | None

    def __post_init__(self) -> None:
        require_utc(noticed_at=self.noticed_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class SentLogState:
    """From which to which local day the sent log is whole; both None when none was ever loaded."""

    first_day: date | None
    last_day: date | None
    covers_period: bool


class WhyNoRate(StrEnum):
    """Why the period has no rate; each has other advice."""

    NO_SENT_LOG = "no_sent_log"
    NOT_READ = "not_read"
    NOT_COVERED = "not_covered"
    NOTHING_SENT = "nothing_sent"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportContent:
    """All that a report says.

    `counts` are of the period, `before` of the one before it, `ever` of all time; they go by when the notice
    came. `rates` and `rates_before` go by when the message was sent. `new_since_yesterday` are orders first
    noticed on the period's last day, or in the last 24 hours while that day is not over. `trend` is oldest first and ends with the period. `last_read_to_end_at`
    is the oldest among several accounts. `waiting` is newest first. `labels` are those with most messages first, `order_ages` in their order; both empty when
    nothing is known of them. `leak` is of the notices of the period. `unmatched` are blocked messages, noticed in covered days of the period, that are in no
    sent log. `heard_until` is how far the mail was read (None: never).
    """

    accounts: tuple[str, ...]
    made_at: datetime
    time_zone: str
    period: Period
    period_name: PeriodName
    attention: tuple[Attention, ...]
    counts: Counts
    before: Counts
    ever: Counts
    new_since_yesterday: int
    marketplaces: tuple[MarketplaceRow, ...]
    rates: CohortRates
    rates_before: CohortRates
    trend: tuple[TrendBucket, ...]
    last_read_to_end_at: datetime | None
    last_notice_at: datetime | None
    list_size: int
    list_without_alias: int
    reconciliation: Reconciliation
    waiting: tuple[WaitingRow, ...]
    sent_log: SentLogState
    change: Change
    silences: tuple[Silence, ...] = ()
    leak: Leak | None = None
    labels: tuple[GroupRow, ...] = ()
    order_ages: tuple[GroupRow, ...] = ()
    unmatched: int = 0
    heard_until: datetime | None = None
    maturing_days: int = 7

    def __post_init__(self) -> None:
        require_utc(
            made_at=self.made_at,
            last_read_to_end_at=self.last_read_to_end_at,
            last_notice_at=self.last_notice_at,
            heard_until=self.heard_until,
        )

    @property
    def counts_change(self) -> Counts:
        """This period's counts less those of the one before."""
        return self.counts - self.before

    @property
    def matures_on(self) -> date:
        """The local day after which no more notices are expected for what was sent in the period."""
        return self.period.last_day + timedelta(days=self.maturing_days)

    @property
    def unread_since(self) -> datetime | None:
        """From when on mail of the period was not read for more than a day; what was sent later is in no rate."""
        end = min(self.period.end, self.made_at - timedelta(days=1))
        return self.heard_until if self.heard_until is not None and self.heard_until < end else None

    @property
    def misses_days(self) -> bool:
        """True when the sent log lacks more than an hour of the period; while it runs, more than the running day."""
        running = self.made_at < self.period.end
        end = self.made_at if running else self.period.end
        missed = (end - self.period.start) * (1 - self.rates.covered)
        return missed > (timedelta(hours=25) if running else timedelta(hours=1))

    @property
    def why_no_rate(self) -> WhyNoRate | None:
        """Why neither basis has a rate, or None when one of them has one (or figures that can't be)."""
        if {self.rates.messages.state, self.rates.buyers.state} != {RateState.NO_DENOMINATOR}:
            return None
        if self.sent_log.first_day is None:
            return WhyNoRate.NO_SENT_LOG
        if not self.sent_log.covers_period:
            return WhyNoRate.NOT_COVERED
        is_read = self.heard_until is not None and self.heard_until > self.period.start
        return WhyNoRate.NOTHING_SENT if is_read else WhyNoRate.NOT_READ

    def change_pp(self, basis: Basis) -> float | None:
        """This period's rate less that of the one before, in percentage points; None unless both exist."""
        now, before = rate_of(self.rates, basis).value, rate_of(self.rates_before, basis).value
        return None if now is None or before is None else (now - before) * 100


def rate_of(rates: CohortRates, basis: Basis) -> Rate:
    """The rate of a cohort on one basis."""
    return rates.messages if basis is Basis.MESSAGES else rates.buyers
