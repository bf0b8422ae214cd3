"""The folder of sent mail on a server: which one it is, the mails to buyers in it, and since when it is whole.

It is read like every other folder, only searched by recipients, and never written to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta

from bounce_watch.errors import SettingsError
from bounce_watch.mailboxes.imap_connect import signed_in
from bounce_watch.mailboxes.imap_errors import translated
from bounce_watch.mailboxes.imap_plan import Examined, range_criteria, scope_of, starting_cursor, uid_ranges
from bounce_watch.mailboxes.imap_reading import Reading
from bounce_watch.mailboxes.imap_server import Folder, Server
from bounce_watch.mailboxes.specs import AUTO, ImapSpec, NoSentFolder, SentFolder
from bounce_watch.records.mail import Batch, Cursor, Cursors, Wanted
from bounce_watch.records.secret import Secret
from bounce_watch.text.traces import shows

TO_BUYERS = Wanted(recipients=("@marketplace.amazon.",))

CURSOR_PREFIX = "sent:"
"""In front of the folder's name in its cursor: the same folder can also be read as one with incoming mail."""

USUAL_NAMES = frozenset(
    (
        *("sent", "sent items", "sent mail", "sent messages", "sent objects"),
        *(
            "gesendet",
            "gesendete elemente",
            "gesendete objekte",
            "gesendete nachrichten",
            "gesendete e-mails",
        ),
        *("envoyés", "éléments envoyés", "messages envoyés", "objets envoyés"),
        *("inviata", "posta inviata", "elementi inviati", "messaggi inviati"),
        *("enviados", "elementos enviados", "mensajes enviados", "correo enviado", "itens enviados"),
        *("verzonden", "verzonden items", "verzonden berichten", "skickat", "skickade", "skickade objekt"),
        *("wysłane", "elementy wysłane", "gönderilmiş öğeler", "gönderilenler", "gönderilmiş postalar"),
        *("送信済み", "送信済みアイテム", "送信済みメール", "已发送", "已发送邮件"),
    )
)
"""What mail programs and servers call it, case folded; asked only where the server marks no folder."""

_ROOTS = frozenset(("inbox", "[gmail]", "[google mail]"))
"""Below these some servers put every folder; deeper down lies somebody's archive."""

_SHOWN = 8
_WITHIN = timedelta(days=2)
_LATEST = datetime(9000, 1, 1, tzinfo=UTC)
"""Servers tell of any year up to 9999, behind which there is no next day."""


@contextmanager
def open_imap_sent(
    spec: ImapSpec, secret: Secret | None, *, account: str, now: Callable[[], datetime]
) -> Iterator[SentMailbox]:
    """The folder of sent mail of a signed-in mailbox; see `base.open_mailbox` for the errors."""
    with signed_in(spec, secret) as (client, held):
        server = Server(client, spec.place, held)
        yield SentMailbox(server, spec, secret=held, account=account, now=now)


class SentMailbox:
    """A `Mailbox` with the mails to marketplace aliases in the folder of sent mail."""

    def __init__(
        self,
        server: Server,
        spec: ImapSpec,
        *,
        secret: Secret,
        account: str,
        now: Callable[[], datetime],
    ) -> None:
        self._server = server
        self._spec = spec
        self._secret = secret
        self._account = account
        self._now = now

    def folder(self) -> SentFolder | NoSentFolder:
        """Which folder is read, or why that is not clear. Raises SettingsError for a wrong name."""
        with translated(self._spec, self._secret):
            return self._found()

    def batches(self, cursors: Cursors) -> Iterator[Batch]:
        """See `Mailbox.batches`; the last batch says since when the folder is whole.

        Raises SettingsError where it is not clear which folder to read.
        """
        with translated(self._spec, self._secret):
            found, since = self._found(), self._spec.since
            if isinstance(found, NoSentFolder):
                raise SettingsError(*found)
            name = found.name
            key = CURSOR_PREFIX + name
            at = self._now()
            examined = self._server.examine(name)
            known, scope = cursors.get(key), scope_of(TO_BUYERS, since)
            cursor = starting_cursor(known, examined, account=self._account, folder=key, scope=scope)
            whole_from = self._whole_from(examined, known=known, cursor=cursor)
            reading = Reading(self._server, examined, cursor, wanted=TO_BUYERS, since=since, at=at)
            yield from reading.batches(whole_from=whole_from)

    def _found(self) -> SentFolder | NoSentFolder:
        setting = self._spec.sent_folder
        if setting.lower() != AUTO:
            self._server.examine(setting)
            return SentFolder(setting, "as the settings say")
        folders = self._server.folders()
        marked = [each.name for each in folders if b"\\sent" in each.marks]
        usual = [each.name for each in folders if _is_usual(each)]
        if name := self._only(marked or usual):
            return SentFolder(name, "which the server marks so" if marked else "by its usual name")
        named = [name for name in marked or usual if not shows(self._secret, name)]
        return _unclear(self._spec.place, named)

    def _only(self, names: Sequence[str]) -> str | None:
        """The only one of them, or the only one with mail in it."""
        if len(names) > 1:
            names = [name for name in names if self._server.examine(name).exists]
        return names[0] if len(names) == 1 else None

    def _whole_from(self, examined: Examined, *, known: Cursor | None, cursor: Cursor) -> datetime | None:
        """Since when everything that came into the folder lies there or has been looked at; None: nobody can tell.

        Since the last reading, as long as nothing was taken away in between, which a mail from before it
        shows: folders are emptied from their old end. Else since the oldest mail that is left.
        """
        before = known.checked_at if known is not None and known.scope == cursor.scope else None
        lowest = self._server.lowest_uid() if examined.exists else None
        kept = cursor is known and (
            examined.uidnext == cursor.next_uid or (lowest is not None and lowest < cursor.next_uid)
        )
        if before is not None and kept:
            return before
        oldest = self._oldest(examined, lowest)
        since = datetime.combine(self._spec.since, time(), UTC) if self._spec.since else None
        return None if oldest is None else max(each for each in (oldest, before, since) if each is not None)

    def _oldest(self, examined: Examined, lowest: int | None) -> datetime | None:
        """When the oldest mail came: mostly that of the lowest UID, but mail can be moved in any order."""
        at = self._server.received([lowest]).get(lowest) if lowest is not None else None
        if at is None:
            return None
        times = [at]
        for begin, end in uid_ranges(1, None, examined):
            older = [*range_criteria(begin, end, None), "BEFORE", (min(at, _LATEST) + _WITHIN).date()]
            times += self._server.received(self._server.found(older) or []).values()
        return min(times)


def _is_usual(folder: Folder) -> bool:
    parts = folder.name.casefold().split(folder.separator) if folder.separator else [folder.name.casefold()]
    return parts[-1] in USUAL_NAMES and (len(parts) == 1 or (len(parts) == 2 and parts[0] in _ROOTS))


def _unclear(place: str, names: Sequence[str]) -> NoSentFolder:
    advice = (
        'Name it in the settings as sent_folder, or set sent_folder = "none" if nothing you send lies there.'
    )
    if not names:
        return NoSentFolder(
            f"The server {place} marks no folder of sent mail, and none has a usual name.", advice
        )
    shown = ", ".join(repr(name) for name in names[:_SHOWN])
    return NoSentFolder(f"The server {place} has several folders that may hold sent mail: {shown}.", advice)
