"""Stops an export that would let people fall off the list unnoticed, or that suddenly holds very many more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median

from bounce_watch.errors import GuardStopped


def check_shrinkage(gone: Mapping[str, str]) -> None:
    """Raise GuardStopped when keys of the export before are gone (their names by hash) that nothing explains."""
    if gone:
        entries = "1 entry" if len(gone) == 1 else f"{len(gone):,} entries"
        in_clear = min(
            (name for name in gone.values() if not name.startswith("#")), default="forgotten by now"
        )
        raise GuardStopped(
            f"{entries} of the last export would disappear ({in_clear}); the file was left as it is.",
            "Find out why (another ledger or account, an undone import, two aliases for one order?), or use --allow-shrink.",
        )


def check_foreign(path: Path, *, rows: int) -> None:
    """Raise GuardStopped when a file of which this ledger knows nothing has more lines than would be written.

    That is what a wrong ledger or account looks like. `rows` is how many will be written; a few lines more may be a
    header.
    """
    try:
        with path.open("rb") as file:
            lines = sum(block.count(b"\n") for block in iter(partial(file.read, _BLOCK), b""))
    except OSError:
        return
    if lines > rows + _HEADER_LINES or (lines and not rows):
        raise GuardStopped(
            f"{path} holds a longer list, which this ledger did not write; it was left as it is.",
            "Check that the settings name the right ledger and account, or use --allow-shrink.",
        )


_BLOCK = 1 << 20
_HEADER_LINES = 3


_DAY = timedelta(days=1)
USUAL_DAYS = 28
"""Over how many days before the last 24 hours the usual number of notices is taken."""

LEAST_SURGE, TIMES_USUAL = 20, 10
"""More notices in 24 hours than both of these allow are a surge (reliability.md, T15)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surge:
    """Far more notices in the last 24 hours than on the median day of the four weeks before."""

    notices: int
    usual: float


def find_surge(noticed_at: Iterable[datetime | None], *, now: datetime) -> Surge | None:
    """Whether the instants of counted notices (UTC, None unknown) hold a surge in the 24 hours up to `now`."""
    days = [0] * (USUAL_DAYS + 1)
    for instant in noticed_at:
        age = (now - instant) // _DAY if instant and instant <= now else -1
        if 0 <= age <= USUAL_DAYS:
            days[age] += 1
    today, usual = days[0], median(days[1:])
    return Surge(notices=today, usual=usual) if today > max(LEAST_SURGE, TIMES_USUAL * usual) else None


def check_surge(surge: Surge | None, *, account: str) -> None:
    """Raise GuardStopped for a surge: a list can be poisoned by volume."""
    if surge:
        raise GuardStopped(
            f"{account}: {surge.notices} unproven opt-outs in 24 hours, where {surge.usual:g} a day are usual; the file was"
            " left as it is.",
            "If you wrote to many more buyers, use --allow-surge; else look at: bounce-watch runs",
        )
