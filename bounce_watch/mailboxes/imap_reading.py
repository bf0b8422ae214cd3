"""One poll of one folder on a server: which mails, in which order, and how far we are then.

The first time, every mail is judged by its From field, or its recipients (headers first, bodies of wanted ones
only). Later only new mail is, by the server's SEARCH; and since a SEARCH may miss something, a weekly sweep judges
by the header what it passed over. The cursor of each batch is true once that batch is filed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime

from bounce_watch.mailboxes.imap_plan import (
    Examined,
    Header,
    Pass,
    Step,
    Window,
    advanced,
    octets_of,
    range_criteria,
    steps,
    sweep_is_due,
    uid_ranges,
    wanted_criteria,
    windows,
)
from bounce_watch.mailboxes.imap_server import Server
from bounce_watch.mailboxes.octets import CUT_LITERAL, CUT_OCTETS, OCTETS_LIMIT, limited
from bounce_watch.records.mail import Batch, Cursor, MessageRef, RawMessage, Wanted


class Reading:
    """One poll of one folder; holds the cursor of the batch that was made last.

    `at` is when the folder was examined: all that lay there then has been looked at when the last batch is filed.
    """

    def __init__(
        self,
        server: Server,
        examined: Examined,
        cursor: Cursor,
        *,
        wanted: Wanted,
        since: date | None,
        at: datetime,
    ) -> None:
        self._server = server
        self._examined = examined
        self._cursor = cursor
        self._wanted = wanted
        self._since = since
        self._at = at

    def batches(self, *, whole_from: datetime | None = None) -> Iterator[Batch]:
        """The chunks of the folder; the last one, without mails, has a cursor whose `checked_at` is `at`."""
        yield from self._due()
        swept = True
        if self._cursor.swept_at is None:
            yield from self._range(Pass.FIRST, self._cursor.next_uid, None)
        else:
            yield from self._range(Pass.NEW, self._cursor.next_uid, None)
            swept = sweep_is_due(self._cursor, self._at)
            if swept:
                yield from self._range(Pass.AGAIN, self._cursor.swept_uid, self._cursor.next_uid - 1)
        yield Batch(cursor=self._at_the_end(swept=swept), whole_from=whole_from)

    def _at_the_end(self, *, swept: bool) -> Cursor:
        cursor = replace(self._cursor, checked_at=self._at)
        return replace(cursor, swept_uid=cursor.next_uid, swept_at=self._at) if swept else cursor

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
        # imapclient can't put other letters than ASCII into a nested search; then the headers decide.
        if which is not Pass.NEW or not "".join(self._wanted.fragments).isascii():
            return uids
        if not uids or not self._wanted.fragments:
            return []
        hits = self._server.found([*range_criteria(uids[0], uids[-1], None), *wanted_criteria(self._wanted)])
        return uids if hits is None else sorted(set(uids) & set(hits))

    def _window(self, window: Window, which: Pass) -> Iterator[Batch]:
        headers = self._server.headers(window.candidates, self._wanted.fields)
        absent = {uid for uid in window.candidates if uid not in headers}
        lost = set(self._server.listed(absent))
        wanted = [header for header in headers.values() if self._wanted.wants(header.address_fields)]
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
