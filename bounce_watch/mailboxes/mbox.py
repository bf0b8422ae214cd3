"""An mbox file, split by the standard library and never written."""

from __future__ import annotations

import mailbox
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bounce_watch.errors import DataError
from bounce_watch.mailboxes.octets import in_batches, read_mail
from bounce_watch.records.mail import Batch, Cursors, MessageRef, RawMessage

SEPARATOR = b"From "
"""How the line between two mails begins, and so how an mbox begins."""

SNIFFED = 64
"""Octets that tell an mbox from a mail; a few blank lines may stand in front of an mbox."""

_QUOTED = re.compile(rb"^>(>*From )", re.MULTILINE)


def is_mbox(head: bytes) -> bool:
    """True when a file that begins so is an mbox."""
    return head.lstrip(b"\r\n").startswith(SEPARATOR)


class Mbox:
    """The mails of one mbox; `folder` is the name by which the user knows it."""

    def __init__(self, box: mailbox.mbox, *, account: str, folder: str) -> None:
        self._box = box
        self._account = account
        self._folder = folder

    def batches(self, cursors: Cursors) -> Iterator[Batch]:
        """Every mail from the first to the last; `cursors` is not used."""
        return in_batches(self._mails())

    def _mails(self) -> Iterator[RawMessage]:
        try:
            for position, key in enumerate(self._box.iterkeys(), start=1):
                with self._box.get_file(key) as stream:
                    octets, cut = read_mail(stream)
                ref = MessageRef(account=self._account, folder=self._folder, position=position)
                yield RawMessage(ref=ref, octets=unquoted(octets), exact=False, cut=cut)
        except OSError as problem:
            raise DataError(
                f"The mbox {self._folder} can't be read to its end: {problem.strerror}.",
                "Check the disk, then import the file again; mails that are filed already are not doubled.",
            ) from problem


@contextmanager
def open_mbox(path: Path, *, account: str, folder: str | None = None) -> Iterator[Mbox]:
    """The mbox at `path`, closed afterwards."""
    box = mailbox.mbox(path, create=False)
    try:
        yield Mbox(box, account=account, folder=str(path) if folder is None else folder)
    finally:
        box.close()


def unquoted(octets: bytes) -> bytes:
    """Takes one `>` from each line that begins with `>From `, `>>From ` and so on (the mboxrd form)."""
    return _QUOTED.sub(rb"\1", octets)
