"""Everything the ledger knows about one order or alias, in the order in which it happened."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Table, or_, select

from bounce_watch.records.decision import Action, DecisionScope
from bounce_watch.records.filed import Event
from bounce_watch.store.exports import is_of
from bounce_watch.store.identities import name_of
from bounce_watch.store.scope import scope_of
from bounce_watch.store.tables import (
    DECISION,
    EXPORT,
    EXPORT_MEMBER,
    MAIL,
    ORDER_LINK,
    RECOGNITION,
    RUN,
    SEND,
    VERDICT,
)


def history(connection: Connection, account: str, hashes: Collection[str]) -> list[Event]:
    """Every fact and decision about these orders and aliases (keyed hashes), oldest first, undone ones marked."""
    undone = set(scope_of(connection, account).undone)
    events = [
        event
        for hash_ in sorted(hashes)
        for event in (
            *_sends(connection, account, hash_, undone),
            *_links(connection, account, hash_, undone),
            *_mails(connection, account, hash_, undone),
            *_decisions(connection, account, hash_, undone),
            *_exports(connection, account, hash_),
        )
    ]
    return sorted(dict.fromkeys(events), key=lambda event: (event.at, event.kind, event.what))


def _named(
    connection: Connection, table: Table, account: str, *where: ColumnElement[bool]
) -> Iterator[RowMapping]:
    """Rows with the names behind their hashes, and when their run began."""
    query = (
        select(
            table,
            name_of(account, table.c.order_id_hash).label("order_id"),
            name_of(account, table.c.alias_hash).label("alias"),
            RUN.c.started_at,
        )
        .join(RUN, RUN.c.id == table.c.run_id)
        .where(table.c.account == account, *where)
        .order_by(table.c.id)
    )
    yield from connection.execute(query).mappings()


def _about(table: Table, hash_: str) -> ColumnElement[bool]:
    return or_(table.c.order_id_hash == hash_, table.c.alias_hash == hash_)


def _who(row: RowMapping) -> str:
    return " ".join(str(row[name]) for name in ("order_id", "alias") if row[name])


def _sends(connection: Connection, account: str, hash_: str, undone: set[int]) -> Iterator[Event]:
    for row in _named(connection, SEND, account, _about(SEND, hash_)):
        what = f"message {row['outcome']} ({row['purpose']}, from {row['origin']}): {_who(row)}"
        yield _event(row["sent_at"], "send", what, row["run_id"], undone)


def _links(connection: Connection, account: str, hash_: str, undone: set[int]) -> Iterator[Event]:
    for row in _named(connection, ORDER_LINK, account, _about(ORDER_LINK, hash_)):
        what = f"order and alias belong together (from {row['origin']}): {_who(row)}"
        yield _event(row["seen_at"], "order_link", what, row["run_id"], undone)


def _mails(connection: Connection, account: str, hash_: str, undone: set[int]) -> Iterator[Event]:
    seen: set[int] = set()
    for row in _named(connection, RECOGNITION, account, _about(RECOGNITION, hash_)):
        by = row["wording"] or row["evidence"] or "its header"
        what = f"mail taken for {row['result']} by {by}: {_who(row)}"
        yield _event(row["noticed_at"] or row["started_at"], "recognition", what, row["run_id"], undone)
        if row["mail_id"] not in seen:
            seen.add(row["mail_id"])
            yield from _of_mail(connection, account, row["mail_id"], undone)


def _of_mail(connection: Connection, account: str, mail_id: int, undone: set[int]) -> Iterator[Event]:
    """The verdicts of a mail, and what was decided about it."""
    query = (
        select(VERDICT, RUN.c.started_at)
        .join(RUN, RUN.c.id == VERDICT.c.run_id)
        .where(VERDICT.c.mail_id == mail_id)
        .order_by(VERDICT.c.id)
    )
    for row in connection.execute(query).mappings():
        what = f"verdict {row['outcome']}: {row['reason']}"
        yield _event(row["started_at"], "verdict", what, row["run_id"], undone)
    mail = connection.execute(select(MAIL.c.fingerprint, MAIL.c.run_id).where(MAIL.c.id == mail_id)).one()
    about = select(DECISION).where(
        DECISION.c.account == account, DECISION.c.subject.in_([mail.fingerprint, str(mail.run_id)])
    )
    yield from map(_decided, connection.execute(about.order_by(DECISION.c.id)).mappings())


def _decisions(connection: Connection, account: str, hash_: str, undone: set[int]) -> Iterator[Event]:
    about = or_(
        DECISION.c.subject == hash_, DECISION.c.order_id_hash == hash_, DECISION.c.alias_hash == hash_
    )
    query = select(DECISION).where(DECISION.c.account == account, about).order_by(DECISION.c.id)
    yield from (_decided(row, undone) for row in connection.execute(query).mappings())


_ABOUT_THE_LIST = {Action.ADD.value: "added", Action.RELEASE.value: "released", Action.ALLOW.value: "allowed"}


def _decided(row: RowMapping, undone: Collection[int] = ()) -> Event:
    note = f": {row['note']}" if row["note"] else ""
    verb = _ABOUT_THE_LIST.get(row["action"], row["action"].replace("_", " "))
    alone = ", this order alone," if row["scope"] == DecisionScope.ORDER.value else ""
    until = f" until {row['expires_at']:%Y-%m-%d %H:%M} UTC" if row["expires_at"] else ""
    what = f"{verb}{alone}{until} by {row['actor']}{note}"
    run = row["run_id"]
    return Event(at=row["decided_at"], kind="decision", what=what, run=run, undone=run in undone)


def _exports(connection: Connection, account: str, hash_: str) -> Iterator[Event]:
    """With which export the name came into a file, and with which it left it."""
    for column, verb in (
        (EXPORT_MEMBER.c.since_export, "came to"),
        (EXPORT_MEMBER.c.until_export, "went from"),
    ):
        query = (
            select(EXPORT)
            .join(EXPORT_MEMBER, column == EXPORT.c.id)
            .where(EXPORT_MEMBER.c.key_hash == hash_, is_of(account))
            .order_by(EXPORT.c.id)
        )
        for row in connection.execute(query).mappings():
            what = f"{verb} the list written to {row['path']} ({row['preset']})"
            yield Event(at=row["made_at"], kind="export", what=what)


def _event(at: datetime, kind: str, what: str, run: Any, undone: set[int]) -> Event:  # noqa: ANN401  (a column)
    return Event(at=at, kind=kind, what=what, run=run, undone=run in undone)
