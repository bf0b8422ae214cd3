from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bounce_watch.text.inert import csv_cell, csv_line

ANYTHING = st.text(st.characters(codec=None, exclude_categories=()) | st.sampled_from(",;\t\"'=\r\n"))


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@given(st.lists(ANYTHING, min_size=2, max_size=4))
def test_cells_joined_are_the_line_of_the_csv_module(delimiter: str, cells: list[str]) -> None:
    joined = delimiter.join(csv_cell(cell, delimiter=delimiter) for cell in cells)
    assert joined + "\r\n" == csv_line(cells, delimiter=delimiter)


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("", ""),
        ("plain", "plain"),
        ("a,b", '"a,b"'),
        ('say "x"', '"say ""x"""'),
        ("=1", "'=1"),
        ("a;b", "a;b"),
    ],
)
def test_a_cell_is_quoted_where_it_must_be(cell: str, written: str) -> None:
    assert csv_cell(cell) == written
