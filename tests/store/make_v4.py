"""Writes fixtures/ledgers/v4.sqlite and its key, a ledger of the fourth schema with invented facts in every table.

Run once, with the program of that schema: `python -m tests.store.make_v4 fixtures/ledgers/v4.sqlite`.
The files are never written again: they stand for the ledgers that sellers have.
"""

from __future__ import annotations

import sys

from bounce_watch.records.alert import AlertKind, Told
from bounce_watch.store.ledger import open_ledger

from . import make_v3
from .make_v2 import LATER
from .makers import ACCOUNT, HOUR

TARGET = "env ALERT_URL"


def fill(url: str) -> None:
    """The facts of make_v3, and three alerts that were delivered."""
    make_v3.fill(url)
    with open_ledger(url) as ledger:
        ledger.file_told(
            [
                Told(account=ACCOUNT, target=TARGET, kind=kind, subject=subject, told_at=LATER + hours * HOUR)
                for kind, subject, hours in (
                    (AlertKind.LEAK, "", 0),
                    (AlertKind.SILENCE, "amazon.co.uk", 1),
                    (AlertKind.LEAK, "", 24),
                )
            ]
        )
        ledger.sweep_out()


if __name__ == "__main__":
    fill(f"sqlite:///{sys.argv[1]}")
