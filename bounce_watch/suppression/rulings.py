"""What persons decided about the list, as it holds at one instant: the newest decision in force about a buyer or an order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import cast

from bounce_watch.records.decision import Action, Decision, DecisionScope
from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.opt_out import OptOut


class Rulings:
    """Decisions about the list of one account, in the order in which they were taken, seen at the instant `at` (UTC).

    A decision about a buyer that names an order is about its alias as soon as `alias_of` knows one.
    """

    def __init__(
        self, decisions: Iterable[Decision], *, alias_of: Mapping[OrderId, Alias], at: datetime
    ) -> None:
        self._alias_of = alias_of
        self._about_buyers: dict[Alias, tuple[int, Decision]] = {}
        self._about_orders: dict[OrderId, tuple[int, Decision]] = {}
        for place, decision in enumerate(decisions):
            if decision.in_force(at):
                self._take(place, decision)

    def _take(self, place: int, decision: Decision) -> None:
        """A decision names an alias or an order; an order whose buyer is unknown, or that stands alone, is itself meant."""
        order_id = decision.order_id
        if order_id is None:
            self._about_buyers[cast("Alias", decision.alias)] = place, decision
            return
        alias = self._alias_of.get(order_id) if decision.scope is DecisionScope.BUYER else None
        if alias is None:
            self._about_orders[order_id] = place, decision
        else:
            self._about_buyers[alias] = place, decision

    def is_off(self, opt_out: OptOut) -> bool:
        """True where a person took the opt-out off the list, and no later notice put it back.

        Where the buyer is known, what was decided about one order alone does not free the buyer (see `allows`).
        """
        if opt_out.alias is not None and not opt_out.alias.is_shared:
            found = self._about_buyers.get(opt_out.alias)
        else:
            found = self._about_orders.get(opt_out.order_id)
        return found is not None and _takes_off(found[1], opt_out.heard_at)

    def allows(self, alias: Alias, order_id: OrderId, *, heard_at: datetime | None) -> bool:
        """True where mail about one order may go though its buyer, of whom we last heard then, is on the list."""
        about_order = self._about_orders.get(order_id)
        if about_order is None or about_order[1].action is Action.ADD:
            return False
        about_buyer = self._about_buyers.get(alias)
        newest = about_buyer is None or about_buyer[0] < about_order[0]
        return newest and _takes_off(about_order[1], heard_at)

    def added(self, alias: Alias) -> Decision | None:
        """The decision by which a buyer is on the list whatever notices say, or None."""
        _, decision = self._about_buyers.get(alias, (0, None))
        return decision if decision and decision.action is Action.ADD else None

    def added_buyers(self) -> Iterator[tuple[Alias, Decision]]:
        """The buyers whom a person put on the list."""
        for alias, (_, decision) in self._about_buyers.items():
            if decision.action is Action.ADD:
                yield alias, decision

    def added_order(self, order_id: OrderId) -> Decision | None:
        """The decision by which this order is on the list whatever notices say, or None."""
        place, decision = self._about_orders.get(order_id, (0, None))
        if decision is None or decision.action is not Action.ADD:
            return None
        alias = self._alias_of.get(order_id)
        later = self._about_buyers.get(alias, (-1, None)) if alias else (-1, None)
        return None if later[0] > place else decision

    def added_orders(self) -> Iterator[tuple[OrderId, Decision]]:
        """The orders that a person put on the list, and nobody took off since."""
        for order_id in self._about_orders:
            decision = self.added_order(order_id)
            if decision is not None:
                yield order_id, decision

    def names(self) -> Iterator[OrderId | Alias]:
        """Every buyer and order that a decision in force is about, as the ledger names them."""
        yield from self._about_buyers
        yield from self._about_orders
        yield from self._alias_of

    def is_allowed(self, name: OrderId | Alias) -> bool:
        """True where the newest decision about this name, or about the buyer of this order, takes it off the list."""
        alias = self._alias_of.get(name) if isinstance(name, OrderId) else name
        found = [self._about_buyers[alias]] if alias in self._about_buyers else []
        if isinstance(name, OrderId) and name in self._about_orders:
            found.append(self._about_orders[name])
        return bool(found) and max(found, key=lambda pair: pair[0])[1].action is not Action.ADD


def _takes_off(decision: Decision, heard_at: datetime | None) -> bool:
    """An allowance holds whatever comes; a release until a notice comes that is later than it."""
    if decision.action is Action.ALLOW:
        return True
    return decision.action is Action.RELEASE and (heard_at is None or heard_at <= decision.decided_at)
