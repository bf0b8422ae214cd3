"""Counts the names in columns of an outgoing file that no row is judged by, so that somebody is told of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from bounce_watch.suppression.scrub_columns import Columns

_ORDER_END = re.compile(r"-[0-9]{7}-[0-9]{7}(?![0-9])")
"""Begins with a letter of its own, which the regular expression can look for quickly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotJudged:
    """A column's position, and how many aliases and order ids in their usual form stand in it unjudged."""

    column: int
    aliases: int = 0
    orders: int = 0


class Beside:
    """The counts of one file."""

    def __init__(self, columns: Columns) -> None:
        self._width = columns.width
        self._kinds = tuple(
            (count, frozenset(places), Counter[int]())
            for count, places in ((_aliases, columns.alias_at), (_orders, columns.order_at))
        )

    def look(self, every: str, rows: Sequence[list[str]]) -> None:
        """Count in some rows; `every` is all of their text."""
        for count, judged, found in self._kinds:
            if len(judged) < self._width:
                _look(every, rows, count=count, judged=judged, width=self._width, found=found)

    def told(self) -> tuple[NotJudged, ...]:
        """The columns in which any was found."""
        (_, _, aliases), (_, _, orders) = self._kinds
        return tuple(
            NotJudged(column=at, aliases=aliases[at], orders=orders[at]) for at in sorted({*aliases, *orders})
        )


def _look(
    every: str,
    rows: Sequence[list[str]],
    *,
    count: Callable[[str], int],
    judged: Collection[int],
    width: int,
    found: Counter[int],
) -> None:
    """Most files have none, and there each column need not be looked at."""
    left = count(every)
    if left:
        left -= sum(count("\n".join([row[at] for row in rows])) for at in judged)
    for at in range(width) if left else ():
        if at not in judged and (here := count("\n".join([row[at] for row in rows]))):
            found[at] += here


def _aliases(text: str) -> int:
    return text.lower().count("@marketplace.amazon.")


def _orders(text: str) -> int:
    return len(_ORDER_END.findall(text))
