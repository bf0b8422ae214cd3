"""A client that stands in for imapclient: a folder in memory that can misbehave like a real server."""

from __future__ import annotations

import imaplib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bounce_watch.mailboxes.imap import ImapMailbox
from bounce_watch.mailboxes.imap_plan import Criteria
from bounce_watch.mailboxes.imap_server import Server
from bounce_watch.mailboxes.specs import ImapSpec
from bounce_watch.records.mail import Batch, Cursor, Wanted
from bounce_watch.records.secret import Secret
from tests.mailboxes.samples import NOW, WANTED


class FakeImap:
    """One folder, `mails` by UID. What it does wrong is said by the other attributes."""

    def __init__(self, mails: Mapping[int, bytes] | None = None, *, uidvalidity: int = 7) -> None:
        self.mails = dict(mails or {})
        self.uidvalidity = uidvalidity
        self.uidnext = max(self.mails, default=0) + 1
        self.unsearchable: set[int] = set()
        self.without_body: set[int] = set()
        self.cut_bodies: dict[int, int] = {}
        self.sizes: dict[int, int] = {}
        self.refused: set[int] = set()
        self.before_bodies: Callable[[], None] = lambda: None
        self.received_at: datetime | None = datetime(2026, 11, 21, 10, 5, tzinfo=UTC)
        self.fetched: Counter[str] = Counter()
        self.refuses_to_search = False
        self.tells_nil = False

    def add(self, uid: int, mail: bytes) -> None:
        """Delivers a mail."""
        self.mails[uid] = mail
        self.uidnext = max(self.uidnext, uid + 1)

    def list_folders(self) -> list[tuple[tuple[bytes, ...], bytes | None, str]]:
        return [((), b"/", "INBOX")]

    def select_folder(self, folder: str, *, readonly: bool) -> Mapping[bytes, Any]:
        assert readonly
        return {
            b"UIDVALIDITY": self.uidvalidity,
            b"UIDNEXT": self.uidnext,
            b"EXISTS": len(self.mails),
        }

    def search(self, criteria: Criteria) -> Sequence[int]:
        if criteria == ["1"]:
            return sorted(self.mails)[:1]
        assert criteria[0] == "UID"
        assert isinstance(criteria[1], str)
        inside = [uid for uid in self.mails if uid in self._uids(criteria[1])]
        if criteria[1].endswith("*") and self.mails:
            inside = sorted({*inside, max(self.mails)})
        words = list(_words(criteria[2:]))
        if words and self.refuses_to_search:
            raise imaplib.IMAP4.error("SEARCH command error: BAD [b'Unknown search key']")
        if words:
            inside = [uid for uid in inside if uid not in self.unsearchable and self._has(uid, words)]
        return inside

    def fetch(self, messages: Sequence[int], data: Sequence[str]) -> dict[int, dict[bytes, Any]]:
        if any(item.startswith("BODY.PEEK[]") for item in data):
            self.before_bodies()
        if self.refused & set(messages):
            raise imaplib.IMAP4.error("fetch failed: Some messages could not be read")
        return {uid: dict(self._items(uid, data)) for uid in messages if uid in self.mails}

    def _items(self, uid: int, data: Sequence[str]) -> Iterator[tuple[bytes, Any]]:
        mail = self.mails[uid]
        for item in data:
            self.fetched[item.partition("<")[0]] += 1
            if item == "RFC822.SIZE":
                yield b"RFC822.SIZE", self.sizes.get(uid, len(mail))
            elif item == "INTERNALDATE":
                yield b"INTERNALDATE", self.received_at
            elif item == "BODY.PEEK[HEADER]":
                yield b"BODY[HEADER]", mail.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
            elif item.startswith("BODY.PEEK[HEADER"):
                names = item.partition("(")[2].rstrip(")]").split()
                yield (
                    f"BODY[HEADER.FIELDS ({' '.join(names)})]".encode(),
                    b"\r\n".join(_fields(mail, names)) or (None if self.tells_nil else b""),
                )
            elif item == "BODY.PEEK[]":
                yield b"BODY[]", None if uid in self.without_body else mail[: self.cut_bodies.get(uid)]
            else:
                yield b"BODY[]<0>", mail[: int(item.removesuffix(">").rpartition(".")[2])]

    def _uids(self, text: str) -> range | set[int]:
        if ":" not in text:
            return {int(uid) for uid in text.split(",")}
        low, high = text.split(":")
        return range(int(low), (self.uidnext if high == "*" else int(high)) + 1)

    def _has(self, uid: int, words: list[tuple[str, str]]) -> bool:
        return any(
            word.encode() in line.lower() for name, word in words for line in _fields(self.mails[uid], [name])
        )


def _fields(mail: bytes, names: Sequence[str]) -> list[bytes]:
    lines = mail.partition(b"\r\n\r\n")[0].split(b"\r\n")
    return [line for line in lines if line.partition(b":")[0].decode().upper() in names]


def _words(criteria: Criteria) -> Iterator[tuple[str, str]]:
    for position, word in enumerate(criteria):
        if isinstance(word, list):
            yield from _words(word)
        elif word in {"FROM", "TO", "CC", "BCC"}:
            following = criteria[position + 1]
            assert isinstance(following, str)
            yield str(word), following


SPEC = ImapSpec(host="imap.shop.example", user="seller", junk=False)


def mailbox_of(
    fake: FakeImap, *, now: datetime = NOW, wanted: Wanted = WANTED, spec: ImapSpec = SPEC
) -> ImapMailbox:
    """A mailbox on top of the fake."""
    secret = Secret("correct-horse-battery")
    server = Server(fake, spec.place, secret)
    return ImapMailbox(server, spec, secret=secret, account="uk", wanted=wanted, now=lambda: now)


def poll(fake: FakeImap, cursor: Cursor | None = None, **kwargs: Any) -> list[Batch]:
    """All batches of one poll of the inbox."""
    return list(mailbox_of(fake, **kwargs).batches({"INBOX": cursor} if cursor else {}))


def last_cursor(batches: Sequence[Batch]) -> Cursor:
    """The cursor of the last batch."""
    cursor = batches[-1].cursor
    assert cursor is not None
    return cursor


def uids_of(batches: Sequence[Batch]) -> list[int | None]:
    """The UIDs of all messages, in the order in which they came."""
    return [message.ref.uid for batch in batches for message in batch.messages]


def passed_in(batches: Sequence[Batch]) -> int:
    """How many mails were passed over."""
    return sum(batch.passed for batch in batches)
