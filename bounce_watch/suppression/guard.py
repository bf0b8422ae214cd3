"""Stops an export that would let people fall off the list unnoticed, or that suddenly holds very many more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median

from bounce_watch.errors import GuardStopped


def check_shrinkage(gone: Mapping[str, str]) -> None:
    """Raise GuardStopped when keys of the export before are gone (their names by hash) that nothing explains."""
    if gone:
        entries = "1 entry" if len(gone) == 1 else f"{len(gone):,} entries"
        raise GuardStopped(
            f"{entries} of the last export would disappear ({min(gone.values())}); the file was left as it is.",
            "Find out why (another ledger or account, two aliases for one order?), or use --allow-shrink.",
        )


def check_emptiness(entries: int, *, path: Path, known: bool) -> None:
    """Raise GuardStopped when an empty list would take the place of a file of which this ledger knows nothing.

    That is what a wrong path of the ledger looks like. `known`: the ledger has exported to `path` before, so that what
    went is compared.
    """
    try:
        holds_something = not known and not entries and path.stat().st_size > 0
    except OSError:
        return
    if holds_something:
        raise GuardStopped(
            f"The list is empty, and {path} holds one that this ledger did not write; it was left as it is.",
            "Check that the settings name the right ledger and account, or use --allow-shrink.",
        )


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
