"""The read-only questions we ask an IMAP server: LIST, EXAMINE, SEARCH, and FETCH of headers and bodies."""

from __future__ import annotations

import imaplib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from imapclient.exceptions import ProtocolError

from bounce_watch.errors import SettingsError
from bounce_watch.mailboxes.imap_connect import check_words
from bounce_watch.mailboxes.imap_errors import is_busy
from bounce_watch.mailboxes.imap_plan import WINDOW, Criteria, Examined, Header, decoded_addresses
from bounce_watch.mailboxes.octets import OCTETS_KEPT, OCTETS_LIMIT
from bounce_watch.records.secret import Secret
from bounce_watch.records.times import as_utc
from bounce_watch.text.traces import shows

Answers = Mapping[int, Mapping[bytes, Any]]
"""What FETCH brought: by UID, then by item."""

_NAMED = 8
_REFUSALS = 20
"""How many mails of one chunk a server may refuse to hand out before we take it for a fault of the server's."""


_CLOSED = frozenset((b"\\noselect", b"\\nonexistent"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """A folder as LIST tells of it: its name, what separates the parts of names, and its marks in lower case."""

    name: str
    separator: str
    marks: frozenset[bytes]


class Client(Protocol):
    """The part of imapclient.IMAPClient that reading needs; nothing in it can write."""

    def list_folders(self) -> list[tuple[tuple[bytes, ...], bytes | None, str]]:
        """Flags, delimiter and name of each folder."""
        ...

    def select_folder(self, folder: str, *, readonly: bool) -> Mapping[bytes, Any]:
        """EXAMINE when `readonly`."""
        ...

    def search(self, criteria: Criteria) -> Sequence[int]:
        """UIDs that fit."""
        ...

    def fetch(self, messages: Sequence[int], data: Sequence[str]) -> Answers:
        """Items of mails by UID."""
        ...


class Server:
    """One signed-in connection. `place` is `host:port`, for messages, which never show the secret."""

    def __init__(self, client: Client, place: str, secret: Secret) -> None:
        self._client = client
        self._place = place
        self._secret = secret

    def marked(self, flag: bytes) -> str | None:
        """The first folder that the server marks with a special use (RFC 6154) such as Junk, or None."""
        return next((folder.name for folder in self.folders() if flag.lower() in folder.marks), None)

    def folders(self) -> list[Folder]:
        """The folders that can be opened, in the server's order."""
        return [
            Folder(name=name, separator=(separator or b"").decode("ascii", "replace"), marks=marks)
            for flags, separator, name in self._folders()
            if not (marks := frozenset(flag.lower() for flag in flags)) & _CLOSED
        ]

    def examine(self, folder: str) -> Examined:
        """Opens a folder for reading only. Raises SettingsError if there is no such folder."""
        check_words("folder", folder)
        try:
            answer = self._client.select_folder(folder, readonly=True)
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error as problem:
            if is_busy(problem):
                raise
            raise self._no_folder(folder) from problem
        if b"UIDVALIDITY" not in answer:
            raise ProtocolError(f"no UIDVALIDITY for {folder}")
        return Examined(
            uidvalidity=int(answer[b"UIDVALIDITY"]),
            uidnext=answer.get(b"UIDNEXT"),
            exists=int(answer.get(b"EXISTS", 0)),
        )

    def search(self, criteria: Criteria) -> list[int]:
        """UIDs in ascending order."""
        check_words("search word", *_texts(criteria))
        try:
            return sorted(set(self._client.search(criteria)))
        except ValueError as problem:
            raise ProtocolError(str(problem)) from problem

    def found(self, criteria: Criteria) -> list[int] | None:
        """The same, or None when the server refuses this search: many can't do all that RFC 3501 asks for."""
        try:
            return self.search(criteria)
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error as problem:
            if is_busy(problem):
                raise
            return None

    def lowest_uid(self) -> int | None:
        """The UID of the folder's first mail: the one with the sequence number 1. None in an empty folder."""
        return next(iter(self.found(["1"]) or ()), None)

    def listed(self, uids: Iterable[int]) -> list[int]:
        """Those of `uids` that are still in the folder."""
        numbers = ",".join(str(uid) for uid in sorted(uids))
        return self.search(["UID", numbers]) if numbers else []

    def headers(self, uids: Sequence[int], fields: Sequence[str] = ("FROM",)) -> dict[int, Header]:
        """Address fields, size and time of arrival, by UID; a mail that is gone or refused is missing."""
        asked = f"BODY.PEEK[HEADER.FIELDS ({' '.join(fields)})]"
        answers = self._fetch(uids, ("RFC822.SIZE", "INTERNALDATE", asked))
        found: dict[int, Header] = {}
        for uid, answer in answers.items():
            # NIL, as some servers call it when a mail has none of the fields, is an answer.
            if any(item.startswith(b"BODY[HEADER") for item in answer):
                found[uid] = Header(
                    uid=uid,
                    # A server that tells no size gets the question for a large mail, which is always safe.
                    size=answer.get(b"RFC822.SIZE", OCTETS_LIMIT + 1),
                    received_at=_instant(answer.get(b"INTERNALDATE")),
                    address_fields=decoded_addresses(_part(answer, b"BODY[HEADER") or b""),
                )
        return found

    def received(self, uids: Sequence[int]) -> dict[int, datetime]:
        """The time of arrival, by UID; a mail that is gone, or whose time makes no sense, is missing."""
        times: dict[int, datetime] = {}
        for begin in range(0, len(uids), WINDOW):
            for uid, answer in self._fetch(uids[begin : begin + WINDOW], ("INTERNALDATE",)).items():
                if (at := _instant(answer.get(b"INTERNALDATE"))) is not None:
                    times[uid] = at
        return times

    def header_blocks(self, uids: Sequence[int]) -> dict[int, bytes]:
        """The whole header of each mail, by UID; a mail that is gone or refused is missing."""
        answers = self._fetch(uids, ("BODY.PEEK[HEADER]",))
        parts = {uid: _part(answer, b"BODY[HEADER]") for uid, answer in answers.items()}
        return {uid: octets for uid, octets in parts.items() if octets is not None}

    def bodies(self, headers: Sequence[Header]) -> dict[int, bytes]:
        """Whole mails, or the first OCTETS_KEPT of those above OCTETS_LIMIT, by UID."""
        whole = [header.uid for header in headers if header.size <= OCTETS_LIMIT]
        large = [header.uid for header in headers if header.size > OCTETS_LIMIT]
        answers = {
            **self._fetch(whole, ("BODY.PEEK[]",)),
            **self._fetch(large, (f"BODY.PEEK[]<0.{OCTETS_KEPT}>",)),
        }
        parts = {uid: _part(answer, b"BODY[]") for uid, answer in answers.items()}
        return {uid: octets for uid, octets in parts.items() if octets is not None}

    def _fetch(self, uids: Sequence[int], items: Sequence[str]) -> dict[int, Mapping[bytes, Any]]:
        """One FETCH; if the server refuses, halves of it, down to the mail that it can't hand out."""
        answers: dict[int, Mapping[bytes, Any]] = {}
        refusals = 0
        parts = [tuple(uids)] if uids else []
        while parts:
            part = parts.pop()
            try:
                answers.update(self._client.fetch(part, items))
            except imaplib.IMAP4.abort:
                raise
            except (imaplib.IMAP4.error, ValueError) as problem:
                refusals += len(part) == 1
                if is_busy(problem) or refusals > _REFUSALS:
                    raise ProtocolError(str(problem)) from problem
                if len(part) > 1:
                    middle = len(part) // 2
                    parts += [part[middle:], part[:middle]]
        return answers

    def _folders(self) -> list[tuple[tuple[bytes, ...], bytes | None, str]]:
        try:
            return self._client.list_folders()
        except ValueError as problem:  # imapclient knows no other spelling than RFC 3501's
            raise ProtocolError(
                "a folder's name is not in modified UTF-7; junk = false needs no list"
            ) from problem

    def _no_folder(self, folder: str) -> SettingsError:
        listed = (name for _, _, name in self._folders())
        names = [name for name in listed if not shows(self._secret, name)]
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        return SettingsError(
            f"The server {self._place} can't open the folder {folder!r}.",
            f"Correct the folder's name in the settings. There are: "
            f"{', '.join(repr(name) for name in names[:_NAMED])}{more}.",
        )


def _part(answer: Mapping[bytes, Any], begin: bytes) -> bytes | None:
    """The octets of the item whose name begins so: servers spell the rest (`<0>`, field names) in several ways."""
    for item, octets in answer.items():
        if item.startswith(begin) and isinstance(octets, bytes):
            return octets
    return None


def _instant(received: datetime | None) -> datetime | None:
    try:
        return None if received is None else as_utc(received)
    except OverflowError:
        return None


def _texts(criteria: Criteria) -> Iterable[str]:
    for word in criteria:
        if isinstance(word, str):
            yield word
        elif isinstance(word, list):
            yield from _texts(word)
