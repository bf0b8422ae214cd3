r"""Foreign text made harmless: the one module that knows how, for each form in which the program shows or writes it.

A mail, a server or a file decides what stands in subjects, names and error texts. Control characters move
the cursor, set the window title or write the clipboard; direction marks make one address look like another;
a spreadsheet runs what looks like a formula. Rich, csv and json pass such things on.

| form | function |
|---|---|
| terminal, log: one line of text | `inert` |
| a row of a CSV file | `csv_line`, which is `inert` and then `formula_safe` for each cell |
| a cell of one, where the others need no care | `csv_cell` |
| JSON | `json_text` |
| Markdown: running text, a name of somebody else's | `markdown_text`, `markdown_code` |
| HTML | `inert`, then the escaping of the template engine |
"""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from collections.abc import Iterable

_HARMFUL = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Controls, formats (bidi, zero width), surrogates, private use, unassigned, line and paragraph separators."""

_UNSEEN = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0"
    + "".join(map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))
)
"""Letters, marks and symbols by category, but nothing to see: fillers, variation selectors (Unicode's
Default_Ignorable_Code_Point, so far as the categories above leave it out), and the blank of Braille."""

MARKS_SHOWN = 8
"""Marks on one letter; Hebrew and Tibetan need five, more are a tower that covers the lines above it."""

_PASSED_OVER = (
    '[ "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\xa0\u00ad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f'
    "\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff]*"
)
"""What a spreadsheet, or whoever cleans a table up, may drop in front of a cell: blanks, quotes, the unseen."""

_ACTS = "[=+\\-@|\u2212\ufe62\ufe63\ufe66\ufe6b\uff0b\uff0d\uff1d\uff20\uff5c]"
"""The starts of OWASP's page on CSV injection and `|`, in their usual, small and full-width forms."""

_FORMULA = re.compile(rf"^(?=[\t\r\n])|(^|[;,\t\r\n])(?={_PASSED_OVER}{_ACTS})")

_MARKUP = re.compile(r"[\\`*_{}\[\]<>#|~!&$^]|:(?=//)|(?<=www)\.", re.IGNORECASE)
"""What can begin markup of CommonMark, of GitHub's dialect or of its mathematics, wherever it stands in a line."""

_NOT_ASCII = re.compile(r"[^\n -~]")


def inert(text: str) -> str:
    r"""The same text with every character that acts, or that nobody can see, as `\u{1b}` (hexadecimal).

    Line breaks and tabs are such characters, so the result is one line; so are marks beyond MARKS_SHOWN on one
    letter. Everything else stays as it is, a backslash too: text that already says `\u{1b}` looks like an
    escaped ESC, which misleads nobody into anything. A second pass therefore changes nothing. What is
    unassigned depends on Python's own Unicode tables: a character newer than them is shown by its number.
    """
    if text.isascii() and text.isprintable():
        return text
    shown, marks = [], 0
    for char in text:
        category = unicodedata.category(char)
        marks = marks + 1 if category in {"Mn", "Me"} else 0
        acts = category in _HARMFUL or char in _UNSEEN or marks > MARKS_SHOWN
        shown.append(visible(char) if acts else char)
    return "".join(shown)


def visible(char: str) -> str:
    r"""One character by its number: `\u{1b}`."""
    return f"\\u{{{ord(char):x}}}"


def formula_safe(cell: str) -> str:
    """The cell, with an apostrophe wherever a spreadsheet could take what follows for a formula.

    That is at its start, and behind a delimiter inside it: a spreadsheet of another country cuts rows at
    semicolons where the file means commas, and then quotes do not hold the cell together. White space,
    quotes and unseen characters in front of a formula do not help it. A second pass changes nothing.
    """
    return _FORMULA.sub(r"\1'", cell)


def csv_line(cells: Iterable[str], *, delimiter: str = ",", line_end: str = "\r\n") -> str:
    """One row by RFC 4180, each cell one line of inert text that no spreadsheet takes for a formula."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator=line_end)
    writer.writerow([formula_safe(inert(cell)) for cell in cells])
    return buffer.getvalue()


def csv_cell(cell: str, *, delimiter: str = ",") -> str:
    """One cell as `csv_line` writes it in a row of several, in quotes where it needs them."""
    safe = formula_safe(inert(cell))
    quoted = delimiter in safe or '"' in safe
    return '"' + safe.replace('"', '""') + '"' if quoted else safe


def markdown_text(text: str) -> str:
    """One line of inert text that Markdown shows as it is: no link, image, markup, heading or table cell begins in it."""
    return _MARKUP.sub(r"\\\g<0>", inert(text))


def markdown_code(text: str) -> str:
    """One line of inert text as a code span, so that it is no mention or link either; with `|` as running text."""
    shown = inert(text).strip()
    if not shown or "|" in shown:  # a table is cut at `|` before code is looked for
        return markdown_text(shown)
    fence = "`" * (max(map(len, re.findall("`+", shown)), default=0) + 1)
    room = " " if "`" in (shown[0], shown[-1]) else ""
    return f"{fence}{room}{shown}{room}{fence}"


def json_text(value: object, *, indent: int | None = None, sort_keys: bool = False) -> str:
    r"""The value as JSON with a line end, in printable ASCII: nothing of a mail acts, whatever reads it.

    A surrogate without its other half, which strict readers refuse, is shown as `\u{d800}`, as everywhere.
    Raises ValueError for a number that JSON does not have (not a number, infinity).
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent, sort_keys=sort_keys)
    return _NOT_ASCII.sub(_escaped, text) + "\n"


def _escaped(match: re.Match[str]) -> str:
    """One character of a JSON text, which stands between quotes there, as an escape of JSON's."""
    number = ord(match[0])
    if 0xD800 <= number < 0xE000:
        return f"\\{visible(match[0])}"
    units = match[0].encode("utf-16-be")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
