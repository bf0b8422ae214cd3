"""The shape in which one dispatch tool wants to read the list, as data: one TOML file for each preset."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from importlib import resources
from typing import TypeVar

from bounce_watch.errors import DataError


class Key(StrEnum):
    """What a tool knows a buyer by; BOTH means the alias, and the order id where no alias is known."""

    ALIAS = "alias"
    ORDER = "order"
    BOTH = "both"


class Source(StrEnum):
    """What stands in a column. ORDER_IDS are all orders of an entry, separated by a space."""

    ACCOUNT = "account"
    ALIAS = "alias"
    ORDER_ID = "order_id"
    ORDER_IDS = "order_ids"
    MARKETPLACE = "marketplace"
    SINCE = "since"
    LAST_NOTICED_AT = "last_noticed_at"
    NOTICES = "notices"
    SOURCE = "source"
    REASON = "reason"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column: the text of its header, and where its cells come from."""

    header: str
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """One shape of export. `rows` says whether an alias (Key.ALIAS) or an order (Key.ORDER) has a row."""

    name: str
    description: str
    key: Key
    rows: Key
    header: bool
    delimiter: str
    encoding: str
    line_end: str
    columns: tuple[Column, ...]


_T = TypeVar("_T")

_LINE_ENDS = {"lf": "\n", "crlf": "\r\n"}
_DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t"}
_TEXTS = ("description", "key", "rows", "delimiter", "encoding", "line_end")


def preset_names() -> tuple[str, ...]:
    """The names of the presets that come with the program, sorted."""
    files = resources.files(__package__).joinpath("presets").iterdir()
    return tuple(sorted(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml")))


def load_preset(name: str) -> Preset:
    """The preset of this name; DataError when there is none."""
    names = preset_names()
    if name not in names:
        near = get_close_matches(name, names, n=1)
        meant = f"Did you mean {near[0]}? " if near else ""
        raise DataError(f"There is no preset called {name!r}.", f"{meant}There are: {', '.join(names)}.")
    text = resources.files(__package__).joinpath("presets", f"{name}.toml").read_text("utf-8")
    return parse_preset(name, text)


def parse_preset(name: str, text: str) -> Preset:
    """The preset that a TOML text describes; DataError, naming the key, when something in it is wrong."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _wrong(name, f"is no TOML: {error}") from error
    texts = _texts(name, table)
    preset = Preset(
        name=name,
        description=texts["description"],
        key=_one_of(name, "key", texts["key"], {each.value: each for each in Key}),
        rows=_one_of(name, "rows", texts["rows"], {"alias": Key.ALIAS, "order": Key.ORDER}),
        header=_flag(name, table),
        delimiter=_one_of(name, "delimiter", texts["delimiter"], _DELIMITERS),
        encoding=_encoding(name, texts["encoding"]),
        line_end=_one_of(name, "line_end", texts["line_end"], _LINE_ENDS),
        columns=_columns(name, table["columns"]),
    )
    _check_rows(preset)
    return preset


def _texts(name: str, table: Mapping[str, object]) -> dict[str, str]:
    known = {*_TEXTS, "header", "columns"}
    if unknown := sorted(table.keys() - known):
        raise _wrong(name, f"has an unknown key {unknown[0]!r}")
    if missing := sorted(known - table.keys()):
        raise _wrong(name, f"lacks the key {missing[0]!r}")
    if wrong := [key for key in _TEXTS if not isinstance(table[key], str)]:
        raise _wrong(name, f"has a {wrong[0]!r} that is no text")
    return {key: str(table[key]) for key in _TEXTS}


def _one_of(name: str, key: str, value: str, known: Mapping[str, _T]) -> _T:
    if value not in known:
        raise _wrong(name, f"has the {key} {value!r}; known are {', '.join(known)}")
    return known[value]


def _flag(name: str, table: Mapping[str, object]) -> bool:
    if not isinstance(table["header"], bool):
        raise _wrong(name, "has a 'header' that is neither true nor false")
    return table["header"]


def _encoding(name: str, encoding: str) -> str:
    try:
        "".encode(encoding)
    except LookupError as error:
        raise _wrong(name, f"has an unknown encoding {encoding!r}") from error
    return encoding


def _columns(name: str, columns: object) -> tuple[Column, ...]:
    if not isinstance(columns, list) or not columns:
        raise _wrong(name, "has no columns")
    return tuple(_column(name, column) for column in columns)


def _column(name: str, column: object) -> Column:
    if not isinstance(column, dict) or column.keys() != {"header", "source"}:
        raise _wrong(name, "has a column that is not just a header and a source")
    if not isinstance(column["header"], str) or not isinstance(column["source"], str):
        raise _wrong(name, "has a column whose header or source is no text")
    source = _one_of(name, "source", column["source"], {each.value: each for each in Source})
    return Column(header=column["header"], source=source)


def _check_rows(preset: Preset) -> None:
    sources = {column.source for column in preset.columns}
    by_order = preset.rows is Key.ORDER
    if Source.ORDER_ID in sources and not by_order:
        raise _wrong(preset.name, "has a column order_id, which needs rows = 'order'")
    if preset.key is not Key.BOTH and preset.key is not preset.rows:
        raise _wrong(preset.name, "has one row for each alias or order, but another key")
    keys = {Key.ALIAS: {Source.ALIAS}, Key.ORDER: {Source.ORDER_ID}}
    needed = keys.get(preset.key, {Source.ALIAS, Source.ORDER_ID if by_order else Source.ORDER_IDS})
    if missing := sorted(needed - sources):
        raise _wrong(preset.name, f"lacks a column with its key {missing[0].value!r}")


def _wrong(name: str, what: str) -> DataError:
    return DataError(f"The preset {name!r} {what}.", "Compare it with one of the presets in the reference.")
