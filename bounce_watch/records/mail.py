"""A mail on its way in: where it lies, its octets, and what parsing made of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bounce_watch.records.times import require_utc

Fingerprint = str
"""Identity of a mail whichever door it came through: SHA-256, hexadecimal; see mailboxes/fingerprint.py."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRef:
    """Where a mail lies: folder, UIDVALIDITY and UID on a server, or path and position in a file.

    `folder` is the folder's name for IMAP, else the path as the user wrote it (`-` for standard input);
    `position` counts mails in one file from 1.
    """

    account: str
    folder: str
    uidvalidity: int | None = None
    uid: int | None = None
    position: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RawMessage:
    """The octets of one mail; `exact` says that they are as delivered (an mbox may have changed them).

    `received_at` is the server's INTERNALDATE, when there is one. `cut` names what a limit took away
    before the octets reached us (a partial fetch).
    """

    ref: MessageRef
    octets: bytes
    exact: bool = True
    received_at: datetime | None = None
    cut: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        require_utc(received_at=self.received_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A parsed mail. Texts are decoded and still hostile; nothing here has been judged.

    `from_address` is None unless there is exactly one From field with exactly one mailbox in it.
    `text` holds the body as lines of text (HTML turned to text, blank lines between blocks, quotes marked
    with `> `); `links` the targets of its links, decoded from HTML; `trace` the Received and
    Authentication-Results fields, topmost first, as (lower-case name, unfolded value); `embedded` the
    attached original messages; `cut` what a limit took away, in words. `bcc` is known of mail that we sent
    ourselves, and `campaign` is what the tool that sent it calls the mailing in its header.
    """

    ref: MessageRef
    fingerprint: Fingerprint
    message_id: str | None
    from_address: str | None
    from_name: str
    subject: str
    text: str
    links: tuple[str, ...]
    sent_at: datetime | None
    received_at: datetime | None
    in_reply_to: str | None
    references: tuple[str, ...]
    recipients: tuple[str, ...]
    space_type: str | None
    marketplace_id: str | None
    trace: tuple[tuple[str, str], ...]
    embedded: tuple[Message, ...]
    cut: tuple[str, ...]
    size_bytes: int
    bcc: tuple[str, ...] = ()
    campaign: str | None = None

    def __post_init__(self) -> None:
        require_utc(sent_at=self.sent_at, received_at=self.received_at)

    @property
    def from_domain(self) -> str | None:
        """The part of the From address behind the @, lower case."""
        return self.from_address.rpartition("@")[2] if self.from_address else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a mailbox should look for, so that it need not fetch every body: senders, or recipients.

    Both are fragments of addresses in lower case, made of whole words (`auto-communication`,
    `@marketplace.amazon.`, `owner@seller.example`): a mail is wanted whose From field contains one of
    `senders`, or whose To, Cc or Bcc fields contain one of `recipients`.
    """

    senders: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.senders and self.recipients:
            raise ValueError("a folder is searched for senders or for recipients, not for both")

    @property
    def fragments(self) -> tuple[str, ...]:
        """What one of `fields` has to contain."""
        return self.recipients or self.senders

    @property
    def fields(self) -> tuple[str, ...]:
        """The header fields that are looked into."""
        return ("TO", "CC", "BCC") if self.recipients else ("FROM",)

    def wants(self, address_fields: str) -> bool:
        """True when the decoded `fields` of a mail contain one of the fragments."""
        lowered = address_fields.lower()
        return any(fragment in lowered for fragment in self.fragments)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """How far a folder has been read, filed in the same transaction as the records it speaks of.

    Every UID below `next_uid` was read, passed over as unwanted, or stands in `due` (failed, short or
    missing, to be fetched again). Every UID below `swept_uid` was judged by its own From field, not only
    by the server's SEARCH; `swept_at` is when the last sweep reached the end. `scope` is a digest of what
    is wanted: when it changes, passed-over mail has to be looked at again. All that lay in the folder at
    `checked_at` has been looked at; None as long as it was never read to its end.
    """

    account: str
    folder: str
    uidvalidity: int
    next_uid: int
    scope: str
    due: tuple[int, ...] = ()
    swept_uid: int = 1
    swept_at: datetime | None = None
    checked_at: datetime | None = None

    def __post_init__(self) -> None:
        require_utc(swept_at=self.swept_at, checked_at=self.checked_at)


Cursors = Mapping[str, Cursor]
"""The cursors of one account, by folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A chunk of a mailbox: the mails to look at, and the cursor that is true once they are filed.

    `passed` counts mails that were passed over in this chunk because nobody wants them; `cursor` is None
    for sources that keep none (files, standard input). `whole_from` stands in the last batch of a folder of
    sent mail: since when all that came into it has been looked at, as far as anybody can tell.
    """

    messages: tuple[RawMessage, ...] = ()
    cursor: Cursor | None = None
    passed: int = 0
    failures: tuple[str, ...] = field(default=())
    whole_from: datetime | None = None

    def __post_init__(self) -> None:
        require_utc(whole_from=self.whole_from)
