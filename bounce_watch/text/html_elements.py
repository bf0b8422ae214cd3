"""What HTML shows beside its text: pictures, and links with the words that they stand on. Nothing is fetched."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lxml import etree

from bounce_watch.text.html import parse_html, without_long_tags

MOST_ELEMENTS = 20_000
"""Elements that are looked at; a mail of a dispatch tool has a few hundred."""

MOST_WORDS = 300
"""Characters of a link's words that are kept."""

_NO_WORDS = frozenset({"script", "style", "title", "template"})
_SOURCES = ("src", "background", "poster", "srcset")
_STYLE_URL = re.compile(r"(?i)url\(\s*['\"]?([^'\")\s]{1,2000})")
_STYLE_SIZE = re.compile(r"(?i)(?:^|[;\s])(width|height)\s*:\s*([0-9.]{1,9})\s*(px|%|)")
_SIZE = re.compile(r"\s*([0-9]{1,9}(?:\.[0-9]{0,9})?)\s*(px|%|)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """One picture: where it comes from, its words, its size (pixels, or per cent of what is around it), and its link."""

    source: str
    words: str
    width_px: float | None
    height_px: float | None
    width_percent: float | None
    is_linked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One link: its target, and the words or the description of the picture that it stands on."""

    target: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HtmlElements:
    """Pictures, links, whatever else is fetched from somewhere, and whether that is all of it."""

    images: tuple[Image, ...] = ()
    links: tuple[Link, ...] = ()
    fetched: tuple[str, ...] = ()
    whole: bool = True


@dataclass(slots=True)
class _OpenLink:
    target: str
    words: list[str] = field(default_factory=list)
    room: int = MOST_WORDS

    def add(self, text: str | bytes | None) -> None:
        kept = str(text or "")[: self.room]
        self.room -= len(kept)
        self.words.append(kept)


@dataclass(slots=True)
class _Found:
    images: list[Image] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)
    open: list[_OpenLink] = field(default_factory=list)
    unseen: int = 0


def html_elements(html: str) -> HtmlElements:
    """The pictures and links of `html`, in their order; hostile HTML takes time in proportion to its length."""
    root = parse_html(without_long_tags(html))
    if root is None:
        return HtmlElements()
    found, seen = _Found(), 0
    for event, element in etree.iterwalk(root, events=("start", "end", "comment", "pi")):
        seen += event != "end"
        if seen > MOST_ELEMENTS:
            break
        _visit(event, element, found)
    while found.open:
        _close(found)
    return HtmlElements(
        images=tuple(found.images),
        links=tuple(found.links),
        fetched=tuple(found.fetched),
        whole=seen <= MOST_ELEMENTS,
    )


def _visit(event: str, element: etree._Element, found: _Found) -> None:
    tag = element.tag if event in {"start", "end"} else ""
    if event == "start":
        found.unseen += tag in _NO_WORDS
        _start(str(tag), element, found)
        _add_words(element.text, found)
        return
    found.unseen -= tag in _NO_WORDS
    if tag in {"a", "area"} and element.get("href") and found.open:
        _close(found)
    _add_words(element.tail, found)


def _add_words(text: str | bytes | None, found: _Found) -> None:
    if found.open and not found.unseen:
        found.open[-1].add(text)


def _start(tag: str, element: etree._Element, found: _Found) -> None:
    target = (element.get("href") or "").strip()
    if tag in {"a", "area"} and target:
        found.open.append(_OpenLink(target))
    style = element.get("style") or ""
    if tag in {"img", "image"} or (tag == "input" and element.get("src")):
        found.images.append(_image(element, style, is_linked=bool(found.open)))
        _add_words(f" {found.images[-1].words} ", found)
    else:
        found.fetched.extend(value.strip() for name in _SOURCES if (value := element.get(name)))
    found.fetched.extend(_STYLE_URL.findall(style))
    if tag == "link" and target:
        found.fetched.append(target)


def _close(found: _Found) -> None:
    link = found.open.pop()
    found.links.append(Link(target=link.target, words=" ".join("".join(link.words).split())))


def _image(element: etree._Element, style: str, *, is_linked: bool) -> Image:
    sizes = dict[str, tuple[float, str]]()
    for name in ("width", "height"):
        if match := _SIZE.fullmatch(element.get(name) or ""):
            sizes[name] = (float(match[1]), match[2])
    for name, number, unit in _STYLE_SIZE.findall(style):  # a style wins over an attribute
        if number.count(".") <= 1 and number != ".":
            sizes[name.lower()] = (float(number), unit)
    pixels = {name: number for name, (number, unit) in sizes.items() if unit != "%"}
    width, unit = sizes.get("width", (0.0, ""))
    return Image(
        source=(element.get("src") or element.get("srcset") or "").strip(),
        words=f"{element.get('alt') or ''} {element.get('title') or ''} {element.get('class') or ''}".strip(),
        width_px=pixels.get("width"),
        height_px=pixels.get("height"),
        width_percent=width if unit == "%" else None,
        is_linked=is_linked,
    )
