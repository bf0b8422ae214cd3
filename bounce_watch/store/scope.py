"""Which facts hold for an account: all but those of runs that a person has undone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from sqlalchemy import ColumnElement, Connection, Select, func, or_, select, true

from bounce_watch.records.decision import ABOUT_MAIL, Action
from bounce_watch.records.notice import Evidence
from bounce_watch.store.tables import DECISION, MAIL, RECOGNITION


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """An account and its undone runs, as of an instant (None: today)."""

    account: str
    undone: tuple[int, ...]
    as_of: datetime | None = None

    def holds(self, run_id: ColumnElement[int]) -> ColumnElement[bool]:
        """SQL: the run of a fact is not undone."""
        return run_id.not_in(self.undone) if self.undone else true()

    def holding_id(self, mail_id: ColumnElement[int]) -> ColumnElement[int]:
        """SQL: the id of the recognition that holds for a mail."""
        inner = RECOGNITION.alias()
        return (
            select(inner.c.id)
            .where(inner.c.mail_id == mail_id, self.holds(inner.c.run_id))
            .order_by(inner.c.run_id.desc(), inner.c.id.desc())
            .limit(1)
            .scalar_subquery()
        )

    def recognised(self) -> tuple[ColumnElement[bool], ...]:
        """SQL: conditions on MAIL joined with RECOGNITION, so that each mail that holds comes with what holds of it."""
        return (
            MAIL.c.account == self.account,
            self.holds(MAIL.c.run_id),
            RECOGNITION.c.id == self.holding_id(MAIL.c.id),
        )

    def believed(self) -> tuple[ColumnElement[bool], ...]:
        """SQL: conditions on the same join that leave out what a person dismissed, or made of a mail and took back."""
        latest = latest_decisions(self.account, ABOUT_MAIL, as_of=self.as_of).subquery("about_mails")
        by_action = {
            action: select(latest.c.subject).where(latest.c.action == action.value) for action in ABOUT_MAIL
        }
        return (
            MAIL.c.fingerprint.not_in(by_action[Action.DISMISS]),
            or_(
                func.coalesce(RECOGNITION.c.evidence, "") != Evidence.PERSON.value,
                MAIL.c.fingerprint.in_(by_action[Action.ACCEPT]),
            ),
        )


SUPPOSED = "supposed"
"""Execution option: runs (by number) that are looked at as if they were undone (True) or not."""


def scope_of(connection: Connection, account: str, *, as_of: datetime | None = None) -> Scope:
    """The scope of an account by its decisions up to an instant, and by what the connection supposes."""
    rows = connection.execute(_about_runs(account, as_of))
    undone = {int(run): action == Action.UNDO.value for run, action in rows}
    undone |= connection.get_execution_options().get(SUPPOSED, {})
    return Scope(account=account, undone=tuple(sorted(run for run in undone if undone[run])), as_of=as_of)


@lru_cache(maxsize=64)  # Every question to a ledger begins with it; putting it together takes the longest.
def _about_runs(account: str, as_of: datetime | None) -> Select[str, str]:
    latest = latest_decisions(account, (Action.UNDO, Action.REDO), as_of=as_of).subquery("latest")
    return select(latest.c.subject, latest.c.action)


@lru_cache(maxsize=64)
def latest_decisions(
    account: str, actions: tuple[Action, ...], *, as_of: datetime | None
) -> Select[tuple[str, str]]:
    """SQL: `subject` and `action` (and the rest) of the last decision about each subject among these actions."""
    among = [DECISION.c.account == account, DECISION.c.action.in_([action.value for action in actions])]
    if as_of is not None:
        among.append(DECISION.c.decided_at <= as_of)
    last = select(func.max(DECISION.c.id)).where(*among).group_by(DECISION.c.subject)
    return select(DECISION).where(DECISION.c.id.in_(last))
