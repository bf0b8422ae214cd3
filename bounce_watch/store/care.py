"""What keeps a ledger whole, small and safe: forgetting, checking, mending, copying. `Ledger` adds the facts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError

from bounce_watch.errors import BounceWatchError
from bounce_watch.records.filed import MissingMail, Purged
from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.mail import Fingerprint
from bounce_watch.store import backup_purge, identities, mend, retention
from bounce_watch.store.backup import copy_to
from bounce_watch.store.backup_purge import BackupsPurged
from bounce_watch.store.check import Damage, damages
from bounce_watch.store.engine import reading, sweep_out, writing
from bounce_watch.store.key import Key
from bounce_watch.store.missing import missing
from bounce_watch.store.place import Place
from bounce_watch.store.trouble import reading_translated, translated


class Care:
    """A ledger and the files beside it. `name` is the file's path, or the URL without its password."""

    def __init__(self, engine: Engine, *, name: str, key: Key, place: Place) -> None:
        self._engine = engine
        self._key = key
        self._place = place
        self.name = name

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with translated(self.name), writing(self._engine) as connection:
            yield connection

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with reading_translated(self.name), reading(self._engine) as connection:
            yield connection

    def hash_of(self, name: OrderId | Alias) -> str:
        """The keyed hash of an order id or alias, as the subject of a decision about it."""
        return self._key.of(name)

    def purge(
        self,
        account: str,
        *,
        listed: Collection[OrderId | Alias] | Callable[[], Collection[OrderId | Alias]],
        now: datetime,
    ) -> Purged:
        """Forget what has passed its retention by `now`, but for the names that the list needs in clear.

        Where `listed` is asked for them, nobody else can file in between what would put a name on the list.
        """
        with self._writing() as connection:
            identities.hold(connection)
            needed = {self._key.of(name) for name in (listed() if callable(listed) else listed)}
            return retention.purge(connection, account, listed=needed, now=now)

    def names_of_buyer(self, account: str, name: OrderId | Alias) -> list[str]:
        """The alias and the orders, in clear where they are, of the buyer whom an order or alias names."""
        with self._reading() as connection:
            buyer = retention.buyer_of(connection, account, self._key.of(name))
            return retention.names_in_clear(connection, account, buyer)

    def erase(
        self,
        account: str,
        name: OrderId | Alias,
        *,
        at: datetime,
        also: Collection[OrderId | Alias] = (),
        mails: Collection[Fingerprint] = (),
    ) -> Purged:
        """Forget a buyer at once and for ever: the alias and all its orders, texts, octets and notes.

        `also` are names that the list holds to be the same buyer's; `mails` are mails that hold one of the names where only a reader of mail finds it. A name that the ledger
        never saw is erased in advance.
        """
        hash_ = self._key.of(name)
        with self._writing() as connection:
            buyer = retention.buyer_of(connection, account, hash_)
            for other in also:
                buyer |= retention.buyer_of(connection, account, self._key.of(other))
            clear = {
                *retention.names_in_clear(connection, account, buyer),
                *(() if name.is_hashed else (str(name),)),
            }
            done = retention.erase(connection, account, buyer, at=at, names=clear, mails=mails)
            identities.bury(connection, account, name, key=self._key, at=at)
            return done

    def sweep_out(self) -> bool:
        """Take what was purged out of the files as well: the write-ahead log, and dead rows of a server.

        False when another process reads the ledger just now, so that the log could not be emptied.
        """
        with translated(self.name):
            return sweep_out(self._engine)

    def purge_backups(self, *, now: datetime, forgot: bool = False, erased: bool = False) -> BackupsPurged:
        """The same in the backups beside the ledger (see backup_purge)."""
        with translated(self.name):
            return backup_purge.purge_backups(
                self._engine, self._place, self._key.mark, now=now, forgot=forgot, erased=erased
            )

    def back_up(self, target: Path | None, *, at: datetime) -> Path:
        """Copy the ledger, its key beside it, to a new file (None: in the folder of backups); the file's path."""
        path = target or self._place.backup_of(at)
        with translated(self.name):
            copy_to(self._engine, self._place, path)
        return path

    @property
    def backups(self) -> Path:
        """The folder of backups, which may not be there yet."""
        return self._place.backups

    def damages(self) -> Iterator[Damage]:
        """What the database itself finds wrong, and every row that is not what was written."""
        with self._reading() as connection:
            yield from damages(connection, key=self._key)

    def renew_indexes(self) -> None:
        """Make the indexes anew from the rows, so that a rebuild finds what lies there; no harm if that can't be."""
        with suppress(BounceWatchError, IntegrityError), self._writing() as connection:
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("REINDEX")

    def mend_rest(self, accounts: Collection[str], *, now: datetime) -> list[Damage]:
        """After a rebuild of these accounts: settle what no mailbox could mend; what was done, row by row."""
        with self._writing() as connection:
            return mend.mend_rest(connection, accounts, key=self._key, now=now)

    def missing(self, account: str, found: Collection[Fingerprint]) -> list[MissingMail]:
        """The mails of an account that are not among those found, oldest first."""
        with self._reading() as connection:
            return missing(connection, account, found)
