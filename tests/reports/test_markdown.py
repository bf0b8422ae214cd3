"""The report as Markdown: its tables have one shape, and nothing foreign begins markup."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from bounce_watch.reports.content import ReportContent
from bounce_watch.reports.markdown import render_markdown
from bounce_watch.text.inert import inert
from tests.output.evil import EVIL

from .example import CONTENT, NO_LOG
from .examples import ALL, LOUD
from .hostile import ALIAS, ORDER, PERSON, SUBJECT, hostile, personal

GOLD = Path(__file__).parents[2] / "fixtures" / "reports"
CELL = re.compile(r"(?<!\\)\|")


def tables(text: str) -> list[list[list[str]]]:
    """The tables of a text as a reader of GitHub's dialect cuts them; each block is one table or none."""
    blocks = [block.split("\n") for block in text.split("\n\n") if block.startswith("|")]
    return [[[cell.strip() for cell in CELL.split(line)[1:-1]] for line in block] for block in blocks]


@pytest.mark.parametrize(("name", "content", "names"), [("week", CONTENT, False), ("bad-week", LOUD, True)])
def test_it_is_as_agreed(name: str, content: ReportContent, *, names: bool) -> None:
    assert render_markdown([content], names=names) == (GOLD / f"{name}.md").read_text("utf-8")


@pytest.mark.parametrize("name", ALL)
def test_all_tables_have_their_shape(name: str) -> None:
    text = render_markdown([ALL[name], NO_LOG], names=True)
    assert len(tables(text)) >= 6
    for head, rule, *rows in tables(text):
        assert rows
        assert {len(row) for row in (head, rule, *rows)} == {len(head)}
        assert all(re.fullmatch("---:?", cell) for cell in rule)


def test_figures_by_hand() -> None:
    text = render_markdown([CONTENT], names=False)
    assert text.startswith("# Opt-outs in the week 16 to 22 Nov 2026\n\nAccount uk. Made 23 Nov 2026 06:30,")
    assert (
        "- **Buyers who opted out: 1.9 %** (95 % interval 1.5 to 2.5 %; 49 of 2,540 buyers written to;"
        in text
    )
    assert "See why, and decide: `bounce-watch review`\n" in text
    assert ["Messages blocked", "57", "48", "+9", "1,204"] in tables(text)[0]
    (place,) = [row for row in tables(text)[2] if row[0] == "`amazon.com.au`"]
    assert place[1:] == ["13", r"1.7 %\* (1.0 to 2.9)", "13 of 760", r"1.7 %\* (1.0 to 3.0)", "14 of 810"]


def test_several_accounts_have_an_overview() -> None:
    text = render_markdown([CONTENT, replace(NO_LOG, accounts=("de",))], names=False)
    assert [row[0] for row in tables(text)[0]] == ["Account", "---", "`uk`", "`de`"]
    assert re.findall("^## (.*)$", text, re.MULTILINE) == ["uk", "de", "How it is counted"]


def test_without_names_there_is_no_buyer_in_it() -> None:
    made = render_markdown([personal()], names=False)
    for each in (ORDER, ALIAS, PERSON, SUBJECT, "qwertzuiop", "jane"):
        assert each not in made
    asked = render_markdown([personal()], names=True)
    for each in (ORDER, ALIAS, PERSON, SUBJECT):
        assert each in asked


def test_nothing_foreign_begins_markup() -> None:
    evil = (
        "![x](//evil.example)",
        "[x](//evil.example)",
        "<img src=x>",
        "| cut |",
        "# head",
        "`code`",
        "``",
        *EVIL,
    )
    text = render_markdown([hostile(*evil)], names=True)
    assert inert(text.replace("\n", "")) == text.replace("\n", "")
    labels = next(table for table in tables(text) if table[0][0] == "Template or campaign")
    assert len(labels) == len(evil) + 2
    assert {len(row) for row in labels} == {len(labels[0])}
    outside = re.sub(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", "", text)
    assert not re.search(r"(?<!\\)[<\[]|(?<!\\)!(?=\[)", outside)


@pytest.mark.parametrize(
    "words", ["![x](//evil.example)", "<b>", "# head", "a | b", "`x`", "1. x", "- x", "www.x.example"]
)
def test_sentences_with_foreign_words_begin_no_markup(words: str) -> None:
    lines = render_markdown([hostile(words)], names=True).split("\n")
    ours = render_markdown([hostile("words")], names=True).split("\n")
    begins = re.compile(r"#+ |[-|>] ?|\d+\. ")
    assert [begins.match(line) for line in lines].count(None) == [begins.match(line) for line in ours].count(
        None
    )
