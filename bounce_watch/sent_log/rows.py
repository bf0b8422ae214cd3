"""One row of a log to a send, to the reason why it is none, or to what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.sent import Origin, Purpose, SentMessage
from bounce_watch.sent_log.instants import TimeRule
from bounce_watch.sent_log.titles import Field
from bounce_watch.sent_log.words import purpose_of
from bounce_watch.text.headers import word_key
from bounce_watch.text.tables import aliases_in, order_ids_in

ORDER_DIGITS = 14
"""A cell with so many digits or more is meant as an order id, which has 16 or 17."""

_COUNTRIES = {"us": "com", "gb": "co.uk"}


class LeftOut(StrEnum):
    """Why a row that was understood is no send: its status says so, or it is of another channel."""

    NOT_SENT = "not_sent"
    NOT_AMAZON = "not_amazon"


Outcome = SentMessage | LeftOut | str
"""A send, why there is none, or what is wrong with the row, in words without any of its content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowReader:
    """Everything that is the same for every row of one log.

    `sent` are the keys of the status words of messages that went out (None: all rows are such); `purpose` is that
    of every row, whatever its cells say.
    """

    account: str
    at: dict[Field, int]
    width: int
    times: TimeRule
    marketplaces: frozenset[str]
    sent: frozenset[str] | None = None
    purpose: Purpose | None = None

    def read(self, cells: Sequence[str]) -> Outcome:
        """What the row with these cells is."""
        if len(cells) > self.width and any(map(str.strip, cells[self.width :])):
            return f"{len(cells)} cells under {self.width} columns"
        if self.sent is not None and word_key(self._cell(cells, Field.STATUS)) not in self.sent:
            return LeftOut.NOT_SENT
        orders = order_ids_in(self._cell(cells, Field.ORDER_ID))
        aliases = aliases_in(self._cell(cells, Field.ALIAS), self.marketplaces)
        if len(orders) > 1 or len(aliases) > 1:
            return "more than one order id or alias"
        if not orders and not aliases:
            return self._nobody(cells)
        return self._send(cells, next(iter(orders), None), next(iter(aliases), None))

    def _cell(self, cells: Sequence[str], field: Field) -> str:
        place = self.at.get(field)
        return cells[place].strip() if place is not None and place < len(cells) else ""

    def _send(self, cells: Sequence[str], order_id: OrderId | None, alias: Alias | None) -> Outcome:
        sent_at = self.times.instant(self._cell(cells, Field.SENT_AT))
        if sent_at is None:
            return "no readable time"
        return SentMessage(
            account=self.account,
            order_id=order_id,
            alias=_own_alias(alias, order_id),
            marketplace=alias.marketplace
            if alias
            else parse_marketplace(self._cell(cells, Field.MARKETPLACE), self.marketplaces),
            sent_at=sent_at,
            origin=Origin.CSV_LOG,
            message_id=self._cell(cells, Field.MESSAGE_ID) or None,
            purpose=self.purpose or purpose_of(self._cell(cells, Field.PURPOSE)),
            label=self._cell(cells, Field.LABEL) or None,
        )

    def _nobody(self, cells: Sequence[str]) -> Outcome:
        """A row of another channel is no fault; one that may be Amazon's and names nobody is."""
        order, address = self._cell(cells, Field.ORDER_ID), self._cell(cells, Field.ALIAS).casefold()
        place = self._cell(cells, Field.MARKETPLACE)
        if "@marketplace" in address:
            return "an address at a marketplace that is not known"
        if sum(map(str.isdigit, order)) >= ORDER_DIGITS:
            return "an order id that can't be read"
        is_elsewhere = place and "amazon" not in place.casefold()
        if "@" in address or (is_elsewhere and not parse_marketplace(place, self.marketplaces)):
            return LeftOut.NOT_AMAZON
        return "neither an order id nor a marketplace alias"


def _own_alias(alias: Alias | None, order_id: OrderId | None) -> Alias | None:
    """The alias, unless many buyers share it and the order tells this one apart."""
    return None if alias and alias.is_shared and order_id else alias


@lru_cache(maxsize=1024)
def parse_marketplace(text: str, marketplaces: frozenset[str]) -> str | None:
    """The marketplace that a cell names: `Amazon.co.uk`, `www.amazon.co.uk`, `Amazon UK`, `co.uk`, `UK`, or None."""
    name = text.lower().removeprefix("https://").rstrip("/").removeprefix("www.")
    name = name.removeprefix("amazon").lstrip(" .-_")
    name = _COUNTRIES.get(name, name)
    named = [
        each for each in sorted(marketplaces) if name in (each.partition(".")[2], each.rpartition(".")[2])
    ]
    exact = [each for each in named if each == f"amazon.{name}"]
    return next(iter(exact or named), None)
