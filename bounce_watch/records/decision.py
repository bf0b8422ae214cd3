"""What a person decided: facts with an actor and an instant, never changed afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.times import require_utc


class Action(StrEnum):
    """What was decided; the last decision about a subject holds.

    About a mail (`subject` is its fingerprint): ACCEPT counts it whatever its verdict, DISMISS takes it off
    the list of what waits and never counts it, REOPEN takes either back. About a run (its number): UNDO, REDO.
    About an order (its keyed hash): CHOOSE_ALIAS settles which alias is its buyer's, REOPEN takes that back. About a buyer (keyed
    hash): ERASE. About a receiver (its authserv-id): CONFIRM, WITHDRAW.

    About an alias or an order (its keyed hash), by the decision's `scope`: ADD puts it on the list. RELEASE takes it off, until a
    later notice comes. ALLOW keeps it off whatever notices come. Of those in force the last one holds.
    """

    ACCEPT = "accept"
    DISMISS = "dismiss"
    REOPEN = "reopen"
    UNDO = "undo"
    REDO = "redo"
    CHOOSE_ALIAS = "choose_alias"
    ERASE = "erase"
    CONFIRM = "confirm"
    WITHDRAW = "withdraw"
    ADD = "add"
    RELEASE = "release"
    ALLOW = "allow"


ABOUT_MAIL = (Action.ACCEPT, Action.DISMISS, Action.REOPEN)
ABOUT_RUN = (Action.UNDO, Action.REDO)
ABOUT_RECEIVER = (Action.CONFIRM, Action.WITHDRAW)
ABOUT_THE_LIST = (Action.ADD, Action.RELEASE, Action.ALLOW)


class DecisionScope(StrEnum):
    """Whom a decision about the list is about: the buyer with every order, or one order alone."""

    BUYER = "buyer"
    ORDER = "order"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One decision. `actor` is who took it, `note` why, in the person's own words (order ids and addresses left out).

    A decision about the list has a `scope`, names the order or the alias it was taken about, is in force before `expires_at`
    (None: for good), and belongs to the run of the import that brought it (None: it was taken by hand).
    """

    account: str
    action: Action
    subject: str
    actor: str
    decided_at: datetime
    note: str = ""
    order_id: OrderId | None = None
    alias: Alias | None = None
    scope: DecisionScope | None = None
    expires_at: datetime | None = None
    run_id: int | None = None

    def __post_init__(self) -> None:
        require_utc(decided_at=self.decided_at, expires_at=self.expires_at)
        if not self.subject or not self.actor:
            raise ValueError("a decision is about something, and by somebody")
        if self.action in ABOUT_THE_LIST:
            self._check_list_decision()

    def _check_list_decision(self) -> None:
        if (self.alias is None) == (self.order_id is None):
            raise ValueError("a decision about the list names one alias or one order")
        if self.scope is None or (self.scope is DecisionScope.ORDER and self.order_id is None):
            raise ValueError("a decision about the list is about a buyer or about an order that it names")
        if self.alias is not None and self.alias.is_shared:
            raise ValueError("an address of many buyers is never a key of the list")

    def in_force(self, at: datetime) -> bool:
        """True before the instant at which it expires, if it does."""
        return self.expires_at is None or at < self.expires_at


@dataclass(frozen=True, slots=True, kw_only=True)
class By:
    """Who decides, when, and why in the person's own words."""

    actor: str
    at: datetime
    note: str = ""

    def __post_init__(self) -> None:
        require_utc(at=self.at)
