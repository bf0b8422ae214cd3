"""The grammar below header fields of the RFC 5322 family: words, quoted strings, comments that nest."""

from __future__ import annotations

import re
from dataclasses import dataclass

_WORD = re.compile(r"[^\s;()\"=]+")


@dataclass(frozen=True, slots=True)
class Token:
    """A word, a quoted string, or one of `;` and `=`; comments are no tokens."""

    text: str
    quoted: bool = False


def tokens(value: str) -> list[Token] | None:
    """The tokens of a field's value; None when a comment or quoted string never ends.

    Comments nest and are dropped (RFC 5322, 3.2.2); what stands in a quoted string is never syntax.
    """
    found, position = list[Token](), 0
    while position < len(value):
        character = value[position]
        if character in ";=":
            found.append(Token(character))
            position += 1
        elif character == "(":
            position = _behind_comment(value, position)
        elif character == '"':
            text, position = _quoted(value, position)
            found.append(Token(text, quoted=True))
        elif match := _WORD.match(value, position):
            found.append(Token(match[0]))
            position = match.end()
        else:
            position += 1
        if position < 0:
            return None
    return found


def _behind_comment(value: str, position: int) -> int:
    """Where the comment that opens at `position` has ended, or -1."""
    depth = 0
    while position < len(value):
        if value[position] == "\\":
            position += 1
        elif value[position] == "(":
            depth += 1
        elif value[position] == ")":
            depth -= 1
            if depth == 0:
                return position + 1
        position += 1
    return -1


def _quoted(value: str, position: int) -> tuple[str, int]:
    """The content of the quoted string at `position`, and where it has ended, or -1."""
    text, position = "", position + 1
    while position < len(value):
        if value[position] == '"':
            return text, position + 1
        if value[position] == "\\":
            position += 1
        text += value[position : position + 1]
        position += 1
    return text, -1
