"""When a notice came: its Date where that is plausible, else what our own side wrote."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from bounce_watch.records.mail import Message
from bounce_watch.records.times import as_utc

EARLIEST = timedelta(hours=48)
LATEST = timedelta(hours=2)
"""A mail may be dated up to 48 hours before and 2 hours after it was received."""


def noticed_at(message: Message) -> datetime | None:
    """The instant of a notice in UTC, None when nothing says one.

    The Date if it fits the server's INTERNALDATE; else, where a topmost Received field is dated, the Date if
    it fits that, or that; else the INTERNALDATE; else the Date as it is. (A mailbox that was moved to
    another server has INTERNALDATEs of the day it was moved.)
    """
    if _fits(message.sent_at, message.received_at):
        return message.sent_at
    received = _topmost_received(message)
    if received is not None:
        return message.sent_at if _fits(message.sent_at, received) else received
    return message.received_at or message.sent_at


def _fits(sent_at: datetime | None, received_at: datetime | None) -> bool:
    if sent_at is None or received_at is None:
        return False
    return received_at - EARLIEST <= sent_at <= received_at + LATEST


def _topmost_received(message: Message) -> datetime | None:
    for name, value in message.trace:
        if name == "received":
            try:
                return as_utc(parsedate_to_datetime(value.rpartition(";")[2].strip()))
            except (ValueError, TypeError, IndexError, OverflowError):
                return None
    return None
