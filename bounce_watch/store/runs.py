"""Runs: when something was read, how it ended, and what it counted."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update

from bounce_watch.records.filed import Filed, Run, RunState
from bounce_watch.store.digests import row_digest
from bounce_watch.store.readings import run_from
from bounce_watch.store.rows import without_names
from bounce_watch.store.scope import scope_of
from bounce_watch.store.tables import RUN
from bounce_watch.store.writing import new_id

_POLLS = ("poll", "daily", "rebuild")
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


def head_of(connection: Connection, run_id: int) -> tuple[str, datetime]:
    """Whose run it is, and when it began; ValueError for a run that was never started."""
    row = connection.execute(select(RUN.c.account, RUN.c.started_at).where(RUN.c.id == run_id)).first()
    if row is None:
        raise ValueError(f"there is no run {run_id}")
    return row.account, row.started_at


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
    head_of(connection, run_id)
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
            message=without_names(message),
        )
    )
    seal(connection, run_id)


def seal(connection: Connection, run_id: int) -> None:
    """Give a run that has ended the digest of its row."""
    row = connection.execute(select(RUN).where(RUN.c.id == run_id)).mappings().one()
    connection.execute(update(RUN).where(RUN.c.id == run_id).values(row_digest=row_digest(RUN, dict(row))))


def has_read_mail(connection: Connection, account: str) -> bool:
    """True when a run of the account ever looked at a mail."""
    query = select(RUN.c.id).where(RUN.c.account == account, RUN.c.mails_read > 0).limit(1)
    return connection.scalar(query) is not None


def newest(connection: Connection, account: str, *, limit: int) -> list[Run]:
    """The newest runs of an account, newest first."""
    query = select(RUN).where(RUN.c.account == account).order_by(RUN.c.id.desc()).limit(limit)
    undone = scope_of(connection, account).undone
    rows = connection.execute(query).mappings()
    return [run_from(row, undone=row["id"] in undone) for row in rows]


def one(connection: Connection, account: str, run_id: int) -> Run | None:
    """The run of that number, None when the account has none."""
    query = select(RUN).where(RUN.c.account == account, RUN.c.id == run_id)
    row = connection.execute(query).mappings().first()
    undone = scope_of(connection, account).undone
    return None if row is None else run_from(row, undone=run_id in undone)


def last_complete_poll(connection: Connection, account: str) -> Run | None:
    """The last run that read the mailbox to its end; that its findings were undone does not change that."""
    query = (
        select(RUN)
        .where(RUN.c.account == account, RUN.c.command.in_(_POLLS), RUN.c.state == RunState.COMPLETE.value)
        .order_by(RUN.c.finished_at.desc(), RUN.c.id.desc())
        .limit(1)
    )
    row = connection.execute(query).mappings().first()
    return None if row is None else run_from(row, undone=False)


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
