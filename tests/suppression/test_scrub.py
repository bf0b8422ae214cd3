from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import replace

import pytest

from bounce_watch.errors import DataError
from bounce_watch.records.ids import MARKETPLACES, Alias, OrderId
from bounce_watch.records.opt_out import SuppressionEntry
from bounce_watch.suppression.beside import NotJudged
from bounce_watch.suppression.scrub import Hit, ScrubMode, ScrubOptions, ScrubResult, scrub
from bounce_watch.suppression.scrub_columns import Columns, ScrubColumns
from bounce_watch.text.charsets import Coding
from bounce_watch.text.dialects import Dialect
from tests.suppression.samples import A1, A2, O1, O2, O7, O9, SHARED, sample_list

BOTH = ScrubColumns(alias=("email",), order_id=("order",))
REASON = b"opted out of unsolicited messages"
ENTRIES = sample_list().entries


def run(
    octets: bytes,
    columns: ScrubColumns = BOTH,
    *,
    entries: Iterable[SuppressionEntry] = ENTRIES,
    mode: ScrubMode = ScrubMode.LISTED,
    encoding: str | None = None,
    delimiter: str | None = None,
    marketplaces: frozenset[str] = MARKETPLACES,
) -> tuple[ScrubResult, bytes, bytes, list[Hit]]:
    kept, dropped, hits = io.BytesIO(), io.BytesIO(), list[Hit]()
    result = scrub(
        io.BytesIO(octets),
        entries=entries,
        kept=kept,
        dropped=dropped,
        options=ScrubOptions(
            columns=columns, mode=mode, encoding=encoding, delimiter=delimiter, marketplaces=marketplaces
        ),
        tell=hits.append,
    )
    return result, kept.getvalue(), dropped.getvalue(), hits


def test_rows_of_listed_buyers_are_taken_out_with_their_reason() -> None:
    octets = (
        b"order,email,note\n"
        b"203-8888888-8888888,someone@shop.example,stays\n"
        b"%b,,by order\n"
        b",%b,by alias\n"
        b"%b,,no alias known\n"
    ) % (str(O7).encode(), str(A2).encode(), str(O9).encode())
    result, kept, dropped, _ = run(octets)
    assert (result.read, result.kept, result.dropped, result.listed) == (4, 1, 3, 3)
    assert kept == b"order,email,note\n203-8888888-8888888,someone@shop.example,stays\n"
    assert dropped.splitlines() == [
        b"order,email,note,reason,since",
        b"%b,,by order,%b,2026-07-03T09:34:00Z" % (str(O7).encode(), REASON),
        b",%b,by alias,%b,2026-07-05T10:00:00Z" % (str(A2).encode(), REASON),
        b"%b,,no alias known,%b," % (str(O9).encode(), REASON),
    ]


def test_hits_say_whom_and_where() -> None:
    octets = f"order,email\n{O7},\n,{A2}\n\n{O9},{SHARED}\n".encode()
    hits = run(octets)[3]
    assert hits == [
        Hit(number=2, order_id=O7, alias=A1, marketplace="amazon.co.uk"),
        Hit(number=3, order_id=None, alias=A2, marketplace="amazon.it"),
        Hit(number=5, order_id=O9, alias=None, marketplace="amazon.it"),
    ]


def test_nobody_needs_to_listen() -> None:
    kept, dropped = io.BytesIO(), io.BytesIO()
    result = scrub(io.BytesIO(f"email\n{A1}\n".encode()), entries=ENTRIES, kept=kept, dropped=dropped)
    assert (result.listed, result.dropped, kept.getvalue()) == (1, 1, b"email\n")


def test_kept_rows_stay_octet_for_octet() -> None:
    octets = (
        b'\xef\xbb\xbforder;"email";note\r\n'
        b'"203-8888888-8888888";x@y.example;"two\r\nlines; ""quoted"""\r\n'
        b"\r\n"
        b"203-6666666-6666666;;caf\xc3\xa9"
    )
    result, kept, dropped, _ = run(octets)
    assert kept == octets
    assert dropped == b'\xef\xbb\xbforder;"email";note;reason;since\r\n'
    assert (result.read, result.kept, result.dropped) == (2, 2, 0)


def test_a_dropped_last_row_without_a_line_end_is_closed() -> None:
    _, kept, dropped, _ = run(b'order;email\r\n"%b";' % str(O2).encode())
    assert kept == b"order;email\r\n"
    assert dropped.endswith(b'"%b";;%b;2026-07-05T10:00:00Z\r\n' % (str(O2).encode(), REASON))


def test_a_file_of_one_row_that_is_dropped() -> None:
    _, kept, dropped, _ = run(str(A1).encode(), ScrubColumns())
    assert kept == b""
    assert dropped == b"%b,%b,2026-07-03T09:34:00Z\n" % (str(A1).encode(), REASON)


@pytest.mark.parametrize(
    "cell",
    [
        str(A1).upper(),
        str(A1).replace("@", "+0b7d-11@"),
        f"Buyer <{A1}>",
        f" {A1} ",
        f"'{A1}",
        f"blacklisted-{A1}",
        f'"other@shop.example, {A1}"',
        f"{A2.local}x@marketplace.amazon.it {A1}",
        str(A1).replace("k", "\u212a"),  # the sign of the kelvin, whose lower case is k
        f"me@x.com|{A1}",
        f"x/{A1}",
        f"x-{A1}",
        f"first+last/{A1}",
        f"{A1}.",
        f"-{A1}",
        f"mailto:{A1}?subject=x",
        str(A1).replace("@", "%40"),
        f"%3C{A1}%3E",
        f"\u200b{A1}",
        f"\ufeff{A1}",
        str(A1).replace("@", "\uff20"),
        str(A1).replace(".", "\uff61"),
        f"`{A1}`",
        f"{'x' * 300}/{A1}",
    ],
)
def test_an_alias_is_known_however_it_is_written(cell: str) -> None:
    assert run(f"order,email\n,{cell}\n".encode())[0].dropped == 1


@pytest.mark.parametrize(
    "cell",
    [
        f"[{O1}]",
        f" {O1} ",
        f"Amazon {O1}",
        "203\u20111111111\u20111111111",
        "203- 1111111- 1111111",
        '"203-\n1111111-1111111"',
        "２０３-1111111-1111111",
        "(203-1111111-1111111)",
        "203-1111111-1111111-1",
        "20311111111111111",
        "203 - 1111111 - 1111111",
        "203 1111111 1111111",
        "203_1111111_1111111",
        "AMZ203-1111111-1111111",
        "amz20311111111111111",
        "1-203-1111111-1111111",
        "999-1111111-1111111-7 / 203-1111111-1111111-1",
        "\ufeff203-1111111-1111111",
    ],
)
def test_an_order_id_is_known_however_it_is_written(cell: str) -> None:
    assert run(f"order,email\n{cell},\n".encode())[0].dropped == 1


@pytest.mark.parametrize(
    "cell",
    [
        "{}@marketplace.amazon.co.za",
        "{}@marketplace.amazon.co.uk.shop.example",
        "{}@marketplace.amazon.co",
        "{}@marketplace.ama",
        "{}@marketplace.",
        "{}@marketplace",
        "{} @marketplace.amazon.co.uk",
        "{}@ marketplace.amazon.co.uk",
        "é@marketplace.amazon.co.uk",
        f"{A2}; {{}}@marketplace.amazon.zz",
    ],
)
class TestAnAddressAtAMarketplaceThatCannotBeRead:
    def test_it_stops_with_the_row(self, cell: str) -> None:
        octets = f"order,email\n,a@shop.example\n,{cell.format('ccccccccccccc1')}\n".encode()
        for mode in (ScrubMode.LISTED, ScrubMode.CRITICAL):
            with pytest.raises(DataError, match="Row 3 has an address at a marketplace") as error:
                run(octets, mode=mode, entries=())
            assert "[amazon] marketplaces" in error.value.advice

    def test_for_a_marketing_tool_it_is_an_alias(self, cell: str) -> None:
        octets = f"order,email\n,a@shop.example\n,{cell.format('ccccccccccccc1')}\n".encode()
        result, kept, _, _ = run(octets, ScrubColumns(), mode=ScrubMode.ALL_MARKETPLACE)
        assert (result.kept, result.dropped) == (1, 1)
        assert kept == b"order,email\n,a@shop.example\n"

    def test_it_is_no_header(self, cell: str) -> None:
        with pytest.raises(DataError, match="Row 1 has an address at a marketplace"):
            run(cell.format("ccccccccccccc1").encode() + b",x\n", ScrubColumns(alias=("1",)), entries=())

    def test_a_row_that_is_taken_out_anyway_does_not_stop_it(self, cell: str) -> None:
        octets = f"order,email\n{O1},{cell.format('ccccccccccccc1')}\n".encode()
        assert run(octets)[0].dropped == 1


@pytest.mark.parametrize(
    "cell",
    ["203-1111111-11111112", "5203-1111111-1111111", "12345678901234", "2.03111E+16", "١٢٣٤٥٦٧٨٩٠١٢٣٤"],
)
def test_what_looks_like_an_order_id_and_is_none_is_counted(cell: str) -> None:
    octets = f"order,email\n{O2},\nno 7,\n{cell},\n{cell},\n,\n".encode()
    result = run(octets)[0]
    assert (result.kept, result.unread_orders, result.unread_at) == (4, 2, 4)
    assert run(f"order,email\n{cell},{A1}\n".encode())[0].unread_orders == 0  # it does not go
    assert run(f"{cell},x\n".encode(), ScrubColumns(order_id=("1",)))[0].unread_at == 1  # it is no header


def test_an_order_id_with_a_letter_is_known_in_any_case() -> None:
    order = OrderId("D01-1234567-1234567")
    entries = [replace(ENTRIES[0], order_ids=(order,))]
    for cell in (str(order), str(order).lower()):
        assert run(f"order,email\n{cell},\n".encode(), entries=entries)[0].dropped == 1


@pytest.mark.parametrize(
    ("order", "email"),
    [
        ("", ""),
        ("203-1111111-11111112", ""),
        ("12-34567-12345", "buyer@members.auction.example"),
        ("", "aaaaaaaaaaaaaa1@marketplace.amazon.it"),
        ("", "aaaaaaaaaaaaaa1@marketplace.shop.example"),
        ("", "aaaaaaaaaaaaaa1@marketplaces.amazon.co.uk"),
        ("", "sold @marketplace; posted"),
        ("", "aaaaaaaaaaaaaa1@shop.example"),
        (str(A1), str(O1)),
        ("404-9999999-9999999", str(SHARED)),
    ],
)
def test_other_buyers_pass(order: str, email: str) -> None:
    result, kept, _, _ = run(f"order,email\n{order},{email}\n".encode())
    assert (result.kept, result.dropped) == (1, 0)
    assert kept.endswith(f"{order},{email}\n".encode())


@pytest.mark.parametrize(
    ("octets", "told"),
    [
        (b"", "empty"),
        (b"\n\r\n \n", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"id,mail\n1,2\n", "no column called 'email'"),
        (b"order,email\n1,2\n1,2,3\n", "Row 3 has 3 cells, the header has 2"),
        (b"order,email\n1\n", "Row 2 has 1 cells"),
        (b'order,email\n1,"open\n', "Row 2 has a quote that is not closed"),
        (b'order,email\n1,"a"b\n', "Row 2 can't be read"),
        (b"order,email\n1,\0\n", "Row 2 holds a NUL"),
        (b"order,email\n1,\xff\x81\n", "Row 2 is not UTF-8"),
    ],
)
def test_a_faulty_table_is_refused(octets: bytes, told: str) -> None:
    with pytest.raises(DataError, match=told):
        run(octets)


def test_a_missing_column_is_refused_with_those_found() -> None:
    with pytest.raises(DataError) as error:
        run(b"id,mail\n1,2\n")
    assert "'id', 'mail'" in error.value.advice


def test_a_marketplace_of_the_sellers_own_settings_counts() -> None:
    entries = [replace(ENTRIES[0], alias=Alias("aaaaaaaaaaaaaa1", "amazon.co.za"))]
    octets = b"email\naaaaaaaaaaaaaa1@marketplace.amazon.co.za\n"
    only = ScrubColumns(alias=("email",))
    with pytest.raises(DataError, match="Row 2 has an address at a marketplace that is none, or not known"):
        run(octets, only, entries=entries)
    more = MARKETPLACES | {"amazon.co.za"}
    assert run(octets, only, entries=entries, marketplaces=more)[0].dropped == 1


class TestAllowedOrders:
    entry = replace(ENTRIES[0], alias=A1, order_ids=(O1,), allowed_orders=(O2,))

    @pytest.mark.parametrize(
        ("order", "email", "dropped"),
        [
            (str(O2), str(A1), 0),  # the order that was allowed
            (str(O2), "", 0),
            (str(O7), str(A1), 1),  # another order of the buyer
            ("", str(A1), 1),
            (f"{O2} {O7}", str(A1), 1),  # two parcels in one, of which one was allowed
            (str(O1), str(A1), 1),
        ],
    )
    def test_mail_about_an_allowed_order_goes(self, order: str, email: str, dropped: int) -> None:
        octets = f"order,email\n{order},{email}\n".encode()
        assert run(octets, entries=[self.entry])[0].dropped == dropped

    def test_an_order_that_stands_in_another_entry_does_not_go(self) -> None:
        other = replace(ENTRIES[0], alias=A2, order_ids=(O2,))
        octets = f"order,email\n{O2},{A1}\n".encode()
        assert run(octets, entries=[self.entry, other])[0].dropped == 1


KEYED = {str(A1): "1" * 32, str(O1): "2" * 32, str(O2): "3" * 32}


class TestHashes:
    """Where only keyed hashes are left, `known_as` finds them."""

    entries = (
        replace(
            ENTRIES[0],
            alias=Alias("#" + "1" * 32, "amazon.co.uk"),
            order_ids=(OrderId("#" + "2" * 32),),
            allowed_orders=(OrderId("#" + "3" * 32),),
        ),
    )

    def known_as(self, name: OrderId | Alias) -> str:
        if name.is_hashed:
            return (name.local if isinstance(name, Alias) else name.value)[1:]
        return KEYED.get(str(name), "0" * 32)

    @pytest.mark.parametrize(
        ("order", "email", "dropped"),
        [
            (str(O1), "", 1),
            ("", str(A1), 1),
            ("", f"Buyer <{str(A1).upper()}>", 1),
            (f"[{O1}]", "", 1),
            (str(O2), str(A1), 0),
            (str(O9), str(A2), 0),
            ("", "someone@shop.example", 0),
        ],
    )
    def test_a_forgotten_name_is_known(self, order: str, email: str, dropped: int) -> None:
        octets = f"order,email\n{order},{email}\n".encode()
        kept_file, dropped_file = io.BytesIO(), io.BytesIO()
        result = scrub(
            io.BytesIO(octets),
            entries=self.entries,
            kept=kept_file,
            dropped=dropped_file,
            known_as=self.known_as,
        )
        assert result.dropped == dropped

    def test_a_clear_name_beside_hashes_is_known(self) -> None:
        entries = [*self.entries, replace(ENTRIES[0], alias=A2, order_ids=(O9,))]
        kept, dropped = io.BytesIO(), io.BytesIO()
        octets = f"order,email\n{O9},\n,{A2}\n".encode()
        result = scrub(
            io.BytesIO(octets), entries=entries, kept=kept, dropped=dropped, known_as=self.known_as
        )
        assert result.dropped == 2


class TestModes:
    octets = (
        f"order,email,other\n{O1},x@shop.example,\n,{A2},\n,bbbbbbbbbbbbbb1@marketplace.amazon.de,\n"
        f",y@shop.example,z <{str(SHARED).upper()}>\n,é@shop.example,\n"
    ).encode()

    def test_critical_keeps_all_and_tells_who_is_listed(self) -> None:
        result, kept, dropped, hits = run(self.octets, mode=ScrubMode.CRITICAL)
        assert kept == self.octets
        assert dropped == b"order,email,other,reason,since\n"
        assert (result.read, result.kept, result.dropped, result.listed) == (5, 5, 0, 2)
        assert [(hit.number, hit.order_id, hit.alias) for hit in hits] == [(2, O1, A1), (3, None, A2)]

    def test_all_marketplace_drops_every_alias_in_any_column(self) -> None:
        result, kept, dropped, _ = run(self.octets, ScrubColumns(), mode=ScrubMode.ALL_MARKETPLACE)
        assert kept.splitlines() == [b"order,email,other", ",é@shop.example,".encode()]
        assert [line.rsplit(b",", 2)[1:] for line in dropped.splitlines()[1:]] == [
            [REASON, b"2026-07-03T09:34:00Z"],
            [REASON, b"2026-07-05T10:00:00Z"],
            [b"marketplace alias", b""],
            [b"marketplace alias", b""],
        ]
        assert (result.read, result.kept, result.dropped, result.listed) == (5, 1, 4, 2)

    def test_all_marketplace_needs_no_amazon_buyer_to_work(self) -> None:
        octets = b"Name,Contact\nA,a@shop.example\n"
        assert run(octets, ScrubColumns(), mode=ScrubMode.ALL_MARKETPLACE)[1] == octets


def test_names_in_columns_that_nobody_looked_at_are_counted() -> None:
    octets = (
        f"order,email,note\n1,{A2},see {A1}\n2,{A1},see {str(A1).upper()} and {A2}\n"
        f"3,{O1},{O2}: D01-1234567-1234567\n4,,x 1-12345678-1234567\n"
    ).encode()
    result = run(octets)[0]
    assert result.beside == (NotJudged(column=1, orders=1), NotJudged(column=2, aliases=3, orders=2))
    assert result.unjudged == 6
    named = ScrubColumns(alias=("email", "note"), order_id=("order", "email", "note"))
    assert run(octets, named)[0].beside == ()


def test_a_first_order_id_behind_the_sample_is_counted() -> None:
    octets = b"ref,Email\n" + b"x,a@shop.example\n" * 2_000 + f"{O1},a@shop.example\n".encode()
    result = run(octets, ScrubColumns())[0]
    assert (result.columns.order_at, result.beside) == ((), (NotJudged(column=0, orders=1),))


def test_a_reason_of_a_persons_own_is_inert_and_no_formula() -> None:
    entries = [replace(ENTRIES[0], reason='=HYPERLINK("http://shop.example")\x1b[2J 😀')]
    _, _, dropped, _ = run(f"order;email\n;{A1}\n".encode("cp1252"), entries=entries, encoding="cp1252")
    assert dropped.splitlines()[1] == (
        f';{A1};"\'=HYPERLINK(""http://shop.example"")\\u{{1b}}[2J \\u{{1f600}}";2026-07-03T09:34:00Z'.encode()
    )


def test_rows_that_do_not_add_up_are_no_result() -> None:
    with pytest.raises(ValueError, match="3 rows were read, 1 kept and 1 dropped"):
        ScrubResult(
            read=3,
            kept=1,
            dropped=1,
            listed=1,
            dialect=Dialect(coding=Coding(codec="utf-8"), delimiter=","),
            columns=Columns(alias_at=(0,), order_at=(), titles=None, width=1),
        )
