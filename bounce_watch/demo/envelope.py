"""The outside of the demo's mails: who wrote, the way they came, and what our receiver says about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import default
from email.utils import format_datetime
from random import Random

RECEIVER = "mx.seller.example"
"""The id that our own receiver writes into Authentication-Results (RFC 8601)."""

ADDRESSES = ("support@seller.example", "orders@seller.example")
"""The seller's own mailboxes; both get notices."""

_POLICY = default.clone(linesep="\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """What a mail says: its subject, its text or HTML, and header fields of its own."""

    subject: str
    plain: str | None = None
    html: str | None = None
    fields: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who a mail says it is from, and what our receiver found: `pass`, `fail` or nothing at all."""

    name: str
    address: str
    dmarc: str | None = "pass"
    host: str = "a7-12.smtp-out.eu-west-1.amazonses.com"
    id_domain: str = "eu-west-1.amazonses.com"


def seal(random: Random, sender: Sender, text: Text, *, at: datetime, to: str = ADDRESSES[0]) -> bytes:
    """The octets of one mail as our receiver stored it; they follow from the arguments alone."""
    mail = EmailMessage(policy=_POLICY)
    unique = f"{random.getrandbits(64):016x}-{random.getrandbits(32):08x}"
    domain = sender.address.rpartition("@")[2]
    mail["Delivered-To"] = to
    if sender.dmarc:
        mail["Authentication-Results"] = _results(sender.dmarc, domain)
    mail["Received"] = (
        f"from {sender.host} ({sender.host} [192.0.2.{random.randrange(1, 255)}])"
        f" by {RECEIVER} with ESMTPS id {random.getrandbits(40):010x}"
        f" for <{to}>; {format_datetime(at + timedelta(seconds=2))}"
    )
    mail["Date"] = at
    mail["From"] = f'"{sender.name}" <{sender.address}>'
    mail["To"] = to
    mail["Message-ID"] = f"<{unique}@{sender.id_domain}>"
    mail["Subject"] = text.subject
    for name, value in text.fields.items():
        mail[name] = value
    _fill(mail, text, boundary=f"----=_Part_{unique}")
    return mail.as_bytes()


def _results(dmarc: str, domain: str) -> str:
    other = "pass" if dmarc == "pass" else "none"
    return (
        f"{RECEIVER}; spf={other} smtp.mailfrom=bounces.{domain};"
        f" dkim={other} header.d={domain}; dmarc={dmarc} (p=quarantine) header.from={domain}"
    )


def _fill(mail: EmailMessage, text: Text, *, boundary: str) -> None:
    """Plain text alone, or HTML alone inside a multipart/alternative, as Amazon wrote it in 2026."""
    if text.html is None:
        mail.set_content(text.plain or "", cte="quoted-printable")
        return
    mail.set_content(text.html, subtype="html", cte="quoted-printable")
    mail.make_alternative(boundary=boundary)
