"""What of a mail's text is Amazon's own, and what stands in it: sentences, order ids, the alias."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from urllib.parse import unquote

from bounce_watch.notices.catalogue import Catalogue
from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.mail import Message
from bounce_watch.text.fold import clean, fold, paragraphs

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|(?<=。)")
_ADDRESS = re.compile(r"(?i)(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,120}@marketplace\.[A-Za-z0-9.-]{4,60}")
_MAILTO = re.compile(r"(?i)mailto:([^\s\"'<>]{1,400})")
_ISO_DATE = re.compile(r"(?<![0-9-])[0-9]{4}-[0-9]{2}-[0-9]{2}(?![0-9-])")
_LONGEST_MARK = 100
"""Characters of a line that may begin or end a copied message."""

_SENTENCES_IN_A_WINDOW = 3
"""A name with a full stop in it cuts a sentence in two or three."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnText:
    """Amazon's own text of a mail: as folded paragraphs, and together with the subject as one folded text."""

    paragraphs: tuple[str, ...]
    subject: str
    whole: str


def own_text(message: Message, catalogue: Catalogue) -> OwnText:
    """The text without quoted lines and without the blocks in which Amazon copies somebody's message."""
    own = tuple(paragraphs("\n".join(_own_lines(message.text.split("\n"), catalogue))))
    subject = fold(message.subject)
    return OwnText(paragraphs=own, subject=subject, whole=" ".join((subject, *own)))


def _own_lines(lines: list[str], catalogue: Catalogue) -> Iterator[str]:
    copied = False
    for line in lines:
        if line.lstrip().startswith(">"):
            continue
        plain = fold(line).strip("-_*= ") if len(line) <= _LONGEST_MARK else ""
        if plain in catalogue.copied_begin:
            copied = True
        elif plain in catalogue.copied_end:
            copied = False
        elif not copied:
            yield line


def windows(text: OwnText, phrases: Collection[str]) -> list[str]:
    """The shortest runs of sentences that hold all `phrases`, up to three sentences of one paragraph."""
    found = list[str]()
    for paragraph in text.paragraphs:
        if all(phrase in paragraph for phrase in phrases):
            found.extend(_shortest([part for part in _SENTENCE_END.split(paragraph) if part], phrases))
    return found


def _shortest(sentences: list[str], phrases: Collection[str]) -> list[str]:
    for size in range(1, _SENTENCES_IN_A_WINDOW + 1):
        runs = (" ".join(sentences[start : start + size]) for start in range(len(sentences) - size + 1))
        found = [run for run in runs if all(phrase in run for phrase in phrases)]
        if found:
            return found
    return []


def order_ids(texts: Collection[str]) -> tuple[OrderId, ...]:
    """The distinct order ids in `texts`, in their order."""
    return tuple(dict.fromkeys(found for text in texts for found in OrderId.find_all(text)))


def blocked_date(texts: Collection[str]) -> date | None:
    """The date of the blocked message, where the sentence holds exactly one (ISO form, as in the 2026 notice)."""
    found = {match[0] for text in texts for match in _ISO_DATE.finditer(text)}
    try:
        return date.fromisoformat(found.pop()) if len(found) == 1 else None
    except ValueError:
        return None


def aliases(message: Message, marketplaces: frozenset[str]) -> tuple[Alias, ...]:
    """The distinct aliases that the notice names, shared ones included.

    They stand in a `mailto:` link, in the text (also in the header lines of a quoted original), or as the
    recipient of an attached original. The From address is never one of them.
    """
    text = clean(message.text)
    candidates = [
        *(address for link in message.links for address in _linked(clean(link))),
        *(address for address in _mailto(text)),
        *_ADDRESS.findall(text),
        *(recipient for original in message.embedded for recipient in original.recipients),
    ]
    parsed = (Alias.parse(candidate.rstrip("."), marketplaces) for candidate in candidates)
    return tuple(dict.fromkeys(alias for alias in parsed if alias is not None))


def _mailto(text: str) -> Iterator[str]:
    """The aliases in the `mailto:` targets that stand in `text`."""
    for match in _MAILTO.finditer(text):
        yield from _linked(match[0])


def _linked(link: str) -> Iterator[str]:
    """The aliases in a `mailto:` link, percent-decoded, without its query (RFC 6068)."""
    scheme, _, target = link.partition(":")
    if scheme.strip().lower() == "mailto":
        yield from _ADDRESS.findall(unquote(target.partition("?")[0]))


def body_digest(text: OwnText) -> str:
    """The digest of the letters and digits of a notice's own text: equal for two copies of one event."""
    letters = "".join(character for part in text.paragraphs for character in part if character.isalnum())
    return hashlib.sha256(letters.encode("utf-8", "replace")).hexdigest()
