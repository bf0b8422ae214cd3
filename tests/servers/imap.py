"""What the IMAP tests need of a server, whichever it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from imapclient import IMAPClient


@dataclass(frozen=True, slots=True, kw_only=True)
class ImapAccount:
    """A mailbox on a loopback server; its plain port takes the password."""

    host: str
    port: int
    user: str
    password: str

    @contextmanager
    def client(self) -> Iterator[IMAPClient]:
        """Signed in, and free to write: tests put mail in with it."""
        with IMAPClient(self.host, port=self.port, ssl=False, timeout=30) as client:
            client.login(self.user, self.password)
            yield client

    def deliver(self, mails: Sequence[bytes], *, folder: str = "INBOX") -> None:
        """Appends mails in their order."""
        with self.client() as client:
            if not client.folder_exists(folder):
                client.create_folder(folder)
            for mail in mails:
                client.append(folder, mail)


class ImapServer(Protocol):
    """A running server."""

    name: str

    def new_folder(self) -> tuple[ImapAccount, str]:
        """An account and a folder in it that is empty and nobody else's."""
        ...
