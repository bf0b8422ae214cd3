"""An IMAP mailbox: which mails of which folders, in which order, and how far we are. It never writes there.

The first time, every mail is judged by its From field (headers first, bodies of wanted ones only). Later only
new mail is, by the server's SEARCH; and since a SEARCH may miss something, a weekly sweep judges by the From
field what it passed over. The cursor of each batch is true once that batch is filed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime

from bounce_watch.errors import SettingsError
from bounce_watch.mailboxes.imap_connect import signed_in
from bounce_watch.mailboxes.imap_errors import translated
from bounce_watch.mailboxes.imap_plan import (
    Examined,
    Header,
    Pass,
    Step,
    Window,
    advanced,
    from_criteria,
    octets_of,
    range_criteria,
    scope_of,
    starting_cursor,
    steps,
    sweep_is_due,
    uid_ranges,
    windows,
)
from bounce_watch.mailboxes.imap_server import Server
from bounce_watch.mailboxes.octets import CUT_LITERAL, CUT_OCTETS, OCTETS_LIMIT, limited
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
        examined = self._server.examine(folder)
        scope = scope_of(self._wanted, self._spec.since)
        cursor = starting_cursor(known, examined, account=self._account, folder=folder, scope=scope)
        return _Reading(self._server, examined, cursor, wanted=self._wanted, since=self._spec.since).batches(
            self._now
        )


class _Reading:
    """One poll of one folder; holds the cursor of the batch that was made last."""

    def __init__(
        self, server: Server, examined: Examined, cursor: Cursor, *, wanted: Wanted, since: date | None
    ) -> None:
        self._server = server
        self._examined = examined
        self._cursor = cursor
        self._wanted = wanted
        self._since = since

    def batches(self, now: Callable[[], datetime]) -> Iterator[Batch]:
        yield from self._due()
        swept = True
        if self._cursor.swept_at is None:
            yield from self._range(Pass.FIRST, self._cursor.next_uid, None)
        else:
            yield from self._range(Pass.NEW, self._cursor.next_uid, None)
            swept = sweep_is_due(self._cursor, now())
            if swept:
                yield from self._range(Pass.AGAIN, self._cursor.swept_uid, self._cursor.next_uid - 1)
        yield Batch(cursor=self._at_the_end(now(), swept=swept))

    def _at_the_end(self, now: datetime, *, swept: bool) -> Cursor:
        cursor = replace(self._cursor, checked_at=now)
        return replace(cursor, swept_uid=cursor.next_uid, swept_at=now) if swept else cursor

    def _due(self) -> Iterator[Batch]:
        listed = self._server.listed(self._cursor.due)
        self._cursor = replace(self._cursor, due=tuple(listed))
        for window in windows(listed, listed):
            yield from self._window(window, Pass.DUE)

    def _range(self, which: Pass, low: int, high: int | None) -> Iterator[Batch]:
        if high is not None and high < low:
            return
        for begin, end in uid_ranges(low, high, self._examined):
            # List first, then search: what is delivered in between is in neither, and comes next time.
            found = self._server.search(range_criteria(begin, end, self._since))
            # A server answers `n:*` with its last mail even when that lies below n (RFC 3501, 6.4.8).
            uids = [uid for uid in found if uid >= begin]
            for window in windows(uids, self._candidates(which, uids)):
                yield from self._window(window, which)

    def _candidates(self, which: Pass, uids: list[int]) -> list[int]:
        # imapclient can't put other letters than ASCII into a nested search; then the From fields decide.
        if which is not Pass.NEW or not "".join(self._wanted.senders).isascii():
            return uids
        if not uids or not self._wanted.senders:
            return []
        hits = self._server.search(
            [*range_criteria(uids[0], uids[-1], None), *from_criteria(self._wanted.senders)]
        )
        return sorted(set(uids) & set(hits))

    def _window(self, window: Window, which: Pass) -> Iterator[Batch]:
        headers = self._server.headers(window.candidates)
        absent = {uid for uid in window.candidates if uid not in headers}
        lost = set(self._server.listed(absent))
        wanted = [header for header in headers.values() if self._wanted.wants(header.from_field)]
        wanted.sort(key=lambda header: header.uid)
        unread = absent | {header.uid for header in wanted}
        for step in steps(window.uids, wanted):
            passed = 0 if which is Pass.AGAIN else sum(uid not in unread for uid in step.settled)
            yield self._batch(step, which, lost=lost & set(step.settled), passed=passed)

    def _batch(self, step: Step, which: Pass, *, lost: set[int], passed: int) -> Batch:
        bodies = self._server.bodies(step.headers)
        mails = tuple(
            self._mail(header, bodies[header.uid])
            for header in step.headers
            if header.uid in bodies and (which is Pass.DUE or not _is_short(header, bodies[header.uid]))
        )
        came = {mail.ref.uid for mail in mails}
        absent = {header.uid for header in step.headers} - came
        lost = lost | set(self._server.listed(absent))
        self._cursor = advanced(self._cursor, which, settled=step.settled, lost=lost)
        return Batch(messages=mails, cursor=self._cursor, passed=passed)

    def _mail(self, header: Header, body: bytes) -> RawMessage:
        octets, cut = limited(body)
        if header.size > OCTETS_LIMIT:
            cut = (CUT_OCTETS,)
        return RawMessage(
            ref=MessageRef(
                account=self._cursor.account,
                folder=self._cursor.folder,
                uidvalidity=self._cursor.uidvalidity,
                uid=header.uid,
            ),
            octets=octets,
            received_at=header.received_at,
            cut=(*cut, CUT_LITERAL) if _is_short(header, body) else cut,
        )


def _is_short(header: Header, body: bytes) -> bool:
    """True when less came than announced: cut off on its way, or (Exchange) the announced size was not exact."""
    return len(body) < octets_of(header)
