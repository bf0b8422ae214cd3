"""Joins an order with its buyer's alias, when it is read: a link that comes late simply works."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Subquery,
    case,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)

from bounce_watch.records.notice import NoticeKind, Outcome
from bounce_watch.records.sent import Origin
from bounce_watch.store.readings import RANKS
from bounce_watch.store.scope import Scope
from bounce_watch.store.tables import MAIL, ORDER_LINK, RECOGNITION, SEND, VERDICT
from bounce_watch.store.writing import chunks

_KEYS = 500


OWN_SENDS = (Origin.CSV_LOG.value, Origin.SENT_FOLDER.value)
_OWN_RECORDS = (*OWN_SENDS, Origin.ORDER_REPORT.value)

_RANK_OF_ORIGIN = case(
    (ORDER_LINK.c.origin == Origin.ORDER_REPORT.value, 1),
    (ORDER_LINK.c.origin.in_(OWN_SENDS), 2),
    (ORDER_LINK.c.origin == Origin.BUYER_MESSAGE.value, 3),
)


def is_genuine(scope: Scope, mail_id: ColumnElement[int]) -> ColumnElement[bool]:
    """SQL: one of the mail's verdicts is GENUINE."""
    return exists().where(
        VERDICT.c.mail_id == mail_id,
        VERDICT.c.outcome == Outcome.GENUINE.value,
        scope.holds(VERDICT.c.run_id),
    )


def aliases_of_orders(scope: Scope, orders: Select[Any] | Collection[str]) -> Subquery:
    """SQL: for each of the orders (hashes) its alias by rank, `alias_0` to `alias_3`, and its `linked_marketplace`.

    A rank that knows two different aliases for an order gives none, and so do two marketplaces. The marketplace is
    told by our own records alone: what only notices know would make groups in which everything was blocked.
    """
    facts = union_all(_from_notices(scope, orders), _from_links(scope, orders)).subquery("facts")
    ranked = (
        select(
            facts.c.order_id_hash,
            facts.c.rank,
            _the_only(facts.c.alias_hash).label("alias"),
            func.min(facts.c.marketplace).label("first_marketplace"),
            func.max(facts.c.marketplace).label("last_marketplace"),
        )
        .group_by(facts.c.order_id_hash, facts.c.rank)
        .subquery("ranked")
    )
    by_rank = [
        func.max(case((ranked.c.rank == rank, ranked.c.alias))).label(f"alias_{rank}")
        for rank in range(len(RANKS))
    ]
    own = ranked.c.rank > 0
    first = func.min(case((own, ranked.c.first_marketplace)))
    last = func.max(case((own, ranked.c.last_marketplace)))
    marketplace = case((first == last, first)).label("linked_marketplace")
    return (
        select(ranked.c.order_id_hash, *by_rank, marketplace)
        .group_by(ranked.c.order_id_hash)
        .subquery("linked")
    )


def linked_alias(linked: Subquery) -> ColumnElement[str | None]:
    """SQL: the alias (hash) of the best rank that knows one."""
    return func.coalesce(*(linked.c[f"alias_{rank}"] for rank in range(len(RANKS))))


def is_known(scope: Scope) -> ColumnElement[bool]:
    """SQL: the order or the alias of a recognition stands in our own sends or order reports.

    A buyer's message is no evidence, and neither is an alias that many buyers share.
    """
    sends = (
        SEND.c.account == scope.account,
        SEND.c.origin != Origin.BUYER_MESSAGE.value,
        scope.holds(SEND.c.run_id),
    )
    links = (
        ORDER_LINK.c.account == scope.account,
        ORDER_LINK.c.origin.in_(_OWN_RECORDS),
        scope.holds(ORDER_LINK.c.run_id),
    )
    own_alias = case((RECOGNITION.c.alias_shared.is_(False), RECOGNITION.c.alias_hash))
    return or_(
        exists().where(*sends, SEND.c.order_id_hash == RECOGNITION.c.order_id_hash),
        exists().where(*sends, SEND.c.alias_hash == own_alias),
        exists().where(*links, ORDER_LINK.c.order_id_hash == RECOGNITION.c.order_id_hash),
        exists().where(*links, ORDER_LINK.c.alias_hash == own_alias),
    )


def undisputed(scope: Scope) -> ColumnElement[bool]:
    """SQL: no other link gives the order to somebody else, where a link rests on mail alone.

    A buyer can write any order id: it must not come to the list with that buyer while our records know better.
    """
    other = ORDER_LINK.alias()
    otherwise = exists().where(
        other.c.account == scope.account,
        other.c.order_id_hash == ORDER_LINK.c.order_id_hash,
        other.c.alias_hash != ORDER_LINK.c.alias_hash,
        scope.holds(other.c.run_id),
    )
    return or_(ORDER_LINK.c.origin != Origin.BUYER_MESSAGE.value, ~otherwise)


def known_names(connection: Connection, scope: Scope, *, hashes: Collection[str]) -> set[str]:
    """Those of these orders and aliases (hashes) that `is_known` would call known."""
    found: set[str] = set()
    for chunk in chunks(sorted(hashes), _KEYS):
        for table, own in (
            (SEND, SEND.c.origin != Origin.BUYER_MESSAGE.value),
            (ORDER_LINK, ORDER_LINK.c.origin.in_(_OWN_RECORDS)),
        ):
            mine = (table.c.account == scope.account, own, scope.holds(table.c.run_id))
            for column in (table.c.order_id_hash, table.c.alias_hash):
                found.update(connection.scalars(select(column).distinct().where(*mine, column.in_(chunk))))
    return found


def _the_only(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return case((func.min(column) == func.max(column), func.min(column)), else_=null())


def _from_notices(scope: Scope, orders: Select[Any] | Collection[str]) -> Select[Any]:
    """Only genuine ones: a forged notice must not tie a stranger's alias to an order."""
    said = RECOGNITION
    return (
        select(said.c.order_id_hash, said.c.alias_hash, said.c.marketplace, literal(0).label("rank"))
        .select_from(said.join(MAIL, MAIL.c.id == said.c.mail_id))
        .where(
            said.c.account == scope.account,
            said.c.result == NoticeKind.OPT_OUT.value,
            said.c.alias_shared.is_(False),
            said.c.order_id_hash.in_(orders),
            *scope.recognised(),
            *scope.believed(),
            is_genuine(scope, said.c.mail_id),
        )
    )


def _from_links(scope: Scope, orders: Select[Any] | Collection[str]) -> Select[Any]:
    return select(
        ORDER_LINK.c.order_id_hash,
        ORDER_LINK.c.alias_hash,
        ORDER_LINK.c.marketplace,
        _RANK_OF_ORIGIN.label("rank"),
    ).where(
        ORDER_LINK.c.account == scope.account,
        ORDER_LINK.c.order_id_hash.in_(orders),
        _RANK_OF_ORIGIN.is_not(None),
        scope.holds(ORDER_LINK.c.run_id),
    )
