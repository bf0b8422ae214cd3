"""Stops an export that would let people fall off the list unnoticed."""

from __future__ import annotations

from collections.abc import Iterable

from bounce_watch.errors import GuardStopped


def check_shrinkage(
    previous_members: Iterable[str], members: Iterable[str], *, explained: Iterable[str] = ()
) -> None:
    """Raise GuardStopped when a key of the export before is missing from this one without a reason.

    `explained` are keys that would be on the list but for what a person decided since then (a run undone, a
    notice dismissed): those may go.
    """
    gone = set(previous_members) - set(members) - set(explained)
    if gone:
        entries = "1 entry" if len(gone) == 1 else f"{len(gone)} entries"
        raise GuardStopped(
            f"{entries} of the last export would disappear ({min(gone)}); the file was left as it is.",
            "Find out why (another ledger or account, two aliases for one order?), or use --allow-shrink.",
        )
