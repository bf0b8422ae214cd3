"""Rows of the ledger read back as records. Without SQLAlchemy, so that one answer does not wait for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bounce_watch.records.decision import Action, Decision, DecisionScope
from bounce_watch.records.filed import Filed, FiledNotice, Run, RunState
from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.notice import Evidence, Method, Notice, NoticeKind, Outcome
from bounce_watch.records.opt_out import AliasFrom

Row = Mapping[Any, Any]
"""A row of an answer, by column."""

RANKS = (AliasFrom.NOTICE, AliasFrom.ORDER_REPORT, AliasFrom.SENT_LOG, AliasFrom.BUYER_MESSAGE)
"""Who knows an order's alias, the most trusted first. NOTICE is another, genuine opt-out notice of the order."""


def alias_from(text: str | None) -> Alias | None:
    """An alias as the ledger gives it. Not `Alias.parse`: a seller's own marketplaces are trusted here."""
    local, at, marketplace = (text or "").partition("@marketplace.")
    return Alias(local, marketplace) if at else None


def order_from(text: str | None) -> OrderId | None:
    """An order id as the ledger gives it."""
    return None if text is None else OrderId(text)


def notice_from(row: Row) -> Notice:
    """A notice again, from the columns of `recognition`, its names (order_id, alias) and the mail's fingerprint."""
    return Notice(
        kind=NoticeKind(row["result"]),
        language=row["language"],
        wording=row["wording"],
        evidence=None if row["evidence"] is None else Evidence(row["evidence"]),
        order_id=order_from(row["order_id"]),
        alias=alias_from(row["alias"]),
        marketplace=row["marketplace"],
        blocked_on=row["blocked_on"],
        noticed_at=row["noticed_at"],
        fingerprint=row["fingerprint"],
        body_digest=row["body_digest"],
        recipients=row["recipients"],
    )


def run_from(row: Row, *, undone: bool) -> Run:
    """A run again, and whether it is undone today."""
    return Run(
        id=row["id"],
        account=row["account"],
        command=row["command"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        state=RunState(row["state"]),
        read=row["read"],
        filed=Filed(new=row["filed_new"], duplicates=row["duplicates"], not_amazon=row["not_amazon"]),
        message=row["message"],
        undone=undone,
    )


@dataclass(frozen=True, slots=True)
class Chosen:
    """The name of the alias that a person chose for an order (None: none of them), and when."""

    alias: str | None
    decided_at: datetime


def decision_from(row: Row) -> Decision:
    """A decision again, with the names it is about."""
    return Decision(
        account=row["account"],
        action=Action(row["action"]),
        subject=row["subject"],
        actor=row["actor"],
        decided_at=row["decided_at"],
        note=row["note"],
        order_id=order_from(row["order_id"]),
        alias=alias_from(row["alias"]),
        scope=DecisionScope(row["scope"]) if row["scope"] else None,
        expires_at=row["expires_at"],
        run_id=row["run_id"],
    )


def filed_notice(row: Row, decided: Action | None, chosen: Mapping[str, Chosen]) -> FiledNotice:
    """The notice with what is joined; an alias that a person chose stands above all others."""
    notice = notice_from(row)
    proven = row["outcome"] == Outcome.GENUINE.value or decided is Action.ACCEPT
    if choice := chosen.get(row["order_id"]):
        linked, source = choice.alias, AliasFrom.PERSON if choice.alias else AliasFrom.NONE
        conflicting = _new_since(row, notice, choice) if proven else None
        notice = replace(notice, alias=None)
    else:
        own = _own_alias(notice)
        linked, source = (None, AliasFrom.NONE) if own and proven else _first_known(row, 0)
        logged, _ = _first_known(row, 1)
        conflicting = alias_from(logged) if own and logged != str(own) else None
    return FiledNotice(
        notice=notice,
        outcome=Outcome(row["outcome"] or Outcome.UNPROVEN),
        method=Method(row["method"] or Method.NONE),
        reason=row["verdict_reason"] or "",
        known_to_us=bool(row["known_to_us"]),
        linked_alias=alias_from(linked),
        linked_from=source,
        conflicting_alias=conflicting,
        decided=decided,
        run_id=row["mail_run_id"],
        filed_at=row["filed_at"],
    )


def _own_alias(notice: Notice) -> Alias | None:
    return None if notice.alias is None or notice.alias.is_shared else notice.alias


def _new_since(row: Row, notice: Notice, choice: Chosen) -> Alias | None:
    """The alias of a notice that was read after the choice and names another one: the person has to look again."""
    own = _own_alias(notice)
    return own if own and str(own) != choice.alias and row["filed_at"] > choice.decided_at else None


def _first_known(row: Row, best_rank: int) -> tuple[str | None, AliasFrom]:
    """The alias of the first rank, from `best_rank` on, that knows one."""
    for rank in range(best_rank, len(RANKS)):
        if row[f"alias_{rank}"] is not None:
            return row[f"alias_{rank}"], RANKS[rank]
    return None, AliasFrom.NONE
