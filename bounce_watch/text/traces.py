"""Whether a text shows a secret, or a piece of one, plainly or in an encoding that mail programs use."""

from __future__ import annotations

import base64
import quopri
import urllib.parse
from collections.abc import Iterator

from bounce_watch.records.secret import Secret

PIECE = 8
"""So many characters in a row that are also in the secret are taken for a piece of it."""

SEARCHED = 8_000
"""Characters of a text that are searched; nobody is shown more of one."""


def shows(secret: Secret, text: str) -> bool:
    """True when a piece of the secret stands in the first SEARCHED characters of `text`.

    Meant for what a server says: a few innocent texts more are held back, rather than one that is not.
    """
    value = secret.reveal()
    size = min(PIECE, len(value))
    if not size:
        return False
    said = _pieces(text[:SEARCHED], size)
    return any(not said.isdisjoint(_pieces(form, size)) for form in _forms(value))


def _pieces(text: str, size: int) -> set[str]:
    folded = text.casefold()
    return {folded[at : at + size] for at in range(len(folded) - size + 1)}


def _forms(value: str) -> Iterator[str]:
    """The secret as it may stand in a protocol, a log, or the repr of octets."""
    yield value
    yield "".join(value.split())  # an app password is shown in groups of letters, and sent in one
    yield value.replace("\\", "\\\\").replace('"', '\\"')  # a quoted string of IMAP
    yield ascii(value)
    yield urllib.parse.quote(value, safe="")
    yield value.encode("utf-7", "surrogatepass").decode("ascii")
    yield value.encode("utf-7", "surrogatepass").decode("ascii").replace("+", "&").replace("/", ",")
    for encoding in ("utf-8", "utf-16-le"):
        octets = value.encode(encoding, "surrogatepass")
        yield octets.decode("latin-1")
        yield repr(octets)
        yield octets.hex()
        yield quopri.encodestring(octets).decode("ascii")
        yield from _in_base64(octets)


def _in_base64(octets: bytes) -> Iterator[str]:
    """The letters that stand for these octets inside a longer text, wherever they begin in it."""
    for before in range(3):
        coded = base64.b64encode(bytes(before) + octets).decode("ascii")
        # The first letters belong to what stands before as well, the last ones to what follows.
        inner = coded[-(-before * 8 // 6) : (before + len(octets)) * 8 // 6]
        yield inner
        yield inner.replace("+", "-").replace("/", "_")
