"""The page as a file: read by another parser, in one piece, deaf to foreign words, silent about buyers."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from lxml import html

from bounce_watch.reports.content import PeriodName, ReportContent
from bounce_watch.reports.html import render_page
from bounce_watch.text.inert import inert
from tests.output.evil import EVIL

from .example import CONTENT, NO_LOG, span
from .examples import ALL, CALM, LOUD, ODD, TINY
from .hostile import ALIAS, ORDER, PERSON, SUBJECT, hostile, personal

GOLD = Path(__file__).parents[2] / "fixtures" / "reports"
HTML = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\"' onmouseover=alert(1) x='",
    "</style><style>*{display:none}</style>",
    "<!-- ", "]]>", "&lt;b&gt;", "{{ 7*7 }}{% raw %}", "javascript:alert(1)", "</script></title></svg>",
)  # fmt: skip


def parsed(made: str) -> Any:
    """The page as lxml reads it."""
    return html.document_fromstring(made)


def shown(content: ReportContent, *, names: bool = False) -> Any:
    return parsed(render_page([content], names=names))


def text(found: Any) -> str:
    return " ".join(found.text_content().split())


def shape(page: Any) -> list[tuple[object, list[str]]]:
    """Each element with the names of its attributes."""
    return [(each.tag, sorted(map(str, each.attrib))) for each in page.iter()]


def rows(page: Any, key: str) -> list[list[str]]:
    (table,) = page.xpath(f"//table[contains(concat(' ', @class, ' '), ' {key} ')]")
    return [[text(cell) for cell in row] for row in table.iter("tr")]


def test_the_week_is_as_agreed() -> None:
    assert render_page([CONTENT], names=False) == (GOLD / "week.html").read_text("utf-8")


def test_another_reader_finds_the_figures() -> None:
    page = shown(CONTENT)
    (headline,) = page.xpath("//h1")
    assert text(headline) == "Opt-outs in the week 16 to 22 Nov 2026"
    figures = [[text(part) for part in figure] for figure in page.xpath("//div[@class='figure']")]
    assert figures[0] == [
        "Buyers who opted out",
        "1.9 %",
        "95 % interval 1.5 to 2.5 %",
        "49 of 2,540 buyers written to",
        "1.8 % in the week before",
        "no clear change: +0.2 points (-0.6 to +0.9)",
    ]
    assert figures[1][:4] == [
        "Messages blocked",
        "2.1 %",
        "95 % interval 1.6 to 2.8 %",
        "57 of 2,710 messages sent",
    ]
    assert figures[2][:4] == [
        "Opt-out share",
        "5.5 %",
        "95 % interval 4.7 to 6.4 %",
        "145 of 2,636 buyers written to or withheld from",
    ]
    assert rows(page, "marketplaces")[1] == [
        *("amazon.co.uk", "43", "2.0 %* 1.5 to 2.8", "36 of 1,780", "2.3 %* 1.7 to 3.1", "43 of 1,900")
    ]
    assert rows(page, "counts")[1:] == [
        ["Messages blocked", "57", "48", "+9", "1,204"],
        ["Orders opted out", "51", "46", "+5", "1,007"],
        ["Buyers opted out", "49", "46", "+3", "981"],
    ]
    assert [row[0] for row in rows(page, "trend")[1:]][::12] == ["24 Aug 2026", "16 Nov 2026"]
    assert rows(page, "reconciliation")[-1] == ["All that was read", "8,310"]


def test_the_first_words_are_what_matters_and_what_to_do() -> None:
    first = shown(LOUD).xpath("//main//li")[0]
    assert text(first).startswith(
        "Stop Amazon blocked 12 messages to 9 buyers who already stood on your exported list"
    )
    boxes = [text(box) for box in shown(LOUD).xpath("//div[@class='boxes']/section")]
    assert "16 to 21 Nov 2026" in boxes[0]
    assert "after export 31 of 1 Nov 2026 06:31 (preset mailgun, file lists/mailgun.csv)" in boxes[0]
    assert "review-request (9), how-to-use (2) and not named (1)" in boxes[0]
    for check in ("Seller Central", "spam folder", "forwarding rule"):
        assert check in boxes[1]
    assert text(shown(CALM).xpath("//main//li")[0]).startswith(
        "All well Nothing needs you: 9 messages blocked"
    )


def test_it_is_one_piece_and_its_policy_names_what_is_in_it() -> None:
    made = render_page([LOUD], names=True)
    page = parsed(made)
    assert not re.search(
        r"https?:|url\(|@import|\bsrc=|//[a-z]", re.sub(r"<script>.*?</script>", "", made, flags=re.DOTALL)
    )
    assert not page.xpath("//link|//img|//iframe|//object|//embed|//form|//base|//@style|//@src")
    assert all(each.startswith("#") for each in page.xpath("//@href"))
    (policy,) = page.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    hashes = [
        base64.b64encode(hashlib.sha256(page.xpath(f"//{tag}")[0].text.encode()).digest()).decode()
        for tag in ("style", "script")
    ]
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{hashes[0]}'; script-src 'sha256-{hashes[1]}'; "
        "base-uri 'none'; form-action 'none'"
    )


@pytest.mark.parametrize("every", [*((words,) for words in HTML), EVIL], ids=[*HTML, "all others"])
def test_nothing_foreign_acts(every: tuple[str, ...]) -> None:
    made = render_page([hostile(*every)], names=True)
    made.encode("utf-8")
    assert inert(made.replace("\n", "")) == made.replace("\n", "")
    page = parsed(made)
    ours = parsed(render_page([hostile(*("x" for _ in every))], names=True))
    assert shape(page) == shape(ours)
    labels = [row[0] for row in page.xpath("//table[contains(@class, 'labels')]/tbody/tr")]
    assert [each.text_content() for each in labels] == [inert(words) for words in every]


def test_without_names_there_is_no_buyer_on_it() -> None:
    made = render_page([personal()], names=False)
    for each in (ORDER, ALIAS, PERSON, SUBJECT, "qwertzuiop", "jane"):
        assert each not in made
    assert "(not shown)" in made
    assert "This page holds no order id" in made
    asked = render_page([personal()], names=True)
    for each in (ORDER, ALIAS, PERSON, SUBJECT, "keep it as private as the mailbox"):
        assert each in asked


def test_several_accounts_have_an_overview_that_leads_to_each() -> None:
    page = parsed(
        render_page(
            [CONTENT, replace(LOUD, accounts=("au",)), replace(NO_LOG, accounts=("de",))], names=False
        )
    )
    found = rows(page, "accounts")
    assert [row[0] for row in found] == ["Account", "uk", "au", "de"]
    assert found[1][1:] == [
        "Check: 1 notice set aside and not counted: 1 unproven.",
        "57",
        "1.9 %* 1.5 to 2.5",
        "2.1 %* 1.6 to 2.8",
    ]
    assert found[3][1].startswith("All well: Nothing needs you")
    targets = page.xpath("//table[contains(@class, 'accounts')]//a/@href")
    assert [text(page.get_element_by_id(target[1:]).xpath(".//h2")[0]) for target in targets] == [
        "uk",
        "au",
        "de",
    ]
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids))


def test_without_a_denominator_there_is_no_percentage() -> None:
    page = shown(NO_LOG)
    for part in page.xpath("//section[contains(@class, 'counted')]"):
        part.drop_tree()
    assert "%" not in text(page.xpath("//main")[0])
    assert "No rate: no sent log covers this period." in text(page)
    assert len(page.xpath("//figure")) == 1


def test_what_cannot_be_is_said() -> None:
    page = shown(ODD)
    assert [text(each) for each in page.xpath("//p[@class='value']")][:2] == ["can't be", "can't be"]
    assert "57 of 40 messages sent" in text(page)
    assert "More opted out than the sent log holds, so it misses sends." in text(page)
    assert "Few:" not in text(page)
    broken = replace(CONTENT, reconciliation=replace(CONTENT.reconciliation, read=8311))
    assert "The parts add up to 8,310: a mail was lost or counted twice." in text(shown(broken))


def test_small_numbers_say_so() -> None:
    page = shown(TINY)
    assert "Few: 3 of 40 buyers written to" in text(page)
    assert rows(page, "marketplaces")[1][3] == "few: 3 of 40"
    assert "Not enough data yet, to compare or for a trend." in text(page)
    half = replace(CONTENT, change=replace(CONTENT.change, slope=None))
    assert "Not enough data for a trend yet." in text(shown(half))
    half = replace(CONTENT, change=replace(CONTENT.change, difference=None))
    assert "Not enough data to compare with the week before." in text(shown(half))


@pytest.mark.parametrize("name", ALL)
def test_each_chart_says_in_words_what_it_draws(name: str) -> None:
    for figure in shown(ALL[name]).xpath("//figure"):
        (drawing,) = figure.xpath(".//svg[@role='img']")
        labels = drawing.get("aria-labelledby").split()
        assert [each.get("id") for each in drawing[:2]] == labels
        assert all(each.text for each in drawing[:2])
        steps = figure.xpath(".//button/@aria-label")
        assert len(steps) == len(ALL[name].trend)
        assert all(": " in step for step in steps)


@pytest.mark.parametrize(
    ("period_name", "first", "label"),
    [(PeriodName.DAY, "Mon 16 Nov 2026", "16 Nov"), (PeriodName.MONTH, "Nov 2026", "Nov 2026")],
)
def test_each_period_has_its_words(period_name: PeriodName, first: str, label: str) -> None:
    page = shown(replace(CONTENT, period_name=period_name, period=span(date(2026, 11, 22), 1)))
    assert page.xpath("//button/@aria-label")[12].startswith(f"{first}: 1.9 %")
    assert [text(each) for each in page.xpath("//*[contains(@class, 'rank')]")][6] == label


def test_what_is_missing_leaves_no_hole() -> None:
    bare = replace(
        CONTENT, marketplaces=(), trend=(), waiting=(), attention=(), labels=(), order_ages=(), silences=()
    )
    page = shown(bare)
    assert [text(each) for each in page.xpath("//h2")] == [
        *("What matters now", "Rates of what was sent", "Notices that came"),
        *("Mailbox and list", "How it is counted"),
    ]
    assert not page.xpath("//figure")
    assert "Accounts" in text(parsed(render_page([bare, bare], names=False)))
