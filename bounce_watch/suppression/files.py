"""Writing files whole or not at all."""

from __future__ import annotations

import codecs
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

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


@contextmanager
def atomic_file(path: Path) -> Iterator[BinaryIO]:
    """A new file that takes the place of `path` when the block ends well, and vanishes when it does not.

    It lies in the same folder, with a name nobody can guess and for this user only (0600), is on the disk
    before it is renamed, and a symbolic link at `path` is replaced, not followed. Raises LedgerError.
    """
    with _translated(path):
        handle, name = tempfile.mkstemp(prefix=f".{path.name[:50]}.", suffix=".part", dir=path.parent)
    try:
        with _translated(path):
            with os.fdopen(handle, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
            _sync_folder(path.parent)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


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
