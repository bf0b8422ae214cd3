"""A spreadsheet (Office Open XML, ECMA-376), written as a stream: one sheet of a header and rows, without formulas.

Every text is an inline string (`t="inlineStr"`), which no program takes for a formula whatever it starts with. The same
rows give the same octets: the archive has no time in it.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain, islice
from string import ascii_uppercase
from xml.sax.saxutils import escape

from bounce_watch.errors import DataError
from bounce_watch.text.inert import formula_safe, inert

Value = str | int | None
"""A text, a number, or an empty cell."""

CELL_LIMIT = 32_767
"""Characters that a cell holds."""

BLOCK_ROWS = 1000
_LARGEST = 2**31 - 1
"""Octets of a sheet before it is compressed; a larger one needs a form of archive that not every program reads."""

_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_DOCUMENT = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_SHEET = "xl/worksheets/sheet1.xml"

_PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
    f'<Override PartName="/{_SHEET}" ContentType="{_TYPE}.worksheet+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_DOCUMENT}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_DOCUMENT}">'
    '<sheets><sheet name="list" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_DOCUMENT}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
}

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9 @.:-]*")
"""Names, instants and most reasons: nothing in them needs care."""

_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
"""The format's own escape of a character: a text that looks like one must not become it."""


def render_sheet(header: Sequence[str], rows: Iterable[Sequence[Value]]) -> Iterator[bytes]:
    """The octets of the spreadsheet, some thousand rows at a time. Raises DataError for what a sheet can't hold."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in _PARTS.items():
            archive.writestr(_member(name), _HEAD + text)
        with archive.open(_member(_SHEET), "w") as sheet:
            written = 0
            for block in _sheet(header, rows):
                written += sheet.write(block)
                if written > _LARGEST:
                    raise _full("The export is larger than a sheet can be.")
                yield sink.take()
    yield sink.take()


class _Sink:
    """Where the archive is written to: it keeps what came since it was last emptied."""

    def __init__(self) -> None:
        self._octets = bytearray()

    def write(self, octets: bytes, /) -> int:
        """Take the octets."""
        self._octets += octets
        return len(octets)

    def flush(self) -> None:
        """Nothing waits here."""

    def close(self) -> None:
        """What was written stays to be taken."""

    def take(self) -> bytes:
        """What came since the last call."""
        octets = bytes(self._octets)
        self._octets.clear()
        return octets


def _member(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name)  # its time is the first that the format knows
    member.compress_type = zipfile.ZIP_DEFLATED
    return member


def _sheet(header: Sequence[str], rows: Iterable[Sequence[Value]]) -> Iterator[bytes]:
    names = [_column_name(number) for number in range(len(header))]
    yield f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetData>'.encode()
    numbered = enumerate(chain([header], rows), start=1)
    while block := [_row(number, names, row) for number, row in islice(numbered, BLOCK_ROWS)]:
        yield "".join(block).encode()
    yield b"</sheetData></worksheet>"


def _row(number: int, names: Sequence[str], values: Sequence[Value]) -> str:
    cells = [_cell(f"{name}{number}", value) for name, value in zip(names, values, strict=True)]
    return f'<row r="{number}">{"".join(cells)}</row>'


def _cell(place: str, value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, int):
        return f'<c r="{place}"><v>{value}</v></c>'
    text = value if _PLAIN.fullmatch(value) else _harmless(value)
    if len(text) > CELL_LIMIT:
        raise _full("An entry is too long for a cell of a sheet.")
    return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


@lru_cache(maxsize=4096)
def _harmless(text: str) -> str:
    """As XML. A sheet may be saved as CSV one day, so a text is no formula there either."""
    return escape(_ESCAPED.sub("_x005F_", formula_safe(inert(text))))


def _column_name(number: int) -> str:
    """`A` for 0, `Z` for 25, `AA` for 26."""
    before, letter = divmod(number, 26)
    return (_column_name(before - 1) if before else "") + ascii_uppercase[letter]


def _full(what: str) -> DataError:
    return DataError(what, "Use the preset csv, which has no such limit.")
