"""Reads the folder of sent mail to its end: what we sent to buyers, and for which days that is known.

Each chunk's sends and the cursor are filed in one transaction, so a crash anywhere costs a re-read, never a send.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from bounce_watch.errors import BounceWatchError
from bounce_watch.flow import Clock
from bounce_watch.mailboxes.parse import parse_message
from bounce_watch.mailboxes.specs import Mailbox
from bounce_watch.records.account import Account
from bounce_watch.records.filed import Filed, Run, RunState
from bounce_watch.records.ids import MARKETPLACES, OrderId
from bounce_watch.records.mail import Batch, Message, RawMessage
from bounce_watch.records.rate import Period
from bounce_watch.records.sent import LogSpan, Origin, Purpose, SentCoverage, SentLog, SentMessage
from bounce_watch.sent_log.sent_folder import FIRST_NOTICES, SentMail, folder_coverage, read_sent_mail
from bounce_watch.store.ledger import Ledger

SENT_POLL = "sent poll"
"""The command that a run of this kind is filed under."""

_REMEMBERED = 20_000
"""Mails of one poll whose Message-ID and order are remembered, for those that follow them."""

_BLOCKABLE = frozenset({Purpose.UNSOLICITED, Purpose.UNKNOWN})


def poll_sent(
    mailbox: Mailbox,
    ledger: Ledger,
    *,
    account: Account,
    clock: Clock,
    marketplaces: frozenset[str] = MARKETPLACES,
) -> Run:
    """Read a folder of sent mail to its end and file the mails to buyers as sends, then what days it covers.

    An error, or a signal, closes the run as FAILED and is raised; what was filed before it stays.
    """
    run = ledger.start_run(account.name, SENT_POLL, at=clock())
    reading = _Reading(ledger, account, marketplaces)
    try:
        for batch in mailbox.batches(ledger.cursors(account.name)):
            reading.file(run, batch)
    except (Exception, KeyboardInterrupt, SystemExit) as error:
        said = error.message if isinstance(error, BounceWatchError) else "It was stopped before its end"
        with suppress(BounceWatchError):  # where the ledger is what failed
            _finish(ledger, run, reading, clock, state=RunState.FAILED, message=said)
        raise
    due = f"{reading.due} mails could not be fetched" if reading.due else ""
    state = RunState.PARTLY if due or reading.skipped else RunState.COMPLETE
    _finish(
        ledger, run, reading, clock, state=state, message="; ".join((*filter(None, [due]), *reading.said()))
    )
    # Not simply the newest: another process may have begun one meanwhile.
    done = next(each for each in ledger.runs(account.name, limit=1_000) if each.id == run)
    return replace(done, filed=reading.filed)  # which also knows what was met again of undone runs


def _finish(
    ledger: Ledger, run: int, reading: _Reading, clock: Clock, *, state: RunState, message: str
) -> None:
    ledger.finish_run(run, at=clock(), state=state, read=reading.read, filed=reading.filed, message=message)


class _Reading:
    """What one poll has met so far."""

    def __init__(self, ledger: Ledger, account: Account, marketplaces: frozenset[str]) -> None:
        self._ledger = ledger
        self._account = account
        self._marketplaces = marketplaces
        self._known: dict[str, OrderId | None] = {}
        self._any_blockable = False
        self.read, self.filed, self.due = 0, Filed(), 0
        self.skipped: list[str] = []

    def said(self) -> Iterator[str]:
        """What is wrong with the mails that could not be used, or not in full."""
        if self.skipped:
            yield f"of {len(self.skipped)} mails to buyers not all could be used: {self.skipped[0]}"

    def file(self, run: int, batch: Batch) -> None:
        """File a chunk: its sends and its cursor, and with the last one the time that the folder covers."""
        mails = [self._read(raw) for raw in batch.messages]
        self.skipped += [mail.skipped for mail in mails if mail.skipped]
        sends = tuple(_once(send for mail in mails for send in mail.sends))
        self._any_blockable = self._any_blockable or any(send.purpose in _BLOCKABLE for send in sends)
        handled = len(mails) + batch.passed
        log = SentLog(
            sends=sends,
            links=tuple(link for mail in mails for link in mail.links),
            coverage=self._coverage(batch),
            rows=handled,
        )
        self.filed += self._ledger.file_sent_log(run, log, cursor=batch.cursor)
        self.read += handled
        self.due = len(batch.cursor.due) if batch.cursor else 0

    def _read(self, raw: RawMessage) -> SentMail:
        message = parse_message(raw)
        if not isinstance(message, Message):
            return SentMail(skipped=message.reason)
        mail = read_sent_mail(
            message, account=self._account.name, known=self._known, marketplaces=self._marketplaces
        )
        for send in mail.sends:
            if send.message_id:
                self._known[send.message_id] = send.order_id
        if len(self._known) > _REMEMBERED:
            del self._known[next(iter(self._known))]
        return mail

    def _coverage(self, batch: Batch) -> SentCoverage | None:
        """The time that the folder covers, where it holds messages that an opt-out can block.

        One with nothing but answers, or with no mail to a buyer at all, is not where those lie that a notice
        is about: a tool that sends past it would leave a log without messages, and that is no denominator.
        """
        if batch.whole_from is None or batch.cursor is None or batch.cursor.checked_at is None:
            return None
        until = batch.cursor.checked_at
        if not (self._any_blockable or self._is_in_use(until)):
            return None
        return folder_coverage(self._account.name, whole_from=batch.whole_from, until=until)

    def _is_in_use(self, until: datetime) -> bool:
        """True when an earlier poll has filed messages that can be blocked."""
        if any(each.origin is Origin.SENT_FOLDER for each in self._ledger.coverages(self._account.name)):
            return True
        if until <= FIRST_NOTICES:
            return False
        period = Period(first_day=FIRST_NOTICES.date(), last_day=until.date(), start=FIRST_NOTICES, end=until)
        span = LogSpan(start=FIRST_NOTICES, end=until, origin=Origin.SENT_FOLDER)
        (tally,) = self._ledger.tally_sends(self._account.name, [period], [span])
        return any(group.messages for group in tally.values())


def _once(sends: Iterator[SentMessage]) -> Iterator[SentMessage]:
    """Each mail to each buyer once: programs and servers both put a copy into the folder."""
    seen = set[object]()
    for send in sends:
        key = (send.message_id, send.alias, send.marketplace) if send.message_id else send
        if key not in seen:
            seen.add(key)
            yield send
