"""The exports of an account, in their two forms for people and programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import tzinfo

from bounce_watch.records.filed import ExportRecord
from bounce_watch.reports import wording as say
from bounce_watch.reports.layout import Grid, Look, Section, cell, cells, paragraph
from bounce_watch.text.inert import json_text

_GAP = 2
_HEADS = ("when", "preset", "form", "file", "keys", "came", "went")


def exports_section(account: str, exports: Sequence[ExportRecord], width: int, zone: tzinfo) -> Section:
    """The exports as a table, in the order given; the path gets the room that the rest leaves."""
    title = f"Exports of {account}"
    if not exports:
        return Section(title=title, grids=(paragraph(width, ("None yet.", Look.PLAIN)),))
    table = [_row(export, zone) for export in exports]
    widths = [max(map(len, column)) + _GAP for column in zip(_HEADS, *table, strict=True)]
    at = _HEADS.index("file")
    widths[at] = max(12, min(widths[at], width - sum(widths) + widths[at]))
    table = [(*row[:at], _end_of(row[at], widths[at] - _GAP), *row[at + 1 :]) for row in table]
    rows = [cells(*_HEADS, look=Look.QUIET), *([cell(text) for text in row] for row in table)]
    grid = Grid(widths=tuple(widths), rows=rows, right_from=_HEADS.index("keys"), gap=_GAP)
    return Section(title=title, grids=(grid,))


def _end_of(path: str, width: int) -> str:
    """The end of a path, where its name stands, in so many columns."""
    return path if len(path) <= width else f"…{path[len(path) - width + 1 :]}"


def _row(export: ExportRecord, zone: tzinfo) -> tuple[str, ...]:
    return (
        say.moment(export.made_at, zone),
        export.preset,
        export.form.value,
        export.path if export.files == 1 else f"{export.path} and {export.files - 1} more",
        f"{export.keys:,}",
        f"{export.came:,}",
        f"{export.went:,}",
    )


def exports_json(exports: Sequence[ExportRecord]) -> Iterator[str]:
    """One line for each export."""
    for export in exports:
        yield json_text(
            {
                "account": export.account,
                "preset": export.preset,
                "form": export.form.value,
                "path": export.path,
                "files": export.files,
                "made_at": export.made_at.isoformat(),
                "revision": export.revision,
                "keys": export.keys,
                "came": export.came,
                "went": export.went,
            },
            sort_keys=True,
        )
