"""What a mail turned out to be, and whether Amazon sent it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.mail import Fingerprint, MessageRef
from bounce_watch.records.sent import OrderLink
from bounce_watch.records.times import require_utc


class NoticeKind(StrEnum):
    """What Amazon tells the seller; closed, so that a forgotten branch fails type checking."""

    OPT_OUT = "opt_out"
    POLICY_BLOCK = "policy_block"
    ACCOUNT_RESTRICTED = "account_restricted"
    SENDER_NOT_AUTHORISED = "sender_not_authorised"
    MESSAGE_COPY = "message_copy"
    CANCELLATION_REQUEST = "cancellation_request"
    RETURN_REQUEST = "return_request"
    REFUND = "refund"
    CLAIM = "claim"
    OTHER = "other"


class Evidence(StrEnum):
    """What made us recognise a notice: the X-Space-Notification-Type header, a wording of its text, or a person."""

    HEADER = "header"
    WORDING = "wording"
    PERSON = "person"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A recognised notice. `wording` is the id of the rule that answered, None for other mail of Amazon's.

    `blocked_on` is the date of the blocked message where the notice names it (2026 form); `noticed_at` the
    instant of the notice: its Date when plausible, else when it was received, else None when neither is
    known. `body_digest` tells two copies of one event from two events: the digest of the letters and
    digits of the notice's text. `recipients` are the seller's own addresses it went to.
    """

    kind: NoticeKind
    language: str | None
    wording: str | None
    evidence: Evidence | None
    order_id: OrderId | None
    alias: Alias | None
    marketplace: str | None
    blocked_on: date | None
    noticed_at: datetime | None
    fingerprint: Fingerprint
    body_digest: str
    recipients: tuple[str, ...]

    def __post_init__(self) -> None:
        require_utc(noticed_at=self.noticed_at)
        if self.kind is NoticeKind.OPT_OUT and self.order_id is None:
            raise ValueError("an opt-out notice without an order id is Unrecognised")


class WhyUnrecognised(StrEnum):
    """Why a mail from a notice address is not a known notice."""

    NO_WORDING = "no_wording"
    AMBIGUOUS = "ambiguous"
    NO_ORDER_ID = "no_order_id"
    UNKNOWN_MARKETPLACE = "unknown_marketplace"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unrecognised:
    """A mail from a notice address that we do not understand; `candidates` are the wordings that came near."""

    fingerprint: Fingerprint
    reason: WhyUnrecognised
    candidates: tuple[str, ...] = ()
    noticed_at: datetime | None = None

    def __post_init__(self) -> None:
        require_utc(noticed_at=self.noticed_at)


class WhyNotOurs(StrEnum):
    """Why a mail is none of our business."""

    NOT_AMAZON = "not_amazon"
    MISDIRECTED = "misdirected"


@dataclass(frozen=True, slots=True, kw_only=True)
class NotOurs:
    """A mail that Amazon did not write to this account."""

    fingerprint: Fingerprint
    reason: WhyNotOurs


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A mail of which nothing is left to recognise; `reason` is what a limit or a library said.

    Its fingerprint is the digest of its octets, since it has no fields.
    """

    fingerprint: Fingerprint
    reason: str


class Outcome(StrEnum):
    """Whether Amazon sent it: proven, not proven, or disproven by our own receiver."""

    GENUINE = "genuine"
    UNPROVEN = "unproven"
    FORGED = "forged"


class Method(StrEnum):
    """What the verdict rests on."""

    AUTHENTICATION_RESULTS = "authentication_results"
    DKIM = "dkim"
    FORWARD = "forward"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The answer to "did Amazon send it", with its reason in one sentence."""

    outcome: Outcome
    method: Method
    reason: str
    authserv_id: str | None = None
    signing_domain: str | None = None
    aligned: bool = False


Recognised = Notice | Unrecognised | NotOurs | Unreadable


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One mail after its whole journey: where it lies, what it is, whether Amazon sent it.

    `verdict` is None for mail that is not Amazon's. `octets` is set only for what a person must look at
    later (unrecognised, set aside), so that it can be recognised again when the catalogue changes. `link` is
    what a genuine mail of a buyer, or a copy of ours, says of whose order one is.
    """

    ref: MessageRef
    message_id: str | None
    from_address: str | None
    subject: str
    result: Recognised
    verdict: Verdict | None
    cut: tuple[str, ...] = ()
    octets: bytes | None = None
    size_bytes: int = 0
    link: OrderLink | None = None
