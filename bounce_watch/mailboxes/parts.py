"""A mail taken apart into its parts, without recursion, and no more of them than the limits allow."""

from __future__ import annotations

import email.message
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bounce_watch.mailboxes import limits

Fields = Sequence[tuple[str, bytes]]
_Open = tuple[Fields, bytes, str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part that holds no others: its content type, its Content-* fields, and its octets, still encoded."""

    kind: str
    head: email.message.Message
    body: bytes

    def decoded(self) -> bytes:
        """The octets without their transfer encoding; as they are where that is unknown or broken."""
        self.head.set_payload(self.body.decode("ascii", "surrogateescape"))
        return bytes(self.head.get_payload(decode=True))

    def field(self, name: str) -> str:
        """The value of a Content-* field in lower case, or nothing."""
        return str(self.head.get(name, "")).strip().lower()

    def filename(self) -> str:
        """The name that the part gives itself, in lower case, or nothing."""
        try:
            return (self.head.get_filename() or "").strip().lower()
        except (TypeError, ValueError, LookupError):
            return ""

    def parameter(self, name: str) -> str | None:
        """A parameter of the Content-Type field (RFC 2045, 2231), None where there is none or it is broken."""
        return _parameter(self.head, name)


def leaves(fields: Fields, body: bytes, cut: list[str]) -> Iterator[Part]:
    """The parts that hold no others, in their order; `cut` is told which limit took some away.

    A multipart whose boundary never comes is one such part. What stands before the first boundary and
    behind the last one is no part (RFC 2046, 5.1.1).
    """
    stack, room = list[_Open](((fields, body, "text/plain", 0),)), limits.PARTS
    while stack:
        fields, body, default, depth = stack.pop()
        head = _head(fields, default, cut)
        kind = head.get_content_type()
        boundary = _parameter(head, "boundary") if kind.startswith("multipart/") else None
        pieces = None if boundary is None else _pieces(body, boundary.rstrip(), room)
        if pieces is None:
            yield Part(kind=kind, head=head, body=body)
            continue
        limit = "depth" if depth >= limits.DEPTH else "parts" if len(pieces) > room else None
        pieces = [] if limit == "depth" else pieces[:room]
        if limit and limit not in cut:
            cut.append(limit)
        room -= len(pieces)
        default = "message/rfc822" if kind == "multipart/digest" else "text/plain"
        inner = (limits.split(piece, cut, most_lines=limits.PART_HEADER_LINES) for piece in pieces)
        stack.extend(reversed([(fields, body, default, depth + 1) for fields, body in inner]))


def _head(fields: Fields, default: str, cut: list[str]) -> email.message.Message:
    """The Content-* fields, short enough for a library that takes quadratic time over their parameters."""
    head = email.message.Message()
    head.set_default_type(default)
    for name, value in fields:
        if name.lower().startswith("content-"):
            if len(value) > limits.PART_FIELD_OCTETS and "field" not in cut:
                cut.append("field")
            head[name] = value[: limits.PART_FIELD_OCTETS].decode("ascii", "surrogateescape")
    return head


def _parameter(head: email.message.Message, name: str) -> str | None:
    try:
        value = head.get_param(name)
    except (TypeError, ValueError, LookupError):  # the library compares numbers of continuations with None
        return None
    return value[2] if isinstance(value, tuple) else (str(value) if value else None)


def _pieces(body: bytes, boundary: str, room: int) -> list[bytes] | None:
    """What stands between the lines of a boundary, one piece more than there is room for; None without a line."""
    mark = b"\n--" + boundary.encode("utf-8", "surrogateescape")
    body, pieces, start = b"\n" + body, list[bytes](), -1
    position = body.find(mark)
    while position >= 0:
        end = (body.find(b"\n", position + 1) + 1 or len(body) + 1) - 1
        rest = body[position + len(mark) : end].rstrip(b" \t")
        if rest in {b"", b"--"}:
            if start >= 0:
                pieces.append(body[start:position])
            start = end + 1
            if rest or len(pieces) > room:
                return pieces
        position = body.find(mark, end)
    return None if start < 0 else [*pieces, body[start:]]
