from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bounce_watch.records.rate import Basis, Rate
from bounce_watch.reports.chart import (
    ASCII,
    BLOCKS,
    BarPart,
    Glyphs,
    axis,
    count_bar,
    count_scale,
    rate_bar,
    rate_scale,
)

from .example import rate


def known(value: float, low: float, high: float, contacted: int = 1000) -> Rate:
    return rate(Basis.BUYERS, round(value * contacted), contacted, (low, high))


def drawn(one: Rate, top: float, cells: int, glyphs: Glyphs = ASCII) -> str:
    return "".join(text for _, text in rate_bar(one, top, cells, glyphs))


def test_a_bar_is_solid_to_the_low_end_and_shaded_to_the_high_one() -> None:
    assert drawn(known(0.02, 0.01, 0.03), 0.04, 20) == "#####=====|====     "
    assert drawn(known(0.02, 0.01, 0.03), 0.04, 20, BLOCKS) == "█████░░░░░┃░░░░     "


def test_a_bar_names_its_parts() -> None:
    parts = [part for part, _ in rate_bar(known(0.02, 0.01, 0.03), 0.04, 20, ASCII)]
    assert parts == [BarPart.SOLID, BarPart.BAND, BarPart.MARK, BarPart.BAND, BarPart.EMPTY]


def test_nought_of_many_is_a_mark_at_the_start() -> None:
    assert drawn(known(0.0, 0.0, 0.01), 0.04, 8) == "|=      "


def test_what_reaches_beyond_the_scale_says_so() -> None:
    assert drawn(known(0.02, 0.01, 0.5), 0.04, 8) == "##==|==>"
    assert drawn(known(0.9, 0.8, 1.0), 0.04, 4) == "###>"


def test_without_a_rate_there_is_no_bar() -> None:
    assert drawn(rate(Basis.BUYERS, 3, 0), 0.04, 6) == " " * 6


@given(st.integers(1, 10**6), st.data(), st.integers(3, 120))
def test_a_bar_always_fills_its_cells(contacted: int, data: st.DataObject, cells: int) -> None:
    opted_out = data.draw(st.integers(0, contacted))
    value = opted_out / contacted
    low, high = data.draw(st.floats(0, value)), data.draw(st.floats(value, 1))
    one = rate(Basis.BUYERS, opted_out, contacted, (low, high))
    top = rate_scale([one])
    assert 0 < top <= 1
    assert len(drawn(one, top, cells)) == cells
    assert top >= min(high, value) * 0.999


@pytest.mark.parametrize(
    ("high", "top"), [(0.0254, 0.03), (0.03, 0.03), (0.031, 0.04), (0.0009, 0.001), (0.11, 0.15), (0.72, 0.8)]
)
def test_a_scale_ends_round(high: float, top: float) -> None:
    assert rate_scale([known(high / 1.5, 0.0, high)]) == pytest.approx(top)


def test_a_bucket_of_a_few_messages_does_not_press_the_others_flat() -> None:
    rest = [known(0.02, 0.01, 0.03)] * 5
    few = known(0.25, 0.05, 0.7, contacted=4)
    assert rate_scale([*rest, few]) == pytest.approx(0.03)


def test_an_empty_scale_still_has_an_end() -> None:
    assert rate_scale([]) == pytest.approx(0.001)
    assert rate_scale([known(0.0, 0.0, 0.0037)]) == pytest.approx(0.004)
    assert count_scale([]) == 2


@pytest.mark.parametrize(
    ("most", "top"),
    [(0, 2), (1, 2), (3, 4), (5, 6), (9, 10), (10, 10), (12, 20), (57, 60), (101, 150), (7_001, 8_000)],
)
def test_a_scale_of_counts_is_even(most: int, top: int) -> None:
    assert count_scale([1, most]) == top


def test_a_count_is_drawn_in_eighths() -> None:
    def bar(number: int, glyphs: Glyphs) -> str:
        return "".join(text for _, text in count_bar(number, 20, 10, glyphs))

    assert bar(5, BLOCKS) == "██▌" + " " * 7
    assert bar(20, BLOCKS) == "█" * 10
    assert bar(0, BLOCKS) == " " * 10
    assert bar(4, ASCII) == "##" + " " * 8
    assert "".join(text for _, text in count_bar(1, 10_000, 10, BLOCKS)) == "▏" + " " * 9


def test_the_labels_of_a_scale() -> None:
    assert axis("0", "1.5", "3 %", 20) == "0        1.5     3 %"
