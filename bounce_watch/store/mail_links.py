"""Files what mail in the inbox says of whose order one is, and nothing else of what buyers write."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from sqlalchemy import Connection, delete, select

from bounce_watch.records.mail import Fingerprint
from bounce_watch.records.notice import Finding, Notice
from bounce_watch.records.sent import Origin
from bounce_watch.store.check import damaged_among
from bounce_watch.store.key import Key
from bounce_watch.store.rows import Values, link_values
from bounce_watch.store.scope import scope_of
from bounce_watch.store.tables import MAIL, ORDER_LINK
from bounce_watch.store.writing import chunks, insert_or_ignore

_KEYS = 500
_RELAY = "@marketplace."


def without_words(finding: Finding) -> Finding:
    """The finding; of a mail that a buyer wrote through Amazon, and that nobody has to look at, without subject and sender."""
    if not isinstance(finding.result, Notice) or _RELAY not in (finding.from_address or ""):
        return finding
    return replace(finding, subject="", from_address=None)


def file_links(
    connection: Connection,
    account: str,
    run_id: int,
    findings: Iterable[Finding],
    *,
    key: Key,
    mend: bool = False,
) -> None:
    """File the links of findings whose mails are filed by now; one that is known stays with the run that filed it first.

    What an undone mail says is filed under the mail's own run, so that it stays away with it and comes back with it.
    With `mend` (a rebuild) damaged rows make room.
    """
    said = [(finding.result.fingerprint, finding.link) for finding in findings if finding.link]
    if not said:
        return
    undone = _undone(connection, account, [fingerprint for fingerprint, _ in said])
    rows = [link_values(link, undone.get(fingerprint, run_id), key=key) for fingerprint, link in said]
    if mend:
        _drop_damaged(connection, account, rows)
    insert_or_ignore(
        connection,
        ORDER_LINK,
        sorted(rows, key=lambda row: (row["order_id_hash"], row["alias_hash"], row["seen_at"])),
    )


def _undone(
    connection: Connection, account: str, fingerprints: Sequence[Fingerprint]
) -> dict[Fingerprint, int]:
    """The runs of those of these mails that an undone run filed."""
    runs = scope_of(connection, account).undone
    found: dict[Fingerprint, int] = {}
    for chunk in chunks(fingerprints, _KEYS) if runs else ():
        query = select(MAIL.c.fingerprint, MAIL.c.run_id).where(
            MAIL.c.account == account, MAIL.c.fingerprint.in_(chunk), MAIL.c.run_id.in_(runs)
        )
        found.update((fingerprint, run_id) for fingerprint, run_id in connection.execute(query))
    return found


def _drop_damaged(connection: Connection, account: str, rows: Sequence[Values]) -> None:
    """Remove what is damaged of the links of these orders: a mail that was read again says it anew."""
    for chunk in chunks(sorted({row["order_id_hash"] for row in rows}), _KEYS):
        query = select(ORDER_LINK.c.id).where(
            ORDER_LINK.c.account == account,
            ORDER_LINK.c.origin == Origin.BUYER_MESSAGE.value,
            ORDER_LINK.c.order_id_hash.in_(chunk),
        )
        ids = [(link_id,) for link_id in connection.scalars(query)]
        damaged = [link_id for (link_id,) in damaged_among(connection, ORDER_LINK, ids)]
        connection.execute(delete(ORDER_LINK).where(ORDER_LINK.c.id.in_(damaged)))
