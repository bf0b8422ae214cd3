"""Reads notices with everything later facts say about them, what waits for a person, and the tallies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, ScalarSelect, Select, and_, case, func, select

from bounce_watch.records.filed import FiledNotice, ResultCount, Totals, WaitingMail
from bounce_watch.records.notice import Method, NoticeKind, Outcome
from bounce_watch.records.opt_out import AliasFrom
from bounce_watch.store import runs
from bounce_watch.store.links import RANKS, aliases_of_orders, is_known
from bounce_watch.store.rows import WAITING, alias_from, notice_from, waiting_from
from bounce_watch.store.tables import MAIL, NOTICE, VERDICT

_AT_ONCE = 500
"""How many rows are held in memory while a long answer is read."""

_TRUST = case(
    (VERDICT.c.outcome == Outcome.GENUINE.value, 0),
    (VERDICT.c.outcome == Outcome.FORGED.value, 1),
    else_=2,
)


def notices(connection: Connection, account: str, *, kinds: Sequence[NoticeKind]) -> Iterator[FiledNotice]:
    """The notices of these kinds by order id, time (unknown first) and fingerprint, one query for all."""
    query = _notices_query(account, [kind.value for kind in kinds])
    rows = connection.execution_options(yield_per=_AT_ONCE).execute(query).mappings()
    for row in rows:
        yield _filed_notice(row)


def _best_verdict() -> ScalarSelect[int]:
    """SQL: the id of a notice's best verdict; of equal ones that of the newest run, whose reason is true today."""
    return (
        select(VERDICT.c.id)
        .where(VERDICT.c.mail_id == NOTICE.c.mail_id)
        .order_by(_TRUST, VERDICT.c.run_id.desc(), VERDICT.c.method, VERDICT.c.reason, VERDICT.c.digest)
        .limit(1)
        .correlate(NOTICE)
        .scalar_subquery()
    )


def _notices_query(account: str, kinds: Sequence[str]) -> Select[Any]:
    wanted = and_(NOTICE.c.account == account, NOTICE.c.kind.in_(kinds))
    linked = aliases_of_orders(account, select(NOTICE.c.order_id).where(wanted))
    source = (
        NOTICE.join(MAIL, MAIL.c.id == NOTICE.c.mail_id)
        .outerjoin(VERDICT, VERDICT.c.id == _best_verdict())
        .outerjoin(linked, linked.c.order_id == NOTICE.c.order_id)
    )
    return (
        select(
            NOTICE,
            MAIL.c.fingerprint,
            VERDICT.c.outcome,
            VERDICT.c.method,
            VERDICT.c.reason,
            is_known(account).label("known_to_us"),
            *(linked.c[f"alias_{rank}"] for rank in range(len(RANKS))),
        )
        .select_from(source)
        .where(wanted)
        .order_by(NOTICE.c.order_id.nulls_first(), NOTICE.c.noticed_at.nulls_first(), MAIL.c.fingerprint)
    )


def _filed_notice(row: RowMapping) -> FiledNotice:
    notice = notice_from(row)
    names_one = notice.alias is not None and not notice.alias.is_shared
    linked, source = (None, AliasFrom.NONE) if names_one else _first_known(row, 0)
    logged, _ = _first_known(row, 1)
    return FiledNotice(
        notice=notice,
        outcome=Outcome(row["outcome"] or Outcome.UNPROVEN),
        method=Method(row["method"] or Method.NONE),
        reason=row["reason"] or "",
        known_to_us=bool(row["known_to_us"]),
        linked_alias=alias_from(linked),
        linked_from=source,
        conflicting_alias=alias_from(logged) if names_one and logged != str(notice.alias) else None,
    )


def _first_known(row: RowMapping, best_rank: int) -> tuple[str | None, AliasFrom]:
    """The alias of the first rank, from `best_rank` on, that knows one."""
    for rank in range(best_rank, len(RANKS)):
        if row[f"alias_{rank}"] is not None:
            return row[f"alias_{rank}"], RANKS[rank]
    return None, AliasFrom.NONE


_MAIL_AND_NOTICE = MAIL.outerjoin(NOTICE, NOTICE.c.mail_id == MAIL.c.id)


def totals(connection: Connection, account: str) -> Totals:
    """The figures of the reconciliation line; a mail that has a notice counts as its kind."""
    result = func.coalesce(NOTICE.c.kind, MAIL.c.result)
    query = (
        select(result, func.count())
        .select_from(_MAIL_AND_NOTICE)
        .where(MAIL.c.account == account)
        .group_by(result)
        .order_by(result)
    )
    results = tuple(ResultCount(result=name, mails=count) for name, count in connection.execute(query))
    read, duplicates, not_amazon = runs.mail_sums(connection, account)
    return Totals(read=read, duplicates=duplicates, not_amazon=not_amazon, results=results)


def waiting(connection: Connection, account: str) -> list[WaitingMail]:
    """Mails without a notice, newest first, those of unknown time last."""
    query = (
        select(MAIL)
        .select_from(_MAIL_AND_NOTICE)
        .where(MAIL.c.account == account, MAIL.c.result.in_(WAITING), NOTICE.c.mail_id.is_(None))
        .order_by(MAIL.c.noticed_at.desc().nulls_last(), MAIL.c.id.desc())
    )
    return [waiting_from(row) for row in connection.execute(query).mappings()]
