"""No order id and no address stays, in whatever spelling; all else does, octet for octet."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bounce_watch.records.ids import OrderId
from bounce_watch.text.fold import clean
from bounce_watch.text.names import names_replaced

DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212\ufe58\ufe63\uff0d\u30fc\uff70\u2500"
WIDE = str.maketrans({chr(number): chr(number + 0xFEE0) for number in range(0x21, 0x7F)})


@pytest.mark.parametrize("dash", DASHES)
@pytest.mark.parametrize("room", ["", " ", "  ", "\u00a0", "\u3000", "\t"])
def test_any_dash_and_room_around_it(dash: str, room: str) -> None:
    between = f"{room}{dash}{room}"
    for first in ("203", "S01", "d01"):
        said = f"review {between.join((first, '7654321', '1234567'))} sent"
        assert names_replaced(said, "–") == "review – sent"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("203-7654321-1234567", "(x)"),
        ("order203-7654321-1234567.eml", "order(x).eml"),
        ("[203-7654321-1234567], S01-7654321-1234567;", "[(x)], (x);"),
        ("203 7654321 1234567", "(x)"),
        ("203\n-7654321 -\n1234567", "(x)"),
        ("203-7654321-1234567".translate(WIDE), "(x)"),
        ("\u0662\u0660\u0663-7654321-1234567", "(x)"),
        ("\U0001d7da03-7654321-1234567", "(x)"),
        ("2\u200b03\u2060-765\u00ad4321-1234567", "(x)"),
        ("2\ufe0f\u20e303-7654321-1234567", "(x)"),
        # Digits that are glued on: what is left must not join to another id.
        ("203203-7654321-12345677654321-1234567", "(x)-1234567"),
        ("203-7654321-1234567-2", "(x)-2"),
    ],
)
def test_order_ids(text: str, left: str) -> None:
    assert names_replaced(text, "(x)") == left


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("to jane.roe@mail.example today", "to (x) today"),
        ("<a1b2c3d4@marketplace.amazon.de>", "<(x)>"),
        ("\uff1cjane\uff20mail.example\uff1e", "\uff1c(x)\uff1e"),
        ("jane\ufe6bmail.example", "(x)"),
        ("ja\u200bne@\u2060mail.example", "(x)"),
        ("o\u00b4neil@mail.example", "(x)"),
        ("jane@mail.example@again", "(x)"),
        ("?to=jane%40mail.example&x", "(x)"),
        ("203-7654321-1234567@mail.example", "(x)"),
        ("203 - 7654321 - 1234567@mail.example", "(x)"),
    ],
)
def test_addresses(text: str, left: str) -> None:
    assert names_replaced(text, "(x)") == left


@pytest.mark.parametrize(
    "text",
    [
        "",
        "review-request",
        "Bewertung – 2026‑11‑23, №５ \u202e(α)\u00a0ﬁ e\u0301\n\t\udcff",
        "@handle, 3 @ 5, at@ < @ >, 100%40 off",
        "tel. 0203 7654321, 203-7654321, 203-765432-1234567, 20376543211234567",
        "20261123-063000-1234567",
        "20261123061512345",
        "1604345432.4012345_1234567.host",
    ],
)
def test_the_rest_stays(text: str) -> None:
    assert names_replaced(text, "–") == text


def test_a_long_text_takes_no_long_time() -> None:
    for text in (
        "1" * 200_000,
        "x" * 200_000,
        "@" * 200_000,
        "%40" * 70_000,
        "- " * 100_000,
        "203-" * 50_000,
    ):
        assert len(names_replaced(text, "–")) <= len(text)


def is_plain(char: str) -> bool:
    wide = unicodedata.normalize("NFKC", char)
    return "@" not in wide and not any(each.isdecimal() for each in wide)


ANY = st.characters(codec=None, exclude_categories=())
PLAIN = st.text(ANY.filter(is_plain), max_size=12)
SPELT = st.tuples(
    st.sampled_from(["203", "S01"]), st.sampled_from(DASHES), st.sampled_from(["", " "]), st.booleans()
).map(lambda made: _spelt(*made))
ALIAS = st.sampled_from(
    ["qwertzuiop123@marketplace.amazon.co.uk", "qwertzuiop123\uff20marketplace.amazon.de"]
)


def _spelt(first: str, dash: str, room: str, wide: bool) -> str:
    made = f"{room}{dash}{room}".join((first, "7654321", "1234567"))
    return made.translate(WIDE) if wide else made


@given(PLAIN)
def test_a_text_without_names_is_not_changed(text: str) -> None:
    assert names_replaced(text, "–") == text


@given(PLAIN, SPELT | ALIAS, PLAIN)
def test_only_the_name_goes(before: str, name: str, behind: str) -> None:
    assert names_replaced(f"{before} {name} {behind}", "(x)") == f"{before} (x) {behind}"


@given(
    st.lists(SPELT | ALIAS | st.text(st.sampled_from("0123a@<>- \u2011\u200b.")) | st.text(ANY), max_size=6)
)
def test_no_name_stays(pieces: list[str]) -> None:
    left = clean(names_replaced("".join(pieces), "–"))
    assert not list(OrderId.find_all(left))
    assert "qwertzuiop123@" not in left
    assert not re.search(r"[^\s@<>]@[^\s@<>]", left)
