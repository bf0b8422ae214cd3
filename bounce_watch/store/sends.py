"""What was sent and to whom: filing a sent log, counting it, and finding the sends a notice may answer."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, select, union

from bounce_watch.records.filed import Filed, FiledSend, SendCount
from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.sent import (
    OrderLink,
    Origin,
    Purpose,
    SendOutcome,
    SentCoverage,
    SentLog,
    SentMessage,
)
from bounce_watch.store import runs
from bounce_watch.store.links import OWN_SENDS, aliases_of_orders, is_genuine, linked_alias
from bounce_watch.store.rows import coverage_from, coverage_values, link_values, send_from, send_values
from bounce_watch.store.tables import COVERAGE, NOTICE, ORDER_LINK, SEND
from bounce_watch.store.writing import chunks, insert_or_ignore

_KEYS = 500
_BLOCKABLE = (Purpose.UNSOLICITED.value, Purpose.UNKNOWN.value)
_LINKING = frozenset({Origin.CSV_LOG, Origin.SENT_FOLDER})

_OWN_ALIAS = case((SEND.c.alias_shared.is_(False), SEND.c.alias))
"""SQL: the send's alias where it stands for one buyer."""


def file_sent_log(connection: Connection, run_id: int, log: SentLog) -> Filed:
    """File the sends, links and coverage of one file; the caller owns the transaction."""
    account = runs.account_of(connection, run_id)
    owners = {item.account for item in (*log.sends, *log.links, *((log.coverage,) if log.coverage else ()))}
    if owners - {account}:
        raise ValueError(f"a sent log of another account than {account!r}")
    # Sorted, so that two imports at once lock their rows in the same order.
    rows = sorted(send_values(log.sends, run_id), key=lambda row: str(row["identity"]))
    new = insert_or_ignore(connection, SEND, rows)
    _file_links(connection, run_id, log)
    if log.coverage is not None:
        insert_or_ignore(connection, COVERAGE, [coverage_values(log.coverage, run_id)])
    filed = Filed(new=new, duplicates=len(rows) - new)
    runs.progress(connection, run_id, read=log.rows, filed=filed)
    return filed


def _file_links(connection: Connection, run_id: int, log: SentLog) -> None:
    """The log's links, and those that its sends are; the former first, for they may know the order's date."""
    links = sorted(
        (*log.links, *_links_of(log.sends)), key=lambda link: (link.order_id, link.alias, link.origin)
    )
    useful = (link for link in links if not link.alias.is_shared)
    insert_or_ignore(connection, ORDER_LINK, (link_values(link, run_id) for link in useful))


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


def _with_buyer(account: str, wanted: ColumnElement[bool]) -> Select[Any]:
    """SQL: the wanted sends with `buyer` (the alias, given or linked, else the order id) and `place` (marketplace)."""
    linked = aliases_of_orders(account, select(SEND.c.order_id).where(wanted, _OWN_ALIAS.is_(None)))
    buyer = func.coalesce(_OWN_ALIAS, linked_alias(linked), SEND.c.order_id, SEND.c.alias)
    place = func.coalesce(SEND.c.marketplace, linked.c.linked_marketplace)
    source = SEND.outerjoin(linked, linked.c.order_id == SEND.c.order_id)
    return select(SEND, buyer.label("buyer"), place.label("place")).select_from(source).where(wanted)


def count(
    connection: Connection, account: str, *, start: datetime, end: datetime, by_marketplace: bool
) -> list[SendCount]:
    """Messages that could be blocked, and their buyers, sent from `start` to before `end`."""
    wanted = and_(
        SEND.c.account == account,
        SEND.c.sent_at >= start,
        SEND.c.sent_at < end,
        SEND.c.outcome == SendOutcome.SENT.value,
        SEND.c.purpose.in_(_BLOCKABLE),
        SEND.c.origin.in_(OWN_SENDS),
    )
    sends = _with_buyer(account, wanted).subquery("counted")
    figures = (func.count(), func.count(sends.c.buyer.distinct()))
    if not by_marketplace:
        messages, buyers = connection.execute(select(*figures).select_from(sends)).one()
        return [SendCount(marketplace=None, messages=messages, buyers=buyers)]
    query = select(sends.c.place, *figures).group_by(sends.c.place).order_by(sends.c.place.nulls_first())
    return [
        SendCount(marketplace=place, messages=messages, buyers=buyers)
        for place, messages, buyers in connection.execute(query)
    ]


def matching(
    connection: Connection, account: str, *, orders: Collection[OrderId], aliases: Collection[Alias]
) -> Iterator[FiledSend]:
    """Every send of one of these orders or to one of these aliases, each once."""
    mine = SEND.c.account == account
    for chunk in chunks(sorted({str(order) for order in orders}), _KEYS):
        yield from _filed_sends(connection, _with_buyer(account, and_(mine, SEND.c.order_id.in_(chunk))))
    told = set(orders)
    for chunk in chunks(sorted({str(alias) for alias in aliases}), _KEYS):
        found = _filed_sends(connection, _with_buyer(account, and_(mine, SEND.c.alias.in_(chunk))))
        yield from (filed for filed in found if filed.send.order_id not in told)


def _filed_sends(connection: Connection, query: Select[Any]) -> Iterator[FiledSend]:
    # Sorted here: with an ORDER BY, SQLite walks all sends by time instead of looking the keys up.
    rows = connection.execute(query).mappings().all()
    for row in sorted(rows, key=lambda row: (row["sent_at"], row["identity"])):
        yield FiledSend(send=send_from(row), buyer=row["buyer"])


def orders_of(
    connection: Connection, account: str, *, aliases: Collection[Alias]
) -> dict[Alias, list[OrderId]]:
    """Every known order of each alias, from sends, links and genuine notices, sorted; empty for an unknown alias."""
    by_text = {str(alias): alias for alias in aliases}
    found: dict[Alias, list[OrderId]] = {alias: [] for alias in aliases}
    for chunk in chunks(sorted(by_text), _KEYS):
        for alias, order_id in connection.execute(_pairs(account, chunk)):
            if order_id is not None:  # Not in SQL, where SQLite would look for orders instead of aliases.
                found[by_text[alias]].append(OrderId(order_id))
    return found


def _pairs(account: str, aliases: Collection[str]) -> Select[Any]:
    parts = [
        select(table.c.alias, table.c.order_id).where(table.c.account == account, table.c.alias.in_(aliases))
        for table in (SEND, ORDER_LINK, NOTICE)
    ]
    parts[2] = parts[2].where(is_genuine(NOTICE.c.mail_id))
    pairs = union(*parts).subquery("pairs")
    return select(pairs.c.alias, pairs.c.order_id).order_by(pairs.c.alias, pairs.c.order_id)


def coverages(connection: Connection, account: str) -> list[SentCoverage]:
    """For which instants the account's logs are whole, by origin and start."""
    query = (
        select(COVERAGE)
        .where(COVERAGE.c.account == account)
        .order_by(COVERAGE.c.origin, COVERAGE.c.start_at, COVERAGE.c.end_at)
    )
    return [coverage_from(row) for row in connection.execute(query).mappings()]


def totals(connection: Connection, account: str) -> tuple[datetime, datetime, int] | None:
    """The first and the last instant at which something was sent, and how many messages were; None without any."""
    sent_at = SEND.c.sent_at
    query = select(func.min(sent_at), func.max(sent_at), func.count()).where(
        SEND.c.account == account, SEND.c.outcome == SendOutcome.SENT.value
    )
    first, last, messages = connection.execute(query).one()
    return None if messages == 0 else (first, last, messages)
