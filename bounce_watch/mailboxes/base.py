"""The one way in to every source of mail: `open_mailbox`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from bounce_watch.errors import DataError
from bounce_watch.mailboxes.eml import is_folder, open_file, open_folder, why
from bounce_watch.mailboxes.maildir import is_maildir, open_maildir
from bounce_watch.mailboxes.mbox import SNIFFED, is_mbox, open_mbox
from bounce_watch.mailboxes.specs import Auth, ImapSpec, Mailbox, MailboxSpec, PathSpec, Security
from bounce_watch.mailboxes.stdin import open_stream
from bounce_watch.records.mail import Wanted
from bounce_watch.records.secret import Secret

if TYPE_CHECKING:
    from bounce_watch.mailboxes.imap_sent import SentMailbox

__all__ = [
    "Auth",
    "ImapSpec",
    "Mailbox",
    "MailboxSpec",
    "PathSpec",
    "Security",
    "open_mailbox",
    "open_sent_folder",
]

STANDARD_INPUT = Path("-")


@contextmanager
def open_mailbox(
    spec: MailboxSpec, secret: Secret | None, *, account: str, wanted: Wanted, now: Callable[[], datetime]
) -> Iterator[Mailbox]:
    """The mailbox that `spec` names, open for reading and closed afterwards.

    `secret` is the password or token of an IMAP mailbox; files need none. `wanted` says what to look for on
    a server; files give all their mails. Raises DataError for a path without readable mail, SettingsError,
    SignInError, Unreachable or TryLater for a server.
    """
    if isinstance(spec, ImapSpec):
        # It costs 40 ms that reading a file need not pay.
        from bounce_watch.mailboxes.imap import open_imap  # noqa: PLC0415

        with open_imap(spec, secret, account=account, wanted=wanted, now=now) as server:
            yield server
    else:
        with _open_path(spec.path, account) as files:
            yield files


@contextmanager
def open_sent_folder(
    spec: ImapSpec, secret: Secret | None, *, account: str, now: Callable[[], datetime]
) -> Iterator[SentMailbox]:
    """The mails to buyers in the mailbox's folder of sent mail; the errors are those of `open_mailbox`."""
    from bounce_watch.mailboxes.imap_sent import open_imap_sent  # noqa: PLC0415

    with open_imap_sent(spec, secret, account=account, now=now) as sent:
        yield sent


@contextmanager
def _open_path(path: Path, account: str) -> Iterator[Mailbox]:
    if path == STANDARD_INPUT:
        with open_stream(sys.stdin.buffer, account=account) as mailbox:
            yield mailbox
    elif is_folder(path):
        yield open_maildir(path, account=account) if is_maildir(path) else open_folder(path, account=account)
    else:
        with _open_file(path, account) as mailbox:
            yield mailbox


@contextmanager
def _open_file(path: Path, account: str) -> Iterator[Mailbox]:
    """An mbox or one mail, told apart by the first octets; a pipe (`<(command)`) is read as a stream."""
    with _opened(path) as stream:
        if not path.is_file():
            with open_stream(stream, account=account, folder=str(path)) as piped:
                yield piped
            return
        begins_as_mbox = is_mbox(stream.read(SNIFFED))
    if begins_as_mbox:
        with open_mbox(path, account=account) as box:
            yield box
    else:
        yield open_file(path, account=account)


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except FileNotFoundError as problem:
        raise DataError(
            f"There is no {path}.", "Check the path; quote it if it has spaces in it."
        ) from problem
    except OSError as problem:
        raise DataError(
            f"{path} can't be read: {why(problem)}.",
            "Give this user the right to read it, or name another file.",
        ) from problem
