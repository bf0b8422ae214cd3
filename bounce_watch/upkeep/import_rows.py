"""A list of another tool, row by row: who stands in it, and what it says of them. Nothing is decided here."""

from __future__ import annotations

import io
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from enum import StrEnum
from itertools import chain, islice
from typing import TypeVar

from bounce_watch.errors import DataError, UsageError
from bounce_watch.records.decision import Action, DecisionScope
from bounce_watch.records.ids import MARKETPLACES, Alias, OrderId
from bounce_watch.sent_log.source import parse_instant
from bounce_watch.suppression.scrub_columns import LOOKED_AT, Columns, ScrubColumns, find_columns
from bounce_watch.text.dialects import Dialect, read_batches, tell_dialect
from bounce_watch.text.tables import aliases_in, fold_header, order_ids_in, usual_column
from bounce_watch.upkeep.decide import Name, end_of_day

USUAL_NAMES: dict[str, tuple[str, ...]] = {
    "note": tuple("note notes reason comment comments remark remarks".split()),
    "action": ("action", "decision"),
    "expires_at": tuple(
        "expiresat expires expireson expirydate expiry expirationdate validuntil until".split()
    ),
    "scope": ("scope",),
}
"""Folded header names (fold_header) of the columns that say more, the surest first."""

OURS = frozenset({"account", "alias", "orderids"})
"""With these a table is an export of our own preset `csv`, and tells whose list each row stands on."""

ACTIONS = {
    "": Action.ADD,
    **dict.fromkeys(("add", "suppress", "exclude", "optout", "unsubscribe"), Action.ADD),
    **dict.fromkeys(("release", "remove", "delete", "resubscribe"), Action.RELEASE),
    "allow": Action.ALLOW,
}
SCOPES = {"": DecisionScope.BUYER, "buyer": DecisionScope.BUYER, "order": DecisionScope.ORDER}

LONGEST_NOTE = 500

_T = TypeVar("_T")
_Row = tuple[int, Sequence[str]]
"""A row's number, as a spreadsheet shows it, and its cells."""

_ADDRESS = re.compile(r"[^\s<>,;]+@[^\s<>,;]+")
_AT_A_MARKETPLACE = re.compile(r"@marketplace(?:\.?$|\.amazon\b)", re.IGNORECASE)
_SEPARATORS = re.compile(r"[\s,;|\[\]]+")
_ORDER_DIGITS = 14
"""A word with so many digits or more is meant as an order id, which has 16 or 17."""


class LeftOut(StrEnum):
    """Why a row was understood and yet nothing follows from it."""

    NOT_AMAZON = "not_amazon"
    SHARED = "shared"
    EXPIRED = "expired"
    OTHER_ACCOUNT = "other_account"
    WEAKENS = "weakens"
    ALLOWED = "allowed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRow:
    """One row: whom it names, what it says of them, and `left_out` where that is already nothing."""

    number: int
    names: tuple[Name, ...] = ()
    action: Action = Action.ADD
    scope: DecisionScope = DecisionScope.BUYER
    note: str = ""
    expires_at: datetime | None = None
    left_out: LeftOut | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How to read a table: whose it is, the zone of its days, and what the user named instead of leaving it to us."""

    account: str
    zone: tzinfo
    marketplaces: frozenset[str] = MARKETPLACES
    columns: ScrubColumns = field(default_factory=ScrubColumns)
    every_row_is: Action | None = None
    encoding: str | None = None
    delimiter: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """How a table was understood: its dialect, where the names stand, and the place of each column that says more."""

    dialect: Dialect
    columns: Columns
    more: Mapping[str, int]

    def called(self, meaning: str) -> str | None:
        """The title of a column that says more; None where there is none."""
        titles = self.columns.titles or ()
        return titles[self.more[meaning]].strip() if meaning in self.more else None


def read_list(octets: bytes, reading: Reading) -> tuple[Found, Iterator[ListRow]]:
    """How the table was understood, and its rows one by one; empty ones are none.

    DataError, with the row's number and nothing of its content, for a row that can't be understood, and for
    a table that names nobody.
    """
    file = io.BytesIO(octets)
    dialect = tell_dialect(file, encoding=reading.encoding, delimiter=reading.delimiter)
    rows = _rows(file, dialect)
    sample = list(islice(rows, LOOKED_AT))
    if not sample:
        raise DataError("The file is empty.", "Give a table with order ids or buyers' addresses.")
    titles = None if _is_data(sample[0][1]) else sample.pop(0)[1]
    said = _more(titles or ())
    columns = _columns(titles, sample, reading, without=said.values())
    if reading.every_row_is:
        said.pop("action", None)
    found = Found(dialect=dialect, columns=columns, more=said)
    return found, (_understood(row, found, reading) for row in chain(sample, rows))


def _rows(file: io.BytesIO, dialect: Dialect) -> Iterator[_Row]:
    for batch in read_batches(file, dialect):
        for number, cells in enumerate(batch.rows, batch.number):
            if any(cell.strip() for cell in cells):
                yield number, [dialect.coding.shown(cell) for cell in cells]


def _is_data(cells: Sequence[str]) -> bool:
    """True where a cell holds an address or an order id, or what was meant as one: no header does."""
    words = (word for cell in cells for word in _SEPARATORS.split(cell))
    return any(_ADDRESS.search(word) or _is_meant_as_order(word) for word in words)


def _is_meant_as_order(word: str) -> bool:
    return sum(char.isdigit() for char in word) >= _ORDER_DIGITS


def _columns(
    titles: Sequence[str] | None, sample: Sequence[_Row], reading: Reading, *, without: Collection[int]
) -> Columns:
    """Where the names stand; columns that say more (`without`) are no place for them, whatever a note mentions."""
    width = len(titles) if titles else max((len(cells) for _, cells in sample), default=0)
    even = [
        ["" if place in without else cell for place, cell in enumerate([*cells, *[""] * width][:width])]
        for _, cells in sample
    ]
    return find_columns(titles, even, width=width, named=reading.columns, marketplaces=reading.marketplaces)


def _more(titles: Sequence[str]) -> dict[str, int]:
    """The columns that say more than names; the account's only in an export of ours."""
    wanted = dict(USUAL_NAMES)
    if frozenset(map(fold_header, titles)) >= OURS:
        wanted["account"] = ("account",)
    places = {meaning: usual_column(titles, names) for meaning, names in wanted.items()}
    return {meaning: place for meaning, place in places.items() if place is not None}


def _understood(row: _Row, found: Found, reading: Reading) -> ListRow:
    number, cells = row
    if found.columns.titles and any(cell.strip() for cell in cells[found.columns.width :]):
        raise _wrong(number, f"has {len(cells)} cells under {found.columns.width} columns")
    said = {meaning: _cell(cells, place) for meaning, place in found.more.items()}
    if said.get("account", reading.account) != reading.account:
        return ListRow(number=number, left_out=LeftOut.OTHER_ACCOUNT)
    scope = _one_of(number, "scope", said, SCOPES)
    named = " ".join(_cell(cells, place) for place in found.columns.alias_at)
    ordered = " ".join(_cell(cells, place) for place in found.columns.order_at)
    names, left_out = _names(number, named, ordered, scope, reading.marketplaces)
    return ListRow(
        number=number,
        names=names,
        action=reading.every_row_is or _one_of(number, "action", said, ACTIONS),
        scope=scope,
        note=said.get("note", "")[:LONGEST_NOTE],
        expires_at=_expires(number, said.get("expires_at", ""), reading.zone),
        left_out=left_out,
    )


def _cell(cells: Sequence[str], place: int) -> str:
    return cells[place].strip() if place < len(cells) else ""


def _names(
    number: int, named: str, ordered: str, scope: DecisionScope, marketplaces: frozenset[str]
) -> tuple[tuple[Name, ...], LeftOut | None]:
    """Everybody whom a row names; nobody, and the reason, where its addresses are no buyer's."""
    aliases, orders = _aliases(number, named, marketplaces), _orders(number, ordered)
    if scope is DecisionScope.ORDER:
        if not orders:
            raise _wrong(number, "is about an order and names none")
        return orders, None
    buyers = tuple(alias for alias in aliases if not alias.is_shared)
    if buyers or orders:
        return (*buyers, *orders), None
    if aliases:
        return (), LeftOut.SHARED
    if _ADDRESS.search(named):
        return (), LeftOut.NOT_AMAZON
    raise _wrong(number, "has neither an order id nor a buyer's address")


def _aliases(number: int, cell: str, marketplaces: frozenset[str]) -> tuple[Alias, ...]:
    """Every alias of a cell; DataError for an address at a marketplace that can't be one."""
    for word in _ADDRESS.findall(cell):
        if _AT_A_MARKETPLACE.search(word) and not aliases_in(word, marketplaces):
            raise DataError(
                f"Row {number} has an address at a marketplace that is none, or not known; nothing was filed.",
                "Correct it, or add the marketplace to the settings ([amazon] marketplaces).",
            )
    return aliases_in(cell, marketplaces)


def _orders(number: int, cell: str) -> tuple[OrderId, ...]:
    """Every order id of a cell; DataError where a word is meant as one and can't be read."""
    for word in _SEPARATORS.split(cell):
        if _is_meant_as_order(word) and not order_ids_in(word):
            raise _wrong(number, "has an order id that can't be read")
    return order_ids_in(cell)


def _one_of(number: int, meaning: str, said: Mapping[str, str], known: Mapping[str, _T]) -> _T:
    value = fold_header(said.get(meaning, ""))
    if value not in known:
        words = ", ".join(word for word in known if word)
        raise DataError(
            f"Row {number} has an unknown {meaning}; nothing was filed.",
            f"Known are: {words}." + (" Or say what every row is: --as add" if meaning == "action" else ""),
        )
    return known[value]


def _expires(number: int, cell: str, zone: tzinfo) -> datetime | None:
    """The end of a day, or an instant; None for an empty cell."""
    if not cell:
        return None
    try:
        return end_of_day(date.fromisoformat(cell), zone)
    except (ValueError, UsageError):
        instant = parse_instant(cell, zone)
    if instant is None:
        raise _wrong(number, "ends at what is neither a day as 2026-12-31 nor an instant")
    return instant


def _wrong(number: int, what: str) -> DataError:
    return DataError(
        f"Row {number} {what}; nothing was filed.", "Correct the row or take it out, and import again."
    )
