"""The contract, run by every door."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from bounce_watch.mailboxes.base import Auth, ImapSpec, Mailbox, PathSpec, Security, open_mailbox
from bounce_watch.records.secret import Secret
from tests.mailboxes.contract import MailboxContract
from tests.mailboxes.fake_imap import FakeImap, mailbox_of
from tests.mailboxes.samples import NOW, WANTED
from tests.servers.imap import ImapAccount, ImapServer


def open_path(path: Path) -> AbstractContextManager[Mailbox]:
    """The mailbox at a path."""
    return open_mailbox(PathSpec(path=path), None, account="uk", wanted=WANTED, now=lambda: NOW)


def snapshot(folder: Path) -> dict[str, tuple[int, int, int, bytes]]:
    """Every file below a folder: time of change, size, mode and content."""
    return {
        str(path.relative_to(folder)): (
            path.stat().st_mtime_ns,
            path.stat().st_size,
            path.stat().st_mode,
            path.read_bytes() if path.is_file() else b"",
        )
        for path in sorted(folder.rglob("*"))
    }


def as_mbox(mails: Sequence[bytes]) -> bytes:
    """An mbox in the form mboxrd, written by hand: quoted lines get one more `>`."""
    parts = []
    for mail in mails:
        lines = mail.replace(b"\r\n", b"\n").split(b"\n")
        quoted = [b">" + line if line.lstrip(b">").startswith(b"From ") else line for line in lines]
        parts.append(b"From MAILER-DAEMON Sat Nov 21 10:00:00 2026\n" + b"\n".join(quoted) + b"\n")
    return b"".join(parts)


class PathDoor:
    """A door to files below `base`; `path` is what the user names."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.path = base / "mail"

    def open(self) -> AbstractContextManager[Mailbox]:
        return open_path(self.path)

    def open_broken(self) -> AbstractContextManager[Mailbox]:
        return open_path(self.base / "missing")

    def state(self) -> object:
        return snapshot(self.base)


class FolderDoor(PathDoor):
    def fill(self, mails: Sequence[bytes]) -> None:
        for number, mail in enumerate(mails):
            path = self.path / f"{number // 3}" / f"mail {number}.{'EML' if number % 2 else 'eml'}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(mail)
        (self.path / "notes.txt").write_text("not a mail")

    def open_broken(self) -> AbstractContextManager[Mailbox]:
        (self.base / "empty").mkdir()
        return open_path(self.base / "empty")


class FileDoor(PathDoor):
    def fill(self, mails: Sequence[bytes]) -> None:
        (mail,) = mails
        self.path.write_bytes(mail)


class MaildirDoor(PathDoor):
    def fill(self, mails: Sequence[bytes]) -> None:
        for part in ("cur", "new", "tmp"):
            (self.path / part).mkdir(parents=True)
        for number, mail in enumerate(mails):
            name = f"new/17000000{number:02}.host" if number % 2 else f"cur/17000000{number:02}.host:2,S"
            (self.path / name).write_bytes(mail)
        (self.path / "tmp" / "1.half").write_bytes(b"From: half a mail")
        (self.path / "cur" / ".hidden").write_bytes(b"not a mail")

    def open_broken(self) -> AbstractContextManager[Mailbox]:
        for part in ("cur", "new"):
            (self.base / "empty" / part).mkdir(parents=True)
        return open_path(self.base / "empty")


class MboxDoor(PathDoor):
    def fill(self, mails: Sequence[bytes]) -> None:
        self.path.write_bytes(as_mbox(mails))


class StdinDoor(PathDoor):
    def __init__(self, base: Path, monkeypatch: pytest.MonkeyPatch, *, mbox: bool) -> None:
        super().__init__(base)
        self._monkeypatch = monkeypatch
        self._mbox = mbox
        self._octets = b""
        monkeypatch.setenv("TMPDIR", str(base))
        monkeypatch.setattr("tempfile.tempdir", str(base))

    def fill(self, mails: Sequence[bytes]) -> None:
        self._octets = as_mbox(mails) if self._mbox else b"".join(mails)

    def open(self) -> AbstractContextManager[Mailbox]:
        self._monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(self._octets)))
        return open_path(Path("-"))

    def open_broken(self) -> AbstractContextManager[Mailbox]:
        self._octets = b""
        return self.open()


class ImapDoor:
    def __init__(self, account: ImapAccount, folder: str) -> None:
        self._account = account
        self._folder = folder
        self.spec = ImapSpec(
            host=account.host,
            port=account.port,
            user=account.user,
            security=Security.NONE,
            auth=Auth.PASSWORD,
            folders=(folder,),
            junk=False,
        )

    def fill(self, mails: Sequence[bytes]) -> None:
        self._account.deliver(mails, folder=self._folder)

    def open(self) -> AbstractContextManager[Mailbox]:
        return self._open(self.spec)

    def open_broken(self) -> AbstractContextManager[Mailbox]:
        return self._open(replace(self.spec, folders=("No such folder",)))

    def state(self) -> object:
        with self._account.client() as client:
            client.select_folder(self._folder, readonly=True)
            items = client.fetch(client.search(), ["FLAGS", "INTERNALDATE", "RFC822.SIZE"])
            return {
                uid: (item[b"FLAGS"], item[b"INTERNALDATE"], item[b"RFC822.SIZE"])
                for uid, item in items.items()
            }

    def _open(self, spec: ImapSpec) -> AbstractContextManager[Mailbox]:
        return open_mailbox(
            spec, Secret(self._account.password), account="uk", wanted=WANTED, now=lambda: NOW
        )


class FakeDoor:
    def __init__(self) -> None:
        self._fake = FakeImap()

    def fill(self, mails: Sequence[bytes]) -> None:
        for uid, mail in enumerate(mails, start=10):
            self._fake.add(uid, mail)

    @contextmanager
    def open(self) -> Iterator[Mailbox]:
        yield mailbox_of(self._fake)

    @contextmanager
    def open_broken(self) -> Iterator[Mailbox]:
        fake = FakeImap(dict.fromkeys(range(1, 100), b"From: auto-communication\r\n\r\n"))
        fake.refused = set(fake.mails)
        yield mailbox_of(fake)

    def state(self) -> object:
        return dict(self._fake.mails)


class TestFolderOfMails(MailboxContract):
    @pytest.fixture
    def door(self, tmp_path: Path) -> FolderDoor:
        return FolderDoor(tmp_path)


class TestOneMail(MailboxContract):
    single = True

    @pytest.fixture
    def door(self, tmp_path: Path) -> FileDoor:
        return FileDoor(tmp_path)


class TestMaildir(MailboxContract):
    @pytest.fixture
    def door(self, tmp_path: Path) -> MaildirDoor:
        return MaildirDoor(tmp_path)


class TestMbox(MailboxContract):
    exact = False

    @pytest.fixture
    def door(self, tmp_path: Path) -> MboxDoor:
        return MboxDoor(tmp_path)


class TestMboxOnStandardInput(MailboxContract):
    exact = False

    @pytest.fixture
    def door(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StdinDoor:
        return StdinDoor(tmp_path, monkeypatch, mbox=True)


class TestOneMailOnStandardInput(MailboxContract):
    single = True

    @pytest.fixture
    def door(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StdinDoor:
        return StdinDoor(tmp_path, monkeypatch, mbox=False)


class TestImapServer(MailboxContract):
    @pytest.fixture
    def door(self, imap_server: ImapServer) -> ImapDoor:
        return ImapDoor(*imap_server.new_folder())


class TestFakeImap(MailboxContract):
    @pytest.fixture
    def door(self) -> FakeDoor:
        return FakeDoor()
