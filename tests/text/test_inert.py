"""What reaches a terminal: every acting or invisible character by its number, everything else as it is."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bounce_watch.text.inert import MARKS_SHOWN, csv_line, formula_safe, inert, json_text, visible

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
        ("a\ufe0fb\u034f\U000e0100\u2800", r"a\u{fe0f}b\u{34f}\u{e0100}\u{2800}"),
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


@pytest.mark.parametrize("mark", ["\u0301", "\u20dd", "\u0489"])
def test_a_tower_of_marks_ends(mark: str) -> None:
    assert inert("o" + mark * MARKS_SHOWN) == "o" + mark * MARKS_SHOWN
    assert inert("o" + mark * (MARKS_SHOWN + 2) + "k") == "o" + mark * MARKS_SHOWN + visible(mark) * 2 + "k"


STARTS = [
    "=",
    "+",
    "-",
    "@",
    "|",
    "\t",
    "\r",
    "\n",
    *"\uff1d\uff0b\uff0d\uff20\uff5c\ufe62\ufe63\ufe66\ufe6b\u2212",
]
IN_FRONT = [
    "",
    " ",
    '"',
    "\u00a0",
    "\u3000",
    "\u200b",
    "\ufeff",
    "\x00",
    "\x1f",
    "\u202e",
    "\u2800",
    ' " \u2060',
]


@pytest.mark.parametrize(
    ("before", "start"),
    [(before, start) for before in IN_FRONT for start in STARTS if not before or start.strip()],
)
def test_a_cell_that_could_be_a_formula_gets_an_apostrophe(before: str, start: str) -> None:
    assert formula_safe(f"{before}{start}1+1") == f"'{before}{start}1+1"


@pytest.mark.parametrize("cut", [",", ";", "\t", "\r", "\n"])
def test_what_another_country_cuts_off_gets_one_as_well(cut: str) -> None:
    assert formula_safe(f"a{cut} =1") == f"a{cut}' =1"
    assert formula_safe(f"=1{cut}@x") == f"'=1{cut}'@x"


@pytest.mark.parametrize(
    "cell",
    ["", "203-1111111-1111111", "x1@marketplace.amazon.it", "2026-07-03T09:34:00Z", "a=b", "'=1", "a, b; c"],
)
def test_other_cells_stay_as_they_are(cell: str) -> None:
    assert formula_safe(cell) == cell


@given(ANYTHING)
def test_a_second_pass_over_a_cell_changes_nothing(text: str) -> None:
    once = formula_safe(text)
    assert formula_safe(once) == once
    assert re.sub(r"(^|[;,\t\r\n])'", r"\1", once) == re.sub(r"(^|[;,\t\r\n])'", r"\1", text)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@given(cells=st.lists(ANYTHING, min_size=1))
def test_a_row_reads_back_as_its_inert_cells(delimiter: str, cells: list[str]) -> None:
    line = csv_line(cells, delimiter=delimiter)
    assert line.endswith("\r\n")
    assert line.count("\n") == 1
    (read,) = csv.reader(io.StringIO(line, newline=""), delimiter=delimiter, strict=True)
    assert read == [formula_safe(inert(cell)) for cell in cells]


def test_the_default_row_is_that_of_rfc_4180() -> None:
    assert csv_line(["a", "b,c", 'd"e', "-1"]) == 'a,"b,c","d""e",\'-1\r\n'


@given(ANYTHING, st.sampled_from([None, 2]))
@example("\x7f\u2028\u2029\x9b😀", None)
def test_json_is_printable_ascii_that_reads_back(text: str, indent: int | None) -> None:
    shown = json_text({text: [text]}, indent=indent)
    assert shown.isascii()
    assert all(line.isprintable() for line in shown.split("\n"))
    assert shown.endswith("\n")
    whole = re.sub("[\ud800-\udfff]", lambda match: visible(match[0]), text)
    assert json.loads(shown) == {whole: [whole]}


def test_json_says_what_a_lone_surrogate_was() -> None:
    assert json_text("a\udc9b\U0001f600\x7f") == '"a\\\\u{dc9b}\\ud83d\\ude00\\u007f"\n'


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_json_has_no_number_that_json_does_not_have(number: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        json_text([number])


def test_keys_stay_in_order_unless_they_are_sorted() -> None:
    assert json_text({"b": 1, "a": None}) == '{"b": 1, "a": null}\n'
    assert json_text({"b": 1, "a": None}, sort_keys=True) == '{"a": null, "b": 1}\n'
