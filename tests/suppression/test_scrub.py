from __future__ import annotations

import io
from pathlib import Path

import pytest

from bounce_watch.errors import DataError, LedgerError, UsageError
from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.sent import Origin, SendOutcome
from bounce_watch.suppression.scrub import ScrubColumns, ScrubResult, scrub, scrub_file
from tests.suppression.samples import A1, A2, MADE, O1, O2, O7, O9, SHARED, sample_list

BOTH = ScrubColumns(alias="email", order_id="order")
REASON = b"opted out of unsolicited messages"


def run(octets: bytes, columns: ScrubColumns = BOTH) -> tuple[ScrubResult, bytes, bytes]:
    kept, dropped = io.BytesIO(), io.BytesIO()
    result = scrub(
        io.BytesIO(octets), listing=sample_list(), columns=columns, kept=kept, dropped=dropped, at=MADE
    )
    return result, kept.getvalue(), dropped.getvalue()


def test_rows_of_listed_buyers_are_taken_out_with_their_reason() -> None:
    octets = (
        b"order,email,note\n"
        b"203-8888888-8888888,someone@shop.example,stays\n"
        b"%b,,by order\n"
        b",%b,by alias\n"
        b"%b,,no alias known\n"
    ) % (str(O7).encode(), str(A2).encode(), str(O9).encode())
    result, kept, dropped = run(octets)
    assert (result.read, result.kept, result.dropped) == (4, 1, 3)
    assert kept == b"order,email,note\n203-8888888-8888888,someone@shop.example,stays\n"
    assert dropped.splitlines() == [
        b"order,email,note,reason,since",
        b"%b,,by order,%b,2026-07-03T09:34:00Z" % (str(O7).encode(), REASON),
        b",%b,by alias,%b,2026-07-05T10:00:00Z" % (str(A2).encode(), REASON),
        b"%b,,no alias known,%b," % (str(O9).encode(), REASON),
    ]


def test_withheld_sends_say_whom_and_when() -> None:
    octets = f"order,email\n{O7},\n,{A2}\n{O9},{SHARED}\n".encode()
    first, second, third = run(octets)[0].withheld
    assert (first.order_id, first.alias, first.marketplace) == (O7, A1, "amazon.co.uk")
    assert (second.order_id, second.alias, second.marketplace) == (None, A2, "amazon.it")
    assert (third.order_id, third.alias) == (O9, None)
    assert {each.outcome for each in (first, second, third)} == {SendOutcome.WITHHELD}
    assert {(each.origin, each.sent_at, each.account) for each in (first, second, third)} == {
        (Origin.SCRUB, MADE, "uk")
    }


def test_kept_rows_stay_octet_for_octet() -> None:
    octets = (
        b'\xef\xbb\xbforder;"email";note\r\n'
        b'"203-8888888-8888888";x@y.example;"two\r\nlines; ""quoted"""\r\n'
        b"\r\n"
        b"203-6666666-6666666;;caf\xc3\xa9"
    )
    result, kept, dropped = run(octets)
    assert kept == octets
    assert dropped == b'\xef\xbb\xbforder;"email";note;reason;since\r\n'
    assert (result.read, result.kept, result.dropped) == (2, 2, 0)


def test_a_dropped_last_row_without_a_line_end_is_closed() -> None:
    _, kept, dropped = run(b'order;email\r\n"%b";' % str(O2).encode())
    assert kept == b"order;email\r\n"
    assert dropped.endswith(b'"%b";;%b;2026-07-05T10:00:00Z\r\n' % (str(O2).encode(), REASON))


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
    ],
)
def test_an_alias_is_known_however_it_is_written(cell: str) -> None:
    assert run(f"order,email\n,{cell}\n".encode())[0].dropped == 1


@pytest.mark.parametrize("cell", [f"[{O1}]", f" {O1} ", f"Amazon {O1}", "203\u20111111111\u20111111111"])
def test_an_order_id_is_known_however_it_is_written(cell: str) -> None:
    assert run(f"order,email\n{cell},\n".encode())[0].dropped == 1


@pytest.mark.parametrize(
    ("order", "email"),
    [
        ("", ""),
        ("203-1111111-11111112", ""),
        ("", "aaaaaaaaaaaaaa1@marketplace.amazon.it"),
        ("", "aaaaaaaaaaaaaa1@marketplace.amazon.co.uk.shop.example"),
        ("", "aaaaaaaaaaaaaa1@shop.example"),
        (str(A1), str(O1)),
        ("404-9999999-9999999", str(SHARED)),
    ],
)
def test_other_buyers_pass(order: str, email: str) -> None:
    result, kept, _ = run(f"order,email\n{order},{email}\n".encode())
    assert (result.kept, result.dropped) == (1, 0)
    assert kept.endswith(f"{order},{email}\n".encode())


def test_one_named_column_is_enough() -> None:
    octets = f"order,email\n{O1},{A2}\n".encode()
    assert run(octets, ScrubColumns(alias="E-Mail"))[0].withheld[0].alias == A2
    assert run(octets, ScrubColumns(order_id="Order"))[0].withheld[0].alias == A1
    with pytest.raises(UsageError):
        ScrubColumns()


@pytest.mark.parametrize(
    ("octets", "told"),
    [
        (b"", "empty"),
        (b"id,mail\n1,2\n", "no column called 'email'"),
        (b"order,email\n1,2\n1,2,3\n", "Row 3 has 3 cells, the header has 2"),
        (b"order,email\n1\n", "Row 2 has 1 cells"),
        (b"order,email\n1,\xff\n", "Row 2 is not UTF-8"),
        (b'order,email\n1,"open\n', "Row 2 can't be read"),
    ],
)
def test_a_faulty_table_is_refused_before_any_file_is_there(tmp_path: Path, octets: bytes, told: str) -> None:
    source, clean, dropped = (tmp_path / name for name in ("in.csv", "clean.csv", "dropped.csv"))
    source.write_bytes(octets)
    clean.write_text("of yesterday")
    with pytest.raises(DataError, match=told):
        scrub_file(
            source, clean_path=clean, dropped_path=dropped, listing=sample_list(), columns=BOTH, at=MADE
        )
    assert clean.read_text() == "of yesterday"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clean.csv", "in.csv"]


def test_a_missing_column_is_refused_with_those_found() -> None:
    with pytest.raises(DataError) as error:
        run(b"id,mail\n1,2\n")
    assert "'id', 'mail'" in error.value.advice


def test_both_files_are_written(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text(f"order,email\n{O1},\n203-8888888-8888888,\n")
    result = scrub_file(
        source,
        clean_path=tmp_path / "clean.csv",
        dropped_path=tmp_path / "dropped.csv",
        listing=sample_list(),
        columns=BOTH,
        at=MADE,
    )
    assert (result.read, result.kept, result.dropped) == (2, 1, 1)
    assert (tmp_path / "clean.csv").read_text() == "order,email\n203-8888888-8888888,\n"
    assert str(O1) in (tmp_path / "dropped.csv").read_text()


@pytest.mark.parametrize(
    ("clean", "dropped"), [("in.csv", "d.csv"), ("c.csv", "in.csv"), ("c.csv", "./c.csv")]
)
def test_no_file_takes_the_place_of_another(tmp_path: Path, clean: str, dropped: str) -> None:
    source = tmp_path / "in.csv"
    source.write_text("order,email\n")
    with pytest.raises(UsageError):
        scrub_file(
            source,
            clean_path=tmp_path / clean,
            dropped_path=tmp_path / dropped,
            listing=sample_list(),
            columns=BOTH,
            at=MADE,
        )
    assert source.read_text() == "order,email\n"


def test_a_missing_source_or_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="can't be read"):
        scrub_file(
            tmp_path / "none.csv",
            clean_path=tmp_path / "c",
            dropped_path=tmp_path / "d",
            listing=sample_list(),
            columns=BOTH,
            at=MADE,
        )
    (tmp_path / "in.csv").write_text("order,email\n")
    with pytest.raises(LedgerError):
        scrub_file(
            tmp_path / "in.csv",
            clean_path=tmp_path / "c",
            dropped_path=tmp_path / "none" / "d",
            listing=sample_list(),
            columns=BOTH,
            at=MADE,
        )
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_a_marketplace_of_the_sellers_own_settings_counts() -> None:
    stranger = Alias("aaaaaaaaaaaaaa1", "amazon.co.za")
    octets = f"email\n{stranger}\n".encode()
    assert run(octets, ScrubColumns(alias="email"))[0].dropped == 0
    assert OrderId.parse(str(stranger)) is None
