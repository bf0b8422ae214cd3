"""Order ids and addresses taken out of somebody else's words, however they are spelt there.

A template's name, a note, a file's name may hold a buyer, and not always as Amazon writes one: a tool wraps, a
keyboard has other dashes and digits. So they are looked for in a plain reading of the text, and cut out of
the text itself, of which nothing else changes.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

_BETWEEN = r"(?:\s{0,3}-\s{0,3}|\s{1,3})"
_ORDER = re.compile(_BETWEEN.join((r"(?:[0-9]{3}|[A-Za-z][0-9]{2})", "[0-9]{7}", "[0-9]{7}")))
"""More generous than OrderId.find_all, which must not count an order that is none: here a name would be shown."""

_RUN = re.compile(r"[^\s<>]+")
_AT = re.compile(r".@.|.%40[\w-]{1,63}\.")
"""Inside a run, so that one without `@` is not searched again from each of its letters; `%40` as in web addresses."""

_DASHES = frozenset("\u2043\u2212\u2500\u30fc")
"""Used as hyphens, but no dashes (Pd) to Unicode: bullet, minus, a line of a frame, the long vowel of Japanese."""

_MARKS = frozenset({"Cf", "Mn", "Me"})
_FILLERS = frozenset("\u115f\u1160\u3164\uffa0")
_DIGITS = frozenset("0123456789")

_Span = tuple[int, int]


def names_replaced(text: str, instead: str) -> str:
    """The text with `instead` in the place of each order id and each e-mail address; the rest as it is.

    Found with any dash or white space between the groups of an id, digits and letters of any width or script,
    and invisible characters and marks anywhere. Digits that are glued to an id go with it.
    """
    plain, places = _reading(text)
    parts, done = [], 0
    for start, stop in _joined([*_orders(plain), *_addresses(plain)]):
        parts += [text[done : places[start]], instead]
        done = places[stop - 1] + 1
    return "".join((*parts, text[done:]))


def _reading(text: str) -> tuple[str, Sequence[int]]:
    """The text in plain characters, and for each of them its place in the text."""
    if text.isascii():
        return text, range(len(text))
    read = [(each, place) for place, char in enumerate(text) for each in _plain(char)]
    return "".join(each for each, _ in read), [place for _, place in read]


def _plain(char: str) -> str:
    """What a character reads as; nothing for an invisible one, or a mark on the one before."""
    if char.isascii():
        return char
    if unicodedata.category(char) in _MARKS or char in _FILLERS:
        return ""
    wide = unicodedata.normalize("NFKC", char)
    if len(wide) > 1:
        # Of an accent that stands alone NFKC makes a space with a mark, which would cut an address in two.
        return wide if wide.isalnum() else char
    if wide.isdecimal():
        return str(unicodedata.decimal(wide))
    return "-" if unicodedata.category(wide) == "Pd" or wide in _DASHES else wide


def _orders(plain: str) -> Iterator[_Span]:
    for match in _ORDER.finditer(plain):
        start, stop = match.span()
        while start and plain[start - 1] in _DIGITS:
            start -= 1
        while stop < len(plain) and plain[stop] in _DIGITS:
            stop += 1
        yield start, stop


def _addresses(plain: str) -> Iterator[_Span]:
    if "@" in plain or "%40" in plain:  # most texts have none, and each row of a log comes here
        yield from (run.span() for run in _RUN.finditer(plain) if _AT.search(run[0]))


def _joined(spans: Iterable[_Span]) -> Iterator[_Span]:
    """The spans in order, those that overlap as one."""
    held: _Span | None = None
    for span in sorted(spans):
        if held is None or span[0] >= held[1]:
            if held:
                yield held
            held = span
        else:
            held = held[0], max(held[1], span[1])
    if held:
        yield held
