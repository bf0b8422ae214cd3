"""What a person hears: data on standard output, talk on standard error, every text inert.

The only place that knows the two streams.
"""

from __future__ import annotations

import io
import os
import shlex
import shutil
import sys
from collections.abc import Callable, Iterable
from functools import partial
from typing import IO, TextIO

from bounce_watch.errors import LedgerError, UsageError
from bounce_watch.text.inert import inert

WIDEST = 160
NARROWEST = 40
LONGEST = 2000
"""Characters of one line of talk; only a name made to fill the screen needs more."""


class InertTalk(io.TextIOBase):
    """Standard error for whoever writes there: typer about a wrong option, a warning, a traceback.

    None of them asks what stands in the words that it repeats, so the stream makes every line inert.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    @property
    def encoding(self) -> str:  # type: ignore[override]  # an attribute in typeshed, a property in the io module
        """That of the stream behind."""
        return self._stream.encoding

    def write(self, text: str) -> int:
        """Write the lines, each inert."""
        self._stream.write("\n".join(inert(line) for line in text.split("\n")))
        return len(text)

    def flush(self) -> None:
        """Flush the stream behind."""
        self._stream.flush()

    def fileno(self) -> int:
        """That of the stream behind."""
        return self._stream.fileno()

    def isatty(self) -> bool:
        """True on a terminal."""
        return self._stream.isatty()


def guard_streams() -> None:
    """Make both streams safe to write to, whoever does: once, before anything is said."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a pipe may know ASCII only, a path more
    if not isinstance(sys.stderr, InertTalk):
        sys.stderr = InertTalk(sys.stderr)


def say(text: str) -> None:
    """One line of talk."""
    line = inert(text)
    _write(sys.stderr, (line if len(line) <= LONGEST else f"{line[:LONGEST]}...") + "\n")


def out(text: str) -> bool:
    """Data that is inert already (a report, JSON, a list), as it is; False when nobody reads it any more."""
    return _write(sys.stdout, text)


def out_octets(octets: bytes) -> None:
    """Data in an encoding of its own (an export), as it is."""
    _written(sys.stdout, partial(sys.stdout.buffer.write, octets))


def _write(stream: TextIO, text: str) -> bool:
    """Write and flush. A reader that has enough (`| head`) stops neither us nor what is still to be done."""
    return _written(stream, partial(stream.write, text))


def _written(stream: TextIO, write: Callable[[], object]) -> bool:
    try:
        write()
        stream.flush()
    except BrokenPipeError:
        _discard(stream)
        return False
    except OSError as error:
        _discard(stream)
        raise LedgerError(
            f"The output can't be written: {error.strerror}.",
            "Make room on the disk it goes to, and run it again.",
        ) from error
    return True


def check_pipe() -> None:
    """UsageError when standard output is a terminal: nothing makes the rows of `pour` inert."""
    if sys.stdout.isatty():
        raise UsageError("The rows would go to the terminal.", "Name a file: -o FILE, or pipe them on.")


def pour(rows: IO[bytes]) -> None:
    """Rows of a person's own file, octet for octet as they stand there, for the program that reads them.

    Unlike other data they must all arrive: LedgerError when the reader stops before the end, or the disk is full.
    """
    try:
        sys.stdout.flush()
        shutil.copyfileobj(rows, sys.stdout.buffer)
        sys.stdout.buffer.flush()
    except OSError as error:
        _discard(sys.stdout)
        raise LedgerError(
            f"Not all rows could be written to the output: {error.strerror}.",
            "Whoever reads them stopped too early, or has no room. Nothing was filed; run it again.",
        ) from error


def _discard(stream: TextIO) -> None:
    """Send what is left in the buffer, and all that follows, to nowhere; else Python complains when it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def out_lines(lines: Iterable[str]) -> None:
    """Lines of text that came from mails or files, made inert."""
    for line in lines:
        out(inert(line) + "\n")


def how_started() -> str:
    """The words that start this program again, the way it was started."""
    if sys.argv[0].endswith("__main__.py"):
        return f"{shlex.quote(sys.executable)} -m bounce_watch"
    return shlex.quote(sys.argv[0]) if os.sep in sys.argv[0] else "bounce-watch"


def width() -> int:
    """Columns of the terminal, 80 in a pipe; `COLUMNS` overrides, as everywhere."""
    return max(NARROWEST, min(WIDEST, shutil.get_terminal_size((80, 24)).columns))


def colour() -> bool:
    """True on a terminal that has colours, unless NO_COLOR is set (no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def can_answer() -> bool:
    """True when somebody sits there who sees a question and can answer it."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def unicode() -> bool:
    """True when standard output can carry block characters."""
    try:
        "█▏─".encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
