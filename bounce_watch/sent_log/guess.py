"""Finds the columns of a log: what is named, then usual titles, then what the cells tell; see mapping.py."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bounce_watch.errors import DataError
from bounce_watch.records.ids import MARKETPLACES, OrderId
from bounce_watch.sent_log.mapping import (
    NONE,
    WORDS,
    Certainty,
    ColumnNames,
    Found,
    Mapping,
    Question,
    option_of,
)
from bounce_watch.sent_log.moments import COUNTED, moment_of
from bounce_watch.sent_log.titles import TITLES, Field, is_other_address, is_other_time, without_zone
from bounce_watch.sent_log.words import PURPOSES, STAYED, WENT_OUT
from bounce_watch.text.headers import called, place_of, those_columns, word_key
from bounce_watch.text.tables import aliases_in, order_ids_in

SAMPLE = 1_000
"""Rows from the beginning whose cells tell what their column holds."""

_ALL = {field: frozenset(key for tier in tiers for key in tier) for field, tiers in TITLES.items()}

_TITLED = frozenset(key for keys in _ALL.values() for key in keys)

_MOST = 0.9
"""Which part of the cells must be of a kind for them to tell it without a title."""


def is_header(cells: Sequence[str]) -> bool:
    """True for a first row in which nothing is an order id, an address or a time, so that nothing is lost."""
    for cell in cells:
        moment = moment_of(cell)
        if order_ids_in(cell) or "@" in cell or (moment and moment.way not in COUNTED):
            return False
    return True


def find_mapping(
    titles: Sequence[str] | None,
    rows: Sequence[Sequence[str]],
    *,
    named: ColumnNames,
    marketplaces: frozenset[str] = MARKETPLACES,
) -> Mapping:
    """The columns of a table with these titles (None: no header), whose first rows are `rows`.

    Raises DataError, naming the columns, for a name that no column has, and when there is no column for the
    instant or neither of order id and alias.
    """
    width = len(titles) if titles is not None else max((len(row) for row in rows), default=0)
    search = _Search(
        titles=None if titles is None else tuple(titles),
        columns=tuple(_Column.of(at, titles, rows) for at in range(width)),
        kinds=_kinds(marketplaces),
    )
    for field in Field:
        name = getattr(named, field.value)
        if name is not None and name != NONE:
            search.name(field, place_of(name, titles, width))
    for field in Field:
        if getattr(named, field.value) is None:
            search.look_for(field)
    return search.mapping()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    """A column of the sample: its position, the key of its title, and its cells that are not empty."""

    at: int
    key: str
    cells: tuple[tuple[int, str], ...]

    @classmethod
    def of(cls, at: int, titles: Sequence[str] | None, rows: Sequence[Sequence[str]]) -> _Column:
        cells = ((number, row[at].strip()) for number, row in enumerate(rows) if at < len(row))
        key = word_key(titles[at]) if titles else ""
        return cls(at=at, key=key, cells=tuple((number, cell) for number, cell in cells if cell))

    def has(self, test: Callable[[str], bool]) -> bool:
        return any(test(cell) for _, cell in self.cells)

    def share(self, test: Callable[[str], bool]) -> float:
        return sum(test(cell) for _, cell in self.cells) / len(self.cells) if self.cells else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """How the cells of a field look: `fits`: some of them must (if there are any), `tells`: then it needs no title."""

    fits: Callable[[str], bool] | None = None
    tells: Callable[[_Column], bool] = lambda _: False
    what: str = ""
    is_other: Callable[[str], bool] = lambda _: False


def _kinds(marketplaces: frozenset[str]) -> dict[Field, _Kind]:
    def has_alias(cell: str) -> bool:
        return bool(aliases_in(cell, marketplaces))

    return {
        Field.ORDER_ID: _Kind(
            fits=lambda cell: bool(order_ids_in(cell)),
            tells=lambda column: column.has(lambda cell: OrderId.parse(cell) is not None),
            what="order ids are in it",
        ),
        Field.ALIAS: _Kind(
            fits=has_alias,
            tells=lambda column: column.has(has_alias),
            what="addresses of buyers are in it",
            is_other=is_other_address,
        ),
        Field.SENT_AT: _Kind(
            fits=lambda cell: moment_of(cell) is not None,
            tells=lambda column: column.share(_is_written_time) >= _MOST,
            what="times are in it",
            is_other=is_other_time,
        ),
        Field.STATUS: _Kind(tells=_tells_status, what="its words tell what was sent"),
        Field.PURPOSE: _Kind(
            tells=lambda column: column.share(lambda cell: word_key(cell) in PURPOSES) >= _MOST,
            what="purposes are in it",
        ),
        Field.MARKETPLACE: _Kind(
            tells=lambda column: column.share(_is_marketplace) >= _MOST, what="marketplaces are in it"
        ),
        Field.LABEL: _Kind(),
        Field.MESSAGE_ID: _Kind(),
    }


def _is_written_time(cell: str) -> bool:
    moment = moment_of(cell)
    return moment is not None and moment.way not in COUNTED


def _is_marketplace(cell: str) -> bool:
    return cell.casefold().removeprefix("https://").removeprefix("www.").startswith("amazon.")


def _is_status(cell: str) -> bool:
    return word_key(cell) in WENT_OUT or word_key(cell) in STAYED


def _tells_status(column: _Column) -> bool:
    """Yes and no may be anything: without a title, the words must be others, and one of them that it was not sent."""
    plain = {"yes", "no", "true", "false", "ok", "done", "open"}
    said = {word_key(cell) for _, cell in column.cells}
    return bool(said & STAYED - plain) and column.share(_is_status) >= _MOST


class _Search:
    """Gives each column to at most one field."""

    def __init__(
        self, *, titles: tuple[str, ...] | None, columns: tuple[_Column, ...], kinds: dict[Field, _Kind]
    ) -> None:
        self._titles, self._columns, self._kinds = titles, columns, kinds
        self._found: dict[Field, Found] = {}
        self._questions: list[Question] = []

    def name(self, field: Field, place: int) -> None:
        self._take(field, place, Certainty.NAMED, "you named it")

    def look_for(self, field: Field) -> None:
        kind = self._kinds[field]
        for tier in range(len(TITLES[field])):
            if alike := [each for each in self._free() if self._is_titled(each, field, tier)]:
                self._choose(field, alike, Certainty.TITLE, "its title")
                return
        others = frozenset[str]() if kind.fits else _TITLED - _ALL[field]
        free = [each for each in self._free() if each.key not in others and not kind.is_other(each.key)]
        if alike := [each for each in free if kind.tells(each)]:
            self._choose(field, alike, Certainty.CONTENT, kind.what)
        elif kind.fits and (
            alike := [each for each in self._free() if self._key_of(each, field) in _ALL[field]]
        ):
            # So that what is wrong with its cells is told, row by row.
            self._choose(field, alike[:1], Certainty.TITLE, "its title")

    def mapping(self) -> Mapping:
        found = tuple(self._found[field] for field in Field if field in self._found)
        open_ = {question.field for question in self._questions}
        if Field.SENT_AT not in {*self._found, *open_}:
            raise self._missing("no column that says when a message was sent", "--sent-at-column")
        if not {Field.ORDER_ID, Field.ALIAS} & {*self._found, *open_}:
            raise self._missing("neither an order id nor an alias column", "--order-column or --alias-column")
        return Mapping(
            titles=self._titles, width=len(self._columns), found=found, questions=tuple(self._questions)
        )

    def _missing(self, what: str, options: str) -> DataError:
        those = those_columns(self._titles, len(self._columns))
        return DataError(f"The sent log has {what}.", f"{those} Name one: {options}")

    def _free(self) -> Iterator[_Column]:
        taken = {each.place for each in self._found.values()}
        return (column for column in self._columns if column.at not in taken)

    def _key_of(self, column: _Column, field: Field) -> str:
        return without_zone(column.key)[0] if field is Field.SENT_AT else column.key

    def _is_titled(self, column: _Column, field: Field, tier: int) -> bool:
        if self._key_of(column, field) not in TITLES[field][tier]:
            return False
        fits = _is_status if field is Field.STATUS and tier else self._kinds[field].fits
        return fits is None or not column.cells or column.has(fits)

    def _choose(self, field: Field, alike: Sequence[_Column], certainty: Certainty, why: str) -> None:
        """The one column, or the fullest of several that never contradict each other; else a question."""
        best = max(alike, key=lambda column: (len(column.cells), -column.at))
        told = dict(best.cells)
        if any(told.get(number, cell) != cell for each in alike for number, cell in each.cells):
            which = " and ".join(called(each.at, self._titles) for each in alike)
            self._questions.append(
                Question(
                    field=field,
                    what=f"Columns {which} may both hold the {WORDS[field]}, and they differ.",
                    answer=f"Name the right one: {option_of(field)}",
                )
            )
            return
        self._take(field, best.at, certainty, why)
        if field is Field.SENT_AT and certainty is Certainty.TITLE:
            self._doubt_time(best)

    def _doubt_time(self, best: _Column) -> None:
        """A title like `Date` is no proof where another column of times has a title that says nothing to us."""
        key = without_zone(best.key)[0]
        rest = [each for each in self._free() if self._kinds[Field.SENT_AT].tells(each)]
        unknown = [each for each in rest if not is_other_time(each.key)]
        if key not in TITLES[Field.SENT_AT][0] and unknown:
            why = f"its title, but {called(unknown[0].at, self._titles)} holds times, too"
            self._take(Field.SENT_AT, best.at, Certainty.CONTENT, why)

    def _take(self, field: Field, place: int, certainty: Certainty, why: str) -> None:
        self._found[field] = Found(field=field, place=place, certainty=certainty, why=why)
