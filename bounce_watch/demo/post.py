"""Which mails reach the demo's mailbox, and when."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from random import Random

from bounce_watch.demo import letters
from bounce_watch.demo.envelope import ADDRESSES, Sender, Text, seal
from bounce_watch.demo.world import ITALY, UK, Order, Send, World, order_id

OPT_OUT = "opt_out"
FORGED = "forged"
UNPROVEN = "unproven"

_DUPLICATES = 6
_COPIES = 5
_FORGED = 6
_FORGER = {"host": "mail.bulk.example", "id_domain": "mail.bulk.example"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """One mail: what it is in truth, when it came, its octets, its order, and how often it lies there.

    `is_copy` marks the same notice sent to our second address; `order_id` is None where a mail names none.
    """

    kind: str
    at: datetime
    octets: bytes
    order_id: str | None = None
    times: int = 1
    is_copy: bool = False


def write_post(random: Random, world: World) -> list[Posted]:
    """All mails of the demo, by the time they came."""
    posted = [
        *_notices(random, world),
        *_lookalikes(random, world),
        *_forgeries(random, world),
        *_attention(random, world),
        *_ordinary(random, world),
    ]
    return sorted(posted, key=lambda mail: (mail.at, mail.octets))


def notice_sender(marketplace: str) -> Sender:
    """Where notices come from: the marketplace's own domain in Britain, amazon.com for Italy in 2026."""
    domain = "amazon.com" if marketplace == ITALY else marketplace
    return Sender(name=marketplace.capitalize(), address=f"auto-communication@{domain}")


def _notices(random: Random, world: World) -> Iterator[Posted]:
    """One notice for each blocked send, minutes later; some lie there twice, some went to both addresses."""
    blocked = [send for send in world.sends if send.blocked]
    chosen = random.sample(range(len(blocked)), min(len(blocked), _DUPLICATES + _COPIES))
    twice, copied = set(chosen[:_DUPLICATES]), set(chosen[_DUPLICATES:])
    for number, send in enumerate(blocked):
        at = send.at + timedelta(seconds=random.randrange(60, 420))
        yield _notice(random, send, at, times=2 if number in twice else 1)
        if number in copied:
            yield _notice(random, send, at + timedelta(minutes=2), to=ADDRESSES[1], is_copy=True)


def _notice(
    random: Random,
    send: Send,
    at: datetime,
    *,
    to: str = ADDRESSES[0],
    times: int = 1,
    is_copy: bool = False,
) -> Posted:
    text = letters.opt_out(send.order, send.at.date())
    octets = seal(random, notice_sender(send.order.buyer.marketplace), text, at=at, to=to)
    return Posted(kind=OPT_OUT, at=at, octets=octets, order_id=send.order.id, times=times, is_copy=is_copy)


def _lookalikes(random: Random, world: World) -> Iterator[Posted]:
    """Amazon's other mails; none of them is an opt-out."""
    plan: tuple[tuple[str, int, Callable[[Order, int], Text], Callable[[Order], Sender]], ...] = (
        ("message_copy", 6, _old_copy, lambda order: notice_sender(order.buyer.marketplace)),
        ("message_copy", 6, lambda order, _: letters.new_copy(order), _from("donotreply", "amazon.com")),
        ("buyer_message", 30, _buyer_message, _from_buyer),
        ("cancellation_request", 12, _alone(letters.cancellation), _from("donotreply", "amazon.com")),
        ("return_request", 16, _alone(letters.return_request), _from("return")),
        ("refund", 10, _alone(letters.refund), _from("do-not-reply", "amazon.com")),
        ("claim", 6, _alone(letters.claim), _from("atoz-guarantee-no-reply")),
        ("order_update", 40, _alone(letters.order_update), _from("order-update")),
    )
    for kind, count, write, sender in plan:
        for number, order in enumerate(random.sample(_settled(world), count)):
            at = order.placed_at + timedelta(minutes=random.randrange(5, 2 * 24 * 60))
            octets = seal(random, sender(order), write(order, number), at=at)
            yield Posted(kind=kind, at=at, octets=octets, order_id=order.id)


def _settled(world: World) -> list[Order]:
    """Orders of single buyers, old enough that mail about them still falls into the demo's months."""
    before = datetime.combine(world.last_day - timedelta(days=3), time(), UTC)
    return [order for order in world.orders if order.placed_at < before and not order.buyer.is_shared]


def _old_copy(order: Order, number: int) -> Text:
    return letters.old_copy(order, quotes_notice=number % 2 == 0)


def _buyer_message(order: Order, number: int) -> Text:
    return letters.buyer_message(order, angry=number % 5 == 0)


def _alone(write: Callable[[Order], Text]) -> Callable[[Order, int], Text]:
    return lambda order, _: write(order)


def _from(local: str, domain: str | None = None) -> Callable[[Order], Sender]:
    def sender(order: Order) -> Sender:
        marketplace = order.buyer.marketplace
        return Sender(name=marketplace.capitalize(), address=f"{local}@{domain or marketplace}")

    return sender


def _from_buyer(order: Order) -> Sender:
    """The alias with the tag of a thread, the same for the same order."""
    local, _, domain = order.buyer.alias.partition("@")
    tag = uuid.uuid5(uuid.NAMESPACE_OID, order.id)
    return Sender(name=f"{order.buyer.name} - Amazon Marketplace", address=f"{local}+{tag}@{domain}")


def _forgeries(random: Random, world: World) -> Iterator[Posted]:
    """Notices that Amazon did not write: some disproven by our receiver, two without any proof.

    The disproven ones name orders of the seller's that nobody opted out of; the others, orders nobody knows.
    """
    opted_out = {send.order.buyer_key for send in world.sends if send.blocked}
    innocent = [order for order in _settled(world) if order.buyer_key not in opted_out]
    for order in random.sample(innocent, _FORGED):
        at = order.placed_at + timedelta(hours=26)
        sender = Sender(name="Amazon.co.uk", address=f"auto-communication@{UK}", dmarc="fail", **_FORGER)
        octets = seal(random, sender, letters.opt_out_en(order.id), at=at)
        yield Posted(kind=FORGED, at=at, octets=octets, order_id=order.id)
    known = {order.id for order in world.orders}
    for days in (20, 9):
        unknown = next(new for new in iter(lambda: order_id(random, UK), "") if new not in known)
        at = datetime.combine(world.last_day - timedelta(days=days), time(13, 30), UTC)
        sender = Sender(name="Amazon.co.uk", address=f"auto-communication@{UK}", dmarc=None)
        octets = seal(random, sender, letters.opt_out_en(unknown), at=at)
        yield Posted(kind=UNPROVEN, at=at, octets=octets, order_id=unknown)


def _attention(random: Random, world: World) -> Iterator[Posted]:
    """What a person must look at: two mails in words nobody knows, and a restriction near the end."""
    for order in random.sample(_settled(world), 2):
        at = order.placed_at + timedelta(hours=30)
        octets = seal(random, notice_sender(UK), letters.not_understood(order), at=at)
        yield Posted(kind="unrecognised", at=at, octets=octets, order_id=order.id)
    at = datetime.combine(world.last_day - timedelta(days=2), time(9, 15), UTC)
    yield Posted(
        kind="account_restricted", at=at, octets=seal(random, notice_sender(UK), letters.restricted(), at=at)
    )


def _ordinary(random: Random, world: World) -> Iterator[Posted]:
    """Mail of people and firms, two of which use the words of a notice."""
    partner = Sender(
        name="Sam", address="sam@partner.example", host="mx.partner.example", id_domain="partner.example"
    )
    weekly = Sender(
        name="Weekly", address="news@weekly.example", host="mx.weekly.example", id_domain="weekly.example"
    )
    firm = Sender(
        name="Supplies", address="office@firm.example", host="mx.firm.example", id_domain="firm.example"
    )
    quoted = next(send.order.id for send in world.sends if not send.blocked)
    texts = [(firm, letters.ordinary(number)) for number in range(60)]
    texts += [(partner, letters.quoted_by_partner(quoted)), (weekly, letters.digest())]
    start = datetime.combine(world.first_day, time(7), UTC)
    days = (world.last_day - world.first_day).days
    for sender, text in texts:
        at = start + timedelta(days=random.randrange(days), seconds=random.randrange(11 * 3600))
        yield Posted(kind="ordinary", at=at, octets=seal(random, sender, text, at=at))
