"""Reads the pages: headings with their anchors, links, fenced blocks, tables, marked blocks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
README = ROOT / "README.md"
PAGES = (README, *sorted(DOCS.rglob("*.md")))

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^(#{1,6}) (.+)$", re.MULTILINE)
_LINK = re.compile(r"\[[^\]\n]*(?:\n[^\]\n]*)?\]\(([^)\s]+)\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A fenced block: its language ("" for none) and its text."""

    language: str
    text: str


def name(page: Path) -> str:
    """The page's path for the name of a test."""
    return page.relative_to(ROOT).as_posix()


def read(path: str) -> str:
    """The text of a page below docs/."""
    return (DOCS / path).read_text("utf-8")


def blocks(text: str) -> list[Block]:
    """The fenced blocks of a page, in their order."""
    return [Block(language=language, text=content) for language, content in _FENCE.findall(text)]


def links(text: str) -> list[str]:
    """The targets of all links outside fenced blocks."""
    return _LINK.findall(_FENCE.sub("", text))


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as Markdown's table of contents makes them."""
    return {_slug(title) for _, title in _HEADING.findall(_FENCE.sub("", text))}


def section(text: str, title: str) -> str:
    """What stands under the heading of this title, up to the next of the same or a higher level."""
    found = [match for match in _HEADING.finditer(text) if match[2] == title]
    assert len(found) == 1, f"{len(found)} headings {title!r}"
    rest = text[found[0].end() :]
    end = re.search(rf"^#{{1,{len(found[0][1])}}} ", rest, re.MULTILINE)
    return rest[: end.start()] if end else rest


def rows(text: str) -> list[tuple[str, ...]]:
    """The cells of every table row, headers and rules left out."""
    lines = [line for line in _FENCE.sub("", text).split("\n") if line.startswith("|")]
    rule = [number for number, line in enumerate(lines) if re.fullmatch(r"[|\-: ]+", line)]
    skipped = {number for each in rule for number in (each - 1, each)}
    return [_cells(line) for number, line in enumerate(lines) if number not in skipped]


def behind(text: str, mark: str) -> str:
    """What stands behind the comment `<!-- mark -->`."""
    _, found, rest = text.partition(f"<!-- {mark} -->\n")
    assert found, f"no <!-- {mark} -->"
    return rest


def words(cell: str) -> list[str]:
    """Everything that stands between backticks."""
    return re.findall(r"`([^`]+)`", cell)


def _cells(line: str) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1])


def _slug(title: str) -> str:
    return re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", title).strip().lower())
