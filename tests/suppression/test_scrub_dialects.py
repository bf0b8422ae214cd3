"""Outgoing files in every dialect: those of fixtures/outgoing with their twins, and a property over made ones."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bounce_watch.errors import DataError
from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.opt_out import EntrySource, SuppressionEntry
from bounce_watch.suppression.scrub import ScrubOptions, scrub
from bounce_watch.suppression.scrub_columns import ScrubColumns
from bounce_watch.suppression.sieve import Sieve
from bounce_watch.suppression.spellings import Spellings, has_order, is_order, is_unread_order, orders_in
from tests.suppression.samples import A1, at, sample_list

OUTGOING = Path(__file__).parents[2] / "fixtures" / "outgoing"
SAMPLES = {path for path in OUTGOING.iterdir() if path.name.count(".") == 1}
SAID = {
    "addresses": "UTF-8, comma; alias in column 1",
    "comma_bom": 'UTF-8, comma; alias in column "Email"',
    "comma_cp932": 'cp932, comma; alias in column "メール", order id in column "注文番号"',
    "comma_quoted": 'UTF-8, comma; alias in column "Buyer Email", order id in column "Order Number"',
    "pipe_cp932": 'cp932, pipe; alias in column "email", order id in column "order"',
    "pipe_no_header": "UTF-8, pipe; alias in column 2",
    "semicolon_cp1252": 'cp1252, semicolon; alias in column "E-Mail", order id in column "Bestellnummer"',
    "tab_utf16be": 'UTF-16 (big-endian), tab; alias in column "buyer-email", order id in column "order-id"',
    "tab_utf16le": 'UTF-16, tab; alias in column "buyer-email", order id in column "order-id"',
}


def twin(path: Path, kind: str) -> bytes:
    return path.with_name(f"{path.stem}.{kind}{path.suffix}").read_bytes()


@pytest.mark.parametrize("path", sorted(SAMPLES), ids=lambda path: path.stem)
def test_samples_give_their_twins(path: Path) -> None:
    kept, dropped = io.BytesIO(), io.BytesIO()
    with path.open("rb") as file:
        result = scrub(file, entries=sample_list().entries, kept=kept, dropped=dropped)
    assert f"{result.dialect}; {result.columns}" == SAID[path.stem]
    assert kept.getvalue() == twin(path, "clean")
    assert dropped.getvalue() == twin(path, "dropped")


def test_every_sample_is_told_of() -> None:
    assert {path.stem for path in SAMPLES} == set(SAID)


def columns_of(text: str) -> str:
    kept, dropped = io.BytesIO(), io.BytesIO()
    return str(scrub(io.BytesIO(text.encode()), entries=(), kept=kept, dropped=dropped).columns)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Email,Name\n", 'alias in column "Email"'),
        ("Channel Order ID,x\n", 'order id in column "Channel Order ID"'),
        ("who,x\na@shop.example,\n%s,\n", 'alias in column "who"'),
        (",x\n%s,\n", "alias in column 1"),
        ("ref,x\n203-1111111-1111111,\n12-12345-12345,\n12-12345-12346,\n", 'order id in column "ref"'),
        ("to whom,x\nAnna <%s>,\nBen <%s>,\nc@shop.example,\n", 'alias in column "to whom"'),
        ("a,b\n%s,%s\n", 'alias in columns "a" and "b"'),
        ("who,x\n-%s,\na@shop.example,\nb@shop.example,\n", 'alias in column "who"'),
        ("who,x\n\ufeff%s.,\na@shop.example,\nb@shop.example,\n", 'alias in column "who"'),
        (
            "email,who,x\n,a/b@shop.example|%s,\n,a@shop.example,\n,b@shop.example,\n",
            'alias in column "email"',
        ),
        ("ref,x\nAMZ-203-1111111-1111111-1,\n7,\n8,\n", 'order id in column "ref"'),
        ("ref,x\n7,\n1-203 - 1111111 - 1111111,\n8,\n", 'order id in column "ref"'),
        ("ref,x\nto 203-1111111-1111111-1,\nto 203-1111111-1111111-2,\n8,\n", 'order id in column "ref"'),
        ("email,note\nx,see 203-1111111-1111111\nx,\nx,no\nx,no\n", 'alias in column "email"'),
        ("email,parcel\nx,00340434161094\nx,20311111111111111\n", 'alias in column "email"'),
        ("email,note\n%s,see %s\nb@shop.example,x\nc@shop.example,y\n", 'alias in column "email"'),
    ],
)
def test_columns_are_found_by_header_and_content(text: str, told: str) -> None:
    assert columns_of(text.replace("%s", str(A1))) == told


@pytest.mark.parametrize("number", ["0", "3"])
def test_a_column_that_is_not_there(number: str) -> None:
    for text in (b"email,x\na,b\n", f"{A1},x\n".encode()):
        with pytest.raises(DataError, match=f"no column {number}"):
            scrub(
                io.BytesIO(text),
                entries=(),
                kept=io.BytesIO(),
                dropped=io.BytesIO(),
                options=ScrubOptions(columns=ScrubColumns(alias=(number,))),
            )


@pytest.mark.parametrize("text", [b"Name,City\nA,London\n", b"Name,City\n", b"1,a@shop.example\n,\n"])
def test_no_column_at_all_is_refused(text: bytes) -> None:
    with pytest.raises(DataError, match="No column holds") as error:
        scrub(io.BytesIO(text), entries=(), kept=io.BytesIO(), dropped=io.BytesIO())
    assert "The columns found are:" in error.value.advice


def test_a_header_is_asked_for_where_there_is_none() -> None:
    with pytest.raises(DataError, match="the file has no header") as error:
        scrub(
            io.BytesIO(f"{A1},x\n".encode()),
            entries=(),
            kept=io.BytesIO(),
            dropped=io.BytesIO(),
            options=ScrubOptions(columns=ScrubColumns(alias=("Email",))),
        )
    assert "2 columns" in error.value.advice


def test_a_title_that_is_a_number_comes_before_the_position() -> None:
    result = scrub(
        io.BytesIO(b"2,1\na,b\n"),
        entries=(),
        kept=io.BytesIO(),
        dropped=io.BytesIO(),
        options=ScrubOptions(columns=ScrubColumns(alias=("2",))),
    )
    assert result.columns.alias_at == (0,)


def test_a_column_by_its_number() -> None:
    result = scrub(
        io.BytesIO(b"who,what\na,b\n"),
        entries=(),
        kept=io.BytesIO(),
        dropped=io.BytesIO(),
        options=ScrubOptions(columns=ScrubColumns(alias=("1", "2", "1"))),
    )
    assert result.columns.alias_at == (0, 1)


@dataclass(frozen=True)
class Form:
    """How the rows of a made file are written."""

    encoding: str
    mark: bytes
    delimiter: str
    line_end: str
    in_quotes: bool
    has_header: bool


FORMS = st.builds(
    Form,
    encoding=st.sampled_from(["utf-8", "utf-16-le", "utf-16-be", "cp1252", "cp932"]),
    mark=st.just(b""),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    line_end=st.sampled_from(["\n", "\r\n", "\r"]),
    in_quotes=st.booleans(),
    has_header=st.booleans(),
).map(
    lambda form: replace(
        form, mark={"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(form.encoding, b"")
    )
)
BUYERS = tuple(Alias(f"buyer0000000{number}", "amazon.co.uk") for number in range(8))
ORDERS = tuple(OrderId(f"203-{number:07d}-7654321") for number in range(8))
SPELLINGS = (
    *("{}", " {} ", "Anna <{}>", "{} ", "'{}'", "x@y.example|{}", "x/{}", "{}.", "-{}", "`{}`", "\t{}"),
    *("mailto:{}?subject=x", "blacklisted-{}", "%3C{}%3E"),
)
WIDE_SPELLINGS = ("\u200b{}", "\ufeff{}", "\uff1c{}\uff1e")
ORDER_SPELLINGS = ("{}", "[{}]", " {}", "{}-1", "1-{}", "AMZ{}", "amz-{}-2", "see {}, please", "{}\n")
JOINTS = ("-", " - ", "", " ", "- ", "_")
NOTES = {
    "utf-8": 'ab,;\t|"\r\nüé日本ポ😀 ',
    "utf-16-le": 'ab,;\t|"\r\nüé日本ポ😀 ',
    "utf-16-be": 'ab,;\t|"\r\nüé日本ポ😀 ',
    "cp1252": 'ab,;\t|"\r\nüé€ ',
    "cp932": 'ab,;\t|"\r\n日本ポソ ',
}


@dataclass(frozen=True)
class Made:
    """A list, and a file of rows of which it is known whom they are for."""

    form: Form
    rows: tuple[tuple[str, str, str], ...]
    listed: tuple[SuppressionEntry, ...]
    barred: tuple[bool, ...]


@st.composite
def made(draw: st.DrawFn) -> Made:
    form = draw(FORMS)
    entries, barred_buyers, barred_orders = [], set[Alias](), set[OrderId]()
    for number in draw(st.sets(st.integers(0, 7))):
        by_alias = draw(st.booleans())
        orders = (ORDERS[number],) if not by_alias or draw(st.booleans()) else ()
        barred_orders.update(orders)
        barred_buyers.update({BUYERS[number]} if by_alias else set())
        entries.append(
            SuppressionEntry(
                account="uk",
                alias=BUYERS[number] if by_alias else None,
                order_ids=orders,
                marketplace="amazon.co.uk",
                since=at(3),
                last_noticed_at=None,
                notices=1,
                source=EntrySource.OPT_OUT,
                reason=draw(st.sampled_from(["opted out", "=1+1", "wünscht, nichts;\t|"])),
            )
        )
    rows, barred = [], []
    for _ in range(draw(st.integers(1, 12))):
        buyer = draw(st.one_of(st.none(), st.sampled_from(BUYERS)))
        order = draw(st.one_of(st.none(), st.sampled_from(ORDERS)))
        wide = WIDE_SPELLINGS if form.encoding.startswith("utf") else ()
        shown = draw(st.sampled_from(SPELLINGS + wide))
        joined = str(order).replace("-", draw(st.sampled_from(JOINTS)))
        numbered = draw(st.sampled_from(ORDER_SPELLINGS)).format(joined) if order else ""
        note = draw(st.text(NOTES[form.encoding], max_size=6))
        alias = "x@shop.example" if buyer is None else shown.format(buyer)
        rows.append((numbered, alias.upper() if draw(st.booleans()) else alias, f"n{note}"))
        barred.append(buyer in barred_buyers or order in barred_orders)
    # The first row tells that there is no header, and where the names stand.
    rows.insert(0, ("999-0000000-0000000", "nobody000000@marketplace.amazon.it", "first"))
    barred.insert(0, False)
    return Made(form=form, rows=tuple(rows), listed=tuple(entries), barred=tuple(barred))


def written(form: Form, rows: list[tuple[str, ...]]) -> Iterator[bytes]:
    for row in rows:
        buffer = io.StringIO(newline="")
        # The csv module leaves a line break that is none of its own unquoted.
        in_quotes = form.in_quotes or any(char in cell for cell in row for char in "\r\n")
        csv.writer(
            buffer,
            delimiter=form.delimiter,
            lineterminator=form.line_end,
            quoting=csv.QUOTE_ALL if in_quotes else csv.QUOTE_MINIMAL,
        ).writerow(row)
        yield buffer.getvalue().encode(form.encoding)


@given(made())
def test_no_dropped_row_is_missing_and_no_kept_row_is_on_the_list(sample: Made) -> None:
    form = sample.form
    head = list(written(form, [("Order", "Email", "Note")])) if form.has_header else []
    octets = list(written(form, [*sample.rows]))
    kept, dropped = io.BytesIO(), io.BytesIO()
    result = scrub(
        io.BytesIO(form.mark + b"".join([*head, *octets])),
        entries=sample.listed,
        kept=kept,
        dropped=dropped,
        options=ScrubOptions(encoding=None if form.mark else form.encoding, delimiter=form.delimiter),
    )
    going = [row for row, barred in zip(octets, sample.barred, strict=True) if not barred]
    assert kept.getvalue() == form.mark + b"".join([*head, *going])
    assert (result.read, result.dropped) == (len(octets), sum(sample.barred))
    held = dropped.getvalue().removeprefix(form.mark).removeprefix(_longer(head, form))
    for row in (row for row, barred in zip(octets, sample.barred, strict=True) if barred):
        bare = row.removesuffix(form.line_end.encode(form.encoding))
        assert held.startswith(bare)
        end = f"{form.delimiter}2026-07-03T10:00:00Z{form.line_end}".encode(form.encoding)
        held = held[held.index(end, len(bare)) + len(end) :]
    assert held == b""


def _longer(head: list[bytes], form: Form) -> bytes:
    end = form.line_end.encode(form.encoding)
    added = f"{form.delimiter}reason{form.delimiter}since".encode(form.encoding)
    return b"".join(row.removesuffix(end) + added + end for row in head)


ODD = st.sampled_from(
    [
        *" .-+/|%@\t\u200b\uff20;",
        "%40",
        "203",
        "1111111",
        "-",
        "1",
        "E+16",
        "amazon.co.uk",
        "amazon",
        "x",
        "MARKETPLACE",
        *(A1.local, str(A1), str(A1).upper(), "@marketplace.", "@marketplace", "203-1111111-1111111"),
    ]
)


@given(st.lists(ODD, max_size=7).map("".join))
def test_the_quick_look_rules_out_nothing_that_counts(cell: str) -> None:
    known = frozenset({"amazon.co.uk"})
    sieve = Sieve(sample_list().entries, known_as=str, marketplaces=known)
    read = Spellings(known).read(cell)
    if read.is_unread or sieve.find(read.aliases, ()):
        assert list(sieve.suspect_aliases([cell])) == [0]
    if is_unread_order(cell) or sieve.find((), orders_in(cell)):
        assert list(sieve.suspect_orders([cell])) == [0]


@given(st.lists(ODD, max_size=7).map("".join))
def test_whatever_stands_around_it_a_listed_name_is_found_or_something_is_said(cell: str) -> None:
    read = Spellings(frozenset({"amazon.co.uk"})).read(f"{cell} {A1} {cell}")
    assert A1 in read.aliases or read.is_unread
    text = f"{cell} 203-1111111-1111111 {cell}"
    assert OrderId("203-1111111-1111111") in orders_in(text) or is_unread_order(text)


@pytest.mark.parametrize(
    "piece", ["-", "x.", "@", "@marketplace.", "%40", "1 ", "111 1111111 ", "A", "é", "1e"]
)
def test_a_long_cell_takes_no_time(piece: str) -> None:
    cell = (piece * 131_072)[:131_072]
    Spellings(frozenset({"amazon.co.uk"})).read(cell + "marketplace")
    assert (is_order(cell), has_order(cell), orders_in(cell)) == (False, False, ())
