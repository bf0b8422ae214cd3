"""Reads notices with everything later facts say about them, what waits for a person, and the tallies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, ScalarSelect, Select, and_, bindparam, case, func, select

from bounce_watch.records.decision import Action
from bounce_watch.records.filed import (
    DISMISSED,
    UNDONE,
    FiledNotice,
    MailFacts,
    ResultCount,
    Totals,
    WaitingMail,
)
from bounce_watch.records.mail import Fingerprint
from bounce_watch.records.notice import NoticeKind, Outcome
from bounce_watch.store import runs
from bounce_watch.store.decisions import about_mails, chosen_aliases
from bounce_watch.store.identities import name_of
from bounce_watch.store.links import aliases_of_orders, is_known
from bounce_watch.store.readings import RANKS, filed_notice
from bounce_watch.store.rows import PLACE_FIELDS, VERDICT_FIELDS, WAITING, mail_facts_from, waiting_from
from bounce_watch.store.scope import Scope
from bounce_watch.store.tables import MAIL, RECOGNITION, RUN, SET_ASIDE, SIGHTING, VERDICT
from bounce_watch.store.writing import chunks

_AT_ONCE = 500
"""How many rows are held in memory while a long answer is read."""

_TRUST = case(
    (VERDICT.c.outcome == Outcome.GENUINE.value, 0),
    (VERDICT.c.outcome == Outcome.FORGED.value, 1),
    else_=2,
)


def notices(
    connection: Connection,
    scope: Scope,
    *,
    kinds: Sequence[NoticeKind],
    orders: Collection[str] | None = None,
    since: datetime | None = None,
) -> Iterator[FiledNotice]:
    """The notices of these kinds by order id, time (unknown first) and fingerprint, one query for all.

    `orders`: only those about orders of these hashes. `since`: only those that came from that instant on.
    """
    query = _notices_query(scope, tuple(kind.value for kind in kinds), some_orders=orders is not None)
    if since is not None:
        query = query.where(RECOGNITION.c.noticed_at >= since)
    given = {"orders": sorted(orders)} if orders is not None else {}
    decided = about_mails(connection, scope.account, as_of=scope.as_of)
    chosen = chosen_aliases(connection, scope.account, as_of=scope.as_of)
    rows = connection.execute(query, given, execution_options={"yield_per": _AT_ONCE}).mappings()
    for row in rows:
        yield filed_notice(row, decided.get(row["fingerprint"]), chosen)


def _best_verdict(scope: Scope) -> ScalarSelect[int]:
    """SQL: the id of a mail's best verdict; of equal ones that of the newest run, whose reason is true today."""
    return (
        select(VERDICT.c.id)
        .where(VERDICT.c.mail_id == RECOGNITION.c.mail_id, scope.holds(VERDICT.c.run_id))
        .order_by(_TRUST, VERDICT.c.run_id.desc(), VERDICT.c.method, VERDICT.c.reason, VERDICT.c.digest)
        .limit(1)
        .correlate(RECOGNITION)
        .scalar_subquery()
    )


@lru_cache(maxsize=64)  # Putting it together takes longer than asking a small ledger.
def _notices_query(scope: Scope, kinds: tuple[str, ...], *, some_orders: bool) -> Select[Any]:
    wanted = and_(RECOGNITION.c.account == scope.account, RECOGNITION.c.result.in_(kinds))
    if some_orders:
        wanted = and_(wanted, RECOGNITION.c.order_id_hash.in_(bindparam("orders", expanding=True)))
    linked = aliases_of_orders(scope, select(RECOGNITION.c.order_id_hash).where(wanted))
    source = (
        RECOGNITION.join(MAIL, MAIL.c.id == RECOGNITION.c.mail_id)
        .join(RUN, RUN.c.id == MAIL.c.run_id)
        .outerjoin(VERDICT, VERDICT.c.id == _best_verdict(scope))
        .outerjoin(linked, linked.c.order_id_hash == RECOGNITION.c.order_id_hash)
    )
    order_id = name_of(scope.account, RECOGNITION.c.order_id_hash).label("order_id")
    return (
        select(
            RECOGNITION,
            MAIL.c.fingerprint,
            MAIL.c.run_id.label("mail_run_id"),
            RUN.c.started_at.label("filed_at"),
            VERDICT.c.outcome,
            VERDICT.c.method,
            VERDICT.c.reason.label("verdict_reason"),
            is_known(scope).label("known_to_us"),
            order_id,
            name_of(scope.account, RECOGNITION.c.alias_hash).label("alias"),
            *(
                name_of(scope.account, linked.c[f"alias_{rank}"]).label(f"alias_{rank}")
                for rank in range(len(RANKS))
            ),
        )
        .select_from(source)
        .where(wanted, *scope.recognised())
        .order_by(order_id.nulls_first(), RECOGNITION.c.noticed_at.nulls_first(), MAIL.c.fingerprint)
    )


_MAIL_AND_RECOGNITION = MAIL.join(RECOGNITION, RECOGNITION.c.mail_id == MAIL.c.id)


def totals(connection: Connection, scope: Scope) -> Totals:
    """The figures of the reconciliation line, mails of undone runs and dismissed ones apart."""
    query = (
        select(RECOGNITION.c.result, MAIL.c.fingerprint)
        .select_from(_MAIL_AND_RECOGNITION)
        .where(*scope.recognised())
    )
    decided = about_mails(connection, scope.account, as_of=scope.as_of)
    tally: Counter[str] = Counter()
    for result, fingerprint in connection.execute(query, execution_options={"yield_per": _AT_ONCE}):
        tally[DISMISSED if decided.get(fingerprint) is Action.DISMISS else result] += 1
    mails = connection.scalar(select(func.count()).select_from(MAIL).where(MAIL.c.account == scope.account))
    if undone := (mails or 0) - tally.total():
        tally[UNDONE] = undone
    results = tuple(ResultCount(result=name, mails=tally[name]) for name in sorted(tally))
    read, duplicates, not_amazon = runs.mail_sums(connection, scope.account)
    return Totals(read=read, duplicates=duplicates, not_amazon=not_amazon, results=results)


def waiting(connection: Connection, scope: Scope) -> list[WaitingMail]:
    """Mails without a notice that nobody dismissed, newest first, those of unknown time last."""
    query = (
        select(MAIL, RECOGNITION.c.result, RECOGNITION.c.reason, RECOGNITION.c.candidates)
        .add_columns(RECOGNITION.c.noticed_at)
        .select_from(_MAIL_AND_RECOGNITION)
        .where(*scope.recognised(), RECOGNITION.c.result.in_(WAITING))
        .order_by(RECOGNITION.c.noticed_at.desc().nulls_last(), MAIL.c.id.desc())
    )
    decided = about_mails(connection, scope.account, as_of=scope.as_of)
    rows = connection.execute(query).mappings()
    # One that was accepted waits again when the run that made it a notice was undone.
    return [waiting_from(row) for row in rows if decided.get(row["fingerprint"]) is not Action.DISMISS]


def mail_facts(
    connection: Connection, scope: Scope, fingerprints: Collection[Fingerprint]
) -> dict[Fingerprint, MailFacts]:
    """What is known of each of these mails; those of undone runs are left out."""
    newest = select(func.max(SIGHTING.c.id)).where(
        SIGHTING.c.mail_id == MAIL.c.id, scope.holds(SIGHTING.c.run_id)
    )
    query = (
        select(MAIL.c.fingerprint, MAIL.c.subject, MAIL.c.from_address)
        .add_columns(
            *(RECOGNITION.c[name] for name in ("result", "reason", "candidates", "evidence", "noticed_at"))
        )
        .add_columns(*(VERDICT.c[name].label(f"verdict_{name}") for name in VERDICT_FIELDS))
        .add_columns(*(SIGHTING.c[name] for name in PLACE_FIELDS))
        .add_columns(SET_ASIDE.c.mail_id.label("kept"))
        .select_from(
            _MAIL_AND_RECOGNITION.outerjoin(VERDICT, VERDICT.c.id == _best_verdict(scope))
            .outerjoin(SIGHTING, SIGHTING.c.id == newest.correlate(MAIL).scalar_subquery())
            .outerjoin(SET_ASIDE, SET_ASIDE.c.mail_id == MAIL.c.id)
        )
        .where(*scope.recognised())
    )
    found: dict[Fingerprint, MailFacts] = {}
    for chunk in chunks(sorted(fingerprints), _AT_ONCE):
        rows = connection.execute(query.where(MAIL.c.fingerprint.in_(chunk))).mappings()
        found.update((row["fingerprint"], mail_facts_from(scope.account, row)) for row in rows)
    return found


def kept(connection: Connection, account: str) -> set[Fingerprint]:
    """The fingerprints of the mails whose octets are kept."""
    query = select(MAIL.c.fingerprint).join(SET_ASIDE, SET_ASIDE.c.mail_id == MAIL.c.id)
    return set(connection.scalars(query.where(MAIL.c.account == account)))
