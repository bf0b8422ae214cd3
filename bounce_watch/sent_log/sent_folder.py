"""A mail out of the folder of sent mail: which sends it is, to whom, about which order, why and when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bounce_watch.records.ids import MARKETPLACES, Alias, OrderId
from bounce_watch.records.mail import Message
from bounce_watch.records.sent import OrderLink, Origin, SentCoverage, SentMessage
from bounce_watch.sent_log.purpose import own_id, purpose_of, thread_ids
from bounce_watch.sent_log.quotes import split_quotes
from bounce_watch.text.fold import clean

FIRST_NOTICES = datetime(2017, 3, 27, tzinfo=UTC)
"""The day of the first notices; before it no message could be blocked, whatever time a server tells of a mail."""

_BEFORE = timedelta(hours=48)
_AFTER = timedelta(hours=2)
"""How far in front of the server's time, and behind it, the Date of a mail can be: else it is a clock gone wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentMail:
    """What one mail says: a send for each buyer it went to, what links orders to aliases, and what is wrong with it."""

    sends: tuple[SentMessage, ...] = ()
    links: tuple[OrderLink, ...] = ()
    skipped: str | None = None


def read_sent_mail(
    message: Message,
    *,
    account: str,
    known: Mapping[str, OrderId | None],
    marketplaces: frozenset[str] = MARKETPLACES,
) -> SentMail:
    """The sends that a mail of ours is, none for a mail to no marketplace alias.

    `known` holds the Message-IDs of mails that we sent before, each with its order. The order id stands in the
    subject, else in the own text, else in the quoted text, else it is that of the mail that this one follows;
    two different ones in one place are none. A mail to several buyers says of none which order is theirs. Of a
    shared alias only the marketplace is kept where the order tells the buyer.
    """
    aliases = _aliases(message, marketplaces)
    if not aliases:
        return SentMail()
    sent_at = sent_at_of(message)
    if sent_at is None:
        return SentMail(skipped="neither the mail nor the server says when it was sent")
    own, quoted = split_quotes(message.text)
    order_id = _order_id(message, own, quoted, known) if len(aliases) == 1 else None
    purpose = purpose_of(message, quotes=bool(quoted.strip("> \n")), own=known)
    sends = tuple(
        SentMessage(
            account=account,
            order_id=order_id,
            alias=None if alias.is_shared and order_id else alias,
            marketplace=alias.marketplace,
            sent_at=sent_at,
            origin=Origin.SENT_FOLDER,
            message_id=own_id(message),
            purpose=purpose,
            label=message.campaign,
        )
        for alias in aliases
    )
    skipped = "it has more recipients than are read" if "recipients" in message.cut else None
    return SentMail(sends=sends, links=tuple(_links(sends)), skipped=skipped)


def sent_at_of(message: Message) -> datetime | None:
    """When it was sent: its Date where the server's time bears it out, else the server's time; None without both."""
    said, received = message.sent_at, message.received_at
    if said is None or received is None:
        return received or said
    return said if -_AFTER <= received - said <= _BEFORE else received


def folder_coverage(account: str, *, whole_from: datetime, until: datetime) -> SentCoverage | None:
    """The time for which a folder that was examined at `until` holds what was sent; None when there is none."""
    start = max(whole_from, FIRST_NOTICES)
    if start >= until:
        return None
    return SentCoverage(account=account, origin=Origin.SENT_FOLDER, start=start, end=until)


def _aliases(message: Message, marketplaces: frozenset[str]) -> tuple[Alias, ...]:
    parsed = (Alias.parse(each, marketplaces) for each in (*message.recipients, *message.bcc))
    return tuple(dict.fromkeys(alias for alias in parsed if alias is not None))


def _order_id(message: Message, own: str, quoted: str, known: Mapping[str, OrderId | None]) -> OrderId | None:
    for text in (message.subject, own, quoted):
        found = set(OrderId.find_all(clean(text)))
        if found:
            return found.pop() if len(found) == 1 else None
    return next((order for each in thread_ids(message) if (order := known.get(each)) is not None), None)


def _links(sends: tuple[SentMessage, ...]) -> Iterator[OrderLink]:
    for send in sends:
        if send.order_id is not None and send.alias is not None:
            yield OrderLink(
                account=send.account,
                order_id=send.order_id,
                alias=send.alias,
                marketplace=send.marketplace,
                origin=send.origin,
                seen_at=send.sent_at,
            )
