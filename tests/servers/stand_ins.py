"""Which real servers this machine lacks, what stands in for them, and what is therefore not tested."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.servers.dovecot import find_dovecot
from tests.servers.pymap import find_pymap


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """A server that some tests want; `how` is how to get it."""

    name: str
    present: Callable[[], bool]
    stand_in: str
    not_tested: str
    how: str


NEEDS: tuple[Need, ...] = (
    Need(
        name="Dovecot 2.3",
        present=lambda: find_dovecot() is not None,
        stand_in="pymap" if find_pymap() else "nothing",
        not_tested="TLS and STARTTLS, OAuth tokens, Junk by special-use, 5,000 mails, polls that are cut off",
        how="apt-get install dovecot-imapd",
    ),
)


def missing_lines() -> list[str]:
    """One line for each server that is not here."""
    return [
        f"{need.name} is missing ({need.how}): {need.stand_in} stands in; not tested: {need.not_tested}"
        for need in NEEDS
        if not need.present()
    ]
