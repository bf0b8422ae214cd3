from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from bounce_watch.errors import DataError, LedgerError
from bounce_watch.suppression.files import write_atomically


def test_the_file_holds_all_chunks_and_is_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    write_atomically(path, ["one\r\n", "zw\u00f6lf\n"], encoding="utf-8")
    assert path.read_bytes() == b"one\r\nzw\xc3\xb6lf\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_mark_is_written_once_for_all_chunks(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a", ["one\n", "two\n"], encoding="utf-8-sig")
    assert (tmp_path / "a").read_bytes() == b"\xef\xbb\xbfone\ntwo\n"


def test_the_old_file_stays_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_text("old")

    def chunks() -> Iterator[str]:
        yield "new"
        assert path.read_text() == "old"

    write_atomically(path, chunks(), encoding="utf-8")
    assert path.read_text() == "new"


@pytest.mark.parametrize("fault", [RuntimeError, KeyboardInterrupt])
def test_a_failure_in_the_middle_leaves_the_old_file_alone(
    tmp_path: Path, fault: type[BaseException]
) -> None:
    path = tmp_path / "list.txt"
    path.write_text("old")

    def chunks() -> Iterator[str]:
        yield "new"
        raise fault

    with pytest.raises(fault):
        write_atomically(path, chunks(), encoding="utf-8")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("call", ["fsync", "fdopen"])
def test_a_full_disk_leaves_the_old_file_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    path = tmp_path / "list.txt"
    path.write_text("old")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, call, full)
    with pytest.raises(LedgerError, match="No space left") as error:
        write_atomically(path, ["new"], encoding="utf-8")
    assert error.value.exit_code == 74
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_missing_folder_and_a_folder_in_the_way_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="can't be written"):
        write_atomically(tmp_path / "none" / "list.txt", ["x"], encoding="utf-8")
    (tmp_path / "taken").mkdir()
    with pytest.raises(LedgerError, match="can't be written"):
        write_atomically(tmp_path / "taken", ["x"], encoding="utf-8")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_a_letter_that_the_encoding_lacks_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    with pytest.raises(DataError, match="cp1252"):
        write_atomically(path, ["\u672c"], encoding="cp1252")
    assert list(tmp_path.iterdir()) == []


def test_a_link_is_replaced_not_followed(tmp_path: Path) -> None:
    victim, link = tmp_path / "victim", tmp_path / "list.txt"
    victim.write_text("keep")
    link.symlink_to(victim)
    write_atomically(link, ["new"], encoding="utf-8")
    assert victim.read_text() == "keep"
    assert not link.is_symlink()
    assert link.read_text() == "new"


def test_long_names_are_no_trouble(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 250)
    write_atomically(path, ["x"], encoding="utf-8")
    assert path.read_text() == "x"


def test_where_a_folder_can_not_be_opened_the_file_is_written_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "O_DIRECTORY")
    write_atomically(tmp_path / "list.txt", ["one\n"], encoding="utf-8")
    assert (tmp_path / "list.txt").read_text() == "one\n"
