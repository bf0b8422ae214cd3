"""What is special about files, folders and streams."""

from __future__ import annotations

import errno
import io
import mailbox
import os
import sys
import threading
from pathlib import Path

import pytest

from bounce_watch.errors import DataError
from bounce_watch.mailboxes import stdin
from bounce_watch.mailboxes.mbox import unquoted
from bounce_watch.mailboxes.octets import in_batches
from bounce_watch.records.mail import Batch, MessageRef, RawMessage
from tests.mailboxes.samples import mail
from tests.mailboxes.test_contract import as_mbox, open_path


def batches_of(path: Path) -> list[Batch]:
    with open_path(path) as source:
        return list(source.batches({}))


def refs_of(path: Path) -> list[tuple[str, int | None]]:
    return [(m.ref.folder, m.ref.position) for batch in batches_of(path) for m in batch.messages]


def error_of(path: Path) -> DataError:
    with pytest.raises(DataError) as caught:
        batches_of(path)
    assert caught.value.exit_code == 65
    return caught.value


def raw(size: int) -> RawMessage:
    return RawMessage(ref=MessageRef(account="uk", folder="x"), octets=b"x" * size)


class TestPaths:
    def test_missing(self, tmp_path: Path) -> None:
        assert "There is no" in error_of(tmp_path / "no.eml").message

    def test_empty_file(self, tmp_path: Path) -> None:
        (tmp_path / "empty.eml").touch()
        assert "is empty" in error_of(tmp_path / "empty.eml").message

    def test_folder_without_mail(self, tmp_path: Path) -> None:
        (tmp_path / "notes.txt").write_text("x")
        error = error_of(tmp_path)
        assert "holds no mail" in error.message
        assert ".eml" in error.advice

    def test_empty_maildir(self, tmp_path: Path) -> None:
        for part in ("cur", "new"):
            (tmp_path / part).mkdir()
        assert "holds no mail" in error_of(tmp_path).message

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
    def test_no_right_to_read(self, tmp_path: Path) -> None:
        path = tmp_path / "mail.eml"
        path.write_bytes(mail(1))
        path.chmod(0)
        assert "right to read" in error_of(path).advice
        (tmp_path / "locked").mkdir(mode=0)
        assert "can be read" in error_of(tmp_path / "locked").message

    def test_a_file_without_suffix_is_one_mail(self, tmp_path: Path) -> None:
        path = tmp_path / "saved"
        path.write_bytes(mail(1))
        assert refs_of(path) == [(str(path), 1)]

    def test_mail_that_begins_with_a_from_field_is_no_mbox(self, tmp_path: Path) -> None:
        path = tmp_path / "mail"
        path.write_bytes(b"From: a@b.example\r\n\r\nFrom here\r\n")
        assert refs_of(path) == [(str(path), 1)]

    def test_relative_paths_stay_as_the_user_wrote_them(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        Path("mails/b").mkdir(parents=True)
        Path("mails/b/2.eml").write_bytes(mail(2))
        Path("mails/a.eml").write_bytes(mail(1))
        assert refs_of(Path("mails")) == [("mails/a.eml", 1), ("mails/b/2.eml", 1)]

    def test_mbox_counts_from_one(self, tmp_path: Path) -> None:
        path = tmp_path / "box"
        path.write_bytes(as_mbox([mail(1), mail(2)]))
        assert refs_of(path) == [(str(path), 1), (str(path), 2)]


class TestFailures:
    def test_one_unreadable_file_is_reported_and_the_others_come(self, tmp_path: Path) -> None:
        (tmp_path / "1.eml").write_bytes(mail(1))
        (tmp_path / "2.eml").symlink_to(tmp_path / "gone")
        (tmp_path / "3.eml").write_bytes(mail(3))
        (batch,) = batches_of(tmp_path)
        assert [message.octets for message in batch.messages] == [mail(1), mail(3)]
        (failure,) = batch.failures
        assert failure == f"{tmp_path / '2.eml'}: No such file or directory"

    def test_a_pipe_among_the_mails_does_not_hold_us(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "1.eml")
        (tmp_path / "2.eml").write_bytes(mail(2))
        (batch,) = batches_of(tmp_path)
        assert len(batch.messages) == 1
        assert batch.failures == (f"{tmp_path / '1.eml'}: not a regular file",)

    def test_a_folder_in_cur_is_reported(self, tmp_path: Path) -> None:
        (tmp_path / "cur" / "odd").mkdir(parents=True)
        (tmp_path / "new").mkdir()
        (tmp_path / "new" / "1.host").write_bytes(mail(1))
        (batch,) = batches_of(tmp_path)
        assert (len(batch.messages), len(batch.failures)) == (1, 1)

    def test_a_folder_that_is_named_like_a_mail_is_looked_into(self, tmp_path: Path) -> None:
        (tmp_path / "old.eml").mkdir()
        (tmp_path / "old.eml" / "1.eml").write_bytes(mail(1))
        assert refs_of(tmp_path) == [(str(tmp_path / "old.eml" / "1.eml"), 1)]

    def test_a_link_to_a_folder_above_makes_no_loop(self, tmp_path: Path) -> None:
        (tmp_path / "1.eml").write_bytes(mail(1))
        (tmp_path / "loop").symlink_to(tmp_path)
        assert len(refs_of(tmp_path)) == 1


class TestBatches:
    def test_two_hundred_mails_in_a_batch(self) -> None:
        assert [len(batch.messages) for batch in in_batches(raw(1) for _ in range(450))] == [200, 200, 50]

    def test_a_batch_is_closed_at_eight_mib(self) -> None:
        assert [len(batch.messages) for batch in in_batches(raw(3 * 1024 * 1024) for _ in range(4))] == [3, 1]

    def test_failures_alone_make_a_batch(self) -> None:
        (batch,) = in_batches(["a: no"])
        assert (batch.messages, batch.failures, batch.cursor) == ((), ("a: no",), None)


class TestMbox:
    @pytest.mark.parametrize(
        ("stored", "meant"),
        [
            (b"a\n>From b\n", b"a\nFrom b\n"),
            (b"a\n>>From b\n", b"a\n>From b\n"),
            (b">From first line\n", b"From first line\n"),
            (b"a >From b\n> From c\n>Fromage\n", b"a >From b\n> From c\n>Fromage\n"),
        ],
    )
    def test_quoting_is_undone(self, stored: bytes, meant: bytes) -> None:
        assert unquoted(stored) == meant

    def test_a_disk_that_fails_halfway_is_an_error_with_advice(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(box: mailbox.mbox, key: str) -> None:
            raise OSError(errno.EIO, "Input/output error")

        path = tmp_path / "box"
        path.write_bytes(as_mbox([mail(1)]))
        monkeypatch.setattr(mailbox.mbox, "get_file", fail)
        error = error_of(path)
        assert "Input/output error" in error.message
        assert "disk" in error.advice


class TestStreams:
    def test_a_named_pipe_is_read_as_a_stream(self, tmp_path: Path) -> None:
        pipe = tmp_path / "pipe"
        os.mkfifo(pipe)
        writer = threading.Thread(target=pipe.write_bytes, args=(as_mbox([mail(1), mail(2)]),))
        writer.start()
        assert refs_of(pipe) == [(str(pipe), 1), (str(pipe), 2)]
        writer.join()

    def test_an_mbox_without_end_is_stopped_and_leaves_nothing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
        monkeypatch.setattr(stdin, "SPOOL_LIMIT", 1024 * 1024)
        endless = io.BytesIO(as_mbox([mail(1, body=b"x" * 3 * 1024 * 1024)]))
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(endless))
        error = error_of(Path("-"))
        assert "1 MiB" in error.message
        assert "file's path" in error.advice
        assert list(tmp_path.iterdir()) == []


def test_blank_lines_in_front_of_an_mbox_are_nothing(tmp_path: Path) -> None:
    one = b"From a@b Thu Sep 10 12:00:00 2026\nFrom: a@b.example\nSubject: one\n\nx\n\n"
    path = tmp_path / "box.mbox"
    path.write_bytes(b"\r\n\n" + one + one.replace(b"one", b"two"))
    with open_path(path) as box:
        mails = [each for batch in box.batches({}) for each in batch.messages]
    assert [b"Subject: one" in mails[0].octets, b"Subject: two" in mails[1].octets] == [True, True]
    assert len(mails) == 2
