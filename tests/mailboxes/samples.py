"""Made-up mails for the doors: what they say does not matter here, their octets do."""

from __future__ import annotations

from datetime import UTC, datetime

from bounce_watch.records.mail import Wanted

WANTED = Wanted(senders=("auto-communication", "@marketplace.amazon.", "owner@shop.example"))
NOTICE_FROM = "Amazon <auto-communication@amazon.com>"
NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


def mail(number: int = 1, *, sender: str = NOTICE_FROM, body: bytes = b"A line.\r\n") -> bytes:
    """A small mail with CRLF line ends and a Message-ID of its own."""
    header = (
        f"From: {sender}\r\nTo: support@shop.example\r\nSubject: number {number}\r\n"
        f"Message-ID: <{number}@samples.example>\r\nDate: Sat, 21 Nov 2026 10:00:00 +0000\r\n\r\n"
    )
    return header.encode("utf-8") + body


def ordinary(number: int) -> bytes:
    """A mail that nobody wants."""
    return mail(number, sender=f"Somebody <somebody{number}@elsewhere.example>")


def large(octets: int) -> bytes:
    """A mail of exactly that many octets."""
    head = mail(99, body=b"")
    line = b"x" * 76 + b"\r\n"
    rest = octets - len(head)
    return head + line * (rest // len(line)) + b"y" * (rest % len(line) - 2) + b"\r\n"


SAMPLES: tuple[bytes, ...] = (
    mail(1),
    mail(2, body=b"From here on it looks like a separator.\r\n>From there, quoted already.\r\n"),
    mail(3, body="Grüße, 注文\r\n".encode()),
    mail(4, body=b"\xe4\xf6\xfc latin without a charset\r\n"),
    mail(5, body=b""),
    mail(6, body=b"a line of 4,000 octets: " + b"z" * 4000 + b"\r\n\r\n\r\nlast\r\n"),
    mail(1),
)
"""The last one is the first one again: a mail that lies there twice comes twice."""
