"""Foreign text made harmless to a terminal. Everything a person gets to see goes through here.

A mail, a server or a file decides what stands in subjects, names and error texts. Control characters move
the cursor, set the window title or write the clipboard; direction marks make one address look like another.
Rich passes them on, so they are made visible before they reach it.
"""

from __future__ import annotations

import unicodedata

_HARMFUL = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Controls, formats (bidi, zero width), surrogates, private use, unassigned, line and paragraph separators."""

_BLANK_LETTERS = frozenset("\u115f\u1160\u3164\uffa0")
"""Hangul fillers: letters by category, nothing to see on the screen."""


def inert(text: str) -> str:
    r"""The same text with every character that acts, or that nobody can see, as `\u{1b}` (hexadecimal).

    Line breaks and tabs are such characters, so the result is one line. Everything else stays as it is, a
    backslash too: text that already says `\u{1b}` looks like an escaped ESC, which misleads nobody into
    anything. A second pass therefore changes nothing. What is unassigned depends on Python's own Unicode
    tables: a character newer than them is shown by its number.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(char if _shows(char) else visible(char) for char in text)


def visible(char: str) -> str:
    r"""One character by its number: `\u{1b}`."""
    return f"\\u{{{ord(char):x}}}"


def _shows(char: str) -> bool:
    return unicodedata.category(char) not in _HARMFUL and char not in _BLANK_LETTERS
