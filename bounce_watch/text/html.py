"""HTML to lines of text and the targets of its links, by lxml; the HTML is never rendered, nothing is fetched."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import takewhile
from typing import NamedTuple

from lxml import etree

_MOST_PIECES = 20_000
"""Pieces of text and line breaks that are collected; a notice has about 100."""

_LONGEST_TAG = 2048
"""Characters of a start tag that is kept: libxml2 takes more than quadratic time over its attributes."""

_QUOTES_SHOWN = 5
"""Quote marks in front of a line at the most, however deep the quote is."""

_PARAGRAPHS = frozenset(
    "address article aside blockquote body center div dl dt dd fieldset figure footer form h1 h2 h3 h4 h5 h6"
    " header hr html li main nav ol p pre section table tbody tfoot thead tr ul".split()
)
_LINES = frozenset(("br", "td", "th"))
_SOURCE_SPACE = re.compile(r"[ \t\r\n\f]+")
_TAG = re.compile(r"<[^<>]{0,2000}>")
# A start tag as HTML's own tokenizer sees it: a `>` in a quoted value does not end it. It never backtracks.
_START_TAG = re.compile(
    r"<[a-zA-Z][^ \t\r\n\f/>]*+"
    r"(?:[ \t\r\n\f/]++|=?+[^ \t\r\n\f/>=]*+"
    r"(?:[ \t\r\n\f]*+=[ \t\r\n\f]*+(?:\"[^\"]*+\"|'[^']*+'|[^ \t\r\n\f>]*+))?+)*+>?"
)
_HIDDEN = re.compile(r"(?i)<(style|script|title)\b[^<]*(?=<)|<!--[^<>]*-->")
_UNSEEN = frozenset("head script style template noscript object iframe svg math select textarea".split())


class HtmlText(NamedTuple):
    """Lines of text, link targets, and whether that is all of them."""

    text: str
    links: tuple[str, ...]
    whole: bool


@dataclass(slots=True)
class _Writer:
    """Collects text and breaks; a quote's lines get `> ` in front, as mail programs write them."""

    pieces: list[str] = field(default_factory=list)
    quote_depth: int = 0

    def break_line(self, mark: str) -> None:
        self.pieces.append(mark + "> " * min(self.quote_depth, _QUOTES_SHOWN))


def html_to_text(html: str) -> HtmlText:
    """The visible and hidden text of `html` as lines with blank lines between blocks, and its link targets.

    Comments, scripts and styles are left out; text that a style hides is kept, because Amazon repeats the
    key sentence in a hidden preheader. White space of the source is only white space (HTML's own rule).
    """
    html = without_long_tags(html)
    root = parse_html(html)
    if root is None:
        return HtmlText("", (), whole=True)
    writer, links = _Writer(), list[str]()
    walk = etree.iterwalk(root, events=("start", "end", "comment", "pi"))
    for event, element in takewhile(lambda _: len(writer.pieces) < _MOST_PIECES, walk):
        _visit(event, element, writer, links)
    text = _tidy("".join(writer.pieces))
    whole = len(writer.pieces) < _MOST_PIECES
    return HtmlText(text if text.strip() else _without_tags(html), tuple(links), whole=whole)


def without_long_tags(html: str) -> str:
    """`html` without NUL, and without the start tags that would take the parser too long."""
    return _START_TAG.sub(_unless_long, html.replace("\0", ""))


def _unless_long(tag: re.Match[str]) -> str:
    return tag[0] if len(tag[0]) <= _LONGEST_TAG else ""


def _without_tags(html: str) -> str:
    """What is left of HTML that the parser gave up on (thousands of nested elements)."""
    return _tidy(_TAG.sub(" ", _HIDDEN.sub(" ", html)))


def parse_html(html: str) -> etree._Element | None:
    """The tree of HTML that `without_long_tags` went over; None where there is no element in it."""
    octets = html.encode("utf-8", "replace")
    parser = etree.HTMLParser(encoding="utf-8", recover=True, no_network=True, huge_tree=True)
    try:
        return etree.fromstring(octets, parser)
    except etree.LxmlError:  # nothing but comments or white space
        return None


def _visit(event: str, element: etree._Element, writer: _Writer, links: list[str]) -> None:
    if event in {"comment", "pi"}:
        writer.pieces.append(_spaces(element.tail))
    elif event == "start":
        _start(str(element.tag), element, writer, links)
    else:
        _end(str(element.tag), writer)
        writer.pieces.append(_spaces(element.tail))


def _start(tag: str, element: etree._Element, writer: _Writer, links: list[str]) -> None:
    if tag in _UNSEEN:
        for child in list(element):
            element.remove(child)
        return
    if tag == "blockquote":
        writer.quote_depth += 1
    if tag in _PARAGRAPHS:
        writer.break_line("\n\n")
    elif tag in _LINES:
        writer.break_line("\n")
    target = element.get("href")
    if tag in {"a", "area"} and target:
        links.append(target.strip())
    writer.pieces.append(_spaces(element.text))


def _end(tag: str, writer: _Writer) -> None:
    if tag == "blockquote":
        writer.quote_depth = max(0, writer.quote_depth - 1)
    if tag in _PARAGRAPHS:
        writer.break_line("\n\n")


def _spaces(text: str | bytes | None) -> str:
    """White space of HTML source, line ends included, is one space; a no-break space stays."""
    return _SOURCE_SPACE.sub(" ", str(text)) if text else ""


def _tidy(text: str) -> str:
    return "\n".join(_without_empty_runs(line.strip(" \t") for line in text.split("\n")))


def _without_empty_runs(lines: Iterator[str]) -> Iterator[str]:
    """At most one empty line in a row; a line that is only quote marks counts as empty."""
    empty = True
    for line in lines:
        if line.strip("> "):
            empty = False
            yield line
        elif not empty:
            empty = True
            yield ""
