"""What the page and the Markdown form are made of before either draws it: cells, tables, figures, boxes."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bounce_watch.records.rate import Rate
from bounce_watch.reports.content import Severity
from bounce_watch.text.names import names_replaced

SEVERITY_WORDS = {
    Severity.STOP: "Stop",
    Severity.CHECK: "Check",
    Severity.NOTE: "Note",
    Severity.CALM: "All well",
}


def nameless(text: str) -> str:
    """The text with `(not shown)` in the place of each order id and each address."""
    return names_replaced(text, "(not shown)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What a cell says, a smaller word beside it, and by what its column is sorted (None: not known, comes last).

    `detail` is "" where others of the column have one. `rate` is drawn beside the number. `foreign`: the words
    are somebody else's.
    """

    text: str
    detail: str | None = None
    value: float | str | None = None
    rate: Rate | None = None
    foreign: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table: its first column names the rows; `numeric` are the places of columns that stand on the right."""

    key: str
    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    numeric: frozenset[int] = frozenset()
    note: str = ""
    sorts: bool = True

    def without_names(self) -> Table:
        """The same with no order id and no address in it."""
        rows = tuple(
            tuple(replace(one, text=nameless(one.text), value=_valued(one)) for one in row)
            for row in self.rows
        )
        return replace(self, rows=rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One of the large numbers: what it is, its value, its interval, of how many, and what moved."""

    label: str
    value: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """Something to act upon: a title, what is known, and what to check."""

    severity: Severity
    title: str
    lines: tuple[str, ...]
    checks: tuple[str, ...]


def told_apart(text: str) -> tuple[str, str]:
    """A sentence, and the command that it ends with ("" for none)."""
    before, found, command = text.partition("bounce-watch ")
    return before, found + command


def number(count: int, text: str | None = None) -> Cell:
    """A count, with thousands told apart."""
    return Cell(text=text or f"{count:,}", value=count)


def name(words: str | None, unknown: str) -> Cell:
    """A name that somebody else gave, or our word for none."""
    return Cell(text=unknown) if words is None else Cell(text=words, value=words, foreign=True)


def _valued(one: Cell) -> float | str | None:
    return nameless(one.value) if isinstance(one.value, str) else one.value
