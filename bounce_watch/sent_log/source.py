"""Reading the octets of a log, and dating what stands in its cells."""

from __future__ import annotations

import io
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from pathlib import Path
from typing import BinaryIO

from bounce_watch.errors import DataError

PLAUSIBLE_YEARS = range(2000, 2100)
"""Amazon's marketplaces for sellers are as old as this; a typing error must not stretch a coverage."""


def read_octets(source: bytes | Path) -> bytes:
    """The octets of a file, or those handed over; DataError when the file can't be read."""
    if isinstance(source, bytes):
        return source
    try:
        return source.read_bytes()
    except OSError as error:
        raise _unreadable(source, error) from error


@contextmanager
def opened(source: bytes | Path) -> Iterator[BinaryIO]:
    """A file, or octets as one, that can be read in pieces and again; DataError when the file can't be read."""
    if isinstance(source, bytes):
        yield io.BytesIO(source)
        return
    try:
        file = source.open("rb")
    except OSError as error:
        raise _unreadable(source, error) from error
    with file, tempfile.TemporaryFile() as copy:
        if not file.seekable():
            shutil.copyfileobj(file, copy)
        yield file if file.seekable() else copy


def _unreadable(path: Path, error: OSError) -> DataError:
    return DataError(
        f"{path} can't be read: {error.strerror or 'unknown error'}.",
        "Check the path and that this user may read the file.",
    )


def parse_instant(text: str, time_zone: tzinfo) -> datetime | None:
    """The UTC instant of an ISO 8601 date and time (a space may stand for the T), or None.

    Without an offset it is local time in `time_zone`; a date alone is noon there.
    """
    try:
        instant = _local(text.strip(), time_zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return instant if instant.year in PLAUSIBLE_YEARS else None


def _local(text: str, time_zone: tzinfo) -> datetime:
    try:
        return datetime.combine(date.fromisoformat(text), time(12), time_zone)
    except ValueError:
        instant = datetime.fromisoformat(text)
    return instant if instant.tzinfo else instant.replace(tzinfo=time_zone)


def whole_days(first: date, last: date, time_zone: tzinfo) -> tuple[datetime, datetime]:
    """The UTC instants at which `first` starts and `last` has ended, as days of `time_zone`."""
    start = datetime.combine(first, time(), time_zone)
    end = datetime.combine(last + timedelta(days=1), time(), time_zone)
    return start.astimezone(UTC), end.astimezone(UTC)
