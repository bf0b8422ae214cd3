"""Octets to text: the declared charset when it fits, else what the octets say; in mails never an error.

Files of text are read so that what is copied from them stays as it was, octet for octet.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from bounce_watch.errors import DataError
from bounce_watch.text.inert import visible

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


NAMED = ("utf-8", "utf-16", "utf-16-le", "utf-16-be", "cp1250", "cp1252", "iso8859-15", "cp932", "gb18030")
"""What a table can be said to be written in. In all but UTF-16 the octets of delimiters, quotes and line ends
are never a part of another letter, but for `|` in the last two."""

_SHOWN = {
    "utf-8": "UTF-8",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16 (big-endian)",
}
_MARKED = {b"\xef\xbb\xbf": "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}

# Letters of two or four octets, as text in which each character is one octet: one of them may be `|`.
_LETTERS = {
    "cp932": re.compile("[\x81-\x9f\xe0-\xfc][\x40-\x7e\x80-\xfc]"),
    "gb18030": re.compile("[\x81-\xfe](?:[0-9][\x81-\xfe][0-9]|[\x40-\x7e\x80-\xfe])"),
}
_HIDDEN = "\ue07c"
_KANA = re.compile("[\u3041-\u30fa]")
_PIECE = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Coding:
    """How a file of text is written: `codec` is Python's name, `mark` the byte order mark that it begins with.

    The text is looked at as a *view*: of UTF-16 the letters, of all else a character for each octet (Latin-1),
    so that `octets` gives back exactly what was read, also where two octets mean the same letter.
    """

    codec: str
    mark: bytes = b""

    def __str__(self) -> str:
        return _SHOWN.get(self.codec, self.codec)

    @property
    def is_wide(self) -> bool:
        """True where a letter has at least two octets."""
        return self.codec.startswith("utf-16")

    def octets(self, view: str) -> bytes:
        """The octets that a view was made of."""
        if self.codec in _LETTERS:
            view = view.replace(_HIDDEN, "|")
        return view.encode(self.codec if self.is_wide else "latin-1")

    def shown(self, view: str) -> str:
        """What stands in a view, in its letters. UnicodeDecodeError where octets are none of this coding."""
        return view if view.isascii() or self.is_wide else self.octets(view).decode(self.codec)

    def hide_pipes(self, view: str) -> str:
        """The view with another character for each `|` that is a part of a letter; `octets` takes it back."""
        letters = _LETTERS.get(self.codec)
        if letters is None or "|" not in view:
            return view
        return letters.sub(lambda letter: letter[0].replace("|", _HIDDEN), view)

    def encode(self, text: str) -> bytes:
        r"""The octets of a text of ours; a letter that the coding does not have is shown as `\u{1f600}`."""
        try:
            return text.encode(self.codec)
        except UnicodeEncodeError:
            return b"".join(map(self._encode_letter, text))

    def _encode_letter(self, letter: str) -> bytes:
        try:
            return letter.encode(self.codec)
        except UnicodeEncodeError:
            return visible(letter).encode(self.codec)

    def views(self, file: BinaryIO) -> Iterator[str]:
        """The rest of the file, piece by piece; a piece that isn't of this coding ends it with UnicodeDecodeError.

        What stands before the fault has then been given.
        """
        check = codecs.getincrementaldecoder(self.codec)()
        is_last = False
        while not is_last:
            octets = file.read(_PIECE)
            is_last = not octets
            try:
                told = self._checked(check, octets, is_last=is_last)
            except UnicodeDecodeError as error:
                sound = max(0, len(octets) - len(error.object) + error.start)
                yield (
                    error.object[: error.start].decode(self.codec)
                    if self.is_wide
                    else octets[:sound].decode("latin-1")
                )
                raise
            yield told

    def _checked(self, check: codecs.IncrementalDecoder, octets: bytes, *, is_last: bool) -> str:
        if not self.is_wide and octets.isascii() and not check.getstate()[0]:
            return octets.decode("latin-1")
        letters = check.decode(octets, is_last)
        return letters if self.is_wide else octets.decode("latin-1")


def named_coding(name: str) -> str | None:
    """Python's name of one of NAMED under any of its names (`Shift_JIS` is cp932), or None."""
    codec = _text_codec(name)
    codec = {"utf-8-sig": "utf-8", "iso8859-15": "iso8859-15"}.get(codec or "", codec)
    return codec if codec in NAMED else None


_ZIP = b"PK\x03\x04"


def tell_coding(file: BinaryIO, named: str | None = None) -> Coding:
    """How a seekable file is written, told by all of its octets; it then stands behind the byte order mark.

    `named` (of NAMED) is taken as it is; only of `utf-16` the mark says which one. Else a byte order mark
    tells. Without one the file is UTF-8 if it is that to the last octet. If it isn't, it is cp932 where it can be
    that and either can't be cp1252 or holds full-width kana, which western text never turns into; and else
    cp1252. What is none of these is taken for UTF-8, and whoever reads it meets the fault. DataError for a workbook.
    """
    file.seek(0)
    start = file.read(4)
    if start == _ZIP:
        raise DataError(
            "This is an Excel workbook (or another packed file), not a table of text.",
            "Save it as CSV in UTF-8.",
        )
    mark = next((mark for mark in _MARKED if start.startswith(mark)), b"")
    marked = _MARKED.get(mark)
    if named == "utf-16":
        named = marked if mark and marked != "utf-8" else "utf-16-le"
    if named is not None and named != marked:
        mark = b""
    codec = named or marked or _told_by_all(file)
    file.seek(len(mark))
    return Coding(codec=codec, mark=mark)


def _told_by_all(file: BinaryIO) -> str:
    if _is(file, "utf-8"):
        return "utf-8"
    western, kana = _is(file, "cp1252"), _KANA.search
    if _is(file, "cp932") and (not western or _is(file, "cp932", found=lambda text: bool(kana(text)))):
        return "cp932"
    return "cp1252" if western else "utf-8"


def _is(file: BinaryIO, codec: str, found: Callable[[str], bool] | None = None) -> bool:
    """Whether the whole file can be of this coding, or, with `found`, whether that is true for a piece of it."""
    file.seek(0)
    decoder = codecs.getincrementaldecoder(codec)()
    try:
        while octets := file.read(_PIECE):
            if octets.isascii() and not decoder.getstate()[0]:
                continue
            text = decoder.decode(octets)
            if found is not None and found(text):
                return True
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return found is None
