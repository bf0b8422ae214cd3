"""Which mails of the ledger a rebuild did not find."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, func, select

from bounce_watch.records.filed import MissingMail
from bounce_watch.records.mail import Fingerprint
from bounce_watch.store.identities import name_of
from bounce_watch.store.readings import order_from
from bounce_watch.store.tables import MAIL, RECOGNITION, SIGHTING
from bounce_watch.store.writing import chunks

_KEYS = 500


def missing(connection: Connection, account: str, found: Collection[Fingerprint]) -> list[MissingMail]:
    """The mails of an account that are not among those found, oldest first, those of unknown time last."""
    query = select(MAIL.c.id, MAIL.c.fingerprint).where(MAIL.c.account == account)
    ids = [row.id for row in connection.execute(query) if row.fingerprint not in found]
    mails = [mail for chunk in chunks(ids, _KEYS) for mail in _mails(connection, account, chunk)]
    return sorted(mails, key=lambda mail: (mail.noticed_at is None, str(mail.noticed_at), mail.fingerprint))


def _mails(connection: Connection, account: str, ids: Collection[int]) -> list[MissingMail]:
    said = RECOGNITION.alias()
    newest = select(func.max(said.c.id)).where(said.c.mail_id == MAIL.c.id).scalar_subquery()
    place = select(func.min(SIGHTING.c.folder)).where(SIGHTING.c.mail_id == MAIL.c.id).scalar_subquery()
    query = (
        select(
            MAIL.c.fingerprint,
            RECOGNITION.c.result,
            RECOGNITION.c.noticed_at,
            name_of(account, RECOGNITION.c.order_id_hash).label("order_id"),
            place.label("folder"),
        )
        .select_from(MAIL.outerjoin(RECOGNITION, RECOGNITION.c.id == newest))
        .where(MAIL.c.id.in_(ids))
    )
    return [
        MissingMail(
            fingerprint=row.fingerprint,
            result=row.result or "",
            order_id=order_from(row.order_id),
            noticed_at=row.noticed_at,
            folder=row.folder or "",
        )
        for row in connection.execute(query)
    ]
