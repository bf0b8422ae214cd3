"""Mends what a rebuild can: damaged rows of mails that were read again, then what nobody can tell any more."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Table, and_, delete, exists, func, insert, or_, select, update

from bounce_watch.records.decision import Action
from bounce_watch.records.mail import Fingerprint
from bounce_watch.store import check, runs
from bounce_watch.store.check import Damage
from bounce_watch.store.digests import with_digest
from bounce_watch.store.key import Key
from bounce_watch.store.rows import Values
from bounce_watch.store.tables import (
    ALERT_TOLD,
    COVERAGE,
    CURSOR,
    DECISION,
    EXPORT,
    EXPORT_MEMBER,
    IDENTITY,
    MAIL,
    ORDER_LINK,
    RECOGNITION,
    RUN,
    SEND,
    SET_ASIDE,
    SIGHTING,
    VERDICT,
)
from bounce_watch.store.writing import chunks

_OF_A_MAIL = (RECOGNITION, VERDICT, SIGHTING)
_NOT_IN_A_MAILBOX = (SEND, ORDER_LINK, COVERAGE, CURSOR, ALERT_TOLD)
_KEYS = 500


def find_again(connection: Connection, account: str, places: Mapping[Fingerprint, Values]) -> None:
    """Give damaged mails their fingerprint and account back by the place (a `sighting` row) where they lie."""
    known = set(
        connection.scalars(
            select(MAIL.c.fingerprint).where(MAIL.c.account == account, MAIL.c.fingerprint.in_(list(places)))
        )
    )
    for fingerprint, place in places.items():
        if fingerprint in known:
            continue
        at = (SIGHTING.c.place == place["place"], SIGHTING.c.folder == place["folder"])
        here = select(SIGHTING.c.mail_id).where(*at)
        ids = [(mail_id,) for mail_id in connection.scalars(here)]
        for (mail_id,) in check.damaged_among(connection, MAIL, ids)[:1]:
            named = {"fingerprint": fingerprint, "account": account}
            connection.execute(update(MAIL).where(MAIL.c.id == mail_id).values(named))


def mend_mails(connection: Connection, mails: Mapping[int, Values]) -> dict[int, int]:
    """Write damaged rows of these mails anew (`mails`: the row of each, by its number), or make room for that.

    The run of each mail that lost a row, by the mail's number: what is filed instead is of that run.
    """
    mended: dict[int, int] = {}
    for chunk in chunks(sorted(mails), _KEYS):
        lost = {mail_id for table in _OF_A_MAIL for mail_id in _drop_damaged(connection, table, chunk)}
        lost |= _drop_spoilt(connection, chunk)
        damaged = {
            mail_id for (mail_id,) in check.damaged_among(connection, MAIL, [(each,) for each in chunk])
        }
        query = select(MAIL.c.id, MAIL.c.run_id).where(MAIL.c.id.in_(chunk))
        for mail_id, run_id in connection.execute(query).all():
            first = run_id
            if mail_id in damaged:
                first = _first_run(connection, mail_id, or_else=run_id)
                fresh = with_digest(MAIL, mails[mail_id] | {"run_id": first})
                connection.execute(update(MAIL).where(MAIL.c.id == mail_id).values(fresh))
            if mail_id in lost:
                mended[mail_id] = first
    return mended


def _drop_damaged(connection: Connection, table: Table, mails: Collection[int]) -> set[int]:
    query = select(table.c.id, table.c.mail_id).where(table.c.mail_id.in_(mails))
    owners = {row.id: row.mail_id for row in connection.execute(query)}
    damaged = [row_id for (row_id,) in check.damaged_among(connection, table, [(each,) for each in owners])]
    for chunk in chunks(damaged, _KEYS):
        connection.execute(delete(table).where(table.c.id.in_(chunk)))
    return {owners[row_id] for row_id in damaged}


def _drop_spoilt(connection: Connection, mails: Collection[int]) -> set[int]:
    rows = connection.execute(select(SET_ASIDE).where(SET_ASIDE.c.mail_id.in_(mails))).all()
    spoilt = {row.mail_id for row in rows if not _unpacks(row.octets)}
    connection.execute(delete(SET_ASIDE).where(SET_ASIDE.c.mail_id.in_(spoilt)))
    return spoilt


def _unpacks(octets: bytes) -> bool:
    try:
        zlib.decompress(octets)
    except zlib.error:
        return False
    return True


def _first_run(connection: Connection, mail_id: int, *, or_else: int) -> int:
    """The run that first filed a mail, as its other rows tell it."""
    found = [
        connection.scalar(select(func.min(table.c.run_id)).where(table.c.mail_id == mail_id))
        for table in _OF_A_MAIL
    ]
    return min((run_id for run_id in found if run_id is not None), default=or_else)


def mend_rest(connection: Connection, accounts: Collection[str], *, key: Key, now: datetime) -> list[Damage]:
    """Settle what reading the mailboxes of these accounts did not mend; what was done, row by row.

    A damaged row that is in no mailbox is removed; the figures of a run stay as they are; a mail of which
    something whole is left keeps that. A name that is lost stays as its hash.
    """
    done = [
        *_remove_rows(connection, _NOT_IN_A_MAILBOX, accounts),
        *_settle_decisions(connection, accounts),
        *_remove_exports(connection, accounts),
        *_settle_mails(connection, accounts),
        *_seal_runs(connection, accounts, now=now),
    ]
    return done + _settle_names(connection, accounts, key=key, now=now)


def _damaged_rows(connection: Connection, table: Table, accounts: Collection[str]) -> list[RowMapping]:
    rows = []
    for key in check.damaged(connection, table):
        where = [column == value for column, value in zip(table.primary_key, key, strict=True)]
        account = connection.scalar(select(_account_of(table)).where(*where))
        if account in accounts:
            rows.append(connection.execute(select(*table.primary_key).where(*where)).mappings().one())
    return rows


def _account_of(table: Table) -> Any:  # noqa: ANN401  (a column or a query)
    if "account" in table.c:
        return table.c.account
    return select(MAIL.c.account).where(MAIL.c.id == table.c.mail_id).scalar_subquery()


def _remove(connection: Connection, table: Table, key: RowMapping, what: str) -> Damage:
    where = [column == key[column.name] for column in table.primary_key]
    connection.execute(delete(table).where(*where))
    return Damage(table=table.name, row=" ".join(map(str, key.values())), what=what)


def _remove_rows(connection: Connection, tables: Iterable[Table], accounts: Collection[str]) -> list[Damage]:
    return [
        _remove(connection, table, key, "removed: it was damaged, and is in no mailbox")
        for table in tables
        for key in _damaged_rows(connection, table, accounts)
    ]


def _settle_decisions(connection: Connection, accounts: Collection[str]) -> list[Damage]:
    """A decision whose action can still be read goes on holding: one that is lost would bring back what it took away."""
    done = []
    for key in _damaged_rows(connection, DECISION, accounts):
        rows = check.readable(connection, DECISION, [(key["id"],)])
        if not rows or rows[0]["action"] not in set(Action):
            done.append(_remove(connection, DECISION, key, "removed: nobody can say what was decided"))
            continue
        sealed = with_digest(DECISION, dict(rows[0]))
        connection.execute(update(DECISION).where(DECISION.c.id == key["id"]).values(sealed))
        what = "kept as it stands: whom it is about, by whom or why may be wrong"
        done.append(Damage(table=DECISION.name, row=str(key["id"]), what=what))
    return done


def _remove_exports(connection: Connection, accounts: Collection[str]) -> list[Damage]:
    """The records of a series of exports, so that the next one to that path is not compared with them."""
    torn = [key["id"] for key in _damaged_rows(connection, EXPORT, accounts)]
    torn += [export_id for export_id in check.torn_exports(connection) if export_id not in torn]
    known = select(IDENTITY.c.hash)
    lost = select(EXPORT_MEMBER.c.series).distinct().where(EXPORT_MEMBER.c.key_hash.not_in(known))
    torn += [export_id for export_id in connection.scalars(lost).all() if export_id not in torn]
    said = select(EXPORT.c.series).where(EXPORT.c.id.in_(torn))
    series = {each for each in connection.scalars(said) if each is not None}
    # Where the series itself is what was damaged, the members say to which one the export belongs.
    for column in (EXPORT_MEMBER.c.since_export, EXPORT_MEMBER.c.until_export):
        series.update(connection.scalars(select(EXPORT_MEMBER.c.series).where(column.in_(torn))))
    connection.execute(delete(EXPORT_MEMBER).where(EXPORT_MEMBER.c.series.in_(series)))
    gone = or_(EXPORT.c.id.in_(torn), EXPORT.c.series.in_(series))
    removed = connection.scalars(select(EXPORT.c.id).where(gone).order_by(EXPORT.c.id)).all()
    connection.execute(delete(EXPORT).where(EXPORT.c.id.in_(removed)))
    what = "removed: the record of this export was damaged; the next one is not compared with it"
    return [Damage(table=EXPORT.name, row=str(each), what=what) for each in removed]


def _settle_mails(connection: Connection, accounts: Collection[str]) -> list[Damage]:
    done = _remove_rows(connection, _OF_A_MAIL, accounts)
    for mail_id in check.spoilt_octets(connection):
        connection.execute(delete(SET_ASIDE).where(SET_ASIDE.c.mail_id == mail_id))
        done.append(Damage(table=SET_ASIDE.name, row=str(mail_id), what="removed: it can't be unpacked"))
    damaged = {key["id"] for key in _damaged_rows(connection, MAIL, accounts)}
    said = exists().where(RECOGNITION.c.mail_id == MAIL.c.id)
    silent = set(connection.scalars(select(MAIL.c.id).where(MAIL.c.account.in_(accounts), ~said)))
    for mail_id in sorted(damaged | silent):
        if mail_id in silent or _is_told_again(connection, mail_id):
            _remove_mail(connection, mail_id)
            what = "removed: nothing whole is left of it, and it is in the mailbox no more"
        else:
            _seal_mail(connection, mail_id)
            what = "kept as it stands: it was damaged, but what it was taken for is whole"
        done.append(Damage(table=MAIL.name, row=str(mail_id), what=what))
    return done


def _seal_mail(connection: Connection, mail_id: int) -> None:
    which = update(MAIL).where(MAIL.c.id == mail_id)
    if not check.readable(connection, MAIL, [(mail_id,)]):
        connection.execute(which.values(message_id=None, from_address=None, subject="", cut=()))
    (row,) = check.readable(connection, MAIL, [(mail_id,)])
    connection.execute(which.values(with_digest(MAIL, dict(row))))


def _is_told_again(connection: Connection, mail_id: int) -> bool:
    """True when another mail was taken for exactly the same: the damaged one read again under its true fingerprint."""
    other = RECOGNITION.alias()
    same = and_(
        other.c.digest == RECOGNITION.c.digest,
        other.c.account == RECOGNITION.c.account,
        other.c.mail_id != RECOGNITION.c.mail_id,
        RECOGNITION.c.order_id_hash.is_not(None),
    )
    query = select(other.c.id).where(same, RECOGNITION.c.mail_id == mail_id).limit(1)
    return connection.scalar(query) is not None


def _remove_mail(connection: Connection, mail_id: int) -> None:
    for table in (*_OF_A_MAIL, SET_ASIDE):
        connection.execute(delete(table).where(table.c.mail_id == mail_id))
    connection.execute(delete(MAIL).where(MAIL.c.id == mail_id))


def _seal_runs(connection: Connection, accounts: Collection[str], *, now: datetime) -> list[Damage]:
    damaged = [key["id"] for key in _damaged_rows(connection, RUN, accounts)]
    for run_id in damaged:
        if not check.readable(connection, RUN, [(run_id,)]):
            times = {"started_at": now, "finished_at": now}
            connection.execute(update(RUN).where(RUN.c.id == run_id).values(times))
        runs.seal(connection, run_id)
    what = "kept as it stands: its figures may be wrong"
    return [Damage(table=RUN.name, row=str(run_id), what=what) for run_id in damaged]


def _settle_names(
    connection: Connection, accounts: Collection[str], *, key: Key, now: datetime
) -> list[Damage]:
    """Names that are not in the mailbox: a wrong one goes, one that facts need and that is missing comes as a hash."""
    done = []
    wrong = set(check.wrong_names(connection, key=key))
    wrong |= {row["hash"] for row in _damaged_rows(connection, IDENTITY, accounts)}
    erased = _erased_at(connection, sorted(wrong), accounts)
    for hash_ in sorted(wrong):
        mine = and_(IDENTITY.c.hash == hash_, IDENTITY.c.account.in_(accounts))
        if connection.execute(delete(IDENTITY).where(mine)).rowcount:
            done.append(Damage(table=IDENTITY.name, row=hash_, what="removed: it was damaged"))
    for hash_ in list(check.missing_names(connection)):
        for row in _needed(connection, hash_, accounts, now=now):
            was_erased = {"erased_at": erased.get((hash_, row["account"]))}
            connection.execute(insert(IDENTITY).values(with_digest(IDENTITY, row | was_erased)))
            what = "put back as a hash only: the name itself is lost"
            done.append(Damage(table=IDENTITY.name, row=hash_, what=what))
    return done


def _erased_at(
    connection: Connection, hashes: Sequence[str], accounts: Collection[str]
) -> dict[tuple[str, str], datetime]:
    """When names whose rows are damaged were erased, by hash and account: what a person asked to forget stays so."""
    keys = [(hash_, account) for hash_ in hashes for account in sorted(accounts)]
    rows = [row for chunk in chunks(keys, _KEYS) for row in check.readable(connection, IDENTITY, chunk)]
    return {(row["hash"], row["account"]): row["erased_at"] for row in rows if row["erased_at"]}


def _needed(connection: Connection, hash_: str, accounts: Collection[str], *, now: datetime) -> list[Values]:
    """Rows for a hash, as far as the facts tell what it stands for."""
    rows: dict[str, Values] = {}
    for table in check.NAMED:
        for name in ("order_id_hash", "alias_hash"):
            query = select(table).where(table.c[name] == hash_, table.c.account.in_(accounts))
            for fact in connection.execute(query.limit(len(accounts) or 1)).mappings():
                is_alias = name == "alias_hash"
                row = {
                    "account": fact["account"],
                    "hash": hash_,
                    "clear": None,
                    "marketplace": (fact.get("marketplace") or "amazon.com") if is_alias else None,
                    "shared": bool(is_alias and fact.get("alias_shared")),
                    "last_at": now,
                    "erased_at": None,
                }
                rows.setdefault(fact["account"], with_digest(IDENTITY, row))
    return list(rows.values())
