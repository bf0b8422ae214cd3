"""Octets to `Message`: only owner of mailparser, and of what the limits leave of a mail."""

from __future__ import annotations

import email.message
import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.utils import getaddresses, parsedate_to_datetime

from mailparser import MailParser

from bounce_watch.mailboxes import limits
from bounce_watch.mailboxes.campaign import campaign_of
from bounce_watch.mailboxes.fingerprint import fingerprint, of_octets
from bounce_watch.mailboxes.parts import Part, leaves
from bounce_watch.records.mail import Message, RawMessage
from bounce_watch.records.notice import Unreadable
from bounce_watch.records.times import as_utc
from bounce_watch.text.charsets import decode_text
from bounce_watch.text.flowed import unflow
from bounce_watch.text.html import html_to_text

EMBEDDED_DEPTH = 3
"""How deep an attached original inside an attached original is followed."""

_TRACE = {"received", "authentication-results"}
_RECIPIENTS = ("to", "cc", "delivered-to", "x-original-to")
_GROUP_OR_ROUTE = re.compile(r"<\s*@|^[^\"<(]*:")

Fields = list[tuple[str, str]]

# mail-parser logs what it can't decode as it is, and an unhandled warning goes to the terminal.
logging.getLogger("mailparser").addHandler(logging.NullHandler())
logging.getLogger("mailparser").propagate = False


def parse_message(raw: RawMessage) -> Message | Unreadable:
    """Parse one mail; Unreadable only when not a single header field is left. Raises nothing on any octets."""
    bounded = limits.bound(raw.octets)
    if not bounded.fields:
        reason = "the mail is empty" if not raw.octets.strip() else "the mail has no header"
        return Unreadable(fingerprint=of_octets(raw.octets), reason=reason)
    return _message(raw, bounded, _Texts(room=_Room(), depth=0))


@dataclass(slots=True)
class _Room:
    """How much text of a mail, its originals included, is still searched for a notice."""

    text: int = 2 * limits.SEARCHED_TEXT
    html: int = limits.SEARCHED_HTML


@dataclass(slots=True)
class _Texts:
    """What walking the parts of a mail, or of an original at that depth in it, collects."""

    room: _Room
    depth: int
    sources: list[str] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    embedded: list[Message] = field(default_factory=list)
    cut: list[str] = field(default_factory=list)
    total: int = 0


def _message(raw: RawMessage, bounded: limits.Bounded, texts: _Texts) -> Message:
    fields = [(name, decode_text(value, None)) for name, value in bounded.fields]
    for part in leaves(bounded.fields, bounded.body, texts.cut):
        _read(part, texts, raw)
    head, outermost = _Head(fields, texts.cut), texts.depth == 0
    return Message(
        ref=raw.ref,
        fingerprint=fingerprint(fields, texts.sources),
        message_id=head.first("message-id"),
        from_address=head.from_address(),
        from_name=head.from_name(),
        subject=head.subject(),
        text="\n\n".join(texts.shown),
        links=tuple(texts.links),
        sent_at=head.date(),
        received_at=raw.received_at if outermost else None,
        in_reply_to=head.first("in-reply-to"),
        references=tuple((head.first("references") or "").split()),
        recipients=head.addresses(_RECIPIENTS),
        bcc=head.addresses(("bcc",)),
        space_type=", ".join(head.distinct("x-space-notification-type")) or None,
        marketplace_id=head.first("x-marketplace-id"),
        trace=tuple((name.lower(), value) for name, value in fields if name.lower() in _TRACE),
        embedded=tuple(texts.embedded),
        cut=tuple(dict.fromkeys((*(raw.cut if outermost else ()), *bounded.cut, *texts.cut))),
        size_bytes=len(raw.octets) if outermost else len(bounded.body),
        campaign=campaign_of(fields),
    )


def _read(part: Part, texts: _Texts, raw: RawMessage) -> None:
    """Take a part's text or attached original; other attachments are left."""
    is_text = part.kind in {"text/plain", "text/html"} or part.kind.startswith("multipart/")
    if _is_original(part):
        _embed(part, texts, raw)
    elif is_text and not part.field("content-disposition").startswith("attachment"):
        _read_text(part, texts)


def _is_original(part: Part) -> bool:
    if part.kind in {"message/rfc822", "message/global", "text/rfc822-headers"}:
        return True
    return part.filename().endswith(".eml")


def _read_text(part: Part, texts: _Texts) -> None:
    octets = part.decoded()
    room = max(0, min(limits.PART_TEXT, limits.TOTAL_TEXT - texts.total))
    texts.total += min(len(octets), room)
    source = decode_text(octets[:room], part.parameter("charset"))
    texts.sources.append(source)
    whole = _show(part, source, texts)
    if len(octets) > room or not whole:
        texts.cut.append("text")


def _show(part: Part, source: str, texts: _Texts) -> bool:
    """Keep what is searched for a notice; False when that is not all of the text."""
    text, whole = source, True
    if part.kind == "text/html":
        text, links, whole = html_to_text(source[: texts.room.html])
        whole = whole and len(source) <= texts.room.html
        texts.room.html -= min(len(source), texts.room.html)
        texts.links.extend(links)
    most = min(limits.SEARCHED_TEXT, texts.room.text)
    lines = _lines(text[:most])
    texts.room.text -= min(len(text), most)
    shown = "\n".join(lines[: limits.SEARCHED_LINES])
    texts.shown.append(_unflowed(part, shown) if part.kind != "text/html" else shown)
    return whole and len(text) <= most and len(lines) <= limits.SEARCHED_LINES


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n", limits.SEARCHED_LINES)


def _unflowed(part: Part, text: str) -> str:
    if (part.parameter("format") or "").lower() == "flowed":
        return unflow(text, delsp=(part.parameter("delsp") or "").lower() == "yes")
    return text


def _embed(part: Part, texts: _Texts, raw: RawMessage) -> None:
    """Follow an attached original, also one that is base64 or only its header."""
    if texts.depth >= EMBEDDED_DEPTH or len(texts.embedded) >= limits.ORIGINALS:
        texts.cut.append("originals")
        return
    bounded = limits.bound(part.decoded())
    if bounded.fields:
        original = _message(raw, bounded, _Texts(room=texts.room, depth=texts.depth + 1))
        texts.embedded.append(original)
        texts.sources.append(original.fingerprint)
        texts.cut.extend(original.cut)


class _Head:
    """The header fields as mail-parser reads them, or the standard library where mail-parser fails.

    `cut` is told which limit took something away.
    """

    def __init__(self, fields: Fields, cut: list[str]) -> None:
        self._fields = fields
        self._cut = cut
        self._subject = self._short_subject()
        self._parsed = _mail_parser(
            {"from": self.first("from"), "subject": self._subject, "date": self.first("date")}
        )

    def all(self, name: str) -> list[str]:
        return [value for key, value in self._fields if key.lower() == name]

    def distinct(self, name: str) -> list[str]:
        return list(dict.fromkeys(value.strip() for value in self.all(name) if value.strip()))

    def first(self, name: str) -> str | None:
        return next(iter(self.distinct(name)), None)

    def subject(self) -> str:
        return self._parsed.subject if self._parsed else _decoded(self._subject)

    def _short_subject(self) -> str:
        value = self.first("subject") or ""
        if len(value) > limits.SUBJECT_CHARACTERS:
            self._cut.append("field")
        return value[: limits.SUBJECT_CHARACTERS]

    def _from(self) -> tuple[str, str] | None:
        """The one mailbox of the one From field (RFC 5322, 3.6.2); groups, routes and lists are none."""
        values = self.all("from")
        if len(values) != 1 or len(values[0]) > limits.FROM_CHARACTERS or _GROUP_OR_ROUTE.search(values[0]):
            return None
        mailboxes = self._parsed.mailboxes if self._parsed else _mailboxes(values[0])
        if len(mailboxes) != 1:
            return None
        name, address = mailboxes[0]
        return _decoded(name), address.strip().lower()

    def from_address(self) -> str | None:
        mailbox = self._from()
        return mailbox[1] if mailbox and mailbox[1].count("@") == 1 else None

    def from_name(self) -> str:
        mailbox = self._from()
        return mailbox[0] if mailbox else ""

    def addresses(self, names: Iterable[str]) -> tuple[str, ...]:
        values = [value for name in names for value in self._some(name)]
        addresses = [address.strip().lower() for value in values for _, address in _mailboxes(value)]
        return tuple(dict.fromkeys(address for address in addresses if "@" in address))

    def _some(self, name: str) -> Iterator[str]:
        """The fields of one recipient kind, as far as the limits go."""
        room = limits.RECIPIENT_CHARACTERS
        for number, value in enumerate(self.all(name)):
            if number == limits.RECIPIENT_FIELDS or len(value) > room:
                self._cut.append("recipients")
                yield value[:room].rpartition(",")[0]
                return
            room -= len(value)
            yield value

    def date(self) -> datetime | None:
        if self._parsed and self._parsed.date:
            return self._parsed.date
        try:
            return as_utc(parsedate_to_datetime(self.first("date") or ""))
        except (ValueError, TypeError, IndexError, OverflowError):
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parsed:
    """What mail-parser says of a header."""

    mailboxes: list[tuple[str, str]]
    subject: str
    date: datetime | None


def _mail_parser(fields: Mapping[str, str | None]) -> _Parsed | None:
    """mail-parser over the first field of each name; Received lines and the body are not for it.

    Any exception is mail-parser's: five kinds were found by fuzzing, so the catch is broad and the standard
    library answers instead.
    """
    message = email.message.Message()
    for name, value in fields.items():
        if value and (name != "from" or len(value) <= limits.FROM_CHARACTERS):
            message[name] = value
    try:
        parser = MailParser(message)
        parser.parse()
        mailboxes = [(str(name), str(address)) for name, address in parser.from_]
        date = as_utc(parser.date) if parser.date else None
        return _Parsed(mailboxes=mailboxes, subject=str(parser.subject or ""), date=date)
    except Exception:  # noqa: BLE001  (see above; layout of the house, section on errors)
        return None


def _mailboxes(value: str) -> list[tuple[str, str]]:
    """The mailboxes of an address field; none where comments are nested so deep that the library gives up."""
    try:
        # Newer Pythons take a field that ends in a comma for an attack and give nothing.
        return getaddresses([value.strip(" ,")])
    except RecursionError:
        return []


def _decoded(value: str) -> str:
    try:
        return str(make_header(decode_header(value)))
    except (HeaderParseError, UnicodeError, LookupError, ValueError, AssertionError):
        return value
