"""Mail that comes through a stream: standard input or a pipe; an mbox, or one mail."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from bounce_watch.errors import DataError
from bounce_watch.mailboxes.mbox import SNIFFED, is_mbox, open_mbox
from bounce_watch.mailboxes.octets import OCTETS_LIMIT, in_batches, limited
from bounce_watch.mailboxes.specs import Mailbox
from bounce_watch.records.mail import Batch, Cursors, MessageRef, RawMessage

SPOOL_LIMIT = 1024 * 1024 * 1024
"""The largest mbox that is taken from a stream; a file on disk has no such limit."""

_BLOCK = 1024 * 1024


class OneMail:
    """A mail that has been read already; a stream can't be read twice."""

    def __init__(self, mail: RawMessage) -> None:
        self._mail = mail

    def batches(self, cursors: Cursors) -> Iterator[Batch]:
        """The one mail; `cursors` is not used."""
        return in_batches((self._mail,))


@contextmanager
def open_stream(stream: IO[bytes], *, account: str, folder: str = "-") -> Iterator[Mailbox]:
    """The mail or mails in `stream`, which is read to its end or to the limit.

    An mbox is laid in a temporary file that only this user can read and that is gone afterwards. Raises
    DataError for an empty stream and for an mbox of more than SPOOL_LIMIT octets.
    """
    head = stream.read(SNIFFED)
    if not head:
        raise DataError(f"Nothing came in through {folder}.", "Pipe an mbox or one mail into the command.")
    if not is_mbox(head):
        yield OneMail(_one_mail(head + stream.read(OCTETS_LIMIT + 1 - len(head)), account, folder))
        return
    with tempfile.NamedTemporaryFile(prefix="bounce-watch-", suffix=".mbox") as spool:
        _spool(head, stream, spool)
        with open_mbox(Path(spool.name), account=account, folder=folder) as box:
            yield box


def _one_mail(octets: bytes, account: str, folder: str) -> RawMessage:
    kept, cut = limited(octets)
    return RawMessage(ref=MessageRef(account=account, folder=folder, position=1), octets=kept, cut=cut)


def _spool(head: bytes, source: IO[bytes], target: IO[bytes]) -> None:
    size = target.write(head)
    while block := source.read(_BLOCK):
        size += target.write(block)
        if size > SPOOL_LIMIT:
            raise DataError(
                f"The mbox is larger than {SPOOL_LIMIT // 2**20} MiB.",
                "Save it to a file and give the file's path instead.",
            )
    target.flush()
