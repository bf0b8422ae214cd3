"""What of a mail's text its writer wrote, and what the mail quotes."""

from __future__ import annotations

import re
from collections.abc import Sequence

_FROM_LINE = re.compile(
    r"[*_]{0,2}(?:from|von|de|da|van|från|fra|lähettäjä|od|kimden|gönderen|差出人|送信者|发件人|寄件者)"
    r"[*_]{0,2}\s?[:：][*_]{0,2}\s*\S.*",
    re.IGNORECASE,
)
"""The first of the lines with which Outlook and its like head what they quote, in the languages of the marketplaces."""

_LABEL_LINE = re.compile(r"[*_]{0,2}[^\W\d_][^:：]{0,24}[:：].*")
_ATTRIBUTION = re.compile(r".{0,400}@marketplace\.amazon\.[^:：]{0,80}[:：]\s*")
"""The end of a line such as `On 3 September Petra <…@marketplace.amazon.de> wrote:`, in any language."""

_HEAD_LINES = 12
_LEAST_LABELS = 3


def split_quotes(text: str) -> tuple[str, str]:
    """The writer's own text, and the quoted text; lines stay in their order.

    Quoted is a line with `>` in front (HTML's quotes come so), and all behind a head of From, date, To and
    subject, or behind a line that tells what a buyer wrote and is followed by no `>`.
    """
    lines = text.split("\n")
    own, quoted = list[str](), list[str]()
    for number, line in enumerate(lines):
        if _begins_quote(lines, number):
            return "\n".join(own), "\n".join((*quoted, *lines[number:]))
        (quoted if line.lstrip().startswith(">") else own).append(line)
    return "\n".join(own), "\n".join(quoted)


def _begins_quote(lines: Sequence[str], number: int) -> bool:
    line = lines[number].strip()
    if _FROM_LINE.fullmatch(line):
        head = (each.strip() for each in lines[number : number + _HEAD_LINES])
        return sum(_LABEL_LINE.fullmatch(each) is not None for each in head) >= _LEAST_LABELS
    if not _ATTRIBUTION.fullmatch(line):
        return False
    following = next((each for each in lines[number + 1 :] if each.strip()), ">")
    return not following.lstrip().startswith(">")
