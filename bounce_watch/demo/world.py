"""The invented seller's three months: buyers, orders, messages, and who opts out when."""

from __future__ import annotations

import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random

from bounce_watch.records.sent import Purpose

UK = "amazon.co.uk"
ITALY = "amazon.it"

SHARED_ALIAS = f"no-reply-amazon-iba-buyer@marketplace.{ITALY}"
"""Amazon's one address for all business orders of a marketplace."""

_DAY = timedelta(days=1)
_PREFIXES = {UK: ("202", "203", "204", "205", "206"), ITALY: ("402", "403", "404", "405")}
_NAMES = {
    UK: ("Alice", "Ben", "Chloe", "Daniel", "Emma", "Freddie", "Grace", "Harry"),
    ITALY: ("Anna", "Bruno", "Carla", "Dario", "Elena", "Fabio", "Giulia", "Luca"),
}
_ORDERS_A_DAY = (27, 26, 25, 25, 26, 20, 17)
"""Monday to Sunday."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyer:
    """An invented buyer; the alias may be one that business buyers share."""

    alias: str
    marketplace: str
    name: str

    @property
    def is_shared(self) -> bool:
        """True when the alias does not tell this buyer from others."""
        return self.alias == SHARED_ALIAS


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order of one or two items."""

    id: str
    buyer: Buyer
    placed_at: datetime
    items: int

    @property
    def buyer_key(self) -> str:
        """What stands for the buyer: the alias, or the order id where the alias is shared."""
        return self.id if self.buyer.is_shared else self.buyer.alias


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """A message that the seller's tool sent to the buyer of an order; blocked when the buyer opted out."""

    order: Order
    at: datetime
    purpose: Purpose
    label: str
    blocked: bool = False

    @property
    def can_be_blocked(self) -> bool:
        """True for what an opt-out refuses."""
        return self.purpose is Purpose.UNSOLICITED


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """All orders by the time they were placed, all sends by the time they went out."""

    first_day: date
    last_day: date
    orders: tuple[Order, ...]
    sends: tuple[Send, ...]


def make_world(random: Random, ends_on: date) -> World:
    """Orders and sends from the first day of the month before the last one's to `ends_on`."""
    first_day = (ends_on.replace(day=1) - _DAY).replace(day=1)
    first_day = (first_day - _DAY).replace(day=1)
    orders = tuple(_orders(random, first_day, ends_on))
    planned = [send for order in orders for send in _messages(random, order) if send.at.date() <= ends_on]
    planned.sort(key=lambda send: (send.at, send.order.id))
    sends = tuple(_opt_out(random, planned, first_day, ends_on))
    return World(first_day=first_day, last_day=ends_on, orders=orders, sends=sends)


def order_id(random: Random, marketplace: str) -> str:
    """An invented order id in the form of this marketplace's."""
    return (
        f"{random.choice(_PREFIXES[marketplace])}-{random.randrange(10**7):07}-{random.randrange(10**7):07}"
    )


def _orders(random: Random, first_day: date, last_day: date) -> Iterator[Order]:
    known: dict[str, list[Buyer]] = {UK: [], ITALY: []}
    ids: set[str] = set()
    for offset in range((last_day - first_day).days):
        day = first_day + offset * _DAY
        seconds = sorted(random.randrange(6 * 3600, 22 * 3600) for _ in range(_ORDERS_A_DAY[day.weekday()]))
        for second in seconds:
            buyer = _buyer(random, known)
            new_id = order_id(random, buyer.marketplace)
            while new_id in ids:
                new_id = order_id(random, buyer.marketplace)
            ids.add(new_id)
            placed_at = datetime.combine(day, time(), UTC) + timedelta(seconds=second)
            yield Order(id=new_id, buyer=buyer, placed_at=placed_at, items=1 + (random.random() < 0.12))


def _buyer(random: Random, known: dict[str, list[Buyer]]) -> Buyer:
    """Somebody who bought before, a business buyer, or (mostly) somebody new."""
    marketplace = UK if random.random() < 0.62 else ITALY
    chance = random.random()
    if chance < 0.14 and known[marketplace]:
        return random.choice(known[marketplace])
    name = random.choice(_NAMES[marketplace])
    if chance > 0.97 and marketplace == ITALY:
        return Buyer(alias=SHARED_ALIAS, marketplace=marketplace, name=name)
    local = "".join(random.choices(string.ascii_lowercase + string.digits, k=15))
    buyer = Buyer(alias=f"{local}@marketplace.{marketplace}", marketplace=marketplace, name=name)
    known[marketplace].append(buyer)
    return buyer


def _messages(random: Random, order: Order) -> Iterator[Send]:
    """One to three messages: the dispatch note, often a review request, now and then a necessary one."""
    yield _send(random, order, days=1, purpose=Purpose.UNSOLICITED, label="dispatch-note")
    if random.random() < 0.6:
        yield _send(random, order, days=8, purpose=Purpose.UNSOLICITED, label="review-request")
    chance = random.random()
    if chance < 0.03:
        yield _send(random, order, days=2, purpose=Purpose.ORDER_CRITICAL, label="delivery-slot")
    elif chance < 0.05:
        yield _send(random, order, days=3, purpose=Purpose.REPLY, label="reply")


def _send(random: Random, order: Order, *, days: int, purpose: Purpose, label: str) -> Send:
    """A message in office hours, `days` after the order."""
    day = order.placed_at.date() + days * _DAY
    at = datetime.combine(day, time(8), UTC) + timedelta(seconds=random.randrange(9 * 3600))
    return Send(order=order, at=at, purpose=purpose, label=label)


def _opt_out(random: Random, planned: Sequence[Send], first_day: date, last_day: date) -> Iterator[Send]:
    """The sends as they fared: more buyers opt out from month to month, and who has opted out stays so.

    One business order in the last month is made to opt out, so that the demo holds an opt-out without an
    alias of its own.
    """
    opted_out: set[str] = set()
    days = (last_day - first_day).days
    business = next(
        (send.order.id for send in planned if send.order.buyer.is_shared and send.at.month == last_day.month),
        None,
    )
    for send in planned:
        key = send.order.buyer_key
        grown = (send.at.date() - first_day).days / days
        if send.can_be_blocked and (random.random() < 0.004 + 0.06 * grown**2 or key == business):
            opted_out.add(key)
        yield Send(
            order=send.order,
            at=send.at,
            purpose=send.purpose,
            label=send.label,
            blocked=send.can_be_blocked and key in opted_out,
        )
