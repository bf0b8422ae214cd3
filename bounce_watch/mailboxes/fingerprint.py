"""Identity of a mail whichever door it came through."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

from bounce_watch.records.mail import Fingerprint

# What recognition reads, besides the text: two mails that differ in one of these are two mails. Headers alone
# would let a forged mail pass for a genuine one, so the decoded text is part of it.
FIELDS = ("message-id", "date", "from", "subject", "x-space-notification-type", "x-marketplace-id")

_QUOTED_FROM = re.compile(r"(?m)^>+(?=From )")


def fingerprint(fields: Iterable[tuple[str, str]], texts: Iterable[str]) -> Fingerprint:
    """SHA-256 over the unfolded fields of FIELDS and the decoded texts, white space collapsed.

    Line ends, folding, transfer encodings and an mbox's `>From ` quoting do not change it.
    """
    digest = hashlib.sha256()
    for wanted in FIELDS:
        for name, value in fields:
            if name.lower() == wanted:
                digest.update(f"{wanted}:{_plain(value)}\n".encode("utf-8", "replace"))
    for text in texts:
        digest.update(f"\n{_plain(_QUOTED_FROM.sub('', text))}\n".encode("utf-8", "replace"))
    return digest.hexdigest()


def of_octets(octets: bytes) -> Fingerprint:
    """The identity of a mail that can't be read: the digest of its octets."""
    return hashlib.sha256(octets).hexdigest()


def _plain(text: str) -> str:
    return " ".join(text.split())
