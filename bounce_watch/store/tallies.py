"""Counts what was sent, by period and group: sums for the rates, so that no send has to be read for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Integer,
    Select,
    Subquery,
    and_,
    case,
    cast,
    column,
    func,
    null,
    or_,
    select,
    values,
)
from sqlalchemy.sql.selectable import CTE, FromClause

from bounce_watch.records.rate import OLDER, ORDER_AGES, Dimension, Period, SendTally
from bounce_watch.records.sent import LogSpan, Origin, Purpose, SendOutcome
from bounce_watch.store.buyers import BLOCKABLE, with_buyer
from bounce_watch.store.column_types import Instant, Words
from bounce_watch.store.scope import Scope
from bounce_watch.store.tables import ORDER_LINK, SEND

Tallies = list[dict[str | None, SendTally]]


def tally(
    connection: Connection,
    scope: Scope,
    *,
    periods: Sequence[Period],
    spans: Sequence[LogSpan],
    by: Dimension | None,
) -> Tallies:
    """For each period, in order, what was sent (or withheld) of what can be blocked, by group.

    Only what a log holds while it is the denominator (`spans`); periods may overlap. Without `by` the only group
    is None; with it None is what is not known. What scrub withheld has no label of ours.
    """
    found: Tallies = [{} for _ in periods]
    pieces = _pieces(periods, spans)
    if not pieces:
        return found
    sends = _sends(connection, scope, pieces, by, withheld=by is not Dimension.LABEL)
    group_of = sends.c.place if by is Dimension.MARKETPLACE else sends.c.own_group
    for period, group, *sums in connection.execute(_sums(_by_buyer(sends, group_of))):
        found[period][group] = SendTally(**dict(zip(_SUMS, map(int, sums), strict=True)))
    return found


_SUMS = (
    "messages",
    "buyers",
    "squares",
    "unknown_purpose",
    "withheld",
    "withheld_buyers",
    "share_buyers",
)

_Piece = tuple[int, str, Any, Any]


def first_contacts(
    connection: Connection, scope: Scope, *, periods: Sequence[Period], spans: Sequence[LogSpan]
) -> list[int]:
    """For each period how many buyers got the first of their messages in it; periods in the order of time, apart."""
    found = [0] * len(periods)
    pieces = _pieces(periods, spans)
    if not pieces:
        return found
    sends = _sends(connection, scope, pieces, None, withheld=False)
    first = func.min(sends.c.period).label("period")
    buyers = select(first).group_by(sends.c.buyer).subquery("buyers")
    for period, number in connection.execute(select(buyers.c.period, func.count()).group_by(buyers.c.period)):
        found[period] = number
    return found


def _pieces(periods: Sequence[Period], spans: Sequence[LogSpan]) -> list[_Piece]:
    """(number of the period, origin, start, end) of each part of a period in which one log is the denominator."""
    return [
        (number, span.origin.value, max(span.start, period.start), min(span.end, period.end))
        for number, period in enumerate(periods)
        for span in spans
        if span.start < period.end and span.end > period.start
    ]


def _sends(
    connection: Connection, scope: Scope, pieces: list[_Piece], by: Dimension | None, *, withheld: bool
) -> Subquery:
    """SQL: the sends of each piece, with `period`, `own_group`, `buyer` and `place`."""
    piece = _piece_table(pieces)
    wanted = and_(
        SEND.c.account == scope.account,
        scope.holds(SEND.c.run_id),
        SEND.c.purpose.in_(BLOCKABLE),
        # Of what went to an address of many buyers without an order id, nobody can say whom it reached.
        or_(SEND.c.alias_shared.is_(False), SEND.c.order_id_hash.is_not(None)),
    )
    # Only for the look-up of orders: beside a piece's own bounds, SQLite might look these up in its index instead.
    among = and_(
        wanted,
        SEND.c.sent_at >= min(start for _, _, start, _ in pieces),
        SEND.c.sent_at < max(end for *_, end in pieces),
    )
    sent = and_(SEND.c.origin == piece.c.origin, SEND.c.outcome == SendOutcome.SENT.value)
    # What scrub let through stands in a log of ours as well, or in none.
    scrubbed = and_(SEND.c.origin == Origin.SCRUB.value, SEND.c.outcome == SendOutcome.WITHHELD.value)
    then = and_(SEND.c.sent_at >= piece.c.start_at, SEND.c.sent_at < piece.c.end_at)
    joined = SEND.join(piece, and_(then, or_(sent, scrubbed) if withheld else sent))
    source, group = _grouped(connection, scope, joined, by)
    more = (piece.c.period, group)
    return with_buyer(scope, wanted, source=source, more=more, among=among).subquery("sends")


def _piece_table(pieces: list[_Piece]) -> CTE:
    columns = (
        column("period", Integer),
        column("origin", Words),
        column("start_at", Instant),
        column("end_at", Instant),
    )
    return values(*columns, name="piece").data(pieces).cte("piece")


def _grouped(
    connection: Connection, scope: Scope, source: FromClause, by: Dimension | None
) -> tuple[FromClause, ColumnElement[Any]]:
    """What the group needs joined in, and the group of a send but for its marketplace, as `own_group`."""
    if by is Dimension.LABEL:
        return source, SEND.c.label.label("own_group")
    if by is not Dimension.ORDER_AGE:
        return source, null().label("own_group")
    placed = _placed(scope)
    joined = source.outerjoin(placed, placed.c.order_id_hash == SEND.c.order_id_hash)
    return joined, _age(connection, placed.c.ordered_at).label("own_group")


def _placed(scope: Scope) -> Subquery:
    """SQL: when each order was placed, as far as an order report says it."""
    return (
        select(
            ORDER_LINK.c.order_id_hash, func.min(ORDER_LINK.c.ordered_at, type_=Instant()).label("ordered_at")
        )
        .where(
            ORDER_LINK.c.account == scope.account,
            ORDER_LINK.c.origin == Origin.ORDER_REPORT.value,
            scope.holds(ORDER_LINK.c.run_id),
        )
        .group_by(ORDER_LINK.c.order_id_hash)
        .subquery("placed")
    )


def _age(connection: Connection, ordered_at: ColumnElement[Any]) -> ColumnElement[Any]:
    """SQL: the same as records.rate.order_age."""
    seconds = _seconds(connection, SEND.c.sent_at) - _seconds(connection, ordered_at)
    groups = [(seconds < days * 86_400, name) for days, name in ORDER_AGES]
    return case((ordered_at.is_(None), null()), (seconds < 0, null()), *groups, else_=OLDER)


def _seconds(connection: Connection, instant: ColumnElement[Any]) -> ColumnElement[int]:
    if connection.dialect.name == "postgresql":
        return cast(func.floor(func.extract("epoch", instant)), BigInteger)
    return cast(func.strftime("%s", instant), Integer)


def _by_buyer(sends: Subquery, group: ColumnElement[Any]) -> Subquery:
    sent = case((sends.c.outcome == SendOutcome.SENT.value, 1), else_=0)
    unknown = case((sends.c.purpose == Purpose.UNKNOWN.value, sent), else_=0)
    sums = (
        func.sum(sent).label("messages"),
        func.sum(unknown).label("unknown_purpose"),
        func.sum(1 - sent).label("withheld"),
    )
    return (
        select(sends.c.period, group.label("group_"), sends.c.buyer, *sums)
        .group_by(sends.c.period, group, sends.c.buyer)
        .subquery("of_buyer")
    )


def _sums(one: Subquery) -> Select[Any]:
    def how_many(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.sum(case((condition, 1), else_=0))

    return select(
        one.c.period,
        one.c.group_,
        func.sum(one.c.messages),
        how_many(one.c.messages > 0),
        func.sum(one.c.messages * one.c.messages),
        func.sum(one.c.unknown_purpose),
        func.sum(one.c.withheld),
        how_many(one.c.withheld > 0),
        func.count(),
    ).group_by(one.c.period, one.c.group_)
