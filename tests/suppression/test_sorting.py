from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bounce_watch.records.ids import OrderId
from bounce_watch.records.opt_out import OptOut
from bounce_watch.suppression.sorting import sorted_opt_outs
from tests.suppression.samples import A1, A2, SHARED, at, opt_out

ALIASES = [None, A1, A2, SHARED]


def numbered(number: int, *, day: int = 0) -> OptOut:
    first: datetime | None = at(day) if day else None
    return opt_out(
        OrderId(f"205-{number:07d}-0000001"),
        ALIASES[number % 4],
        first=first,
        heard=at(28) if number % 5 else None,
        notices=number % 3 + 1,
    )


def key(found: OptOut) -> str:
    return str(found.order_id)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 28))), st.integers(1, 7))
def test_it_sorts_as_python_does(items: list[tuple[int, int]], at_once: int) -> None:
    found = [numbered(number, day=day) for number, day in items]
    assert list(sorted_opt_outs(found, key, at_once=at_once)) == sorted(found, key=key)


def test_pieces_of_many_blocks_are_merged() -> None:
    found = [numbered((number * 7919) % 2503, day=number % 28) for number in range(2503)]
    assert list(sorted_opt_outs(found, key, at_once=1200)) == sorted(found, key=key)


def test_nothing_is_read_before_it_is_asked_for() -> None:
    held = 0

    def items() -> Iterator[OptOut]:
        nonlocal held
        for number in range(100):
            held += 1
            yield numbered(number)

    sorting = sorted_opt_outs(items(), key, at_once=1000)
    assert held == 0
    assert next(sorting) == numbered(0)
    assert held == 100


def test_an_error_of_the_source_is_the_caller_s() -> None:
    def items() -> Iterator[OptOut]:
        yield from map(numbered, range(10))
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        list(sorted_opt_outs(items(), key, at_once=3))
