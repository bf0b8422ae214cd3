"""Runs: when something was read, how it ended, and what it counted."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update

from bounce_watch.records.filed import Filed, Run, RunState
from bounce_watch.store.rows import run_from
from bounce_watch.store.tables import RUN
from bounce_watch.store.writing import new_id

_POLLS = ("poll", "daily")
_COUNTERS = (
    "read",
    "filed_new",
    "duplicates",
    "not_amazon",
    "mails_read",
    "mails_duplicate",
    "mails_not_amazon",
)


def start(connection: Connection, account: str, *, command: str, at: datetime) -> int:
    """Add a run that is RUNNING; its id."""
    values = {"account": account, "command": command, "started_at": at, "state": RunState.RUNNING.value}
    result = connection.execute(insert(RUN).values(**values, **dict.fromkeys(_COUNTERS, 0), message=""))
    return new_id(result)


def account_of(connection: Connection, run_id: int) -> str:
    """Whose run it is; ValueError for a run that was never started."""
    account: str | None = connection.scalar(select(RUN.c.account).where(RUN.c.id == run_id))
    if account is None:
        raise ValueError(f"there is no run {run_id}")
    return account


def progress(connection: Connection, run_id: int, *, read: int, filed: Filed) -> None:
    """Add to what a run says of itself."""
    connection.execute(
        update(RUN)
        .where(RUN.c.id == run_id)
        .values(
            read=RUN.c.read + read,
            filed_new=RUN.c.filed_new + filed.new,
            duplicates=RUN.c.duplicates + filed.duplicates,
            not_amazon=RUN.c.not_amazon + filed.not_amazon,
        )
    )


def add_mails(connection: Connection, run_id: int, *, read: int, filed: Filed) -> None:
    """Add to the counters that the reconciliation line rests on; only filing mails calls this."""
    connection.execute(
        update(RUN)
        .where(RUN.c.id == run_id)
        .values(
            mails_read=RUN.c.mails_read + read,
            mails_duplicate=RUN.c.mails_duplicate + filed.duplicates,
            mails_not_amazon=RUN.c.mails_not_amazon + filed.not_amazon,
        )
    )


def finish(
    connection: Connection,
    run_id: int,
    *,
    at: datetime,
    state: RunState,
    read: int,
    filed: Filed,
    message: str,
) -> None:
    """Close a run with its final figures; ValueError for a run that was never started."""
    account_of(connection, run_id)
    connection.execute(
        update(RUN)
        .where(RUN.c.id == run_id)
        .values(
            finished_at=at,
            state=state.value,
            read=read,
            filed_new=filed.new,
            duplicates=filed.duplicates,
            not_amazon=filed.not_amazon,
            message=message,
        )
    )


def newest(connection: Connection, account: str, *, limit: int) -> list[Run]:
    """The newest runs of an account, newest first."""
    query = select(RUN).where(RUN.c.account == account).order_by(RUN.c.id.desc()).limit(limit)
    return [run_from(row) for row in connection.execute(query).mappings()]


def last_complete_poll(connection: Connection, account: str) -> Run | None:
    """The last run that read the mailbox to its end."""
    query = (
        select(RUN)
        .where(RUN.c.account == account, RUN.c.command.in_(_POLLS), RUN.c.state == RunState.COMPLETE.value)
        .order_by(RUN.c.finished_at.desc(), RUN.c.id.desc())
        .limit(1)
    )
    row = connection.execute(query).mappings().first()
    return None if row is None else run_from(row)


def accounts(connection: Connection) -> list[str]:
    """Every account that ever had a run, sorted."""
    return list(connection.scalars(select(RUN.c.account).distinct().order_by(RUN.c.account)))


def mail_sums(connection: Connection, account: str) -> tuple[int, int, int]:
    """Mails read, duplicates among them, and mails that are not Amazon's, over all runs of an account."""
    query = select(
        func.sum(RUN.c.mails_read), func.sum(RUN.c.mails_duplicate), func.sum(RUN.c.mails_not_amazon)
    ).where(RUN.c.account == account)
    read, duplicates, not_amazon = connection.execute(query).one()
    return int(read or 0), int(duplicates or 0), int(not_amazon or 0)
