"""Which columns of an outgoing file tell whose row it is: by name or number, by usual headers, and by content."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from bounce_watch.errors import DataError
from bounce_watch.suppression.spellings import Spellings, has_order, is_order, is_unread_order, orders_in
from bounce_watch.text.headers import ADDRESS_TITLES, ORDER_TITLES, called, place_of, those_columns, word_key

LOOKED_AT = 1_000
"""Rows from the beginning whose cells tell what their column holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScrubColumns:
    """The columns that were named to hold aliases and order ids, by header or by number (the first is 1).

    A kind that nothing is named for is looked for.
    """

    alias: tuple[str, ...] = ()
    order_id: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Where the names stand: positions, and the titles of all columns (None: the file has no header)."""

    alias_at: tuple[int, ...]
    order_at: tuple[int, ...]
    titles: tuple[str, ...] | None
    width: int

    def __str__(self) -> str:
        parts = [("alias", self.alias_at), ("order id", self.order_at)]
        return ", ".join(f"{what} in {self._places(places)}" for what, places in parts if places)

    def _places(self, places: Sequence[int]) -> str:
        return f"column{'s' if len(places) > 1 else ''} {' and '.join(map(self.called, places))}"

    def called(self, place: int) -> str:
        """The title of a column in quotes, or its number."""
        return called(place, self.titles)


def is_header(cells: Sequence[str], marketplaces: frozenset[str]) -> bool:
    """True for a first row that names nobody, so that nothing is lost if it is none."""
    if any(orders_in(cell) or is_unread_order(cell) for cell in cells):
        return False
    read = map(Spellings(marketplaces).read, cells)
    return not any(each.aliases or each.is_unread for each in read)


def find_columns(
    titles: Sequence[str] | None,
    sample: Sequence[Sequence[str]],
    *,
    width: int,
    named: ScrubColumns,
    marketplaces: frozenset[str],
    every: bool = False,
) -> Columns:
    """The columns of names in a table of this width; `sample` are its first rows, `titles` its header's cells.

    What is named is taken as it is. Else a column counts whose header is a usual one, in which a cell is a name and
    nothing else, or in which most cells that are not empty hold one; with `every`, each column may hold aliases.

    Raises DataError, naming the columns, for a name that no column has, and when nothing is found at all.
    """
    cells = [[row[at] for row in sample] for at in range(width)]
    read = Spellings(marketplaces).read
    aliases = _Kind(
        usual=ADDRESS_TITLES,
        is_name=lambda cell: read(cell).is_bare,
        has_name=lambda cell: bool(read(cell).aliases) or read(cell).is_unread,
    )
    orders = _Kind(usual=ORDER_TITLES, is_name=is_order, has_name=has_order)
    found = Columns(
        alias_at=_named(named.alias, titles, width)
        or (tuple(range(width)) if every else aliases.look_for(titles, cells)),
        order_at=_named(named.order_id, titles, width) or orders.look_for(titles, cells),
        titles=None if titles is None else tuple(titles),
        width=width,
    )
    if not found.alias_at and not found.order_at:
        raise DataError(
            "No column holds marketplace aliases or Amazon order ids.",
            f"Name one: --alias-column or --order-column. {those_columns(titles, width)}",
        )
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """How the columns of one kind of name are known."""

    usual: Collection[str]
    is_name: Callable[[str], bool]
    has_name: Callable[[str], bool]

    def look_for(self, titles: Sequence[str] | None, cells: Sequence[Sequence[str]]) -> tuple[int, ...]:
        return tuple(
            at
            for at, column in enumerate(cells)
            if (titles and word_key(titles[at]) in self.usual) or self._is_told_by(column)
        )

    def _is_told_by(self, column: Sequence[str]) -> bool:
        filled = [cell for cell in column if cell.strip()]
        if any(map(self.is_name, filled)):
            return True
        return bool(filled) and 2 * sum(map(self.has_name, filled)) >= len(filled)


def _named(names: Sequence[str], titles: Sequence[str] | None, width: int) -> tuple[int, ...]:
    return tuple(dict.fromkeys(place_of(name, titles, width) for name in names))
