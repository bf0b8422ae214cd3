"""Says in our own words what a database refuses; nothing of a mail or a secret gets into these messages."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DatabaseError, DataError, IntegrityError, ProgrammingError

from bounce_watch.errors import BounceWatchError, LedgerError, SignInError, TryLater, Unreachable
from bounce_watch.store.column_types import DamagedValueError

_REBUILD = "Run bounce-watch db check to see where, bounce-watch rebuild to read the mailbox again, or restore a backup."
_LATER = "Wait for the other command to end, then run this one again."

_SQLITE: dict[int, tuple[type[BounceWatchError], str, str]] = {
    3: (LedgerError, "may not be opened", "Check who owns the file and its folder."),
    5: (TryLater, "is locked by another process", _LATER),
    6: (TryLater, "is locked by another process", _LATER),
    8: (LedgerError, "can't be written", "Make the file and its folder writable for you."),
    10: (LedgerError, "could not be read or written by the disk", "Check the disk and its free space."),
    11: (LedgerError, "is damaged", _REBUILD),
    13: (LedgerError, "has no space left to grow", "Free some disk space, then run the command again."),
    14: (LedgerError, "can't be opened", "Check that its folder exists and that you may write there."),
    23: (LedgerError, "may not be opened", "Check who owns the file and its folder."),
    26: (LedgerError, "is not a ledger", "Name another file in the settings; this one was left as it is."),
}
"""By SQLite's primary result code (sqlite.org/rescode.html)."""

_POSTGRES: dict[str, tuple[type[BounceWatchError], str, str]] = {
    "08": (Unreachable, "can't be reached", "Check the host, the port and the network."),
    "28": (SignInError, "refused the user or the password", "Check the user and the password of the ledger."),
    "3D": (LedgerError, "does not exist", "Create the database, or correct its name in the settings."),
    "25006": (LedgerError, "is read-only", "Name the primary server, or wait until it takes writes."),
    "42501": (LedgerError, "may not be used by this user", "Grant the user all rights on the database."),
    "53": (LedgerError, "has no room left", "Free disk space or memory on the database server."),
    "53300": (TryLater, "takes no more connections", "Wait a little, then run the command again."),
    "55P03": (TryLater, "is locked by another process", _LATER),
    "40": (TryLater, "is locked by another process", _LATER),
    "57": (TryLater, "is starting or stopping", "Wait a little, then run the command again."),
    "58": (LedgerError, "could not be read or written by its disk", "Check the disk of the database server."),
    "XX": (LedgerError, "is damaged", "Restore the database from a backup."),
}
"""By SQLSTATE or its class, the longer first (PostgreSQL, appendix A)."""

_UNKNOWN = (LedgerError, "does not have the form of a ledger", _REBUILD)


def _sqlite_trouble(code: int) -> tuple[type[BounceWatchError], str, str]:
    return _SQLITE.get(code & 0xFF, _UNKNOWN)


def _postgres_trouble(error: BaseException) -> tuple[type[BounceWatchError], str, str]:
    state = str(getattr(error, "sqlstate", None) or "")
    if not state:  # Connecting failed; psycopg gives only the server's words.
        words = str(error)
        state = "28" if "authentication failed" in words or "no password" in words else "08"
        state = "3D" if "does not exist" in words and "database" in words else state
    return _POSTGRES.get(state) or _POSTGRES.get(state[:2]) or _UNKNOWN


def is_unreadable_text(error: DatabaseError) -> bool:
    """True when a text in a SQLite file is no UTF-8: the driver says so in words alone, without a code."""
    return isinstance(error.orig, sqlite3.OperationalError) and not hasattr(error.orig, "sqlite_errorcode")


def translate(error: BaseException, name: str) -> BounceWatchError:
    """The error a person sees for a driver's error; `name` says which ledger it is, without a password."""
    code = getattr(error, "sqlite_errorcode", None)
    kind, what, advice = _sqlite_trouble(code) if code is not None else _postgres_trouble(error)
    return kind(f"The ledger {name} {what}.", advice)


def translate_os(error: OSError, name: str) -> LedgerError:
    """The same for what the operating system refuses while folder or file are made."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return LedgerError(f"The disk has no space left for the ledger {name}.", "Free some disk space.")
    return LedgerError(
        f"The ledger {name} can't be made: {error.strerror}.",
        "Name a folder in the settings that you may write to.",
    )


def damaged(name: str) -> LedgerError:
    """The error for rows that can't be ours."""
    return LedgerError(f"The ledger {name} is damaged.", _REBUILD)


@contextmanager
def reading_translated(name: str) -> Iterator[None]:
    """The same where rows are read: a value that can't be one of ours is damage, too."""
    try:
        with translated(name):
            yield
    except (ValueError, TypeError, AttributeError) as error:
        raise damaged(name) from error


@contextmanager
def translated(name: str) -> Iterator[None]:
    """Turn a database's refusal into one of our errors; a mistake of ours (bad SQL, a broken key) stays itself."""
    try:
        yield
    except (DataError, IntegrityError, ProgrammingError) as error:
        if getattr(error.orig, "sqlstate", None) == "42501":
            raise translate(error.orig, name) from error  # type: ignore[arg-type]  # set with a sqlstate
        raise
    except DamagedValueError as error:
        raise damaged(name) from error
    except DatabaseError as error:
        if error.orig is None:
            raise
        if is_unreadable_text(error):
            raise damaged(name) from error
        raise translate(error.orig, name) from error
