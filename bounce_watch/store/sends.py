"""What was sent and to whom: filing a sent log, counting it, and finding the sends a notice may answer."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, select, union

from bounce_watch.records.filed import Filed, FiledSend
from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.mail import Cursor
from bounce_watch.records.sent import (
    OrderLink,
    Origin,
    SentCoverage,
    SentLog,
    SentMessage,
)
from bounce_watch.store import runs
from bounce_watch.store.buyers import with_buyer
from bounce_watch.store.column_types import Instant
from bounce_watch.store.identities import Event, name_of, remember
from bounce_watch.store.key import Key
from bounce_watch.store.links import is_genuine, undisputed
from bounce_watch.store.rows import (
    coverage_from,
    coverage_values,
    cursor_values,
    link_values,
    send_from,
    send_values,
)
from bounce_watch.store.scope import Scope
from bounce_watch.store.tables import COVERAGE, CURSOR, MAIL, ORDER_LINK, RECOGNITION, SEND
from bounce_watch.store.undone import log_met_again
from bounce_watch.store.writing import chunks, insert_or_ignore, insert_or_replace

_KEYS = 500
_LINKING = frozenset({Origin.CSV_LOG, Origin.SENT_FOLDER})


def file_sent_log(
    connection: Connection, run_id: int, log: SentLog, *, key: Key, cursor: Cursor | None = None
) -> Filed:
    """File the sends, links and coverage of one file or chunk, and the cursor; the caller owns the transaction."""
    account, started_at = runs.head_of(connection, run_id)
    owners = {item.account for item in (*log.sends, *log.links, *((log.coverage,) if log.coverage else ()))}
    if owners - {account}:
        raise ValueError(f"a sent log of another account than {account!r}")
    if cursor is not None:
        if cursor.account != account:
            raise ValueError(f"a cursor of another account than {account!r}")
        insert_or_replace(connection, CURSOR, cursor_values(cursor))
    remember(connection, account, _events(log), key=key, now=started_at)
    # Sorted, so that two imports at once lock their rows in the same order.
    rows = sorted(send_values(log.sends, run_id, key=key), key=lambda row: str(row["identity"]))
    new = insert_or_ignore(connection, SEND, rows)
    _file_links(connection, run_id, log, key)
    if log.coverage is not None:
        insert_or_ignore(connection, COVERAGE, [coverage_values(log.coverage, run_id)])
    met_again = log_met_again(
        connection,
        account,
        identities=(row["identity"] for row in rows),
        links=_useful_links(log),
        coverage=log.coverage,
        key=key,
    )
    filed = Filed(new=new, duplicates=len(rows) - new, undone=met_again)
    runs.progress(connection, run_id, read=log.rows, filed=filed)
    return filed


def _events(log: SentLog) -> Iterator[Event]:
    """Every name in a log, and when it was written to or ordered."""
    for send in log.sends:
        yield from ((name, send.sent_at) for name in (send.order_id, send.alias) if name is not None)
    for link in log.links:
        yield from ((name, link.ordered_at or link.seen_at) for name in (link.order_id, link.alias))


def _file_links(connection: Connection, run_id: int, log: SentLog, key: Key) -> None:
    """The log's links, and those that its sends are; the former first, for they may know the order's date."""
    links = sorted(_useful_links(log), key=lambda link: (link.order_id, link.alias, link.origin))
    insert_or_ignore(connection, ORDER_LINK, (link_values(link, run_id, key=key) for link in links))


def _useful_links(log: SentLog) -> Iterator[OrderLink]:
    return (link for link in (*log.links, *_links_of(log.sends)) if not link.alias.is_shared)


def _links_of(sends: Iterable[SentMessage]) -> Iterator[OrderLink]:
    for send in sends:
        if send.order_id is not None and send.alias is not None and send.origin in _LINKING:
            yield OrderLink(
                account=send.account,
                order_id=send.order_id,
                alias=send.alias,
                marketplace=send.marketplace,
                origin=send.origin,
                seen_at=send.sent_at,
            )


def _mine(scope: Scope) -> ColumnElement[bool]:
    return and_(SEND.c.account == scope.account, scope.holds(SEND.c.run_id))


def matching(
    connection: Connection,
    scope: Scope,
    *,
    orders: Collection[OrderId],
    aliases: Collection[Alias],
    key: Key,
) -> Iterator[FiledSend]:
    """Every send of one of these orders or to one of these aliases, each once."""
    told: set[int] = set()
    for column, names in ((SEND.c.order_id_hash, orders), (SEND.c.alias_hash, aliases)):
        for chunk in chunks(sorted({key.of(name) for name in names}), _KEYS):
            found = _filed_sends(connection, scope, and_(_mine(scope), column.in_(chunk)))
            for send_id, filed in found:
                if send_id not in told:
                    told.add(send_id)
                    yield filed


def _filed_sends(
    connection: Connection, scope: Scope, wanted: ColumnElement[bool]
) -> Iterator[tuple[int, FiledSend]]:
    found = with_buyer(scope, wanted).subquery("found")
    names = {"order_id": found.c.order_id_hash, "alias": found.c.alias_hash, "buyer_name": found.c.buyer}
    query = select(found, *(name_of(scope.account, column).label(name) for name, column in names.items()))
    # Sorted here: with an ORDER BY, SQLite walks all sends by time instead of looking the keys up.
    rows = connection.execute(query).mappings().all()
    for row in sorted(rows, key=lambda row: (row["sent_at"], row["identity"])):
        yield row["id"], FiledSend(send=send_from(row), buyer=row["buyer_name"], marketplace=row["place"])


def orders_of(
    connection: Connection, scope: Scope, *, aliases: Collection[Alias], key: Key
) -> dict[Alias, list[OrderId]]:
    """Every known order of each alias, from sends, links and genuine notices, sorted; empty for an unknown alias."""
    by_hash = {key.of(alias): alias for alias in aliases}
    found: dict[Alias, set[OrderId]] = {alias: set() for alias in aliases}
    for chunk in chunks(sorted(by_hash), _KEYS):
        for alias_hash, order in connection.execute(_pairs(scope, chunk)):
            if order is not None:  # Not in SQL, where SQLite would look for orders instead of aliases.
                found[by_hash[alias_hash]].add(OrderId(order))
    return {alias: sorted(orders) for alias, orders in found.items()}


def _pairs(scope: Scope, aliases: Collection[str]) -> Select[Any]:
    # Not what scrub filed: which columns of an outgoing file belong together is its guess, not our own record.
    own = {SEND.name: [SEND.c.origin != Origin.SCRUB.value], ORDER_LINK.name: [undisputed(scope)]}
    parts = [
        select(table.c.alias_hash, table.c.order_id_hash).where(
            table.c.account == scope.account,
            table.c.alias_hash.in_(aliases),
            scope.holds(table.c.run_id),
            *own.get(table.name, ()),
        )
        for table in (SEND, ORDER_LINK)
    ]
    genuine = (
        select(RECOGNITION.c.alias_hash, RECOGNITION.c.order_id_hash)
        .select_from(RECOGNITION.join(MAIL, MAIL.c.id == RECOGNITION.c.mail_id))
        .where(
            RECOGNITION.c.account == scope.account,
            RECOGNITION.c.alias_hash.in_(aliases),
            *scope.recognised(),
            *scope.believed(),
            is_genuine(scope, RECOGNITION.c.mail_id),
        )
    )
    pairs = union(*parts, genuine).subquery("pairs")
    return select(pairs.c.alias_hash, name_of(scope.account, pairs.c.order_id_hash))


def coverages(connection: Connection, scope: Scope) -> list[SentCoverage]:
    """For which instants the account's logs are whole, by origin and start."""
    query = (
        select(COVERAGE)
        .where(COVERAGE.c.account == scope.account, scope.holds(COVERAGE.c.run_id))
        .order_by(COVERAGE.c.origin, COVERAGE.c.start_at, COVERAGE.c.end_at)
    )
    return [coverage_from(row) for row in connection.execute(query).mappings()]


def ordered_at(
    connection: Connection, scope: Scope, *, orders: Collection[OrderId], key: Key
) -> dict[OrderId, datetime]:
    """When each of these orders was placed, as far as an order report says it."""
    by_hash = {key.of(order): order for order in orders}
    found: dict[OrderId, datetime] = {}
    for chunk in chunks(sorted(by_hash), _KEYS):
        placed = func.min(ORDER_LINK.c.ordered_at, type_=Instant())
        query = select(ORDER_LINK.c.order_id_hash, placed).where(
            ORDER_LINK.c.account == scope.account,
            ORDER_LINK.c.origin == Origin.ORDER_REPORT.value,
            ORDER_LINK.c.order_id_hash.in_(chunk),
            ORDER_LINK.c.ordered_at.is_not(None),
            scope.holds(ORDER_LINK.c.run_id),
        )
        rows = connection.execute(query.group_by(ORDER_LINK.c.order_id_hash))
        found.update((by_hash[hash_], at) for hash_, at in rows)
    return found


def order_report_span(connection: Connection, scope: Scope) -> tuple[datetime, datetime] | None:
    """When the first and the last order of the loaded order reports was placed; None without any."""
    placed = func.coalesce(ORDER_LINK.c.ordered_at, ORDER_LINK.c.seen_at)
    query = select(func.min(placed, type_=Instant()), func.max(placed, type_=Instant())).where(
        ORDER_LINK.c.account == scope.account,
        ORDER_LINK.c.origin == Origin.ORDER_REPORT.value,
        scope.holds(ORDER_LINK.c.run_id),
    )
    first, last = connection.execute(query).one()
    return None if first is None else (first, last)
