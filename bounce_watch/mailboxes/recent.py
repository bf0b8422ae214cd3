"""The newest mails of a mailbox, for a look at who wrote what into their headers. Files nothing, moves no cursor."""

from __future__ import annotations

from collections import deque
from typing import Protocol, runtime_checkable

from bounce_watch.mailboxes.specs import Mailbox
from bounce_watch.records.mail import RawMessage


@runtime_checkable
class KnowsRecent(Protocol):
    """A mailbox that can tell its newest mails without being read from its beginning."""

    def recent(self, count: int) -> list[RawMessage]:
        """The newest mails, oldest first; their bodies may be left out."""
        ...


def recent_mails(mailbox: Mailbox, count: int) -> list[RawMessage]:
    """The newest `count` mails, oldest first; of files the last ones they hold."""
    if isinstance(mailbox, KnowsRecent):
        return mailbox.recent(count)
    return list(deque((raw for batch in mailbox.batches({}) for raw in batch.messages), maxlen=count))
