"""Decisions of persons: filed once, read as they were taken."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from bounce_watch.records.decision import ABOUT_MAIL, ABOUT_RECEIVER, Action, Decision
from bounce_watch.records.mail import Fingerprint
from bounce_watch.store.digests import with_digest
from bounce_watch.store.identities import Event, name_of, remember
from bounce_watch.store.key import Key
from bounce_watch.store.rows import alias_from, order_from, without_names
from bounce_watch.store.scope import latest_decisions
from bounce_watch.store.tables import DECISION


def file_decision(connection: Connection, decision: Decision, *, key: Key) -> None:
    """File one decision; the caller owns the transaction."""
    row = {
        "account": decision.account,
        "action": decision.action.value,
        "subject": decision.subject,
        "order_id_hash": key.of(decision.order_id) if decision.order_id else None,
        "alias_hash": key.of(decision.alias) if decision.alias else None,
        "actor": decision.actor,
        "note": without_names(decision.note),
        "decided_at": decision.decided_at,
    }
    connection.execute(insert(DECISION).values(with_digest(DECISION, row)))
    names: list[Event] = [
        (name, decision.decided_at) for name in (decision.order_id, decision.alias) if name is not None
    ]
    remember(connection, decision.account, names, key=key, now=decision.decided_at)


def decisions(connection: Connection, account: str, *, actions: Collection[Action]) -> list[Decision]:
    """Every decision of these kinds, in the order in which they were taken."""
    query = (
        select(
            DECISION,
            name_of(account, DECISION.c.order_id_hash).label("order_id"),
            name_of(account, DECISION.c.alias_hash).label("alias"),
        )
        .where(DECISION.c.account == account, DECISION.c.action.in_([action.value for action in actions]))
        .order_by(DECISION.c.id)
    )
    return [
        Decision(
            account=row["account"],
            action=Action(row["action"]),
            subject=row["subject"],
            actor=row["actor"],
            decided_at=row["decided_at"],
            note=row["note"],
            order_id=order_from(row["order_id"]),
            alias=alias_from(row["alias"]),
        )
        for row in connection.execute(query).mappings()
    ]


def about_mails(
    connection: Connection, account: str, *, as_of: datetime | None = None
) -> dict[Fingerprint, Action]:
    """What holds of each mail that a person decided about: ACCEPT or DISMISS."""
    latest = latest_decisions(account, ABOUT_MAIL, as_of=as_of).subquery("latest")
    query = select(latest.c.subject, latest.c.action)
    found = {subject: Action(action) for subject, action in connection.execute(query)}
    return {subject: action for subject, action in found.items() if action is not Action.REOPEN}


@dataclass(frozen=True, slots=True)
class Chosen:
    """The name of the alias that a person chose for an order (None: none of them), and when."""

    alias: str | None
    decided_at: datetime


def chosen_aliases(
    connection: Connection, account: str, *, as_of: datetime | None = None
) -> dict[str, Chosen]:
    """What a person chose, by the name of the order."""
    latest = latest_decisions(account, (Action.CHOOSE_ALIAS, Action.REOPEN), as_of=as_of).subquery("latest")
    names = (name_of(account, latest.c.subject), name_of(account, latest.c.alias_hash))
    query = select(*names, latest.c.decided_at).where(latest.c.action == Action.CHOOSE_ALIAS.value)
    return {str(order): Chosen(alias, decided_at) for order, alias, decided_at in connection.execute(query)}


def confirmed_receivers(connection: Connection, account: str) -> tuple[str, ...]:
    """The authserv-ids that a person confirmed and did not withdraw, sorted."""
    latest = latest_decisions(account, ABOUT_RECEIVER, as_of=None).subquery("latest")
    query = select(latest.c.subject).where(latest.c.action == Action.CONFIRM.value)
    return tuple(sorted(connection.scalars(query)))
