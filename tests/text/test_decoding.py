"""Octets to text, HTML to text, flowed to paragraphs, and the form in which text is compared."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from bounce_watch.text.charsets import decode_text
from bounce_watch.text.flowed import unflow
from bounce_watch.text.fold import clean, fold, paragraphs
from bounce_watch.text.html import html_to_text

JAPANESE = "購入者へのメッセージ"


@pytest.mark.parametrize("charset", ["iso-2022-jp", "shift_jis", "euc-jp", "utf-8", "utf-16", "utf-16-le"])
def test_declared_charsets(charset: str) -> None:
    assert decode_text(f"{JAPANESE} 1\n".encode(charset), charset) == f"{JAPANESE} 1\n"


@pytest.mark.parametrize(
    ("octets", "declared", "expected"),
    [
        ("é".encode(), "us-ascii", "é"),
        ("é".encode(), "iso-8859-1", "é"),
        ("é".encode("latin-1"), None, "é"),
        ("é".encode("latin-1"), "utf-8", "é"),
        ("’".encode("cp1252"), "iso-8859-1", "’"),
        (b"\x81\x8d", None, "\x81\x8d"),
        (b"plain text", "utf-16", "plain text"),
        (codecs.BOM_UTF8 + b"x", None, "x"),
        (codecs.BOM_UTF16_LE + "x".encode("utf-16-le"), "utf-8", "x"),
        (JAPANESE.encode("iso-2022-jp"), None, JAPANESE),
        (b"a\0b", None, "ab"),
        (b"abc", "rot13", "abc"),
        (b"abc", "base64", "abc"),
        (b"abc", "idna", "abc"),
        (b"abc", "undefined", "abc"),
        (b"abc", "x-unknown", "abc"),
        (b"abc", "utf-8\0", "abc"),
        (b"abc", "'utf-8'", "abc"),
        ("©".encode("gb18030"), "gb2312", "©"),
    ],
)
def test_wrong_and_missing_labels(octets: bytes, declared: str | None, expected: str) -> None:
    assert decode_text(octets, declared) == expected


@given(
    st.binary(max_size=200),
    st.one_of(st.none(), st.text(max_size=12), st.sampled_from(["utf-7", "cp932", "hz"])),
)
def test_any_octets_under_any_label_are_text(octets: bytes, declared: str | None) -> None:
    assert "\0" not in decode_text(octets, declared)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>a</p><p>b</p>", "a\n\nb"),
        ("<p>a<br>b</p>", "a\nb"),
        ("<p>02<b>6</b>-12<wbr>3<span>4</span></p>", "026-1234"),
        ("a<!-- 111-1111111-1111111 -->b", "ab"),
        ("<style>x</style><script>y</script><title>z</title>seen", "seen"),
        ('<div style="display:none">hidden</div>seen', "hidden\n\nseen"),
        ("<blockquote>a<p>b</p></blockquote>c", "> a\n\n> b\n\nc"),
        ("<table><tr><td>a</td><td>b</td></tr></table>", "a\nb"),
        ("a\n  b&nbsp;c&#45;d", "a b\u00a0c-d"),
        ("<?xml version='1.0' encoding='ascii'?><p>é</p>", "é"),
        ("<meta charset=ascii><p>é</p>", "é"),
        ("", ""),
        ("<!-- only -->", ""),
        ("</blockquote>a", "a"),
        ("<b>" * 5000 + "<style>x</style>deep<i>down</i>", "deep down"),
    ],
)
def test_html_to_text(html: str, text: str) -> None:
    assert html_to_text(html)[0].strip() == text


def test_html_that_the_parser_refuses_is_no_text(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*_: object) -> None:
        raise etree.ParserError("Document is empty")

    monkeypatch.setattr(etree, "fromstring", refuses)
    assert html_to_text("<p>a</p>") == ("", (), True)


def test_links_are_decoded() -> None:
    html = '<a href=" mailto:x&#64;y?subject= [Importante] ">l</a><area href="b"><a name="n">m</a>'
    assert html_to_text(html)[1] == ("mailto:x@y?subject= [Importante]", "b")


@pytest.mark.parametrize(
    "piece", ["<", "<style>", "<!--", "<div>", "<a href=", "&#x", "<p><b>", "<td><table>"]
)
def test_a_flood_of_markup_ends(piece: str) -> None:
    text, links, _ = html_to_text(piece * (300_000 // len(piece)))
    assert len(text) <= 400_000
    assert len(links) <= 1


def test_what_is_not_read_of_a_flood_is_said() -> None:
    few, many = html_to_text("<p>a</p>" * 100), html_to_text("<p>first</p>" + "<p>a</p>" * 50_000)
    assert few.whole
    assert not many.whole
    assert many.text.startswith("first")


@pytest.mark.parametrize(
    "attributes",
    [
        "".join(f" a{number}=b" for number in range(20_000)),
        "".join(f" a{number}='>'" for number in range(20_000)),
        "".join(f' a{number} = ">"' for number in range(20_000)),
        " =x" + "".join(f" a{number}" for number in range(20_000)),
        "/" * 20_000,
    ],
)
def test_a_tag_with_thousands_of_attributes_is_left_out(attributes: str) -> None:
    found = html_to_text(f"<p>seen</p><a href=x{attributes}>this</a><a href='y>z'>that</a>")
    assert found.text.split() == ["seen", "thisthat"]
    assert found.links == ("y>z",)


@given(st.text(alphabet="<>/!-abp \"'=&;\n\0", max_size=200))
def test_any_html_is_text(html: str) -> None:
    assert "\0" not in html_to_text(html)[0]


@pytest.mark.parametrize(
    ("text", "delsp", "expected"),
    [
        ("a \nb", False, "a b"),
        ("a \nb", True, "ab"),
        ("a\nb", False, "a\nb"),
        ("> a \n> b\nc", False, "> a b\nc"),
        ("> a \n>> b", False, "> a \n>> b"),
        ("a \n-- \nb", False, "a -- \nb"),
        ("-- \nb", False, "-- \nb"),
        (" >a", False, ">a"),
        ("a ", False, "a "),
    ],
)
def test_flowed_text(text: str, delsp: bool, expected: str) -> None:
    assert unflow(text, delsp=delsp) == expected


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("L’acheteur  A\u00a0CHOISI", "l'acheteur a choisi"),
        ("non\u00adsollicités", "nonsollicités"),
        ("ＡＢＣ１２３", "abc123"),
        ("メッセージを\n送信", "メッセージを送信"),
        ("“a” – b", '"a" - b'),
        ("Straße", "strasse"),
    ],
)
def test_one_form_for_comparing(text: str, folded: str) -> None:
    assert fold(text) == folded
    assert fold(folded) == folded


@pytest.mark.parametrize(
    "text",
    [
        "026-1234567-7654321",
        "026-\n1234567-7654321",
        "026-1234567-76\n> 54321",
        "0 2",
        "026- 1234567- 7654321",
        "02\n6-1234567-7654321",
    ],
)
def test_a_wrapped_id_is_joined(text: str) -> None:
    assert ("026-1234567-7654321" in clean(text)) is (text != "0 2")


@pytest.mark.parametrize(
    "text",
    [
        "1026-\n1234567-7654321",
        "026-1234567-7654321\n0",
        "12\n026-1234567-7654321",
        "026-1234567-7654321-\n1",
    ],
)
def test_a_neighbour_on_the_next_line_is_not_joined(text: str) -> None:
    assert clean(text) == text


def test_text_made_to_grow_or_to_take_long_is_folded_all_the_same() -> None:
    marks = "\u0300\u0316" * 100_000
    assert fold(f"End {marks} here").startswith("end ")
    assert fold("\ufdfa" * 1000 + "Here") == "here"
    assert fold("e\u0301\ufb01" * 300) == "éfi" * 300


def test_paragraphs_are_split_at_empty_lines() -> None:
    assert paragraphs("A\nb\n \n\nC\n") == ["a b", "c"]
    assert paragraphs("") == []
