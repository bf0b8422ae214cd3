"""Limits that hold before any library sees a mail: cut, note it, still recognise.

The figures are far above any notice (a notice has 2 to 15 kB, about 40 header lines, 2 parts, depth 2) and
below what makes mail libraries slow: parsing a header is quadratic, and nested parts are recursive.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from dataclasses import dataclass

OCTETS = 5 * 1024 * 1024
HEADER_OCTETS = 256 * 1024
FIELD_OCTETS = 32 * 1024
HEADER_LINES = 1000
PART_FIELD_OCTETS = 2 * 1024
PART_HEADER_LINES = 100
PARTS = 500
DEPTH = 30
PART_TEXT = 2 * 1024 * 1024
TOTAL_TEXT = 8 * 1024 * 1024
SEARCHED_TEXT = 64 * 1024
"""Characters of one part's text in which a notice is searched; of a whole mail's text, twice as many."""

SEARCHED_HTML = 512 * 1024
SEARCHED_LINES = 4000
ORIGINALS = 20
"""Attached mails that are read."""

FROM_CHARACTERS = 2000
SUBJECT_CHARACTERS = 4000
CAMPAIGN_CHARACTERS = 80
RECIPIENT_CHARACTERS = 8 * 1024
RECIPIENT_FIELDS = 20
"""Fields of one recipient kind that are read; several Delivered-To are normal, hundreds are an attack."""

_LINE_END = re.compile(rb"\r\n?")
_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:")

Fields = list[tuple[str, bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounded:
    """A mail within the limits: its header fields as (name, unfolded octets), its body, and what was cut."""

    fields: tuple[tuple[str, bytes], ...]
    body: bytes
    cut: tuple[str, ...]


def bound(octets: bytes) -> Bounded:
    """Split a mail of any line ends into header fields and body; the header is within the limits."""
    cut = ["octets"] if len(octets) > OCTETS else []
    plain = _LINE_END.sub(b"\n", octets[:OCTETS].removeprefix(BOM_UTF8)).lstrip(b"\n")
    if plain.startswith(b"From "):  # the separator of an mbox
        plain = plain.partition(b"\n")[2]
    fields, body = split(plain, cut)
    return Bounded(fields=tuple(fields), body=body, cut=tuple(cut))


def split(plain: bytes, cut: list[str], *, most_lines: int = HEADER_LINES) -> tuple[Fields, bytes]:
    """Header fields, unfolded, and body of a mail or part with LF at its line ends."""
    lines, body = _lines(plain, cut, most_lines)
    return _unfold(lines, cut), body


def _lines(plain: bytes, cut: list[str], most_lines: int) -> tuple[list[bytes], bytes]:
    """Header lines and body; a line that is no header line ends the header, as if an empty one stood there."""
    lines, position, kept = list[bytes](), 0, 0
    while position < len(plain):
        end = plain.find(b"\n", position)
        end = len(plain) if end < 0 else end
        line = plain[position:end]
        if not line:
            return lines, plain[end + 1 :]
        if line[:1] not in b" \t" and not _FIELD.match(line):
            return lines, plain[position:]
        if len(lines) >= most_lines or kept >= HEADER_OCTETS:
            _note("header", cut)
            return lines, plain[position:].partition(b"\n\n")[2]
        if len(line) > FIELD_OCTETS:
            _note("field", cut)
        lines.append(line[:FIELD_OCTETS])
        kept += len(lines[-1])
        position = end + 1
    return lines, b""


def _unfold(lines: list[bytes], cut: list[str]) -> Fields:
    fields = list[tuple[str, bytearray]]()
    for line in lines:
        match = _FIELD.match(line)
        if match and line[:1] not in b" \t":
            fields.append((match[1].decode("ascii"), bytearray(line[match.end() :].strip())))
        elif fields and len(fields[-1][1]) + len(line) <= FIELD_OCTETS:
            fields[-1][1].extend(b" " + line.strip())
        elif fields:
            _note("field", cut)
    return [(name, bytes(value)) for name, value in fields]


def _note(limit: str, cut: list[str]) -> None:
    if limit not in cut:
        cut.append(limit)
