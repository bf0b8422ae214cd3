"""Every error a person can meet: what is wrong, what to do, and the exit code.

Third-party errors are translated where their library lives (`raise ... from`); the command line prints
`message` and `advice` and exits with `exit_code`. The codes are documented in docs/reference/exit-codes.md.
"""

from __future__ import annotations


class BounceWatchError(Exception):
    """An error with one sentence on what is wrong and one on what to do."""

    exit_code = 1

    def __init__(self, message: str, advice: str) -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice


class UsageError(BounceWatchError):
    """The command was called with words that do not fit together."""

    exit_code = 2


class GuardStopped(BounceWatchError):
    """A guard stopped the command before harm; the advice names the flag that overrides it."""

    exit_code = 4


class DataError(BounceWatchError):
    """A file, a row or a preset can't be read as what it should be."""

    exit_code = 65


class Unreachable(BounceWatchError):
    """A server can't be reached, broke off, or shows a certificate that can't be trusted."""

    exit_code = 69


class LedgerError(BounceWatchError):
    """The ledger or the disk refuses: newer schema, no space, no permission, not a ledger."""

    exit_code = 74


class TryLater(BounceWatchError):
    """The server is busy or throttles us; the same command may work later."""

    exit_code = 75


class SignInError(BounceWatchError):
    """The server refused the user or the secret, or no secret could be had."""

    exit_code = 77


class SettingsError(BounceWatchError):
    """The settings are wrong, or name something that does not exist (a folder, an account)."""

    exit_code = 78


ATTENTION = 3
"""Exit code of a command that did its work and found something a person must look at."""

PARTLY = 5
"""Exit code of a command that did part of its work and filed what it had."""

ON_THE_LIST = 10
"""Exit code of `suppressions check` when somebody it was asked about is on the list: an answer, no error."""
