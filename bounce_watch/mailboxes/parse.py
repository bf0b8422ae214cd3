"""Octets to `Message`: only owner of mailparser, and of what the limits leave of a mail."""

from __future__ import annotations

import base64
import binascii
import email
import email.message
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.errors import HeaderParseError, MessageError
from email.header import decode_header, make_header
from email.utils import getaddresses, parsedate_to_datetime

from mailparser import MailParser

from bounce_watch.mailboxes import limits
from bounce_watch.mailboxes.fingerprint import fingerprint, of_octets
from bounce_watch.records.mail import Message, MessageRef, RawMessage
from bounce_watch.records.notice import Unreadable
from bounce_watch.records.times import as_utc
from bounce_watch.text.charsets import decode_text
from bounce_watch.text.flowed import unflow
from bounce_watch.text.html import html_to_text

EMBEDDED_DEPTH = 3
"""How deep an attached original inside an attached original is followed."""

RECIPIENT_FIELDS = 20
"""How many fields of one recipient kind are read; several Delivered-To are normal, hundreds are an attack."""

_TRACE = {"received", "authentication-results"}
_RECIPIENTS = ("to", "cc", "delivered-to", "x-original-to")
_GROUP_OR_ROUTE = re.compile(r"<\s*@|^[^\"<(]*:")

Fields = list[tuple[str, str]]


def parse_message(raw: RawMessage) -> Message | Unreadable:
    """Parse one mail; Unreadable only when not a single header field is left. Raises nothing on any octets."""
    bounded = limits.bound(raw.octets)
    if not bounded.fields:
        reason = "the mail is empty" if not raw.octets.strip() else "the mail has no header"
        return Unreadable(fingerprint=of_octets(raw.octets), reason=reason)
    return _message(raw.ref, bounded, raw, depth=0)


@dataclass(slots=True)
class _Texts:
    """What walking the parts collects."""

    sources: list[str] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    embedded: list[Message] = field(default_factory=list)
    cut: list[str] = field(default_factory=list)
    total: int = 0


def _message(ref: MessageRef, bounded: limits.Bounded, raw: RawMessage, *, depth: int) -> Message:
    fields = [(name, decode_text(value, None)) for name, value in bounded.fields]
    texts = _Texts()
    _walk(_tree(bounded), texts, ref, raw, depth=depth)
    head = _Head(fields)
    return Message(
        ref=ref,
        fingerprint=fingerprint(fields, texts.sources),
        message_id=head.first("message-id"),
        from_address=head.from_address(),
        from_name=head.from_name(),
        subject=head.subject(),
        text="\n\n".join(texts.shown),
        links=tuple(texts.links),
        sent_at=head.date(),
        received_at=raw.received_at if depth == 0 else None,
        in_reply_to=head.first("in-reply-to"),
        references=tuple((head.first("references") or "").split()),
        recipients=head.recipients(),
        space_type=head.first("x-space-notification-type"),
        marketplace_id=head.first("x-marketplace-id"),
        trace=tuple((name.lower(), value) for name, value in fields if name.lower() in _TRACE),
        embedded=tuple(texts.embedded),
        cut=tuple(dict.fromkeys((*(raw.cut if depth == 0 else ()), *bounded.cut, *texts.cut))),
        size_bytes=len(raw.octets) if depth == 0 else len(bounded.body),
    )


def _tree(bounded: limits.Bounded) -> email.message.Message:
    """The standard library's tree (compat32: the newer policy raises on broken mail) of the bounded mail."""
    head = b"".join(
        name.encode("ascii") + b": " + value + b"\n"
        for name, value in bounded.fields
        if name.lower().startswith("content-")
    )
    return email.message_from_bytes(head + b"\n" + bounded.body)


def _walk(
    root: email.message.Message, texts: _Texts, ref: MessageRef, raw: RawMessage, *, depth: int
) -> None:
    """Collect the texts of the parts in their order, without recursion; attachments but originals are left."""
    stack = [root]
    while stack:
        part = stack.pop()
        kind = part.get_content_type()
        if _is_original(part, kind):
            _embed(part, texts, ref, raw, depth=depth)
        elif part.is_multipart():
            stack.extend(reversed([child for child in part.get_payload() if not isinstance(child, str)]))
        elif kind in {"text/plain", "text/html"} or kind.startswith("multipart/"):
            _read_text(part, kind, texts)


def _is_original(part: email.message.Message, kind: str) -> bool:
    if kind in {"message/rfc822", "message/global", "text/rfc822-headers"}:
        return True
    return kind == "application/octet-stream" and _header(part, "content-disposition").lower().rstrip(
        '"'
    ).endswith(".eml")


def _header(part: email.message.Message, name: str) -> str:
    return str(part.get(name, ""))


def _read_text(part: email.message.Message, kind: str, texts: _Texts) -> None:
    if _header(part, "content-disposition").lower().lstrip().startswith("attachment"):
        return
    octets = _payload(part)[: limits.PART_TEXT + 1]
    if len(octets) > limits.PART_TEXT or texts.total + len(octets) > limits.TOTAL_TEXT:
        texts.cut.append("text")
        octets = octets[: max(0, min(limits.PART_TEXT, limits.TOTAL_TEXT - texts.total))]
    texts.total += len(octets)
    source = decode_text(octets, _parameter(part, "charset"))
    texts.sources.append(source)
    if kind == "text/html":
        shown, links = html_to_text(source)
        texts.links.extend(links)
    else:
        shown = _plain_text(part, source)
    texts.shown.append(shown)


def _plain_text(part: email.message.Message, source: str) -> str:
    text = source.replace("\r\n", "\n").replace("\r", "\n")
    if (_parameter(part, "format") or "").lower() == "flowed":
        return unflow(text, delsp=(_parameter(part, "delsp") or "").lower() == "yes")
    return text


def _payload(part: email.message.Message) -> bytes:
    try:
        payload = part.get_payload(decode=True)
    except (MessageError, ValueError, LookupError):
        payload = None
    return payload if isinstance(payload, bytes) else b""


def _parameter(part: email.message.Message, name: str) -> str | None:
    try:
        value = part.get_param(name)
    except (MessageError, ValueError, LookupError, IndexError):
        return None
    return value[2] if isinstance(value, tuple) else (str(value) if value else None)


def _embed(
    part: email.message.Message, texts: _Texts, ref: MessageRef, raw: RawMessage, *, depth: int
) -> None:
    """Follow an attached original, also one that is base64 or only its header."""
    octets = _original_octets(part)
    bounded = limits.bound(octets)
    if depth >= EMBEDDED_DEPTH or not bounded.fields:
        return
    original = _message(ref, bounded, raw, depth=depth + 1)
    texts.embedded.append(original)
    texts.sources.append(original.fingerprint)


def _original_octets(part: email.message.Message) -> bytes:
    payload = part.get_payload()
    if not isinstance(payload, list):
        return _payload(part)
    inner = payload[0] if payload else None
    if not isinstance(inner, email.message.Message):
        return b""
    if not inner.keys():  # the standard library does not decode a base64 message/rfc822
        return _unbase64(str(inner.get_payload()).encode("ascii", "replace"))
    return _flat(inner)


def _unbase64(text: bytes) -> bytes:
    try:
        return base64.b64decode(text)
    except (binascii.Error, ValueError):
        return text


def _flat(message: email.message.Message) -> bytes:
    try:
        return message.as_bytes()
    except (MessageError, ValueError, LookupError, AttributeError, TypeError, RecursionError):
        return b""


class _Head:
    """The header fields as mail-parser reads them, or the standard library where mail-parser fails."""

    def __init__(self, fields: Fields) -> None:
        self._fields = fields
        self._parsed = _mail_parser(fields)

    def all(self, name: str) -> list[str]:
        return [value for key, value in self._fields if key.lower() == name]

    def first(self, name: str) -> str | None:
        return next((value.strip() for value in self.all(name) if value.strip()), None)

    def subject(self) -> str:
        value = self._parsed.subject if self._parsed else ""
        value = value[0] if isinstance(value, list) and value else value
        return str(value) if value else _decoded(self.first("subject") or "")

    def _from(self) -> tuple[str, str] | None:
        """The one mailbox of the one From field (RFC 5322, 3.6.2); groups, routes and lists are none."""
        values = self.all("from")
        if len(values) != 1 or _GROUP_OR_ROUTE.search(values[0]):
            return None
        mailboxes = self._parsed.from_ if self._parsed else _mailboxes(values)
        if len(mailboxes) != 1:
            return None
        name, address = (str(item) for item in mailboxes[0])
        return _decoded(name), address.strip().lower()

    def from_address(self) -> str | None:
        mailbox = self._from()
        return mailbox[1] if mailbox and mailbox[1].count("@") == 1 else None

    def from_name(self) -> str:
        mailbox = self._from()
        return mailbox[0] if mailbox else ""

    def recipients(self) -> tuple[str, ...]:
        values = [value for name in _RECIPIENTS for value in self.all(name)[:RECIPIENT_FIELDS]]
        addresses = [address.strip().lower() for _, address in _mailboxes(values)]
        return tuple(dict.fromkeys(address for address in addresses if "@" in address))

    def date(self) -> datetime | None:
        parsed = self._parsed.date if self._parsed else None
        if isinstance(parsed, datetime):
            return as_utc(parsed)
        try:
            return as_utc(parsedate_to_datetime(self.first("date") or "")).astimezone(UTC)
        except (ValueError, TypeError, IndexError, OverflowError):
            return None


def _mail_parser(fields: Fields) -> MailParser | None:
    """mail-parser over the header without Received lines (a quarter of its time) and without the body.

    Any exception is mail-parser's: five kinds were found by fuzzing, so the catch is broad and the standard
    library answers instead.
    """
    message = email.message.Message()
    for name, value in fields:
        if name.lower() in {"from", "to", "subject", "date"}:
            message[name] = value
    try:
        parser = MailParser(message)
        parser.parse()
    except Exception:  # noqa: BLE001  (see above; layout of the house, section on errors)
        return None
    return parser


def _mailboxes(values: list[str]) -> list[tuple[str, str]]:
    """The mailboxes of address fields; none where comments are nested so deep that the library gives up."""
    try:
        return getaddresses(values)
    except RecursionError:
        return []


def _decoded(value: str) -> str:
    try:
        return str(make_header(decode_header(value)))
    except (HeaderParseError, UnicodeError, LookupError, ValueError, AssertionError):
        return value


def iter_embedded(message: Message) -> Iterator[Message]:
    """Every attached original, outermost first."""
    for original in message.embedded:
        yield original
        yield from iter_embedded(original)
