"""Forgets in the backups what the ledger itself has forgotten.

A backup of today's schema loses every name that the ledger no longer holds in clear, and the texts and octets
that have passed their retention. One of an older schema, made before a migration, can't be understood any more:
it is deleted CLEAR_FOR after it was made, and at once when somebody is erased.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, Engine, and_, delete, or_, select
from sqlalchemy.exc import DatabaseError

from bounce_watch.store import identities, retention
from bounce_watch.store.backup import backup_engine, revision_of
from bounce_watch.store.engine import reading, writing
from bounce_watch.store.identities import CLEAR_FOR
from bounce_watch.store.key import KEY_MARK
from bounce_watch.store.place import Place, key_beside
from bounce_watch.store.schema import REVISIONS
from bounce_watch.store.tables import IDENTITY, MAIL, META, RUN, SEND, SET_ASIDE
from bounce_watch.store.writing import chunks, insert_or_replace

_CLEANED_AT = "cleaned_at"
"""The name in the table `meta` of a backup under which it says when it was last looked through."""

_EACH = timedelta(days=1)
"""How long a backup is left alone when nothing was forgotten meanwhile."""

_DRAFTS_FOR = timedelta(days=1)
_MAGIC = b"SQLite format 3\0"
_KEYS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupsPurged:
    """Which backups were looked through, deleted, and could not be read as what they should be."""

    cleaned: tuple[Path, ...] = ()
    deleted: tuple[Path, ...] = ()
    failed: tuple[Path, ...] = ()


def purge_backups(
    engine: Engine, place: Place, mark: str, *, now: datetime, forgot: bool, erased: bool
) -> BackupsPurged:
    """Bring the backups of a ledger (`mark` is its key's) to what it knows by `now`.

    `forgot` says that the ledger has just forgotten something, `erased` that a person asked for it; without
    either, a backup is looked through once a day.
    """
    cleaned, deleted, failed = list[Path](), list[Path](), list[Path]()
    for path in _files(place, now):
        try:
            if not _is_ours(path, place, mark):
                continue
            if revision_of(path) != REVISIONS[-1]:
                if erased or _made_at(path) < now - CLEAR_FOR:
                    _delete(path)
                    deleted.append(path)
            elif forgot or erased or _is_due(path, now):
                _clean(path, engine, now=now)
                cleaned.append(path)
        except (DatabaseError, OSError):
            failed.append(path)
    return BackupsPurged(cleaned=tuple(cleaned), deleted=tuple(deleted), failed=tuple(failed))


def _files(place: Place, now: datetime) -> Iterator[Path]:
    """The files among the backups; what is left of a copy that was cut off goes at once."""
    if not place.backups.is_dir():
        return
    for path in sorted(place.backups.iterdir()):
        if path.is_symlink() or not path.is_file():
            continue
        if not path.name.startswith(f".{place.stem}."):
            yield path
        elif _made_at(path) < now - _DRAFTS_FOR:
            path.unlink(missing_ok=True)


def _made_at(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, tz=UTC)


def _is_ours(path: Path, place: Place, mark: str) -> bool:
    """True for a copy of this ledger: it knows the ledger's key, or is of the time before there were keys."""
    with path.open("rb") as file:
        if file.read(len(_MAGIC)) != _MAGIC:
            return False
    revision = revision_of(path)
    if revision is None:
        return False
    if revision == REVISIONS[0]:
        return path.name.startswith(f"{place.stem}.")
    return _meta(path, KEY_MARK) == mark


def _is_due(path: Path, now: datetime) -> bool:
    cleaned_at = _meta(path, _CLEANED_AT)
    return cleaned_at is None or datetime.fromisoformat(cleaned_at) < now - _EACH


def _meta(path: Path, name: str) -> str | None:
    engine = backup_engine(path)
    try:
        with reading(engine) as connection:
            value: str | None = connection.scalar(select(META.c.value).where(META.c.name == name))
            return value
    finally:
        engine.dispose()


def _delete(path: Path) -> None:
    path.unlink(missing_ok=True)
    key_beside(path).unlink(missing_ok=True)


def _clean(path: Path, ledger: Engine, *, now: datetime) -> None:
    engine = backup_engine(path)
    try:
        with reading(ledger) as source, writing(engine) as backup:
            for account in backup.scalars(select(RUN.c.account).distinct()).all():
                retention.purge_texts(backup, account, now=now)
                _forget(backup, source, account)
                _erase(backup, source, account)
                _empty_mails(backup, source, account)
                _empty_sends(backup, source, account)
            insert_or_replace(backup, META, {"name": _CLEANED_AT, "value": now.isoformat()})
        with engine.connect() as connection:  # Pages that were split keep pieces of what they held.
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("VACUUM")
            connection.exec_driver_sql("BEGIN")
    finally:
        engine.dispose()


def _forget(backup: Connection, source: Connection, account: str) -> None:
    """Take away what the ledger does not hold in clear."""
    query = select(IDENTITY.c.hash).where(IDENTITY.c.account == account, IDENTITY.c.clear.is_not(None))
    for chunk in chunks(backup.scalars(query).all(), _KEYS):
        known = source.scalars(query.where(IDENTITY.c.hash.in_(chunk)))
        identities.forget(backup, account, set(chunk) - set(known))


def _erase(backup: Connection, source: Connection, account: str) -> None:
    """Erase whom the ledger has erased, with texts, octets and notes."""
    query = select(IDENTITY.c.hash, IDENTITY.c.erased_at).where(
        IDENTITY.c.account == account, IDENTITY.c.erased_at.is_not(None)
    )
    done = {row.hash for row in backup.execute(query)}
    for hash_, erased_at in source.execute(query).all():
        if hash_ not in done:
            retention.erase(backup, account, {hash_}, at=erased_at)


def _empty_mails(backup: Connection, source: Connection, account: str) -> None:
    """Take away the texts and octets that the ledger keeps no longer of the same mails."""
    texts = or_(MAIL.c.message_id.is_not(None), MAIL.c.from_address.is_not(None), MAIL.c.subject != "")
    mine, octets = MAIL.c.account == account, MAIL.c.id.in_(select(SET_ASIDE.c.mail_id))
    query = select(MAIL.c.fingerprint).where(mine)
    for chunk in chunks(backup.scalars(query.where(or_(texts, octets))).all(), _KEYS):
        among = and_(mine, MAIL.c.fingerprint.in_(chunk))
        known = set(source.scalars(query.where(among)))
        for kept, what in ((texts, "texts"), (octets, "octets")):
            gone = known - set(source.scalars(query.where(among, kept)))
            which = and_(mine, MAIL.c.fingerprint.in_(gone))
            if what == "texts":
                retention.empty(backup, MAIL, which, retention.NO_TEXTS)
            else:
                backup.execute(
                    delete(SET_ASIDE).where(SET_ASIDE.c.mail_id.in_(select(MAIL.c.id).where(which)))
                )


def _empty_sends(backup: Connection, source: Connection, account: str) -> None:
    """The same for what sends say."""
    texts = or_(SEND.c.message_id.is_not(None), SEND.c.label.is_not(None))
    query = select(SEND.c.identity).where(SEND.c.account == account)
    for chunk in chunks(backup.scalars(query.where(texts)).all(), _KEYS):
        among = query.where(SEND.c.identity.in_(chunk))
        gone = set(source.scalars(among)) - set(source.scalars(among.where(texts)))
        which = and_(SEND.c.account == account, SEND.c.identity.in_(gone))
        retention.empty(backup, SEND, which, {"message_id": None, "label": None})
