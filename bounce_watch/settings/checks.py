"""What a value of the settings must be, beyond its type; each says in its ValueError what is wrong."""

from __future__ import annotations

import re
import shlex
from typing import TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bounce_watch.text.inert import inert

Section = TypeVar("Section")

NAME_LIMIT = 64
"""Characters of an account's name."""

_NOT_IN_NAMES = frozenset('/\\:*?"<>|')
"""What paths are cut at, or some file systems refuse."""

_MARKETPLACE = re.compile(r"amazon\.[a-z]{2,3}(?:\.[a-z]{2})?")
_PATTERN = re.compile(r"[a-z0-9-]*\*[a-z0-9-]*(?:\.[a-z0-9-]+){2,}")


def check_zone(value: object) -> object:
    """The time zone of an IANA name."""
    try:
        return ZoneInfo(value) if isinstance(value, str) else value
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # OSError: a folder of zones
        raise ValueError(f'there is no time zone {value!r}; an example is "Europe/London"') from error


def check_marketplaces(names: tuple[str, ...]) -> tuple[str, ...]:
    """Marketplace domains in lower case."""
    lowered = tuple(name.lower() for name in names)
    for name in lowered:
        if not _MARKETPLACE.fullmatch(name):
            raise ValueError(f'{name!r} is no marketplace; an example is "amazon.co.za"')
    return lowered


def check_receivers(ids: tuple[str, ...]) -> tuple[str, ...]:
    """The authserv-ids in lower case; ValueError for a pattern that would believe strangers."""
    lowered = tuple(name.lower() for name in ids)
    for name in lowered:
        if "*" in name and not _PATTERN.fullmatch(name):
            raise ValueError(f'{name!r} would believe strangers; an example is "*.messagingengine.com"')
    return lowered


def check_mailboxes(addresses: tuple[str, ...]) -> tuple[str, ...]:
    """Addresses in lower case."""
    for address in addresses:
        local, _, domain = address.partition("@")
        if not local or "." not in domain or "@" in domain or "*" in address:
            raise ValueError(f'{address!r} is no address; an example is "support@seller.example"')
    return tuple(address.lower() for address in addresses)


def check_names(accounts: dict[str, Section]) -> dict[str, Section]:
    """Account names stand in reports, exports, labels and one day in file names, so they are plain ones."""
    for name in accounts:
        plain = name[:1].isalnum() and name == name.strip() == inert(name) and len(name) <= NAME_LIMIT
        if not plain or _NOT_IN_NAMES & set(name):
            raise ValueError(
                f"{name[:NAME_LIMIT]!r} is no name for an account: take a letter or digit and up to"
                f" {NAME_LIMIT - 1} more characters, none of {' '.join(sorted(_NOT_IN_NAMES))}"
            )
    return accounts


def check_ledger(url: str | None) -> str | None:
    """The URL of a ledger."""
    # SQLAlchemy would take what follows the first @ for the host, and every message would name it.
    if url and not url.startswith("sqlite") and url.count("@") > 1:
        raise ValueError("there is more than one @ in it; write an @ of the user or the password as %40")
    return url


def check_command(words: str | None) -> str | None:
    """A command line with a command in it."""
    if words is not None and not shlex.split(words):
        raise ValueError("there is no command in it")
    return words
