from __future__ import annotations

import io
import zipfile

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bounce_watch.errors import DataError
from bounce_watch.suppression import sheet
from bounce_watch.suppression.sheet import CELL_LIMIT, Value, render_sheet
from bounce_watch.text.inert import formula_safe, inert


def read(header: list[str], rows: list[list[Value]]) -> list[tuple[object, ...]]:
    opened = openpyxl.load_workbook(io.BytesIO(b"".join(render_sheet(header, rows)))).active
    assert opened is not None
    return list(opened.iter_rows(values_only=True))


def test_texts_numbers_and_empty_cells_are_read_back() -> None:
    rows: list[list[Value]] = [["203-1", 3, None], ["a & b <c>", 0, "x"], [" both sides ", -1, "'"]]
    assert read(["a", "b", "c"], rows) == [
        ("a", "b", "c"),
        ("203-1", 3, None),
        ("a & b <c>", 0, "x"),
        (" both sides ", -1, "'"),
    ]


def test_more_columns_than_letters() -> None:
    header = [f"c{number}" for number in range(60)]
    assert read(header, [[*range(60)]]) == [tuple(header), tuple(range(60))]
    xml = archive(header, [[*range(60)]]).read("xl/worksheets/sheet1.xml").decode()
    assert '<c r="Z2"><v>25</v></c><c r="AA2"><v>26</v></c>' in xml
    assert '<c r="AZ2"><v>51</v></c><c r="BA2"><v>52</v></c>' in xml


def archive(header: list[str], rows: list[list[Value]]) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(b"".join(render_sheet(header, rows))))


def test_the_archive_is_whole_and_has_no_time_in_it() -> None:
    opened = archive(["a"], [["b"]])
    assert opened.testzip() is None
    assert {member.date_time for member in opened.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_rows_leave_as_they_come() -> None:
    taken = 0

    def rows() -> list[Value]:
        nonlocal taken
        taken += 1
        return [f"row {taken}"]

    blocks = render_sheet(["a"], (rows() for _ in range(20_000)))
    next(blocks)
    next(blocks)
    assert taken < 20_000
    assert sum(map(len, blocks)) > 0
    assert taken == 20_000


def test_a_text_that_looks_like_an_escape_of_the_format_stays_a_text() -> None:
    xml = archive(["a"], [["_x001B_ _x0041_ _y_"]]).read("xl/worksheets/sheet1.xml").decode()
    assert ">_x005F_x001B_ _x005F_x0041_ _y_<" in xml


@given(st.text(st.characters(codec=None, exclude_categories=())))
def test_any_text_is_a_string_and_comes_back_harmless(text: str) -> None:
    opened = openpyxl.load_workbook(io.BytesIO(b"".join(render_sheet(["a"], [[text]])))).active
    assert opened is not None
    cell = opened["A2"]
    expected = formula_safe(inert(text))
    assert cell.data_type in {"s", "n"} if not expected else cell.data_type == "s"
    assert (cell.value or "").replace("_x005F_", "_") == expected


def test_what_a_sheet_can_not_hold_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read(["a"], [["x" * CELL_LIMIT]])[1] == ("x" * CELL_LIMIT,)
    with pytest.raises(DataError) as error:
        read(["a"], [["x" * (CELL_LIMIT + 1)]])
    assert error.value.message == "An entry is too long for a cell of a sheet."
    monkeypatch.setattr(sheet, "_LARGEST", 300)
    with pytest.raises(DataError) as error:
        read(["a"], [["x" * 300]])
    assert error.value.message == "The export is larger than a sheet can be."
    assert error.value.advice == "Use the preset csv, which has no such limit."
