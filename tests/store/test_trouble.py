from __future__ import annotations

import errno

import pytest

from bounce_watch.errors import BounceWatchError, LedgerError, SignInError, TryLater, Unreachable
from bounce_watch.store.trouble import translate, translate_os


class SqliteError(Exception):
    def __init__(self, code: int) -> None:
        super().__init__("words of the library")
        self.sqlite_errorcode = code


class PostgresError(Exception):
    def __init__(self, sqlstate: str | None, words: str = "words of the server") -> None:
        super().__init__(words)
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    ("code", "kind", "says"),
    [
        (3, LedgerError, "may not be opened"),
        (5, TryLater, "locked"),
        (5 | 2 << 8, TryLater, "locked"),  # SQLITE_BUSY_SNAPSHOT
        (8, LedgerError, "can't be written"),
        (8 | 6 << 8, LedgerError, "can't be written"),  # SQLITE_READONLY_DIRECTORY
        (10 | 3 << 8, LedgerError, "disk"),  # SQLITE_IOERR_WRITE
        (11, LedgerError, "damaged"),
        (13, LedgerError, "no space"),
        (14, LedgerError, "can't be opened"),
        (26, LedgerError, "not a ledger"),
        (1, LedgerError, "form of a ledger"),
    ],
)
def test_what_sqlite_refuses(code: int, kind: type[BounceWatchError], says: str) -> None:
    error = translate(SqliteError(code), "a.sqlite")
    assert type(error) is kind
    assert "a.sqlite" in error.message
    assert says in error.message
    assert error.advice
    assert "words" not in error.message


@pytest.mark.parametrize(
    ("state", "words", "kind", "says"),
    [
        (None, 'connection failed: password authentication failed for user "x"', SignInError, "refused"),
        (None, "fe_sendauth: no password supplied", SignInError, "refused"),
        (None, 'FATAL:  database "x" does not exist', LedgerError, "does not exist"),
        (None, "connection refused", Unreachable, "can't be reached"),
        ("28P01", "", SignInError, "refused"),
        ("08006", "", Unreachable, "can't be reached"),
        ("25006", "", LedgerError, "read-only"),
        ("40P01", "", TryLater, "locked"),
        ("42501", "", LedgerError, "may not be used"),
        ("53100", "", LedgerError, "no room"),
        ("53300", "", TryLater, "connections"),
        ("55P03", "", TryLater, "locked"),
        ("57P03", "", TryLater, "starting"),
        ("XX001", "", LedgerError, "damaged"),
        ("0A000", "", LedgerError, "form of a ledger"),
    ],
)
def test_what_postgresql_refuses(
    state: str | None, words: str, kind: type[BounceWatchError], says: str
) -> None:
    error = translate(PostgresError(state, words), "postgresql://ledger@db.example/watch")
    assert type(error) is kind
    assert says in error.message
    assert error.advice


@pytest.mark.parametrize(
    ("number", "says"),
    [(errno.ENOSPC, "no space"), (errno.EACCES, "can't be made"), (errno.EROFS, "can't be made")],
)
def test_what_the_system_refuses(number: int, says: str) -> None:
    error = translate_os(OSError(number, "words"), "a.sqlite")
    assert says in error.message
    assert error.exit_code == 74
