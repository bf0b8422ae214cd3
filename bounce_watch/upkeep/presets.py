"""The presets as a person and a program read about them: what for, how well known, and what to beware of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from bounce_watch.errors import DataError
from bounce_watch.reports.layout import Grid, Look, Section, cell, cells
from bounce_watch.suppression.preset import INSTANTS, Column, Format, Preset, load_preset, preset_names
from bounce_watch.text.inert import json_text

_GAP = 2
_LABEL = 14
_INDENT = 4
_KEYS = {"alias": "alias", "order": "order id", "both": "alias and order ids"}


def all_presets(folder: Path) -> tuple[list[Preset], list[DataError]]:
    """Every preset that can be used, by name, and what is wrong with the others."""
    found, wrong = [], []
    for name in preset_names(folder):
        try:
            found.append(load_preset(name, folder))
        except DataError as error:
            wrong.append(error)
    return found, wrong


def presets_section(presets: Sequence[Preset], width: int) -> Section:
    """A row for each preset: name, key, format, evidence; below it over the whole width what it is for, and the warning."""
    heads = ("preset", "by", "format", "evidence")
    table = [(_marked(each), each.key.value, _format(each), each.evidence.value) for each in presets]
    widths = tuple(max(map(len, column)) + _GAP for column in zip(heads, *table, strict=True))
    grids = [Grid(widths=widths, rows=[cells(*heads, look=Look.QUIET)])]
    for preset, texts in zip(presets, table, strict=True):
        grids.append(Grid(widths=widths, rows=[[cell(texts[0], Look.STRONG), *cells(*texts[1:])]]))
        below = [(preset.description, Look.PLAIN), (f"Warning: {preset.warning}", Look.CHECK)]
        rows = [[cell(""), cell(text, look)] for text, look in below[: 2 if preset.warning else 1]]
        grids.append(Grid(widths=(_INDENT, width - _INDENT), rows=rows, wraps=True))
    return Section(title=f"Presets: {len(presets)}", grids=tuple(grids))


def preset_section(preset: Preset, width: int) -> Section:
    """One preset, a line for each thing that is to be known."""
    facts = [(label, text, Look.PLAIN) for label, text in _facts(preset)]
    if preset.warning:
        facts.append(("warning", preset.warning, Look.CHECK))
    facts += [
        ("column" if column is preset.columns[0] else "", _column(column), Look.PLAIN)
        for column in preset.columns
    ]
    rows = [[cell(label, Look.QUIET), cell(text, look)] for label, text, look in facts]
    return Section(
        title=f"Preset {preset.name}", grids=(Grid(widths=(_LABEL, width - _LABEL), rows=rows, wraps=True),)
    )


def preset_json(preset: Preset) -> str:
    """One object on one line."""
    in_csv = preset.format is Format.CSV
    return json_text(
        {
            "name": preset.name,
            "description": preset.description,
            "own": preset.file is not None,
            "key": preset.key.value,
            "rows": preset.rows.value,
            "format": preset.format.value,
            "header": preset.header,
            "delimiter": preset.delimiter if in_csv else None,
            "encoding": preset.encoding if in_csv else None,
            "line_end": preset.line_end if in_csv else None,
            "within": preset.within or None,
            "max_rows": preset.max_rows,
            "evidence": preset.evidence.value,
            "source": preset.source or None,
            "warning": preset.warning or None,
            "columns": [
                {
                    "header": column.header,
                    "source": column.source,
                    "value": None if column.source else column.value,
                    "form": column.form.value if column.source in INSTANTS else None,
                }
                for column in preset.columns
            ],
        },
        sort_keys=True,
    )


def _facts(preset: Preset) -> Iterator[tuple[str, str]]:
    yield "for", preset.description
    yield "known by", _KEYS[preset.key.value]
    yield "a row is", "a buyer" if preset.rows.value == "alias" else "an order"
    yield "format", _format(preset)
    if preset.format is Format.CSV:
        delimiter = {",": "comma", ";": "semicolon"}.get(preset.delimiter, "tab")
        end = "CR LF" if preset.line_end == "\r\n" else "LF"
        header = "a header" if preset.header else "no header"
        yield "written as", f"{delimiter}, {preset.encoding}, {end}, {header}"
    if preset.max_rows:
        yield "parts", f"of at most {preset.max_rows:,} rows"
    yield "evidence", f"{preset.evidence.value}: {preset.source}" if preset.source else preset.evidence.value
    if preset.file:
        yield "file", str(preset.file)


def _column(column: Column) -> str:
    return (
        f"{column.header}: {column.source.value}"
        if column.source
        else f'{column.header}: always "{column.value}"'
    )


def _marked(preset: Preset) -> str:
    return f"{preset.name} (own)" if preset.file else preset.name


def _format(preset: Preset) -> str:
    return (
        preset.format.value.replace("_", " ")
        .replace("json", "JSON")
        .replace("csv", "CSV")
        .replace("xlsx", "XLSX")
    )
