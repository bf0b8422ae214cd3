"""Which alerts were delivered: filed once, read by whom they went to."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, func, insert, select, true

from bounce_watch.records.alert import AlertKind, Told
from bounce_watch.store.digests import with_digest
from bounce_watch.store.key import Key
from bounce_watch.store.tables import ALERT_TOLD


def file_told(connection: Connection, told: Iterable[Told], *, key: Key) -> None:
    """File what was delivered; the caller owns the transaction."""
    rows = [
        with_digest(
            ALERT_TOLD,
            {
                "account": each.account,
                "target": key.digest("target", each.target),
                "kind": each.kind.value,
                "subject": each.subject,
                "told_at": each.told_at,
            },
        )
        for each in told
    ]
    if rows:
        connection.execute(insert(ALERT_TOLD), rows)


def told_since(
    connection: Connection, account: str, *, target: str, since: datetime, until: datetime | None, key: Key
) -> list[Told]:
    """When each case was last told to a target from `since` (to `until`) on; one that this program does not know is left out.

    What was told after now was told by a clock that was wrong, and would hide what was told since.
    """
    kind, subject = ALERT_TOLD.c.kind, ALERT_TOLD.c.subject
    query = (
        select(kind, subject, func.max(ALERT_TOLD.c.told_at).label("told_at"))
        .where(
            ALERT_TOLD.c.account == account,
            ALERT_TOLD.c.target == key.digest("target", target),
            ALERT_TOLD.c.told_at >= since,
            true() if until is None else ALERT_TOLD.c.told_at <= until,
            kind.in_([each.value for each in AlertKind]),
        )
        .group_by(kind, subject)
        .order_by(kind, subject)
    )
    return [
        Told(
            account=account, target=target, kind=AlertKind(row.kind), subject=row.subject, told_at=row.told_at
        )
        for row in connection.execute(query)
    ]
