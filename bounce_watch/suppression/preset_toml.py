"""Reads a preset from TOML and refuses a wrong one with its line and the reason."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from bounce_watch.errors import DataError
from bounce_watch.suppression.preset_shape import (
    INSTANTS,
    Column,
    Format,
    FormatEvidence,
    InstantForm,
    Key,
    Preset,
    Source,
)
from bounce_watch.text.inert import formula_safe, inert

SHEET_ROWS = 1_048_575
"""Rows of a spreadsheet below its header."""

_T = TypeVar("_T")

_LINE_ENDS = {"lf": "\n", "crlf": "\r\n"}
_DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t"}
_ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "ascii", "iso-8859-1", "iso-8859-15", "cp1252", "cp932")
"""What tools read. Python knows others that are no letters' codes but transformations."""

_CSV_ONLY = {"delimiter": "comma", "encoding": "utf-8", "line_end": "crlf"}
_TEXTS = {"description": None, "key": None, "format": "csv", **_CSV_ONLY, "within": ""} | {
    "rows": "",
    "evidence": "guessed",
    "source": "",
    "warning": "",
}
"""Keys that hold text, with what they are if left out (None: they are needed)."""

KEYS = frozenset({*_TEXTS, "header", "max_rows", "columns"})
COLUMN_KEYS = frozenset({"header", "source", "value", "form"})
_AT = re.compile(r"\(at line (\d+), column \d+\)$")


def parse_preset(name: str, text: str, file: Path | None = None) -> Preset:
    """The preset that a TOML text describes; DataError, with the line and the key, when something in it is wrong.

    `file` is where the text comes from, None for a preset of the program.
    """
    return _Reader(name, text, file).preset()


class _Reader:
    """One text: its table, and the lines on which its keys stand."""

    def __init__(self, name: str, text: str, file: Path | None) -> None:
        self._name, self._text, self._file = name, text, file
        try:
            self._table: Mapping[str, object] = tomllib.loads(text)
        except (ValueError, RecursionError) as error:  # an endless number is a plain ValueError
            found = _AT.search(str(error))
            line = int(found[1]) if found else text.count("\n") + 1
            raise self._wrong(f"is no TOML: {error}", line) from error

    def preset(self) -> Preset:
        self._check_keys()
        key = self._one_of("key", {each.value: each for each in Key})
        form = self._one_of("format", {each.value: each for each in Format})
        by = {"alias": Key.ALIAS, "order": Key.ORDER}
        preset = Preset(
            name=self._name,
            description=self._said("description"),
            key=key,
            rows=self._one_of("rows", by) if "rows" in self._table else by.get(key.value, Key.ALIAS),
            columns=self._columns(),
            format=form,
            header=self._flag(),
            delimiter=self._one_of("delimiter", _DELIMITERS),
            encoding=self._one_of("encoding", {each: each for each in _ENCODINGS}),
            line_end=self._one_of("line_end", _LINE_ENDS),
            within=self._said("within"),
            max_rows=self._max_rows(form),
            evidence=self._one_of("evidence", {each.value: each for each in FormatEvidence}),
            source=self._said("source"),
            warning=self._said("warning"),
            file=self._file,
        )
        self._check_format(preset)
        self._check_rows(preset)
        return preset

    def _check_keys(self) -> None:
        if unknown := sorted(self._table.keys() - KEYS):
            raise self._wrong(f"has an unknown key {unknown[0]!r}", self._line(unknown[0]))
        needed = {"columns", *(key for key, default in _TEXTS.items() if default is None)}
        if missing := sorted(needed - self._table.keys()):
            raise self._wrong(f"lacks the key {missing[0]!r}", 1)
        for key in _TEXTS.keys() & self._table.keys():
            if not isinstance(self._table[key], str):
                raise self._wrong(f"has a {key!r} that is no text", self._line(key))

    def _said(self, key: str) -> str:
        """A text; it may stand on a terminal, or be a key in JSON, so it is one line that does nothing."""
        text = str(self._table.get(key, _TEXTS[key] or ""))
        if inert(text) != text:
            raise self._wrong(f"has a {key!r} with characters that do not show", self._line(key))
        return text

    def _one_of(self, key: str, known: Mapping[str, _T]) -> _T:
        value = str(self._table.get(key, _TEXTS[key]))
        if value not in known:
            raise self._wrong(f"has the {key} {value!r}; known are {', '.join(known)}", self._line(key))
        return known[value]

    def _flag(self) -> bool:
        header = self._table.get("header", True)
        if not isinstance(header, bool):
            raise self._wrong("has a 'header' that is neither true nor false", self._line("header"))
        return header

    def _max_rows(self, form: Format) -> int | None:
        rows = self._table.get("max_rows", SHEET_ROWS if form is Format.XLSX else None)
        if rows is None:
            return None
        if isinstance(rows, bool) or not isinstance(rows, int) or rows < 1:
            raise self._wrong("has a 'max_rows' that is no number from 1 on", self._line("max_rows"))
        if form is Format.XLSX and rows > SHEET_ROWS:
            raise self._wrong(
                f"has a 'max_rows' of more than {SHEET_ROWS:,}, which no sheet holds", self._line("max_rows")
            )
        return rows

    def _columns(self) -> tuple[Column, ...]:
        columns = self._table["columns"]
        if not isinstance(columns, list) or not columns:
            raise self._wrong("has no columns", self._line("columns"))
        found = tuple(self._column(column, number) for number, column in enumerate(columns))
        for number, column in enumerate(found):
            if column.header in [earlier.header for earlier in found[:number]]:
                line = self._line("header", number)
                raise self._wrong(f"has two columns with the header {column.header!r}", line)
        return found

    def _column(self, column: object, number: int) -> Column:
        found = self._column_texts(column, number)
        source = None
        if "source" in found:
            source = self._column_word(found, "source", {each.value: each for each in Source}, number)
        if "form" not in found:
            return Column(header=found["header"], source=source, value=found.get("value", ""))
        if source not in INSTANTS:
            raise self._wrong("has a form for a column without an instant", self._line("form", number))
        form = self._column_word(found, "form", {each.value: each for each in InstantForm}, number)
        return Column(header=found["header"], source=source, form=form)

    def _column_texts(self, column: object, number: int) -> Mapping[str, str]:
        """The texts of a column that has the keys it needs and no others, and whose own texts are harmless."""
        line = self._line(None, number)
        if not isinstance(column, dict) or not all(isinstance(value, str) for value in column.values()):
            raise self._wrong("has a column with something that is no text", line)
        if unknown := sorted(column.keys() - COLUMN_KEYS):
            line = self._line(unknown[0], number)
            raise self._wrong(f"has a column with the unknown key {unknown[0]!r}", line)
        if not column.get("header") or ("source" in column) == ("value" in column):
            raise self._wrong("has a column without a header, or without either a source or a value", line)
        for key in ("header", "value"):
            text = column.get(key, "")
            if formula_safe(inert(text)) != text:
                line = self._line(key, number)
                raise self._wrong(f"has a {key} that could be a formula, or does not show as it is", line)
        return column

    def _column_word(self, column: Mapping[str, str], key: str, known: Mapping[str, _T], number: int) -> _T:
        value = column[key]
        if value not in known:
            line = self._line(key, number)
            raise self._wrong(f"has the {key} {value!r}; known are {', '.join(known)}", line)
        return known[value]

    def _check_format(self, preset: Preset) -> None:
        if preset.format is not Format.CSV and (extra := sorted(_CSV_ONLY.keys() & self._table.keys())):
            raise self._wrong(f"has the key {extra[0]!r}, which is for csv only", self._line(extra[0]))
        if preset.within and preset.format is not Format.JSON:
            raise self._wrong("has the key 'within', which is for json only", self._line("within"))
        if preset.header or preset.format is Format.CSV:
            return
        if preset.format is not Format.JSON or len(preset.columns) > 1:
            raise self._wrong(
                "has no header, which only csv, and json with one column, can be without",
                self._line("header"),
            )

    def _check_rows(self, preset: Preset) -> None:
        sources = {column.source for column in preset.columns}
        by_order = preset.rows is Key.ORDER
        if Source.ORDER_ID in sources and not by_order:
            raise self._wrong("has a column order_id, which needs rows = 'order'", self._line("columns"))
        if preset.key is not Key.BOTH and preset.key is not preset.rows:
            line = self._line("rows")
            raise self._wrong("has one row for each alias or order, but another key", line)
        keys = {Key.ALIAS: {Source.ALIAS}, Key.ORDER: {Source.ORDER_ID}}
        needed = keys.get(preset.key, {Source.ALIAS, Source.ORDER_ID if by_order else Source.ORDER_IDS})
        if missing := sorted(needed - sources):
            line = self._line("columns")
            raise self._wrong(f"lacks a column with its key {missing[0].value!r}", line)

    def _line(self, key: str | None, column: int | None = None) -> int:
        """The line on which a key stands, of the preset or of its column of that number; else the next best one."""
        lines = self._text.split("\n")
        heads = [at for at, line in enumerate(lines, 1) if re.match(r"\s*\[\[?\s*columns\s*\]", line)]
        if column is None:
            found = _find(lines, key or "", 1, heads[0] if heads else len(lines) + 1)
            return found or (heads[0] if heads else 1)
        if column >= len(heads):  # columns in one list: all of them stand where it does
            return _find(lines, "columns", 1, len(lines) + 1) or 1
        end = heads[column + 1] if column + 1 < len(heads) else len(lines) + 1
        return (_find(lines, key, heads[column], end) if key else None) or heads[column]

    def _wrong(self, what: str, line: int) -> DataError:
        place = f"line {line} of {self._file}" if self._file else f"line {line}"
        return DataError(
            f"The preset {self._name!r} {what} ({place}).",
            "docs/how-to/write-a-preset.md says what may stand there.",
        )


def _find(lines: list[str], key: str, start: int, end: int) -> int | None:
    """The first line from `start` to before `end` that gives this key a value."""
    pattern = re.compile(rf"""\s*["']?{re.escape(key)}["']?\s*=""")
    return next((at for at in range(start, end) if pattern.match(lines[at - 1])), None)
