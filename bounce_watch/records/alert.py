"""An alert: one thing that a person should hear of without opening a report."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bounce_watch.errors import BounceWatchError
from bounce_watch.records.times import require_utc


class AlertKind(StrEnum):
    """What can be told of, by the words that the report has for it, the weightiest first."""

    LEAK = "leak"
    ACCOUNT_RESTRICTED = "account_restricted"
    POLICY_BLOCK = "policy_block"
    SENDER_NOT_AUTHORISED = "sender_not_authorised"
    POLL_INCOMPLETE = "poll_incomplete"
    STALE_POLL = "stale_poll"
    SILENCE = "silence"
    RATE_CHANGED = "rate_changed"
    RATE_HIGH = "rate_high"
    UNRECOGNISED = "unrecognised"


class AlertSeverity(StrEnum):
    """STOP: sending on does harm. CHECK: a person has to look."""

    STOP = "stop"
    CHECK = "check"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """What is wrong with an account, in a sentence, and what to do; neither names a buyer, an order or a mail.

    `subject` tells cases of one kind apart, of which each is told by itself (the marketplace of a silence); "" for
    a kind with one case. `at` is when it was found.
    """

    account: str
    kind: AlertKind
    text: str
    advice: str
    severity: AlertSeverity
    at: datetime
    subject: str = ""

    def __post_init__(self) -> None:
        require_utc(at=self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """That an alert was delivered to `target` (where its address comes from), and when; `kind` and `subject` say which."""

    account: str
    target: str
    kind: AlertKind
    subject: str
    told_at: datetime

    def __post_init__(self) -> None:
        require_utc(told_at=self.told_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertOutcome:
    """What became of a message to the target number `position` (from 1) of the settings.

    `scheme` names the kind of target, "" where it is not known; `alerts` are those of `account` that the message
    held (a test has neither); `error` says why it did not arrive.
    """

    position: int
    scheme: str = ""
    account: str | None = None
    alerts: tuple[Alert, ...] = ()
    error: BounceWatchError | None = None
