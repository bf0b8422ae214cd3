"""Aliases and order ids in the cells of an outgoing file, however a tool wrote them.

More generous than text/tables.py: there a cell that is misread counts somebody who was never meant, here it lets
a message go to a buyer who opted out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.text.fold import clean
from bounce_watch.text.tables import order_ids_in

ORDER_DIGITS = 14
"""A cell with so many digits or more is meant as an order id, which has 16 or 17."""

_ESCAPED = re.compile("%([0-9a-f]{2})")
_ESCAPES = {"40": "@", "2b": "+", "2d": "-", "2e": ".", "5f": "_"}

# Other dealers have addresses at a `marketplace.` of their own. A column that is too narrow cuts one off anywhere.
_MEANT = re.compile(
    r"@\s*marketplace\s*\.\s*(?:amazon(?![a-z0-9-])|(?:a(?:m(?:a(?:zo?)?)?)?)?(?![a-z0-9.-]))"
    r"|(?<=[a-z0-9])@marketplace(?![a-z0-9._-])"
)
_LONGEST_BEFORE = 200
_WORD_BEFORE = re.compile(r"[^\s<>()\[\]:;,\"'|@]*\Z")
_RUN = re.compile(r"[a-z0-9._-]+")
_LAST = re.compile(r"[a-z0-9]+\Z")
_BUYER = re.compile(r"[a-z0-9]{8,32}")

_GROUPS = ("([0-9]{3}|[A-Z][0-9]{2})", "([0-9]{7})", "([0-9]{7})(?![0-9])")
# Looked for from each place on, for what stands before an id may end as one begins.
_ORDER = re.compile("(?<![0-9])(?=" + r"[\s_./-]{0,3}".join(_GROUPS) + ")")
_WITH_HYPHENS = re.compile("(?<![0-9])" + r"\s{0,3}-\s{0,3}".join(_GROUPS))
_AROUND = r"[\W_]{0,20}"
_ONLY_ORDER = re.compile(
    rf"{_AROUND}[A-Z]{{0,10}}[-_#:]{{0,2}}(?:[0-9]{{1,3}}-)?{_WITH_HYPHENS.pattern}(?:-[0-9]{{1,3}})?{_AROUND}"
)
_ROUNDED = re.compile(r"[0-9][.,]?[0-9]*E\+?1[5-7](?![0-9])", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a cell says: the aliases in it, the likeliest first.

    `is_unread` tells of an address at a marketplace of Amazon's that can't be read as one, `is_bare` of a cell with
    nothing but aliases in it.
    """

    aliases: tuple[Alias, ...] = ()
    is_unread: bool = False
    is_bare: bool = False


_NOTHING = Reading()


class Spellings:
    """Reads aliases at these marketplaces."""

    def __init__(self, marketplaces: frozenset[str]) -> None:
        self._marketplaces = marketplaces
        known = "|".join(re.escape(each) for each in sorted(marketplaces, key=len, reverse=True))
        self._usual = re.compile(rf"({_BUYER.pattern})@marketplace\.({known})")
        self._known = re.compile(rf"@marketplace\.({known})(?![a-z0-9_-]|\.[a-z0-9])")

    def read(self, cell: str) -> Reading:
        """The aliases of a cell. Text around them, width, quotes, escapes of web addresses do not matter."""
        if cell.isascii() and "marketplace" not in cell.lower():
            return _NOTHING
        if usual := self._usual.fullmatch(cell):
            return Reading(aliases=(Alias(usual[1], usual[2]),), is_bare=True)
        text = clean(cell).lower().replace("\u3002", ".")
        text = _ESCAPED.sub(lambda escape: _ESCAPES.get(escape[1], " "), text)
        found, unread, beside, last = dict[Alias, None](), False, "", 0
        for at in (match.start() for match in _MEANT.finditer(text)):
            word = _word_before(text, at)
            known = self._known.match(text, at)
            aliases = list(self._aliases(word, known[1])) if known else []
            unread = unread or not aliases
            found.update(dict.fromkeys(aliases))
            beside += text[last : at - len(word)]
            last = known.end() if known else at
        is_bare = bool(found) and not unread and not re.search(r"\w", beside + text[last:])
        return Reading(aliases=tuple(found), is_unread=unread, is_bare=is_bare)

    def _aliases(self, word: str, marketplace: str) -> Iterator[Alias]:
        """What may be the alias in a word in front of the `@`: all but the likeliest must look as a buyer's does."""
        first, *more = [*_locals(word)] or [""]
        likely = [first, *filter(_BUYER.fullmatch, more)]
        parsed = (Alias.parse(f"{local}@marketplace.{marketplace}", self._marketplaces) for local in likely)
        return filter(None, parsed)


def _word_before(text: str, at: int) -> str:
    word = _WORD_BEFORE.search(text[max(0, at - _LONGEST_BEFORE) : at])
    return word[0] if word else ""


def _locals(word: str) -> Iterator[str]:
    """Behind a plus there is a tag, but it may also belong to what stands before the alias."""
    base, _, tag = word.partition("+")
    for run in (*reversed(_RUN.findall(base)), *reversed(_RUN.findall(tag))):
        local = run.strip("._-")
        yield local
        if (last := _LAST.search(local)) and last[0] != local:
            yield last[0]


def orders_in(cell: str) -> tuple[OrderId, ...]:
    """Every order id of a cell: with other hyphens or none, a prefix of letters, a number before or behind it."""
    if only := OrderId.parse(cell):
        return (only,)
    found = dict.fromkeys(order_ids_in(cell))
    wide = _ORDER.finditer(clean(cell).upper())
    return tuple(found | dict.fromkeys(OrderId("-".join(match.groups())) for match in wide))


def has_order(cell: str) -> bool:
    """Whether a cell of any column holds an order id; 17 digits without hyphens may be anything."""
    return bool(order_ids_in(cell)) or _WITH_HYPHENS.search(clean(cell).upper()) is not None


def is_order(cell: str) -> bool:
    """Whether a cell is an order id and nothing else."""
    return _ONLY_ORDER.fullmatch(clean(cell).upper()) is not None


def is_unread_order(cell: str) -> bool:
    """Whether a cell without an order id has the digits of one, or those that a spreadsheet left of it."""
    if OrderId.parse(cell):
        return False
    text = clean(cell)
    is_long = sum(map(str.isdigit, text)) >= ORDER_DIGITS
    return (is_long or _ROUNDED.search(text) is not None) and not orders_in(cell)
