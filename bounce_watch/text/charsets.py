"""Octets to text: the declared charset when it fits, else what the octets say; never an error."""

from __future__ import annotations

import codecs
from collections.abc import Iterator

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

# Supersets that mail programs mean when they write the smaller name (WHATWG Encoding, "labels").
_MEANT = {
    "ascii": "utf-8",
    "iso8859-1": "cp1252",
    "shift_jis": "cp932",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
}

# Text codecs in name that are no charsets of mail; some of them take quadratic time.
_REFUSED = {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"}


def decode_text(octets: bytes, declared: str | None) -> str:
    """`octets` as text, without NUL.

    Tried in turn: a byte order mark; ISO-2022-JP where its escapes are seen, and UTF-8, where an 8-bit western charset or none is declared (text that
    is valid UTF-8 by chance is practically none); the declared charset; UTF-8; Windows-1252; Latin-1.
    """
    for charset in _candidates(octets, declared):
        try:
            return octets.decode(charset).replace("\0", "")
        except (UnicodeError, ValueError):
            continue
    return octets.decode("latin-1").replace("\0", "")


def _candidates(octets: bytes, declared: str | None) -> Iterator[str]:
    for mark, charset in _BYTE_ORDER_MARKS:
        if octets.startswith(mark):
            yield charset
    name = _text_codec(declared)
    if name in {None, "utf-8", "cp1252", "latin-1"}:
        if b"\x1b$" in octets:  # ISO-2022-JP hides in seven bits, so it is valid UTF-8, too
            yield "iso2022_jp"
        yield "utf-8"
    # UTF-16 of any mail holds NULs (white space, markup); without one the label is wrong.
    if name is not None and not (name.startswith("utf-16") and b"\0" not in octets):
        yield name
    yield "utf-8"
    yield "cp1252"


def _text_codec(declared: str | None) -> str | None:
    """Python's name of the charset, or None when the label is missing, unknown or no charset."""
    if not declared or "\0" in declared:
        return None
    try:
        info = codecs.lookup(declared.strip().strip("'\""))
    except (LookupError, UnicodeError):
        return None
    if info.name in _REFUSED or not getattr(info, "_is_text_encoding", True):
        return None
    return _MEANT.get(info.name, info.name)
