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


ABOUT_MAIL = (Action.ACCEPT, Action.DISMISS, Action.REOPEN)
ABOUT_RUN = (Action.UNDO, Action.REDO)
ABOUT_RECEIVER = (Action.CONFIRM, Action.WITHDRAW)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One decision. `actor` is who took it, `note` why, in the person's own words (order ids and addresses left out)."""

    account: str
    action: Action
    subject: str
    actor: str
    decided_at: datetime
    note: str = ""
    order_id: OrderId | None = None
    alias: Alias | None = None

    def __post_init__(self) -> None:
        require_utc(decided_at=self.decided_at)
        if not self.subject or not self.actor:
            raise ValueError("a decision is about something, and by somebody")
