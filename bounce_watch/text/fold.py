"""One form in which text is compared: typography, width, case and line breaks do not matter."""

from __future__ import annotations

import re
import unicodedata

_HYPHENS = "\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212\ufe58\ufe63"
_APOSTROPHES = "\u2018\u2019\u201a\u201b\u02bc\u2032\u00b4`"
_QUOTES = "\u201c\u201d\u201e\u201f\u00ab\u00bb"
_TYPOGRAPHY = str.maketrans(
    dict.fromkeys(_HYPHENS, "-") | dict.fromkeys(_APOSTROPHES, "'") | dict.fromkeys(_QUOTES, '"')
)

# Characters that are nothing to a reader: format characters (zero width, soft hyphen, direction marks); and
# two ligatures that NFKC makes 18 and 8 times as long.
_INVISIBLE = re.compile(
    "[\ufdfa\ufdfb\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]"
)

# Scripts written without spaces: a space between two of these is a line break of the mail.
_CJK = "\u3000-\u30ff\u3400-\u9fff\uff66-\uff9f"
_CJK_BREAK = re.compile(f"(?<=[{_CJK}])\\s+(?=[{_CJK}])")

_SPACE = re.compile(r"\s+")

# What is brought to NFKC at once: that takes quadratic time over combining marks.
_WORD = re.compile(r"[^ \n]{1,1000}")

# An order id that was wrapped: a line end (and quote marks) may stand between any two characters, and behind
# a hyphen, where programs like to wrap, also the space that HTML or format=flowed makes of a line end.
_WRAP = r"(?:[ \t]*\n[> \t]*)?"
_WRAPPED_ID = re.compile(
    r"(?<![0-9A-Za-z])(?<![0-9]-)"
    + rf"-{_WRAP}[ \t]?".join(
        _WRAP.join(group) + (_WRAP if number < 2 else "")
        for number, group in enumerate((["[0-9A-Za-z]", "[0-9]", "[0-9]"], ["[0-9]"] * 7, ["[0-9]"] * 7))
    )
    + r"(?!-?[0-9])"
)


def clean(text: str) -> str:
    """Compatibility forms, invisible characters, hyphens and quotes made plain; lines and case stay.

    A line break inside an order id is taken out, so that the id can be found.
    """
    plain = _INVISIBLE.sub("", text)
    if not plain.isascii():
        plain = _WORD.sub(lambda word: unicodedata.normalize("NFKC", word[0]), plain)
    plain = plain.translate(_TYPOGRAPHY)
    return _WRAPPED_ID.sub(lambda match: re.sub(r"[\s>]", "", match[0]), plain)


def fold(text: str) -> str:
    """The comparison form of a phrase or paragraph: clean, case folded, white space collapsed."""
    collapsed = _SPACE.sub(" ", clean(text).casefold()).strip()
    return _CJK_BREAK.sub("", collapsed)


def paragraphs(text: str) -> list[str]:
    """The folded paragraphs of `text` (separated by empty lines), without empty ones."""
    return [folded for block in re.split(r"\n[ \t]*\n", clean(text)) if (folded := fold(block))]
