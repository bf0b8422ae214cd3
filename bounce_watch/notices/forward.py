"""Takes a notice out of the mail of somebody who forwarded it, attached or written into the text.

Whether the forwarder is to be believed is for the verdict: see authenticity/judge.py. A quote without the
header lines that a forward has is never taken out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from bounce_watch.notices.catalogue import Catalogue, ForwardForms
from bounce_watch.notices.senders import Sender, sender_of
from bounce_watch.records.mail import Message
from bounce_watch.text.fold import fold

_LABEL = re.compile(r"\s*\*{0,2}([^\W\d_][^\W\d_ -]*(?:[ -][^\W\d_]+)?) ?:\*{0,2}(?:\s+(.*)|)")
_ADDRESS = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,120}")
_NEEDED = {"from", "subject"}
_LEAST_LABELS = 3
_MOST_LINES = 40
"""Header lines of a forward, with the empty lines that HTML puts between them, fit into this many."""

_MOST_BLOCKS = 100
"""Places with a header line that are tried; a long thread has a few dozen."""

_LONGEST_MARK = 200
"""Characters of a line that may open a forward."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    """The header lines of a forwarded mail: values by role, where the text goes on, and whether it is quoted."""

    values: dict[str, str]
    end: int
    quoted: bool

    @property
    def is_complete(self) -> bool:
        return len(self.values) >= _LEAST_LABELS and self.values.keys() >= _NEEDED


def unwrap_forward(message: Message, catalogue: Catalogue) -> Message | None:
    """The forwarded notice as a message, or None when `message` forwards none.

    The result has the From, subject, text and headers of the original as far as they are known, and the
    identity, place, recipients and trace of the mail that brought it.
    """
    if sender_of(message, catalogue.marketplaces) is not Sender.STRANGER:
        return None
    return _attached(message, catalogue) or _inline(message, catalogue)


def _attached(message: Message, catalogue: Catalogue) -> Message | None:
    """The attached notice; several come as one with all their texts, so that none of them is lost unseen."""
    notices = [
        original
        for original in message.embedded
        if sender_of(original, catalogue.marketplaces) is Sender.NOTICE
    ]
    if not notices:
        return None
    return replace(
        notices[0],
        ref=message.ref,
        fingerprint=message.fingerprint,
        message_id=message.message_id,
        space_type=", ".join(dict.fromkeys(each.space_type for each in notices if each.space_type)) or None,
        text="\n\n".join(original.text for original in notices),
        recipients=message.recipients,
        received_at=None,
        cut=message.cut,
        size_bytes=message.size_bytes,
    )


def _inline(message: Message, catalogue: Catalogue) -> Message | None:
    lines = ["", *message.text.split("\n")]  # a header block may begin the text
    for block in _blocks(message, lines, catalogue.forward_forms):
        inner = _inner(message, lines, block)
        if inner is not None and sender_of(inner, catalogue.marketplaces) is Sender.NOTICE:
            return inner
    return None


def _blocks(message: Message, lines: Sequence[str], forms: ForwardForms) -> Iterator[_Block]:
    """The header lines of every mail that is forwarded in the text, from above."""
    says_forwarded, tried = fold(message.subject).startswith(forms.subject_prefixes), 0
    for start, (line, following) in enumerate(pairwise(lines), start=1):
        if (line.strip() or following.strip()) and _opens(line, forms, says_forwarded=says_forwarded):
            block = _header_lines(lines, start, forms)
            tried += bool(block.values)
            if tried > _MOST_BLOCKS:
                return
            if block.is_complete:
                yield block


def _opens(line: str, forms: ForwardForms, *, says_forwarded: bool) -> bool:
    """True for a line behind which a forwarded mail's header may stand; never inside a quote."""
    if line.startswith(">") or len(line) > _LONGEST_MARK:
        return False
    plain = fold(line).strip("-_=* ")
    return plain in forms.markers or (says_forwarded and plain in forms.reply_markers)


def _header_lines(lines: Sequence[str], start: int, forms: ForwardForms) -> _Block:
    """Read label lines from `start` on; empty lines between them and a value on the next line are HTML's doing."""
    values, open_role, quoted, end = dict[str, str](), "", False, start
    for number in range(start, min(start + _MOST_LINES, len(lines))):
        line = lines[number].lstrip("> ") if lines[number].startswith(">") else lines[number]
        role, value = _label(line, forms)
        if role:
            quoted = quoted or lines[number].startswith(">")
            values.setdefault(role, value)
            open_role, end = ("" if value else role), number + 1
        elif line.strip() and open_role:
            values[open_role], open_role, end = line.strip(), "", number + 1
        elif line.strip():
            break
    return _Block(values=values, end=end, quoted=quoted)


def _label(line: str, forms: ForwardForms) -> tuple[str, str]:
    match = _LABEL.fullmatch(line.replace("\u00a0", " ").rstrip())
    if not match:
        return "", ""
    return forms.labels.get(fold(match[1]), ""), (match[2] or "").strip()


def _inner(message: Message, lines: Sequence[str], block: _Block) -> Message | None:
    addresses = {address.lower() for address in _ADDRESS.findall(block.values["from"])}
    if len(addresses) != 1:
        return None
    body = list(lines[block.end :])
    if block.quoted:
        body = [line.removeprefix(">").removeprefix(" ") for line in body]
    return replace(
        message,
        from_address=addresses.pop(),
        from_name=re.split(r"[<\[(]", block.values["from"])[0].strip(" \"'*"),
        subject=block.values["subject"],
        text="\n".join(body),
        space_type=None,
        marketplace_id=None,
        embedded=(),
    )
