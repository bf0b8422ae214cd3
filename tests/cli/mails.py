"""Mails and files that the tests of the commands read."""

from __future__ import annotations

from pathlib import Path

ORDER = "203-1234567-7654321"
ALIAS = "abcdefghijklm01@marketplace.amazon.co.uk"
OTHER_ORDER = "203-1111111-2222222"

SETTINGS = """
[ledger]
url = "sqlite:///ledger.sqlite"

[accounts.uk]
authserv_ids = ["mx.seller.example"]
"""


def notice(
    order: str = ORDER,
    *,
    alias: str | None = ALIAS,
    number: int = 1,
    subject: str = "About your message",
    name: str = "Amazon.co.uk",
    dmarc: str | None = "pass",
    day: str = "Wed, 30 Sep 2026",
) -> bytes:
    """An opt-out notice in the English form, with our receiver's field."""
    text = (
        f"We did not deliver the message you sent for order [{order}] because the buyer has chosen"
        " to opt out of receiving unsolicited messages from sellers."
    )
    text += f"\nWrite to {alias} only if you must." if alias else ""
    fields = (
        [f"Authentication-Results: mx.seller.example; dmarc={dmarc} header.from=amazon.co.uk"]
        if dmarc
        else []
    )
    fields += [
        f"Date: {day} 08:00:00 +0000",
        f"From: {name} <auto-communication@amazon.co.uk>",
        "To: support@seller.example",
        f"Message-ID: <{number}.{order}@eu-west-1.amazonses.com>",
        f"Subject: {subject}",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: 8bit",
    ]
    return "\n".join((*fields, "", text, "")).encode("utf-8", "surrogateescape")


def unknown(subject: str = "Something new", *, name: str = "Amazon.co.uk", number: int = 1) -> bytes:
    """A mail from the notices' address in words that nobody has seen."""
    return (
        notice(subject=subject, name=name, number=number)
        .replace(b"did not deliver", b"left a letter out of")
        .replace(b"has chosen to opt out", b"went home")
    )


ORDINARY = (
    b"From: Sam <sam@firm.example>\nSubject: Hello\nMessage-ID: <9@firm.example>\n\nSee you on Monday.\n"
)


def write(path: Path, *mails: bytes) -> Path:
    """One .eml, or an mbox of several."""
    if len(mails) == 1:
        path.write_bytes(mails[0])
    else:
        path.write_bytes(b"".join(b"From x Wed Sep 30 08:00:00 2026\n" + mail + b"\n" for mail in mails))
    return path
