"""An IMAP mailbox: the folders with incoming mail, one after the other. It never writes there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from bounce_watch.errors import SettingsError
from bounce_watch.mailboxes.imap_connect import signed_in
from bounce_watch.mailboxes.imap_errors import translated
from bounce_watch.mailboxes.imap_plan import range_criteria, scope_of, starting_cursor
from bounce_watch.mailboxes.imap_reading import Reading
from bounce_watch.mailboxes.imap_server import Server
from bounce_watch.mailboxes.octets import limited
from bounce_watch.mailboxes.specs import ImapSpec
from bounce_watch.records.mail import Batch, Cursor, Cursors, MessageRef, RawMessage, Wanted
from bounce_watch.records.secret import Secret

_SPARSE = 10
"""Of so many UIDs one mail at least is expected to be there still."""


@contextmanager
def open_imap(
    spec: ImapSpec, secret: Secret | None, *, account: str, wanted: Wanted, now: Callable[[], datetime]
) -> Iterator[ImapMailbox]:
    """A signed-in mailbox; see `base.open_mailbox` for the errors."""
    with signed_in(spec, secret) as (client, held):
        server = Server(client, spec.place, held)
        yield ImapMailbox(server, spec, secret=held, account=account, wanted=wanted, now=now)


class ImapMailbox:
    """The folders that `spec` names, one after the other."""

    def __init__(
        self,
        server: Server,
        spec: ImapSpec,
        *,
        secret: Secret,
        account: str,
        wanted: Wanted,
        now: Callable[[], datetime],
    ) -> None:
        self._server = server
        self._spec = spec
        self._secret = secret
        self._account = account
        self._wanted = wanted
        self._now = now

    def batches(self, cursors: Cursors) -> Iterator[Batch]:
        """See `Mailbox.batches`; the last batch of each folder says, by `checked_at`, that its end was reached."""
        with translated(self._spec, self._secret):
            for folder in self._folders():
                yield from self._folder(folder, cursors.get(folder))

    def recent(self, count: int) -> list[RawMessage]:
        """The headers, as mails without bodies, of the newest mails of the first folder, oldest first."""
        with translated(self._spec, self._secret):
            folder = self._folders()[0]
            examined = self._server.examine(folder)
            newest = (examined.uidnext or 1) - _SPARSE * count
            uids = self._server.search(range_criteria(max(1, newest), None, None))
            if len(uids) < count and newest > 1:
                uids = self._server.search(range_criteria(1, None, None))
            blocks = self._server.header_blocks(uids[-count:])
        return [
            RawMessage(
                ref=MessageRef(
                    account=self._account, folder=folder, uidvalidity=examined.uidvalidity, uid=uid
                ),
                octets=limited(block)[0],
                cut=("body",),
            )
            for uid, block in sorted(blocks.items())
        ]

    def _folders(self) -> tuple[str, ...]:
        names = ["INBOX" if name.upper() == "INBOX" else name for name in self._spec.folders]
        if self._spec.junk and (junk := self._server.marked(b"\\Junk")):
            names += [junk]
        if self._spec.all_mail:
            names += [self._all_mail()]
        return tuple(dict.fromkeys(names))

    def _all_mail(self) -> str:
        if folder := self._server.marked(b"\\All"):
            return folder
        raise SettingsError(
            f"The server {self._spec.place} marks no folder as holding all mail.",
            "Leave out all_mail, and name the folders to read.",
        )

    def _folder(self, folder: str, known: Cursor | None) -> Iterator[Batch]:
        at, since = self._now(), self._spec.since
        examined = self._server.examine(folder)
        scope = scope_of(self._wanted, since)
        cursor = starting_cursor(known, examined, account=self._account, folder=folder, scope=scope)
        yield from Reading(self._server, examined, cursor, wanted=self._wanted, since=since, at=at).batches()
