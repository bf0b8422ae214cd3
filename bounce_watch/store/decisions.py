"""Decisions of persons: filed once, read as they were taken."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from operator import itemgetter

from sqlalchemy import ColumnElement, Connection, insert, or_, select, update

from bounce_watch.records.decision import (
    ABOUT_MAIL,
    ABOUT_RECEIVER,
    ABOUT_THE_LIST,
    Action,
    Decision,
)
from bounce_watch.records.mail import Fingerprint
from bounce_watch.store.digests import with_digest
from bounce_watch.store.identities import Event, name_of, remember
from bounce_watch.store.key import Key
from bounce_watch.store.lookup import related
from bounce_watch.store.readings import Chosen, decision_from
from bounce_watch.store.rows import Values, without_names
from bounce_watch.store.scope import Scope, latest_decisions
from bounce_watch.store.tables import DECISION, IDENTITY
from bounce_watch.store.writing import chunks

_AT_ONCE = 500


def file_decisions(connection: Connection, decisions: Iterable[Decision], *, key: Key) -> None:
    """File decisions in their order; the caller owns the transaction."""
    for chunk in chunks(decisions, _AT_ONCE):
        rows = [with_digest(DECISION, _values(decision, key)) for decision in chunk]
        connection.execute(insert(DECISION), rows)
        for account in sorted({decision.account for decision in chunk}):
            mine = [decision for decision in chunk if decision.account == account]
            latest = max(decision.decided_at for decision in mine)
            remember(connection, account, _events(mine), key=key, now=latest)
        for decision in chunk:
            if decision.action in {Action.RELEASE, Action.ALLOW}:
                _remember_buyer(connection, decision)


def _remember_buyer(connection: Connection, decision: Decision) -> None:
    """Who is taken off the list stays known as long as after a notice, so that a mistake can be mended."""
    names = related(connection, decision.account, {decision.subject})
    at = decision.decided_at
    for chunk in chunks(sorted(names), _AT_ONCE):
        theirs = (IDENTITY.c.account == decision.account, IDENTITY.c.hash.in_(chunk), IDENTITY.c.last_at < at)
        connection.execute(update(IDENTITY).where(*theirs).values(last_at=at))


def _values(decision: Decision, key: Key) -> Values:
    return {
        "account": decision.account,
        "action": decision.action.value,
        "subject": decision.subject,
        "order_id_hash": key.of(decision.order_id) if decision.order_id else None,
        "alias_hash": key.of(decision.alias) if decision.alias else None,
        "actor": decision.actor,
        "note": without_names(decision.note),
        "decided_at": decision.decided_at,
        "scope": decision.scope.value if decision.scope else None,
        "expires_at": decision.expires_at,
        "run_id": decision.run_id,
    }


def _events(decisions: Iterable[Decision]) -> Iterator[Event]:
    for decision in decisions:
        names = (decision.order_id, decision.alias)
        yield from ((name, decision.decided_at) for name in names if name is not None)


def decisions(connection: Connection, account: str, *, actions: Collection[Action]) -> list[Decision]:
    """Every decision of these kinds, in the order in which they were taken."""
    wanted = DECISION.c.action.in_([action.value for action in actions])
    return [decision for _, decision in _read(connection, account, wanted)]


def about_the_list(
    connection: Connection, scope: Scope, *, hashes: Collection[str] | None = None
) -> list[Decision]:
    """Decisions about the list that hold (those of undone runs do not), in their order.

    `hashes`: only those about one of these orders and aliases.
    """
    wanted = [
        DECISION.c.action.in_([action.value for action in ABOUT_THE_LIST]),
        or_(DECISION.c.run_id.is_(None), scope.holds(DECISION.c.run_id)),
    ]
    if scope.as_of is not None:
        wanted.append(DECISION.c.decided_at <= scope.as_of)
    if hashes is None:
        return [decision for _, decision in _read(connection, scope.account, *wanted)]
    found = [
        pair
        for chunk in chunks(sorted(hashes), _AT_ONCE)
        for pair in _read(connection, scope.account, *wanted, DECISION.c.subject.in_(chunk))
    ]
    return [decision for _, decision in sorted(found, key=itemgetter(0))]


def _read(
    connection: Connection, account: str, *wanted: ColumnElement[bool]
) -> Iterator[tuple[int, Decision]]:
    """The decisions with their numbers, in the order in which they were taken."""
    query = (
        select(
            DECISION,
            name_of(account, DECISION.c.order_id_hash).label("order_id"),
            name_of(account, DECISION.c.alias_hash).label("alias"),
        )
        .where(DECISION.c.account == account, *wanted)
        .order_by(DECISION.c.id)
    )
    for row in connection.execute(query).mappings():
        yield row["id"], decision_from(row)


def about_mails(
    connection: Connection, account: str, *, as_of: datetime | None = None
) -> dict[Fingerprint, Action]:
    """What holds of each mail that a person decided about: ACCEPT or DISMISS."""
    latest = latest_decisions(account, ABOUT_MAIL, as_of=as_of).subquery("latest")
    query = select(latest.c.subject, latest.c.action)
    found = {subject: Action(action) for subject, action in connection.execute(query)}
    return {subject: action for subject, action in found.items() if action is not Action.REOPEN}


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
