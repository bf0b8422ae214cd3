"""How many octets of a mail we ever hold, and how mails from files are gathered into batches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from bounce_watch.records.mail import Batch, RawMessage

OCTETS_LIMIT = 5 * 1024 * 1024
"""The largest mail that is read whole."""

OCTETS_KEPT = 2 * 1024 * 1024
"""What is kept of a larger one: every notice known is far smaller, so its text is in there."""

BATCH_MAILS = 200
BATCH_OCTETS = 8 * 1024 * 1024

CUT_OCTETS = "octets"
"""Noted in `RawMessage.cut` when only the first OCTETS_KEPT of a mail were taken."""

CUT_LITERAL = "literal"
"""Noted in `RawMessage.cut` when a server sent less than it had announced, twice."""

Failure = str
"""Why one mail among many could not be read: path and reason, nothing of its content."""


class Readable(Protocol):
    """A buffered stream of octets, or a part of one."""

    def read(self, size: int, /) -> bytes:
        """At most `size` octets; fewer only at the end."""
        ...


def limited(octets: bytes) -> tuple[bytes, tuple[str, ...]]:
    """The octets to keep, and what to note in `cut`."""
    return (octets, ()) if len(octets) <= OCTETS_LIMIT else (octets[:OCTETS_KEPT], (CUT_OCTETS,))


def read_mail(stream: Readable) -> tuple[bytes, tuple[str, ...]]:
    """One mail from a buffered stream, never more than OCTETS_LIMIT and one octet of it; see `limited`."""
    return limited(stream.read(OCTETS_LIMIT + 1))


def in_batches(mails: Iterable[RawMessage | Failure]) -> Iterator[Batch]:
    """Batches in the order of `mails`, at most BATCH_MAILS each and closed once they reach BATCH_OCTETS."""
    messages: list[RawMessage] = []
    failures: list[Failure] = []
    size = 0
    for mail in mails:
        if isinstance(mail, RawMessage):
            messages.append(mail)
            size += len(mail.octets)
        else:
            failures.append(mail)
        if len(messages) + len(failures) >= BATCH_MAILS or size >= BATCH_OCTETS:
            yield Batch(messages=tuple(messages), failures=tuple(failures))
            messages, failures, size = [], [], 0
    if messages or failures:
        yield Batch(messages=tuple(messages), failures=tuple(failures))
