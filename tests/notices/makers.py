"""Messages and notices for the tests of this stage."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from bounce_watch.records.filed import FiledNotice
from bounce_watch.records.ids import OrderId
from bounce_watch.records.mail import Message, MessageRef
from bounce_watch.records.notice import Evidence, Method, Notice, NoticeKind, Outcome
from bounce_watch.records.opt_out import AliasFrom

NOON = datetime(2026, 9, 10, 12, tzinfo=UTC)
ORDER = "026-1234567-7654321"
SENTENCE = (
    f"We could not deliver the message you sent for order [{ORDER}] because the buyer has chosen to opt out of"
    " receiving unsolicited messages from sellers."
)


def message(**changes: Any) -> Message:
    """A notice in English from the notice address, unless changed."""
    fields: dict[str, Any] = {
        "ref": MessageRef(account="uk", folder="INBOX"),
        "fingerprint": "f" * 64,
        "message_id": None,
        "from_address": "auto-communication@amazon.com",
        "from_name": "Amazon.co.uk",
        "subject": "Your message to a buyer could not be delivered",
        "text": SENTENCE,
        "links": (),
        "sent_at": NOON,
        "received_at": None,
        "in_reply_to": None,
        "references": (),
        "recipients": ("support@seller.example",),
        "space_type": None,
        "marketplace_id": None,
        "trace": (),
        "embedded": (),
        "cut": (),
        "size_bytes": 100,
    }
    return Message(**fields | changes)


def filed(
    minute: float | None, *recipients: str, order: str = ORDER, body: str = "body", name: str = ""
) -> FiledNotice:
    """A filed opt-out notice that came so many minutes after noon (None: nobody knows when)."""
    identity = f"{minute} {recipients} {order} {body} {name}"
    notice = Notice(
        kind=NoticeKind.OPT_OUT,
        language="en",
        wording="opt_out.en.2017",
        evidence=Evidence.WORDING,
        order_id=OrderId(order),
        alias=None,
        marketplace="amazon.co.uk",
        blocked_on=None,
        noticed_at=None if minute is None else NOON + timedelta(minutes=minute),
        fingerprint=hashlib.sha256(identity.encode()).hexdigest(),
        body_digest=body,
        recipients=recipients,
    )
    return FiledNotice(
        notice=notice,
        outcome=Outcome.GENUINE,
        method=Method.AUTHENTICATION_RESULTS,
        reason="",
        known_to_us=True,
        linked_alias=None,
        linked_from=AliasFrom.NONE,
    )
