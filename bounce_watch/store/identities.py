"""Order ids and aliases in clear, in one table: written when they are filed, given back when they are asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    ScalarSelect,
    and_,
    case,
    func,
    literal,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.store.key import Key
from bounce_watch.store.rows import identity_values
from bounce_watch.store.tables import IDENTITY
from bounce_watch.store.writing import chunks, insert_or_ignore

CLEAR_FOR = timedelta(days=30)
"""How long a name stays in clear after the last send, notice or order that names it, unless it is on the list.

Amazon's Data Protection Policy allows buyers' data for 30 days after shipment.
"""

_ROWS = 2_000
_KEYS = 500

Event = tuple[OrderId | Alias, datetime]
"""A name, and when something named it."""


def remember(
    connection: Connection,
    account: str,
    events: Iterable[Event],
    *,
    key: Key,
    now: datetime,
    mend: bool = False,
) -> None:
    """Note the names of what is being filed. What is known in clear stays so, and what was erased stays erased.

    A hashed name comes back in clear, because what is filed now may have put it on the list; the purge at the
    end of each command takes it away again if nothing there needs it. `mend` (a rebuild) writes damaged rows
    anew. An instant after `now` counts as `now`.
    """
    latest: dict[str, dict[str, Any]] = {}
    for name, at in events:
        row = identity_values(name, account, key=key, at=min(at, now))
        known = latest.get(row["hash"])
        if known is None or row["last_at"] > known["last_at"]:
            latest[row["hash"]] = row
    maker = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = maker(IDENTITY)
    new = statement.excluded
    lost = literal(True) if mend else IDENTITY.c.clear.is_(None)
    comes_back = and_(IDENTITY.c.erased_at.is_(None), new.clear.is_not(None), lost)
    statement = statement.on_conflict_do_update(
        index_elements=[IDENTITY.c.hash, IDENTITY.c.account],
        set_={
            "clear": case((comes_back, new.clear), else_=IDENTITY.c.clear),
            "last_at": case((new.last_at > IDENTITY.c.last_at, new.last_at), else_=IDENTITY.c.last_at),
            # They follow from the name, so this only mends a damaged row.
            "marketplace": new.marketplace,
            "shared": new.shared,
            "row_digest": new.row_digest,
        },
        where=or_(literal(mend), new.last_at > IDENTITY.c.last_at, comes_back),
    )
    # In one order, so that two processes at once lock their rows alike.
    for chunk in chunks((latest[each] for each in sorted(latest)), _ROWS):
        connection.execute(statement, chunk)


def name_of(account: str | Sequence[str], hash_: ColumnElement[Any]) -> ScalarSelect[str]:
    """SQL: the name behind a hash, in clear or as `#` and the hash; None for one that no such account knows."""
    inner = IDENTITY.alias()
    accounts = [account] if isinstance(account, str) else list(account)
    where = (inner.c.hash == hash_, inner.c.account.in_(accounts))
    hashed = literal("#") + inner.c.hash
    local = case((inner.c.shared, hashed + "s"), else_=hashed)
    masked = case(
        (inner.c.marketplace.is_(None), hashed), else_=local + "@marketplace." + inner.c.marketplace
    )
    name = func.coalesce(func.max(inner.c.clear), func.max(masked))
    return select(name).where(*where).scalar_subquery()


def hold(connection: Connection) -> None:
    """Let nobody else write names until this transaction ends; whoever writes on SQLite is alone anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE identity IN SHARE ROW EXCLUSIVE MODE"))


def clear_hashes(connection: Connection, account: str, *, before: datetime) -> set[str]:
    """The hashes of names that stand in clear and were last named before an instant."""
    query = select(IDENTITY.c.hash).where(
        IDENTITY.c.account == account, IDENTITY.c.clear.is_not(None), IDENTITY.c.last_at < before
    )
    return set(connection.scalars(query))


def forget(connection: Connection, account: str, hashes: Collection[str]) -> int:
    """Take the clear names behind these hashes away; how many there were."""
    gone = 0
    for chunk in chunks(sorted(hashes), _KEYS):
        mine = and_(IDENTITY.c.account == account, IDENTITY.c.hash.in_(chunk), IDENTITY.c.clear.is_not(None))
        gone += connection.execute(update(IDENTITY).where(mine).values(clear=None)).rowcount
    return gone


def erase(connection: Connection, account: str, hashes: Collection[str], *, at: datetime) -> int:
    """The same for ever: what is filed later never brings them back. How many names the ledger knew.

    A name is found by `erased_hashes` from now on; one that was never known needs a row for that (`bury`).
    """
    known = 0
    for chunk in chunks(sorted(hashes), _KEYS):
        mine = and_(IDENTITY.c.account == account, IDENTITY.c.hash.in_(chunk))
        known += connection.execute(update(IDENTITY).where(mine).values(clear=None, erased_at=at)).rowcount
    return known


def bury(connection: Connection, account: str, name: OrderId | Alias, *, key: Key, at: datetime) -> None:
    """A row for a name that the ledger may never have seen, so that it comes in erased."""
    row = identity_values(name, account, key=key, at=at) | {"clear": None, "erased_at": at}
    insert_or_ignore(connection, IDENTITY, [row])


def erased_hashes(connection: Connection, account: str, hashes: Collection[str]) -> set[str]:
    """Those of the hashes whose names a person asked to forget."""
    erased = set[str]()
    for chunk in chunks(sorted(hashes), _KEYS):
        query = select(IDENTITY.c.hash).where(
            IDENTITY.c.account == account, IDENTITY.c.hash.in_(chunk), IDENTITY.c.erased_at.is_not(None)
        )
        erased.update(connection.scalars(query))
    return erased
