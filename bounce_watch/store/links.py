"""Joins an order with its buyer's alias, when it is read: a link that comes late simply works."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    ColumnElement,
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
from bounce_watch.records.opt_out import AliasFrom
from bounce_watch.records.sent import Origin
from bounce_watch.store.tables import NOTICE, ORDER_LINK, SEND, VERDICT

RANKS = (AliasFrom.NOTICE, AliasFrom.ORDER_REPORT, AliasFrom.SENT_LOG, AliasFrom.BUYER_MESSAGE)
"""Who knows an order's alias, the most trusted first. NOTICE is another, genuine opt-out notice of the order."""

OWN_SENDS = (Origin.CSV_LOG.value, Origin.SENT_FOLDER.value)
_OWN_RECORDS = (*OWN_SENDS, Origin.ORDER_REPORT.value)

_RANK_OF_ORIGIN = case(
    (ORDER_LINK.c.origin == Origin.ORDER_REPORT.value, 1),
    (ORDER_LINK.c.origin.in_(OWN_SENDS), 2),
    (ORDER_LINK.c.origin == Origin.BUYER_MESSAGE.value, 3),
)


def is_genuine(mail_id: ColumnElement[int]) -> ColumnElement[bool]:
    """SQL: one of the mail's verdicts is GENUINE."""
    return exists().where(VERDICT.c.mail_id == mail_id, VERDICT.c.outcome == Outcome.GENUINE.value)


def aliases_of_orders(account: str, orders: Select[Any]) -> Subquery:
    """SQL: for each of the orders its alias by rank, `alias_0` to `alias_3`, and its `linked_marketplace`.

    A rank that knows two different aliases for an order gives none, and so do two marketplaces.
    """
    facts = union_all(_from_notices(account, orders), _from_links(account, orders)).subquery("facts")
    ranked = (
        select(
            facts.c.order_id,
            facts.c.rank,
            _the_only(facts.c.alias).label("alias"),
            func.min(facts.c.marketplace).label("first_marketplace"),
            func.max(facts.c.marketplace).label("last_marketplace"),
        )
        .group_by(facts.c.order_id, facts.c.rank)
        .subquery("ranked")
    )
    by_rank = [
        func.max(case((ranked.c.rank == rank, ranked.c.alias))).label(f"alias_{rank}")
        for rank in range(len(RANKS))
    ]
    first, last = func.min(ranked.c.first_marketplace), func.max(ranked.c.last_marketplace)
    marketplace = case((first == last, first)).label("linked_marketplace")
    return select(ranked.c.order_id, *by_rank, marketplace).group_by(ranked.c.order_id).subquery("linked")


def linked_alias(linked: Subquery) -> ColumnElement[str | None]:
    """SQL: the alias of the best rank that knows one."""
    return func.coalesce(*(linked.c[f"alias_{rank}"] for rank in range(len(RANKS))))


def is_known(account: str) -> ColumnElement[bool]:
    """SQL: the order or the alias of a notice stands in our own sends or order reports.

    A buyer's message is no evidence, and neither is an alias that many buyers share.
    """
    sends = (SEND.c.account == account, SEND.c.origin != Origin.BUYER_MESSAGE.value)
    links = (ORDER_LINK.c.account == account, ORDER_LINK.c.origin.in_(_OWN_RECORDS))
    own_alias = case((NOTICE.c.alias_shared.is_(False), NOTICE.c.alias))
    return or_(
        exists().where(*sends, SEND.c.order_id == NOTICE.c.order_id),
        exists().where(*sends, SEND.c.alias == own_alias),
        exists().where(*links, ORDER_LINK.c.order_id == NOTICE.c.order_id),
        exists().where(*links, ORDER_LINK.c.alias == own_alias),
    )


def _the_only(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return case((func.min(column) == func.max(column), func.min(column)), else_=null())


def _from_notices(account: str, orders: Select[Any]) -> Select[Any]:
    """Only genuine ones: a forged notice must not tie a stranger's alias to an order."""
    other = NOTICE.alias("other_notice")
    return select(other.c.order_id, other.c.alias, other.c.marketplace, literal(0).label("rank")).where(
        other.c.account == account,
        other.c.kind == NoticeKind.OPT_OUT.value,
        other.c.alias_shared.is_(False),
        other.c.order_id.in_(orders),
        is_genuine(other.c.mail_id),
    )


def _from_links(account: str, orders: Select[Any]) -> Select[Any]:
    return select(
        ORDER_LINK.c.order_id, ORDER_LINK.c.alias, ORDER_LINK.c.marketplace, _RANK_OF_ORIGIN.label("rank")
    ).where(
        ORDER_LINK.c.account == account,
        ORDER_LINK.c.order_id.in_(orders),
        _RANK_OF_ORIGIN.is_not(None),
    )
