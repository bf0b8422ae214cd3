"""Whose address a mail comes from, by its exact domain."""

from __future__ import annotations

import re
from enum import StrEnum

from bounce_watch.notices.catalogue import NOTICE_LOCAL
from bounce_watch.records.mail import Message

# A marketplace domain that our list does not know yet: amazon.<tld> or amazon.co.<cc>, nothing behind it.
_LIKE_A_MARKETPLACE = re.compile(r"amazon\.(?:[a-z]{2,3}|com?\.[a-z]{2})")


class Sender(StrEnum):
    """NOTICE: the address of opt-out notices. AMAZON: another of Amazon's. RELAY: a buyer through Amazon.

    UNLISTED: the notice address at a marketplace that is not in the list. STRANGER: anybody else, or nobody.
    """

    NOTICE = "notice"
    AMAZON = "amazon"
    RELAY = "relay"
    UNLISTED = "unlisted"
    STRANGER = "stranger"


def sender_of(message: Message, marketplaces: frozenset[str]) -> Sender:
    """Who the From address says that it is; whether that is true is for the verdict."""
    local, _, domain = (message.from_address or "").rpartition("@")
    if domain in marketplaces:
        return Sender.NOTICE if local == NOTICE_LOCAL else Sender.AMAZON
    if domain.removeprefix("marketplace.") in marketplaces:
        return Sender.RELAY
    if local == NOTICE_LOCAL and _LIKE_A_MARKETPLACE.fullmatch(domain):
        return Sender.UNLISTED
    return Sender.STRANGER
