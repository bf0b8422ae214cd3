"""Mails that lie in one file each: a single .eml, or every .eml below a folder."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from bounce_watch.errors import DataError
from bounce_watch.mailboxes.octets import Failure, in_batches, read_mail
from bounce_watch.records.mail import Batch, Cursors, MessageRef, RawMessage

_SUFFIX = ".eml"


class MailFiles:
    """A fixed list of files, each of them one mail; a file that can't be read is reported and skipped."""

    def __init__(self, paths: Sequence[Path], *, account: str, failures: Sequence[Failure] = ()) -> None:
        self._paths = paths
        self._account = account
        self._failures = failures

    def batches(self, cursors: Cursors) -> Iterator[Batch]:
        """Every file in order; `cursors` is not used."""
        return in_batches(self._mails())

    def _mails(self) -> Iterator[RawMessage | Failure]:
        yield from self._failures
        for path in self._paths:
            try:
                yield read_file(path, account=self._account)
            except OSError as problem:
                yield f"{path}: {why(problem)}"


def open_folder(folder: Path, *, account: str) -> MailFiles:
    """Every *.eml below `folder` (links to other folders are not followed), by path; DataError if none."""
    failures: list[Failure] = []

    def note(problem: OSError) -> None:
        failures.append(f"{problem.filename}: {why(problem)}")

    paths = sorted(
        Path(parent, name)
        for parent, _, names in os.walk(folder, onerror=note)
        for name in names
        if name.lower().endswith(_SUFFIX)
    )
    if not paths:
        raise no_mail(folder, failures)
    return MailFiles(paths, account=account, failures=failures)


def open_file(path: Path, *, account: str) -> MailFiles:
    """One mail. Raises DataError if the file is empty."""
    if path.stat().st_size == 0:
        raise DataError(f"{path} is empty.", "Export the mail again, and check that the file is not empty.")
    return MailFiles((path,), account=account)


def read_file(path: Path, *, account: str) -> RawMessage:
    """The mail in one file, cut to the limit. Raises OSError, also for a pipe or a device."""
    with _opened(path) as stream:
        octets, cut = read_mail(stream)
    return RawMessage(
        ref=MessageRef(account=account, folder=str(path), position=1), octets=octets, exact=True, cut=cut
    )


def is_folder(path: Path) -> bool:
    """True for a folder; False, not an error, where we may not even look."""
    try:
        return path.is_dir()
    except OSError:
        return False


def no_mail(folder: Path, failures: Sequence[Failure] = ()) -> DataError:
    """The error for a folder in which nothing is a mail, or nothing may be looked at."""
    if failures:
        return DataError(
            f"No mail in {folder} can be read: {failures[0]}.",
            "Give this user the right to read the folder and what is in it.",
        )
    return DataError(
        f"The folder {folder} holds no mail.",
        "Name a folder with .eml files below it, a Maildir (with cur and new), an mbox file or one .eml file.",
    )


def why(problem: OSError) -> str:
    """The system's reason in words, without the path."""
    return problem.strerror or type(problem).__name__


def _opened(path: Path) -> BinaryIO:
    # Without waiting: a named pipe that nobody writes to would otherwise hold us for ever.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0))
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    raise OSError(errno.EINVAL, "not a regular file", str(path))
