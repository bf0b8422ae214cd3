from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bounce_watch.text.inert import inert, markdown_code, markdown_text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, 1.9 % (1.5 to 2.5)", "plain, 1.9 % (1.5 to 2.5)"),
        ("![a](b)", r"\!\[a\](b)"),
        ("<b>&amp;", r"\<b\>\&amp;"),
        (r"\*a* _b_ `c` ~d~ |e| #f $g$ {h} x^2", r"\\\*a\* \_b\_ \`c\` \~d\~ \|e\| \#f \$g\$ \{h\} x\^2"),
        ("http://a.example www.b.example", r"http\://a.example www\.b.example"),
        ("12:30, a.b", "12:30, a.b"),
        ("two\nlines", r"two\\u\{a\}lines"),
    ],
)
def test_running_text(text: str, shown: str) -> None:
    assert markdown_text(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("review-request", "`review-request`"),
        ("a*b <c>", "`a*b <c>`"),
        ("a`b", "``a`b``"),
        ("`a``", "``` `a`` ```"),
        ("a|b", r"a\|b"),
        (" \t ", ""),
        ("", ""),
    ],
)
def test_names(text: str, shown: str) -> None:
    assert markdown_code(text) == (shown if text != " \t " else r"`\u{9}`")


@given(st.text(st.characters(codec=None, exclude_categories=()), max_size=60))
def test_any_text_stays_one_line_that_can_be_read_back(text: str) -> None:
    shown = markdown_text(text)
    assert "\n" not in shown
    read, rest = "", iter(shown)
    for char in rest:
        read += next(rest) if char == "\\" else char
    assert read == inert(text)
    assert markdown_code(text).count("|") == inert(text).count("|")
