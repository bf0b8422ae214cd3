from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bounce_watch.errors import DataError
from bounce_watch.records.ids import MARKETPLACES, Alias, OrderId
from bounce_watch.text.tables import (
    aliases_in,
    find_column,
    fold_header,
    order_ids_in,
    read_rows,
    tell_delimiter,
    usual_column,
)


def rows(octets: bytes) -> list[tuple[str, ...]]:
    return [row.cells for row in read_rows(io.BytesIO(octets))]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_rows_of_every_dialect_read_alike(delimiter: str, line_end: str, mark: bytes) -> None:
    text = f'a{delimiter}b{line_end}1{delimiter}"x{delimiter}""y"""{line_end}'
    assert rows(mark + text.encode()) == [("a", "b"), ("1", f'x{delimiter}"y"')]


def test_a_row_over_two_lines_is_one_row_and_keeps_its_octets() -> None:
    octets = b'a,b\n1,"two\r\nlines"\n2,last'
    found = list(read_rows(io.BytesIO(octets)))
    assert [row.number for row in found] == [1, 2, 3]
    assert found[1].cells == ("1", "two\r\nlines")
    assert [row.octets for row in found] == [b"a,b\n", b'1,"two\r\nlines"\n', b"2,last"]


@given(
    st.lists(
        st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), min_size=2, max_size=2),
        min_size=1,
    )
)
def test_octets_of_all_rows_are_the_file_and_cells_survive(table: list[list[str]]) -> None:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows([["a", "b"], *table])
    octets = text.getvalue().encode()
    found = list(read_rows(io.BytesIO(octets)))
    assert b"".join(row.octets for row in found) == octets
    assert [list(row.cells) for row in found[1:]] == table


@pytest.mark.parametrize(
    ("octets", "row"),
    [
        (b"a,b\n1,2\n\xff,3\n", "Row 3 is not UTF-8"),
        (b'a,b\n1,"never closed\n2,3\n', "Row 2 can't be read"),
        (b'a,b\n"x"y,2\n', "Row 2 can't be read"),
        (b"a,b\r1,2\r", "Row 1 can't be read"),
    ],
)
def test_what_hides_where_the_next_row_starts_stops_with_its_number(octets: bytes, row: str) -> None:
    with pytest.raises(DataError, match=row):
        rows(octets)


def test_nothing_has_no_rows() -> None:
    assert rows(b"") == []


@pytest.mark.parametrize(
    ("header", "delimiter"), [(b"a;b,c;d", ";"), (b"a\tb", "\t"), (b"a,b", ","), (b"alone", ",")]
)
def test_the_commonest_delimiter_of_the_header_is_taken(header: bytes, delimiter: str) -> None:
    assert tell_delimiter(header) == delimiter


@pytest.mark.parametrize("name", ["buyer_email", "Buyer E-mail", " BUYER-EMAIL ", "buyeremail"])
def test_headers_fold_to_one_form(name: str) -> None:
    assert fold_header(name) == "buyeremail"


def test_a_named_column_is_found_exactly_before_it_is_found_folded() -> None:
    assert find_column(["Email", "E-Mail"], "E-Mail") == 1
    assert find_column(["Order ID", "Email"], "order_id") == 0


@pytest.mark.parametrize("header", [["Email", "E-Mail"], ["Name", "Order"]])
def test_a_column_that_is_missing_or_twofold_is_refused_with_what_is_there(header: list[str]) -> None:
    with pytest.raises(DataError) as error:
        find_column(header, "email")
    assert repr(header[0]) in error.value.advice
    assert repr(header[1]) in error.value.advice


def test_the_surest_usual_name_wins_over_the_leftmost() -> None:
    assert usual_column(["Email", "Alias"], ("alias", "email")) == 1
    assert usual_column(["Name"], ("alias", "email")) is None


ONE = Alias("aaaaaaaaaaaaaa1", "amazon.co.uk")


@pytest.mark.parametrize(
    "cell",
    [
        "aaaaaaaaaaaaaa1@marketplace.amazon.co.uk",
        " AAAAAAAAAAAAAA1+tag-2@Marketplace.Amazon.co.uk ",
        "Some Body <aaaaaaaaaaaaaa1@marketplace.amazon.co.uk>",
        "mailto:aaaaaaaaaaaaaa1@marketplace.amazon.co.uk",
        "'aaaaaaaaaaaaaa1@marketplace.amazon.co.uk",
        "person@shop.example; aaaaaaaaaaaaaa1@marketplace.amazon.co.uk",
    ],
)
def test_an_alias_is_found_however_the_cell_is_written(cell: str) -> None:
    assert aliases_in(cell, MARKETPLACES) == (ONE,)


@pytest.mark.parametrize(
    "cell", ["", "person@shop.example", "a1@marketplace.amazon.co.uk.evil.example", "x@"]
)
def test_other_addresses_are_no_aliases(cell: str) -> None:
    assert aliases_in(cell, MARKETPLACES) == ()


@pytest.mark.parametrize(
    "cell",
    [
        "203-1111111-1111111",
        "[203-1111111-1111111]",
        '="203-1111111-1111111"',
        "Amazon 203-1111111-1111111, 203-1111111-1111111",
        "203\u20111111111\u20111111111",
        "\uff12\uff10\uff13-1111111-1111111",
    ],
)
def test_an_order_id_is_found_however_the_cell_is_written(cell: str) -> None:
    assert order_ids_in(cell) == (OrderId("203-1111111-1111111"),)


@pytest.mark.parametrize("cell", ["", "1203-1111111-1111111", "203-1111111-11111111", "203-111111-1111111"])
def test_other_numbers_are_no_order_ids(cell: str) -> None:
    assert order_ids_in(cell) == ()
