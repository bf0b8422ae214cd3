"""What reaches a terminal: every acting or invisible character by its number, everything else as it is."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bounce_watch.text.inert import inert, visible

ANYTHING = st.text(st.characters(codec=None, exclude_categories=()))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", r"\u{1b}[31mred\u{1b}[0m"),
        ("\x1b]52;c;ZXZpbA==\x07", r"\u{1b}]52;c;ZXZpbA==\u{7}"),
        ("\x9b2J\x9d0;title\x9c", r"\u{9b}2J\u{9d}0;title\u{9c}"),
        ("one\r\ntwo\tthree\x08\x7f\x00", r"one\u{d}\u{a}two\u{9}three\u{8}\u{7f}\u{0}"),
        ("\u202egnp.exe\u202c", r"\u{202e}gnp.exe\u{202c}"),
        ("\u2066a\u2069 \u200eb\u200f \u061c", r"\u{2066}a\u{2069} \u{200e}b\u{200f} \u{61c}"),
        ("am\u200bazon\u2060.\ufeffcom\u00ad", r"am\u{200b}azon\u{2060}.\u{feff}com\u{ad}"),
        ("a\u2028b\u2029c\x85d", r"a\u{2028}b\u{2029}c\u{85}d"),
        ("\ud800 \udcff", r"\u{d800} \u{dcff}"),
        ("\ue000 \U0010fffd", r"\u{e000} \u{10fffd}"),
        ("\u0378 \uffff \U000e0041", r"\u{378} \u{ffff} \u{e0041}"),
        ("\u3164\uffa0", r"\u{3164}\u{ffa0}"),
    ],
)
def test_what_acts_or_hides_is_shown_by_its_number(text: str, shown: str) -> None:
    assert inert(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "Your message to a buyer could not be delivered",
        "l’acheteur a choisi de ne pas recevoir",
        "購入者へのメッセージを送信できませんでした",
        "e\u0301 Zürich №5 100 % [red] [/] :smile: 😀",
        "non\u00a0breaking",
        r"already \u{1b} and C:\new",
        "",
    ],
)
def test_what_can_be_read_stays(text: str) -> None:
    assert inert(text) == text


def test_visible_names_the_number() -> None:
    assert visible("\x1b") == r"\u{1b}"
    assert visible("é") == r"\u{e9}"


@given(ANYTHING)
@example("\x1b")
def test_nothing_that_acts_is_left(text: str) -> None:
    left = {unicodedata.category(char) for char in inert(text)}
    assert not left & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


@given(ANYTHING)
def test_a_second_pass_changes_nothing_and_output_can_be_encoded(text: str) -> None:
    once = inert(text)
    assert inert(once) == once
    assert once.encode("utf-8").decode("utf-8") == once
    assert len(once.splitlines()) <= 1


@given(st.text(st.characters(exclude_characters="\\", exclude_categories=())))
def test_the_numbers_lead_back_to_the_text(text: str) -> None:
    assert re.sub(r"\\u\{([0-9a-f]+)\}", lambda match: chr(int(match[1], 16)), inert(text)) == text
