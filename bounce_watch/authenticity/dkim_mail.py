"""A mail's exact octets cut into fields and body, for the DKIM check: only where there is one way to cut them."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

HEADER_OCTETS = 64 * 1024
HEADER_LINES = 500
BODY_OCTETS = 128 * 1024
"""A notice has 2 to 15 kB; beyond this a mail stays as Authentication-Results left it."""

COVERED = ("from", "subject", "date", "message-id", "content-type", "content-transfer-encoding")
"""What decides how we read a mail: at most one of each, and signed where it stands in the mail."""

_FIELD = re.compile(rb"([!-9;-~]+):")


@dataclass(frozen=True, slots=True, kw_only=True)
class StrictMail:
    """A mail that both dkimpy and our own parser cut into the same fields; lines end with CRLF."""

    head: bytes
    fields: tuple[tuple[str, bytes], ...]
    body: bytes


def strict_mail(octets: bytes) -> StrictMail | None:
    """The mail, or None when it is too large or could be cut into fields in more than one way.

    Line ends must be CRLF throughout, or LF throughout as files on disk have them (RFC 6376, 5.3): our parser
    takes a bare CR for a line end and dkimpy does not, so a forger could show each of them another mail.
    """
    plain = octets if b"\r" in octets else octets.replace(b"\n", b"\r\n")
    head, blank, body = plain.partition(b"\r\n\r\n")
    ends = {plain.count(b"\r\n"), plain.count(b"\r"), plain.count(b"\n")}
    if len(ends) > 1 or not blank or len(head) > HEADER_OCTETS or len(body) > BODY_OCTETS:
        return None
    fields = _fields(head)
    counts = Counter(name for name, _ in fields or ())
    if not fields or counts["from"] != 1 or any(counts[name] > 1 for name in COVERED):
        return None
    return StrictMail(head=head + b"\r\n\r\n", fields=fields, body=body)


def _fields(head: bytes) -> tuple[tuple[str, bytes], ...] | None:
    """Name in lower case and folded value of each field; None when a line is neither a field nor its fold."""
    lines, found = head.split(b"\r\n"), list[tuple[str, list[bytes]]]()
    if len(lines) > HEADER_LINES:
        return None
    for line in lines:
        if match := _FIELD.match(line):
            found.append((match[1].decode("ascii").lower(), [line[match.end() :]]))
        elif found and line[:1] in (b" ", b"\t"):
            found[-1][1].append(line)
        else:
            return None
    return tuple((name, b"\r\n".join(value)) for name, value in found)


def canonical_body(body: bytes, *, relaxed: bool) -> bytes:
    """The body as RFC 6376, 3.4.3 and 3.4.4 hash it.

    dkimpy does this again and changes nothing; its own way takes quadratic time on long runs of spaces.
    """
    if relaxed:
        body = body.replace(b"\t", b" ")
        while b"  " in body:
            body = body.replace(b"  ", b" ")
        body = (body if body.endswith(b"\r\n") else body + b"\r\n").replace(b" \r\n", b"\r\n")
    text = body.rstrip(b"\r\n")  # no bare CR or LF is left in it
    return text + b"\r\n" if text or not relaxed else b""
