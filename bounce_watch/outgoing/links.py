"""Where the links of a mail lead."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from bounce_watch.outgoing.draft import Draft, Known
from bounce_watch.outgoing.notes import Notes, Place
from bounce_watch.records.ids import Alias
from bounce_watch.text.fold import fold
from bounce_watch.text.html_elements import Link

_IN_TEXT = re.compile(r"(?i)\b(?:https?://|www\.)[^\s<>\"'\])]{1,2000}")
_AT_THE_END = ".,;:!?*_"
_CALLS = frozenset({"tel", "callto", "sms", "whatsapp", "skype", "facetime"})
_INSIDE = frozenset({"cid", "mid"})
"""Schemes of other parts of the same mail."""


def judge_links(draft: Draft, known: Known, notes: Notes) -> None:
    """The rules about links: HTML's, and those that stand in the text."""
    links = [*_links(draft)]
    for link in links:
        _judge(link, known, notes)
    if links and not notes.has("content.opt_out_link"):
        for match in notes.pattern("content.opt_out_link").finditer(fold(draft.text)):
            notes.find("content.opt_out_words", Place.BODY, match[0])


def without_links(text: str) -> str:
    """The text without the links that stand in it."""
    return _IN_TEXT.sub(" ", text)


def _links(draft: Draft) -> Iterator[Link]:
    """Each target once, those of HTML first: the line around one in the text stands for its words."""
    seen = set[str]()
    for elements in draft.html:
        for link in elements.links:
            seen.add(link.target)
            yield link
    for line in draft.text.split("\n"):
        for match in _IN_TEXT.finditer(line):
            target = match[0].rstrip(_AT_THE_END)
            if target not in seen:
                seen.add(target)
                yield Link(target=target, words=line[:1000])


def _judge(link: Link, known: Known, notes: Notes) -> None:
    scheme, host = _where(link.target)
    if scheme == "mailto":
        address = unquote(link.target[len("mailto:") :].partition("?")[0])
        if not Alias.parse(address, known.marketplaces):
            notes.find("content.email_address", Place.BODY, address)
    elif scheme in _CALLS:
        notes.find("content.phone", Place.BODY, link.target)
    elif scheme in _INSIDE or (not scheme and not host):
        return
    elif not _is_below(host, known.marketplaces):
        notes.find(_rule_of(link, scheme, host, notes), Place.BODY, link.target)


def _rule_of(link: Link, scheme: str, host: str, notes: Notes) -> str:
    """Which rule speaks of a link out of Amazon; one without a scheme may be a secure one."""
    if notes.names("content.opt_out_link", unquote(link.target)) or notes.names(
        "content.opt_out_link", link.words
    ):
        return "content.opt_out_link"
    if scheme not in {"https", ""}:
        return "link.not_secure"
    return "link.tracking" if _is_below(host, notes.rules["link.tracking"].hosts) else "link.external"


def _where(target: str) -> tuple[str, str]:
    """Scheme and host of a target; of one that nobody can read, a scheme that is not secure."""
    if target.lower().startswith("www."):
        target = f"//{target}"
    try:
        parts = urlsplit(target)
        return parts.scheme.lower(), (parts.hostname or "").rstrip(".")
    except ValueError:
        return "unreadable", ""


def _is_below(host: str, domains: frozenset[str] | tuple[str, ...]) -> bool:
    """True for one of the domains and for every name below it, never for a name that only ends alike."""
    labels = host.split(".")
    return any(".".join(labels[at:]) in domains for at in range(len(labels)))
