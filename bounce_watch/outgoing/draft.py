"""One outgoing mail as the rules look at it, and what settings and ledger know of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.times import require_utc
from bounce_watch.text.fold import clean
from bounce_watch.text.html_elements import HtmlElements

_PLAIN_ORDER = re.compile(r"(?<![\w-])[0-9]{17}(?![\w-])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A part that is no text of the mail: its content type, the ending of its file name, its size once decoded.

    `is_inside`: a picture that the HTML shows, not one that is attached.
    """

    kind: str
    ending: str
    size_bytes: int
    is_inside: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A parsed mail. Texts are decoded and still hostile.

    `recipients` are the addresses of To, Cc and Bcc, lower case; `from_address` is None unless there is exactly one.
    `has_opt_out_field`: List-Unsubscribe stands in the header. `is_reply`: In-Reply-To does. `cut` names what a limit
    took away.
    """

    from_address: str | None
    recipients: tuple[str, ...]
    subject: str
    text: str
    html: tuple[HtmlElements, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    has_opt_out_field: bool = False
    is_reply: bool = False
    cut: tuple[str, ...] = ()

    def aliases(self, marketplaces: frozenset[str]) -> tuple[Alias, ...]:
        """The distinct aliases among the recipients, shared ones included."""
        found = (Alias.parse(address, marketplaces) for address in self.recipients)
        return tuple(dict.fromkeys(alias for alias in found if alias))

    def orders(self) -> tuple[OrderId, ...]:
        """The distinct order ids of marketplaces (17 digits) in subject and text."""
        return tuple(dict.fromkeys(each for each in self._orders() if each.value[0].isdigit()))

    def plain_order(self) -> str | None:
        """The first 17 digits that could be an order id without its hyphens, or None."""
        found = _PLAIN_ORDER.search(clean(self.subject)) or _PLAIN_ORDER.search(clean(self.text))
        return found[0] if found else None

    def _orders(self) -> Iterator[OrderId]:
        yield from OrderId.find_all(clean(self.subject))
        yield from OrderId.find_all(clean(self.text))


@dataclass(frozen=True, slots=True, kw_only=True)
class InLedger:
    """What the ledger says of a mail's buyer and orders.

    `listed` are those of them that are on the list; `is_stale`: no poll was complete lately, so others may be, too.
    `known_since`: the order existed then, and may be older. `ordered_at`: the first of the orders was placed then; None
    unless order reports say so of every one. `messages` counts what went to the buyer about the order before, `labels` is
    what those messages are called.
    """

    listed: tuple[OrderId | Alias, ...] = ()
    is_stale: bool = False
    known_since: datetime | None = None
    ordered_at: datetime | None = None
    messages: int = 0
    labels: tuple[tuple[str, datetime], ...] = ()

    def __post_init__(self) -> None:
        require_utc(known_since=self.known_since, ordered_at=self.ordered_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known beside the mail. `ledger` is None where there is none; `critical` is the seller's own word.

    `own_addresses` are the account's, lower case (empty: none named).
    """

    marketplaces: frozenset[str]
    own_addresses: tuple[str, ...] = ()
    ledger: InLedger | None = None
    critical: bool = False
