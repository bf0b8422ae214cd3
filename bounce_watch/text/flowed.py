"""format=flowed back to paragraphs (RFC 3676)."""

from __future__ import annotations

from collections.abc import Iterator

_SIGNATURE = "-- "


def unflow(text: str, *, delsp: bool) -> str:
    """Join the flowed lines of `text`; with `delsp` the space that marks a flowed line is deleted (section 4.2)."""
    return "\n".join(_paragraphs(text.split("\n"), delsp=delsp))


def _paragraphs(lines: list[str], *, delsp: bool) -> Iterator[str]:
    open_depth, paragraph = 0, list[str]()
    for line in lines:
        depth = len(line) - len(line.lstrip(">"))
        content = line[depth:].removeprefix(" ")
        if paragraph and depth != open_depth:
            yield _quoted(open_depth, paragraph)
            paragraph = []
        open_depth = depth
        if content.endswith(" ") and content != _SIGNATURE:
            paragraph.append(content[:-1] if delsp else content)
        else:
            yield _quoted(depth, [*paragraph, content])
            paragraph = []
    if paragraph:
        yield _quoted(open_depth, paragraph)


def _quoted(depth: int, pieces: list[str]) -> str:
    return ">" * depth + (" " if depth else "") + "".join(pieces)
