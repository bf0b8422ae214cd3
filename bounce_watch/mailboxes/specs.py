"""What a mailbox is, and how one is named: values only, so that every door can import them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple, Protocol

from bounce_watch.records.mail import Batch, Cursors

AUTO = "auto"
NONE = "none"
"""Words that may stand in the place of a name in ImapSpec.sent_folder."""


class SentFolder(NamedTuple):
    """The folder of sent mail, and how we know it, as the rest of a sentence."""

    name: str
    how: str


class NoSentFolder(NamedTuple):
    """No folder of sent mail was named, and which one it is can't be told; it is never guessed."""

    message: str
    advice: str


class Mailbox(Protocol):
    """A source of mail that is only ever read."""

    def batches(self, cursors: Cursors) -> Iterator[Batch]:
        """The mails after `cursors`, in a stable order, in chunks of bounded size.

        The caller files each batch and its cursor in one transaction before it asks for the next one;
        stopped anywhere, it goes on from the last cursor it filed. Sources that keep no cursor (files)
        start from the beginning each time. Raises a BounceWatchError when the source breaks off.
        """
        ...


class Security(StrEnum):
    """TLS from the first octet (port 993), STARTTLS (143), or NONE, which only a loopback address may use."""

    TLS = "tls"
    STARTTLS = "starttls"
    NONE = "none"


class Auth(StrEnum):
    """PASSWORD, or an OAuth 2 access token by one of its two SASL mechanisms."""

    PASSWORD = "password"  # noqa: S105 - the word, not a secret
    XOAUTH2 = "xoauth2"
    OAUTHBEARER = "oauthbearer"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImapSpec:
    """An IMAP mailbox: where it is, how to sign in, which folders to read.

    `port` None means 993 for TLS and 143 otherwise. `junk` adds the folder that the server marks as
    junk, `all_mail` the one that it marks as holding all mail (RFC 6154). `ca_file` (PEM) replaces the system's certificate authorities. `since`
    leaves out mail that the server received before that day. `sent_folder` is the folder of
    sent mail: `auto` (the one that the server marks, else one with a usual name), its name, or `none`.
    """

    host: str
    user: str
    port: int | None = None
    security: Security = Security.TLS
    auth: Auth = Auth.PASSWORD
    folders: tuple[str, ...] = ("INBOX",)
    junk: bool = True
    all_mail: bool = False
    ca_file: Path | None = None
    since: date | None = None
    sent_folder: str = AUTO
    connect_timeout_s: float = 10.0
    read_timeout_s: float = 60.0

    @property
    def server_port(self) -> int:
        """The port given, else the usual one for the kind of security."""
        if self.port is not None:
            return self.port
        return 993 if self.security is Security.TLS else 143

    @property
    def reads_sent(self) -> bool:
        """False when the folder of sent mail is left out."""
        return self.sent_folder.lower() != NONE

    @property
    def place(self) -> str:
        """`host:port`, for messages."""
        return f"{self.host}:{self.server_port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PathSpec:
    """A file or folder with mail in it; `-` is standard input."""

    path: Path


MailboxSpec = ImapSpec | PathSpec
