from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bounce_watch.reports.layout import cell_length, cells, table

ROWS = [cells("", "now", "before", "ever"), cells("Orders", "51", "46", "1,007")]


def test_figures_are_as_wide_as_they_need() -> None:
    # "before" and "1,007" with two columns between, and what is left for the names.
    assert table(30, ROWS, names=6, most=0).widths == (30 - 5 - 8 - 7, 5, 8, 7)


def test_what_is_left_over_is_shared_and_has_an_end() -> None:
    # 40 less 6 for the names and 20 for the figures: 14 for three columns are 4 each.
    assert table(40, ROWS, names=6).widths == (8, 9, 12, 11)
    assert table(100, ROWS, names=6).widths == (61, 13, 13, 13)


def test_columns_are_left_out_in_their_order_until_the_names_find_room() -> None:
    narrow = table(20, ROWS, names=6, drop=(2, 1))
    assert [row[1:] for row in narrow.rows] == [cells("now", "ever"), cells("51", "1,007")]
    assert len(table(12, ROWS, names=6, drop=(2, 1)).widths) == 2
    assert len(table(26, ROWS, names=6, drop=(2, 1)).widths) == 4


@given(
    st.integers(40, 160),
    st.lists(st.lists(st.integers(0, 10**7), min_size=3, max_size=3), min_size=1, max_size=4),
    st.text(max_size=60),
)
def test_no_figure_is_cut_and_nothing_is_wider_than_the_room(
    width: int, figures: list[list[int]], name: str
) -> None:
    rows = [cells(name, *(f"{figure:,}" for figure in row)) for row in figures]
    grid = table(width, rows, names=8, drop=(3, 2))
    assert sum(grid.widths) == width
    for row in grid.rows:
        assert all(cell_length(cell) < room for cell, room in zip(row[1:], grid.widths[1:], strict=True))
