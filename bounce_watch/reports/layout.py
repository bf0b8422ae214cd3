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


_BETWEEN = 2
"""The least room between two columns of figures."""

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


def table(
    width: int, rows: Sequence[Sequence[Cell]], *, names: int, drop: Sequence[int] = (), most: int = 13
) -> Grid:
    """A column of names, and to its right columns of figures, each as wide as it needs.

    So no figure is ever cut. While the names would have less than `names`, the column that `drop` names next is
    left out. What room is left over goes to the figures, up to `most` a column, and then to the names.
    """
    needs = [max(map(cell_length, column)) + _BETWEEN for column in zip(*rows, strict=True)]
    kept = list(range(len(needs)))
    for dropped in drop:
        if width - sum(needs[place] for place in kept[1:]) >= names:
            break
        kept.remove(dropped)
    figures = [needs[place] for place in kept[1:]]
    spare = max(0, width - max(names, needs[0]) - sum(figures)) // max(1, len(figures))
    figures = [max(need, min(most, need + spare)) for need in figures]
    shown = [[row[place] for place in kept] for row in rows]
    return Grid(widths=(max(4, width - sum(figures)), *figures), rows=shown, right_from=1)


def cell_length(cell: Cell) -> int:
    """How many characters a cell has: as many as columns, for figures."""
    return sum(len(text) for text, _ in cell)


def paragraph(width: int, *parts: Part) -> Grid:
    """Running text over the whole width."""
    return Grid(widths=(width,), rows=[[parts]], wraps=True)


def lines(width: int, first: Part, second: Part) -> list[Cell]:
    """Two pieces on one line where they fit, else below each other: a command is not torn apart."""
    if not second[0] or len(first[0]) + 1 + len(second[0]) <= width:
        return [(first, (f" {second[0]}" if second[0] else "", second[1]))]
    return [(first,), (second,)]
