"""Limits that hold before any library sees a mail: cut, note it, still recognise.

The figures are far above any notice (a notice has 2 to 15 kB, about 40 header lines, 2 parts, depth 2) and
below what makes mail libraries slow: parsing a header is quadratic, and nested parts are recursive.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

OCTETS = 5 * 1024 * 1024
HEADER_OCTETS = 256 * 1024
FIELD_OCTETS = 32 * 1024
PART_FIELD_OCTETS = 2 * 1024
HEADER_LINES = 1000
PARTS = 500
DEPTH = 30
PART_TEXT = 2 * 1024 * 1024
TOTAL_TEXT = 8 * 1024 * 1024

_LINE_END = re.compile(rb"\r\n?")
_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:")
_PART_FIELD = re.compile(rb"(?im)^content-type:[^\n]*(?:\n[ \t][^\n]*)*")
_CONTAINER = re.compile(rb"(?im)^content-type:\s*(?:multipart|message)/")
_BOUNDARY = re.compile(rb"(?i)boundary[ \t]*=[ \t]*(?:\"([^\"\n]{1,200})\"|([^\s;\"]{1,200}))")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounded:
    """A mail within the limits: its header fields as (name, unfolded octets), its body, and what was cut."""

    fields: tuple[tuple[str, bytes], ...]
    body: bytes
    cut: tuple[str, ...]


def bound(octets: bytes) -> Bounded:
    """Split a mail of any line ends into header fields and body, both within the limits."""
    cut = ["octets"] if len(octets) > OCTETS else []
    plain = _LINE_END.sub(b"\n", octets[:OCTETS]).lstrip(b"\n")
    if plain.startswith(b"From "):  # the separator of an mbox
        plain = plain.partition(b"\n")[2]
    lines, body = _split(plain, cut)
    fields = _unfold(lines, cut)
    return Bounded(fields=fields, body=_bound_structure(fields, body, cut), cut=tuple(cut))


def _split(plain: bytes, cut: list[str]) -> tuple[list[bytes], bytes]:
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
        if len(lines) < HEADER_LINES and kept < HEADER_OCTETS:
            lines.append(line[:FIELD_OCTETS])
            kept += len(lines[-1])
            note = "field" if len(line) > FIELD_OCTETS else None
        else:
            note = "header"
        if note and note not in cut:
            cut.append(note)
        position = end + 1
    return lines, b""


def _unfold(lines: list[bytes], cut: list[str]) -> tuple[tuple[str, bytes], ...]:
    fields = list[tuple[str, bytearray]]()
    for line in lines:
        match = _FIELD.match(line)
        if match and line[:1] not in b" \t":
            fields.append((match[1].decode("ascii"), bytearray(line[match.end() :].strip())))
        elif fields and len(fields[-1][1]) + len(line) <= FIELD_OCTETS:
            fields[-1][1].extend(b" " + line.strip())
        elif fields and "field" not in cut:
            cut.append("field")
    return tuple((name, bytes(value)) for name, value in fields)


def _bound_structure(fields: tuple[tuple[str, bytes], ...], body: bytes, cut: list[str]) -> bytes:
    """Cut the body where the next container or part would be one too many.

    Counting `Content-Type: multipart/...` lines bounds the depth from above without parsing.
    """
    body = _PART_FIELD.sub(lambda match: _cut_field(match[0], cut), body)
    for count, match in enumerate(_CONTAINER.finditer(body), start=1):
        if count >= DEPTH:
            cut.append("depth")
            body = body[: match.start()]
            break
    root = b"\n".join(value for name, value in fields if name.lower() == "content-type")
    boundaries = {b"--" + (a or b) for a, b in _BOUNDARY.findall(root + b"\n" + body)}
    end = _end_of_parts(body, boundaries)
    if end is not None:
        cut.append("parts")
        body = body[:end]
    return body


def _cut_field(part_field: bytes, cut: list[str]) -> bytes:
    """The Content-Type of a part, short enough for a parser that takes quadratic time over its parameters."""
    if len(part_field) > PART_FIELD_OCTETS and "field" not in cut:
        cut.append("field")
    return part_field[:PART_FIELD_OCTETS]


def _end_of_parts(body: bytes, boundaries: set[bytes]) -> int | None:
    """Where the part after the last allowed one begins, or None."""
    count, position = 0, body.find(b"--")
    while position >= 0:
        end = body.find(b"\n", position)
        line = body[position : end if end >= 0 else len(body)].rstrip()
        if line in boundaries and (position == 0 or body[position - 1 : position] == b"\n"):
            count += 1
            if count > PARTS:
                return position
        if end < 0:
            return None
        position = end + 1 if body.startswith(b"--", end + 1) else body.find(b"\n--", end)
        position += body.startswith(b"\n", position) if position >= 0 else 0
    return None
