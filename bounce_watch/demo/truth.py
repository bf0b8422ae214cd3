"""What the generator knows it made, for comparison with what the program finds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bounce_watch.demo.post import FORGED, OPT_OUT, UNPROVEN, Posted
from bounce_watch.demo.world import ITALY, UK, Send, World


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthTruth:
    """One month (`2026-07`, in UTC) of one marketplace; only messages that an opt-out can block.

    `buyers` are distinct in the month; a business order counts as a buyer of its own.
    """

    month: str
    marketplace: str
    messages: int
    blocked_messages: int
    buyers: int
    opted_out_buyers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoTruth:
    """Everything that can be counted in the demo.

    `mails` counts files; `kinds` counts distinct mails (exact duplicates once) by notice kind, or
    `buyer_message`, `order_update`, `ordinary`, `unrecognised`, `forged`, `unproven`. Copies for our second
    address are distinct mails of kind `opt_out` and no blocked messages of their own. `opted_out_buyers`
    holds aliases, and order ids of business orders; `without_alias` the latter alone. `sends` counts all rows
    of the sent log.
    """

    mails: int
    exact_duplicates: int
    copies: int
    kinds: Mapping[str, int]
    opted_out_orders: Mapping[str, tuple[str, ...]]
    opted_out_buyers: Mapping[str, tuple[str, ...]]
    without_alias: tuple[str, ...]
    forged_orders: tuple[str, ...]
    unproven_orders: tuple[str, ...]
    orders: int
    sends: int
    months: tuple[MonthTruth, ...]


def tell_truth(world: World, post: Sequence[Posted]) -> DemoTruth:
    """Count what was made."""
    blocked = [send for send in world.sends if send.blocked]
    files = sum(mail.times for mail in post)
    return DemoTruth(
        mails=files,
        exact_duplicates=files - len(post),
        copies=sum(mail.is_copy for mail in post),
        kinds=dict(sorted(Counter(mail.kind for mail in post).items())),
        opted_out_orders=_by_marketplace((send, send.order.id) for send in blocked),
        opted_out_buyers=_by_marketplace((send, send.order.buyer_key) for send in blocked),
        without_alias=tuple(sorted({send.order.id for send in blocked if send.order.buyer.is_shared})),
        forged_orders=_orders_of(post, FORGED),
        unproven_orders=_orders_of(post, UNPROVEN),
        orders=len(world.orders),
        sends=len(world.sends),
        months=tuple(_months(world.sends)),
    )


def blocked_messages(truth: DemoTruth) -> int:
    """How many messages Amazon blocked: opt-out notices without copies."""
    return truth.kinds[OPT_OUT] - truth.copies


def _by_marketplace(pairs: Iterable[tuple[Send, str]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, set[str]] = {UK: set(), ITALY: set()}
    for send, key in pairs:
        found[send.order.buyer.marketplace].add(key)
    return {marketplace: tuple(sorted(keys)) for marketplace, keys in found.items()}


def _orders_of(post: Sequence[Posted], kind: str) -> tuple[str, ...]:
    return tuple(sorted(mail.order_id for mail in post if mail.kind == kind and mail.order_id))


def _months(sends: Sequence[Send]) -> Iterator[MonthTruth]:
    groups: dict[tuple[str, str], list[Send]] = {}
    for send in sends:
        if send.can_be_blocked:
            groups.setdefault((f"{send.at:%Y-%m}", send.order.buyer.marketplace), []).append(send)
    for (month, marketplace), group in sorted(groups.items()):
        blocked = [send for send in group if send.blocked]
        yield MonthTruth(
            month=month,
            marketplace=marketplace,
            messages=len(group),
            blocked_messages=len(blocked),
            buyers=len({send.order.buyer_key for send in group}),
            opted_out_buyers=len({send.order.buyer_key for send in blocked}),
        )
