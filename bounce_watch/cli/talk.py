"""What a person hears: data on standard output, talk on standard error, every text inert."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable

from bounce_watch.text.inert import inert

WIDEST = 160
NARROWEST = 60


def say(text: str) -> None:
    """One line of talk."""
    print(inert(text), file=sys.stderr)  # the one place that prints talk


def out(text: str) -> None:
    """Data that is inert already (a report, JSON, a list), as it is."""
    sys.stdout.write(text)
    sys.stdout.flush()


def out_lines(lines: Iterable[str]) -> None:
    """Lines of text that came from mails or files, made inert."""
    for line in lines:
        out(inert(line) + "\n")


def width() -> int:
    """Columns of the terminal, 80 in a pipe; `COLUMNS` overrides, as everywhere."""
    return max(NARROWEST, min(WIDEST, shutil.get_terminal_size((80, 24)).columns))


def colour() -> bool:
    """True on a terminal that has colours, unless NO_COLOR is set (no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def unicode() -> bool:
    """True when standard output can carry block characters."""
    try:
        "█▏─".encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
