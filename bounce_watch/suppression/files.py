"""Writing files whole or not at all."""

from __future__ import annotations

import codecs
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Self

from bounce_watch.errors import DataError, LedgerError


def write_atomically(path: Path, chunks: Iterable[str], *, encoding: str) -> None:
    """Write the chunks to `path`, so that a reader sees the file before or the file after, never a part.

    Raises LedgerError when the disk or the folder refuses and DataError when `encoding` has no letter for a
    chunk; the file is then as it was.
    """
    encoder = codecs.getincrementalencoder(encoding)()
    with atomic_file(path) as file:
        for chunk in chunks:
            try:
                file.write(encoder.encode(chunk))
            except UnicodeEncodeError as error:
                raise DataError(
                    f"The export holds a letter that {encoding} does not have.", "Use a preset in utf-8."
                ) from error


def part_path(path: Path, number: int) -> Path:
    """The file of a part, from 1 on: `list.csv`, `list-2.csv`, `list-3.csv` ..."""
    return path if number == 1 else path.with_name(f"{path.stem}-{number}{path.suffix}")


def removed_path(path: Path) -> Path:
    """The file of what went, a name on a line, beside a delta: `list.csv` has `list.csv.removed.txt`."""
    return path.with_name(f"{path.name}.removed.txt")


class AtomicFiles:
    """New files that take their places together when `put` is called, and vanish if it never is; a context manager.

    Each lies in the folder of its place, with a name nobody can guess and for this user only (0600), and is on the
    disk before any is renamed. A symbolic link in its place is replaced, not followed. Raises LedgerError.
    """

    def __init__(self) -> None:
        self._written: list[tuple[Path, Path]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for draft, _place in self._written:
            draft.unlink(missing_ok=True)
        self._written.clear()

    @contextmanager
    def write(self, path: Path) -> Iterator[BinaryIO]:
        """A file that `put` will bring to `path`."""
        draft = path.with_name(f".{path.name[:50]}.{secrets.token_hex(8)}.part")
        self._written.append((draft, path))  # Before it is there, so that no signal leaves it behind.
        with _translated(path), os.fdopen(_private(draft), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())

    def put(self) -> None:
        """Bring all of them to their places, the last one first: who finds the first one finds the others."""
        while self._written:
            draft, path = self._written[-1]
            with _translated(path):
                draft.replace(path)
                self._written.pop()
                _sync_folder(path.parent)


def _private(draft: Path) -> int:
    """A new file for this user only; an existing one, or a link, is an error."""
    return os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)


@contextmanager
def atomic_file(path: Path) -> Iterator[BinaryIO]:
    """A new file that takes the place of `path` when the block ends well, and vanishes when it does not."""
    with AtomicFiles() as files:
        with files.write(path) as file:
            yield file
        files.put()


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise LedgerError(
            f"{path} can't be written: {error.strerror or error}.",
            "Check that its folder exists, that this user may write there, and that the disk has room.",
        ) from error


def _sync_folder(folder: Path) -> None:
    """Make the rename survive a power cut; only POSIX systems let a folder be opened."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
