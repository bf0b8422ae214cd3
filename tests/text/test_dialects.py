"""Dialects told by content, and rows in batches with the octets of each."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bounce_watch.errors import DataError
from bounce_watch.text import charsets, dialects
from bounce_watch.text.charsets import Coding, named_coding, tell_coding
from bounce_watch.text.dialects import Dialect, read_batches, tell_dialect

KANA = "カタカナ,ひらがな\n"


def told(octets: bytes, **named: str) -> str:
    return str(tell_dialect(io.BytesIO(octets), **named))


@pytest.mark.parametrize(
    ("octets", "said"),
    [
        (b"a,b\n1,2\n", "UTF-8, comma"),
        (b"a;b\n1,5;2\n", "UTF-8, semicolon"),
        (b"a;b\n1,5;2,5\n2,5;3,5\n", "UTF-8, semicolon"),
        (b"a|b,c|d\n1|2|3\n", "UTF-8, pipe"),
        (b"a\tb\n\n1\t2\n", "UTF-8, tab"),
        (b'"a,b";c\n"1";2\n', "UTF-8, semicolon"),
        (b"a;b;c\n1;2\n", "UTF-8, semicolon"),
        (b'a;"b\n', "UTF-8, comma"),
        (b"a\nb\n", "UTF-8, comma"),
        (b"", "UTF-8, comma"),
        ("é;b\n".encode(), "UTF-8, semicolon"),
        ("é;b\n".encode("cp1252"), "cp1252, semicolon"),
        (KANA.encode("cp932"), "cp932, comma"),
        (b"\x81\x40,\x8d\x91\n", "cp932, comma"),  # neither UTF-8, nor letters of cp1252
        ("東都,\n".encode("cp932"), "cp1252, comma"),  # could be either; nothing shows that it is Japanese
        (b"\xff,\x81\n", "UTF-8, comma"),  # none of them
        ("é;b\n".encode("utf-8-sig"), "UTF-8, semicolon"),
        ("é;b\n".encode("utf-16"), "UTF-16, semicolon"),
        (b"\xfe\xff" + "é;b\n".encode("utf-16-be"), "UTF-16 (big-endian), semicolon"),
        (b"\xc3\xa9;b\n" * 20_000, "UTF-8, semicolon"),
    ],
)
def test_content_tells_the_dialect(octets: bytes, said: str) -> None:
    assert told(octets) == said


def test_a_letter_at_the_end_of_a_piece_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(charsets, "_PIECE", 3)
    for codec in ("utf-8", "cp932", "cp1252", "gb18030"):
        text = "é,a" if codec == "cp1252" else KANA
        file = io.BytesIO(text.encode(codec))
        coding = Coding(codec=codec)
        assert coding.shown("".join(coding.views(file))) == text
    assert told(KANA.encode("cp932")) == "cp932, comma"
    assert told(KANA.encode()) == "UTF-8, comma"


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("UTF8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("UTF_16LE", "utf-16-le"),
        ("windows-1252", "cp1252"),
        ("latin-1", "cp1252"),
        ("Shift_JIS", "cp932"),
        ("gbk", "gb18030"),
        ("iso-8859-15", "iso8859-15"),
        ("utf-7", None),
        ("iso2022_jp", None),
        ("base64", None),
        ("nonsense", None),
    ],
)
def test_names_of_codings(name: str, codec: str | None) -> None:
    assert named_coding(name) == codec


def test_a_named_coding_is_taken_as_it_is() -> None:
    marked = "é;b\n".encode("utf-16")
    assert tell_coding(io.BytesIO(marked), "utf-16") == Coding(codec="utf-16-le", mark=b"\xff\xfe")
    assert tell_coding(io.BytesIO(marked[2:]), "utf-16") == Coding(codec="utf-16-le")
    assert tell_coding(io.BytesIO(marked), "utf-16-le") == Coding(codec="utf-16-le", mark=b"\xff\xfe")
    assert tell_coding(io.BytesIO(marked), "cp1252") == Coding(codec="cp1252")
    assert tell_coding(io.BytesIO("é".encode()), "cp932") == Coding(codec="cp932")
    assert told("é|b\n".encode("cp1252"), encoding="cp1252", delimiter="|") == "cp1252, pipe"
    for wrong in ({"encoding": "utf-7"}, {"delimiter": "::"}):
        with pytest.raises(DataError):
            told(b"a", **wrong)


def test_letters_that_a_coding_lacks_are_shown() -> None:
    assert Coding(codec="cp1252").encode("é😀") == b"\xe9\\u{1f600}"
    assert Coding(codec="utf-16-be").encode("é") == b"\x00\xe9"


@pytest.mark.parametrize("codec", ["cp932", "gb18030"])
def test_a_pipe_inside_a_letter_is_no_delimiter(codec: str) -> None:
    letter = {"cp932": "ポ", "gb18030": b"\x81\x7c".decode("gb18030")}[codec]
    octets = f"a|{letter}|b\n".encode(codec)
    dialect = Dialect(coding=Coding(codec=codec), delimiter="|")
    (batch,) = read_batches(io.BytesIO(octets), dialect)
    assert [list(map(dialect.coding.shown, row)) for row in batch.rows] == [["a", letter, "b"]]
    assert dialect.coding.octets(batch.texts[0]) == octets


COMMA = Dialect(coding=Coding(codec="utf-8"), delimiter=",")


@given(
    st.lists(
        st.sampled_from(['"', "a", "\0", ",", "\r", "\n", "é", '""', 'a,"b\nc",', "日"]), max_size=40
    ).map("".join),
    st.integers(1, 9),
)
def test_batches_are_the_file_whatever_the_pieces(text: str, piece: int) -> None:
    """The rows, or the fault, are those of the file read at once."""
    octets = text.encode()
    before = charsets._PIECE
    outcomes = []
    try:
        for size in (1 << 16, piece):
            charsets._PIECE = size
            try:
                batches = list(read_batches(io.BytesIO(octets), COMMA))
            except DataError as error:
                outcomes.append(error.message)
                continue
            rows = [row for batch in batches for row in batch.rows]
            texts = [text for batch in batches for text in batch.texts]
            assert COMMA.coding.octets("".join(texts)) == octets
            assert [batch.number for batch in batches] == _starts([len(batch.rows) for batch in batches])
            outcomes.append(repr(list(zip(rows, texts, strict=True))))
    finally:
        charsets._PIECE = before
    assert outcomes[0] == outcomes[1]


def _starts(lengths: list[int]) -> list[int]:
    return [1 + sum(lengths[:at]) for at in range(len(lengths))]


@pytest.mark.parametrize(
    ("octets", "told"),
    [
        (b"a\nb\xff\nc\n", "Row 2 is not UTF-8"),
        (b'"a\nb"\n\xff', "Row 2 is not UTF-8"),
        (b"a\n\xc3", "Row 2 is not UTF-8"),
        (b"a\nb\0\n", "Row 2 holds a NUL"),
        (b'a\n"b\n', "Row 2 has a quote that is not closed"),
        (b'a\n"b"c\nd\n', "Row 2 can't be read"),
        (b"a\n" + b"x" * (1 << 23), "Row 2 does not end"),
    ],
)
def test_faults_name_their_row(octets: bytes, told: str) -> None:
    with pytest.raises(DataError, match=told):
        list(read_batches(io.BytesIO(octets), COMMA))


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_half_a_pair_of_utf_16_is_a_fault(codec: str) -> None:
    octets = "a\nb\n".encode(codec) + "\ud83d\n".encode(codec, "surrogatepass")
    dialect = Dialect(coding=Coding(codec=codec), delimiter=",")
    with pytest.raises(DataError, match="Row 3 is not UTF-16"):
        list(read_batches(io.BytesIO(octets), dialect))


def test_a_letter_that_is_cut_by_a_piece_and_wrong_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(charsets, "_PIECE", 3)
    with pytest.raises(DataError, match="Row 2 is not UTF-8"):
        list(read_batches(io.BytesIO(b"a\n\xe6x\n"), COMMA))


def test_the_sample_is_only_the_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialects, "_SAMPLE", 9)
    assert told(b"a;b\n1;2\n3") == "UTF-8, semicolon"
    assert told(b'a;b\n1;"2\n3";4') == "UTF-8, semicolon"


def test_a_workbook_is_named_as_one() -> None:
    with pytest.raises(DataError, match="Excel workbook") as caught:
        tell_dialect(io.BytesIO(b"PK\x03\x04" + bytes(99)))
    assert "CSV" in caught.value.advice
