"""Forgets what has passed its retention; what the figures need stays as hashes.

Names on the list stay in clear, because that is what the list is for. All else that tells who a buyer is goes
CLEAR_FOR after the last send, notice or order that named it: names, subjects, Message-IDs, octets set aside.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    and_,
    bindparam,
    case,
    delete,
    func,
    or_,
    select,
    union,
    update,
)

from bounce_watch.records.filed import Purged
from bounce_watch.records.mail import Fingerprint
from bounce_watch.records.notice import Outcome
from bounce_watch.store import identities
from bounce_watch.store.check import readable
from bounce_watch.store.digests import row_digest
from bounce_watch.store.identities import CLEAR_FOR
from bounce_watch.store.tables import (
    DECISION,
    IDENTITY,
    MAIL,
    ORDER_LINK,
    RECOGNITION,
    RUN,
    SEND,
    SET_ASIDE,
    VERDICT,
)
from bounce_watch.store.writing import chunks

NO_TEXTS = {"message_id": None, "from_address": None, "subject": ""}
_KEYS = 500


def purge(connection: Connection, account: str, *, listed: Collection[str], now: datetime) -> Purged:
    """Forget what has passed its retention by `now`; `listed` are the hashes of names that the list needs in clear."""
    old = identities.clear_hashes(connection, account, before=now - CLEAR_FOR)
    names = identities.forget(connection, account, old - set(listed))
    return Purged(names=names) + purge_texts(connection, account, now=now)


def purge_texts(connection: Connection, account: str, *, now: datetime) -> Purged:
    """Forget the texts and octets of mails and sends that have passed their retention."""
    aged = _mails_before(account, now - CLEAR_FOR)
    octets = connection.execute(delete(SET_ASIDE).where(SET_ASIDE.c.mail_id.in_(aged))).rowcount
    has_texts = or_(MAIL.c.message_id.is_not(None), MAIL.c.from_address.is_not(None), MAIL.c.subject != "")
    mails = empty(connection, MAIL, and_(MAIL.c.id.in_(aged), has_texts), NO_TEXTS)
    sends = and_(SEND.c.account == account, SEND.c.sent_at < now - CLEAR_FOR, SEND.c.message_id.is_not(None))
    empty(connection, SEND, sends, {"message_id": None})
    return Purged(mails=mails, octets=octets)


def empty(connection: Connection, table: Table, which: ColumnElement[bool], texts: dict[str, Any]) -> int:
    """Write `texts` into these rows, and their digests anew; a damaged row stays known as one. How many they were."""
    ids = connection.scalars(select(table.c.id).where(which)).all()
    statement = (
        update(table).where(table.c.id == bindparam("row_id")).values(row_digest=bindparam("row_digest"))
    )
    for chunk in chunks(ids, _KEYS):
        rows = readable(connection, table, [(row_id,) for row_id in chunk])
        connection.execute(update(table).where(table.c.id.in_(chunk)).values(texts))
        sealed = [{"row_id": row["id"], "row_digest": _digest(table, dict(row), texts)} for row in rows]
        if sealed:
            connection.execute(statement, sealed)
    return len(ids)


def _digest(table: Table, row: dict[str, Any], texts: dict[str, Any]) -> str:
    whole = row["row_digest"] == row_digest(table, row)
    return row_digest(table, row | texts) if whole else str(row["row_digest"])


def _mails_before(account: str, instant: datetime) -> Select[Any]:
    """SQL: the mails that came before an instant; one of unknown or future time came when its run read it."""
    said = (
        select(func.max(RECOGNITION.c.noticed_at)).where(RECOGNITION.c.mail_id == MAIL.c.id).scalar_subquery()
    )
    began = select(RUN.c.started_at).where(RUN.c.id == MAIL.c.run_id).scalar_subquery()
    came = case((said < began, said), else_=began)
    return select(MAIL.c.id).where(MAIL.c.account == account, came < instant)


_GENUINE = (
    select(VERDICT.c.id)
    .where(VERDICT.c.mail_id == RECOGNITION.c.mail_id, VERDICT.c.outcome == Outcome.GENUINE.value)
    .exists()
)


def buyer_of(connection: Connection, account: str, hash_: str) -> set[str]:
    """The hashes of everything that is the same buyer as this order or alias: the alias and all its orders.

    One step from an order to the aliases that our own records or a genuine notice tie to it, one from them to
    all their orders; shared aliases tie nothing.
    """
    pairs = union(
        *(
            select(table.c.order_id_hash, table.c.alias_hash).where(table.c.account == account, *own)
            for table, own in (
                (SEND, (SEND.c.alias_shared.is_(False),)),
                (RECOGNITION, (RECOGNITION.c.alias_shared.is_(False), _GENUINE)),
                (ORDER_LINK, ()),
            )
        )
    ).subquery("pairs")
    aliases = {hash_} | set(
        connection.scalars(select(pairs.c.alias_hash).where(pairs.c.order_id_hash == hash_))
    )
    aliases -= {None}
    orders = set(connection.scalars(select(pairs.c.order_id_hash).where(pairs.c.alias_hash.in_(aliases))))
    return (aliases | orders | {hash_}) - {None}


def names_in_clear(connection: Connection, account: str, hashes: Collection[str]) -> list[str]:
    """The names behind these hashes that stand in clear, sorted."""
    clear = select(IDENTITY.c.clear).where(
        IDENTITY.c.account == account, IDENTITY.c.hash.in_(hashes), IDENTITY.c.clear.is_not(None)
    )
    return sorted(connection.scalars(clear))


def erase(
    connection: Connection,
    account: str,
    hashes: Collection[str],
    *,
    at: datetime,
    names: Collection[str] = (),
    mails: Collection[Fingerprint] = (),
) -> Purged:
    """Forget these hashes' names at once and for ever, with the texts, octets and notes that go with them.

    `names` are the same in clear, as far as they are known: mails whose texts hold one are emptied, too, and so
    are those of the fingerprints `mails`.
    """
    known = identities.erase(connection, account, hashes, at=at)
    theirs = _mails_of(connection, account, hashes, names=names, mails=mails)
    emptied = octets = 0
    for chunk in chunks(sorted(theirs), _KEYS):
        octets += connection.execute(delete(SET_ASIDE).where(SET_ASIDE.c.mail_id.in_(chunk))).rowcount
        emptied += empty(connection, MAIL, MAIL.c.id.in_(chunk), NO_TEXTS)
    named = or_(SEND.c.order_id_hash.in_(hashes), SEND.c.alias_hash.in_(hashes))
    empty(connection, SEND, and_(SEND.c.account == account, named), {"message_id": None, "label": None})
    about = _about(hashes, connection.scalars(select(MAIL.c.fingerprint).where(MAIL.c.id.in_(theirs))).all())
    empty(connection, DECISION, and_(DECISION.c.account == account, about), {"note": ""})
    return Purged(names=known, mails=emptied, octets=octets)


def _mails_of(
    connection: Connection,
    account: str,
    hashes: Collection[str],
    *,
    names: Collection[str],
    mails: Collection[Fingerprint],
) -> set[int]:
    said = select(RECOGNITION.c.mail_id).where(
        RECOGNITION.c.account == account,
        or_(RECOGNITION.c.order_id_hash.in_(hashes), RECOGNITION.c.alias_hash.in_(hashes)),
    )
    texts = [
        column.icontains(name, autoescape=True)
        for name in names
        for column in (MAIL.c.subject, MAIL.c.message_id, MAIL.c.from_address)
    ]
    shown = select(MAIL.c.id).where(
        MAIL.c.account == account, or_(MAIL.c.fingerprint.in_(list(mails)), *texts)
    )
    return set(connection.scalars(said)) | set(connection.scalars(shown))


def _about(hashes: Collection[str], fingerprints: Collection[Fingerprint]) -> ColumnElement[bool]:
    return or_(
        DECISION.c.order_id_hash.in_(hashes),
        DECISION.c.alias_hash.in_(hashes),
        DECISION.c.subject.in_([*hashes, *fingerprints]),
    )
