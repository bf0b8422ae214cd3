"""What a page is made of before anything draws it: sections of grids of cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Look(StrEnum):
    """How a piece of text stands out. Never the only bearer of a meaning: many terminals show none."""

    PLAIN = ""
    STRONG = "bold"
    QUIET = "dim"
    STOP = "bold red"
    CHECK = "bold yellow"
    NOTE = "bold cyan"
    CALM = "bold green"
    BAR = "cyan"


Part = tuple[str, Look]
Cell = tuple[Part, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Rows of cells in columns of fixed width; from `right_from` on they stand on the right.

    Cells that are too long are cut with an ellipsis, `gap` before the next column, or go on below when the
    grid `wraps`.
    """

    widths: tuple[int, ...]
    rows: Sequence[Sequence[Cell]]
    right_from: int = 99
    gap: int = 0
    wraps: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A title ("" for none) and what stands under it."""

    title: str
    grids: tuple[Grid, ...]


def cell(text: str, look: Look = Look.PLAIN) -> Cell:
    """A cell of one piece."""
    return ((text, look),)


def cells(*texts: str, look: Look = Look.PLAIN) -> list[Cell]:
    """A row of such cells."""
    return [cell(text, look) for text in texts]


def paragraph(width: int, *parts: Part) -> Grid:
    """Running text over the whole width."""
    return Grid(widths=(width,), rows=[[parts]], wraps=True)


def lines(width: int, first: Part, second: Part) -> list[Cell]:
    """Two pieces on one line where they fit, else below each other: a command is not torn apart."""
    if not second[0] or len(first[0]) + 1 + len(second[0]) <= width:
        return [(first, (f" {second[0]}" if second[0] else "", second[1]))]
    return [(first,), (second,)]
