"""The page in a real browser: what it asks for, what it shows without its script, keys, pointer, widths, axe."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from tests.servers.ports import LOOPBACK

from .chromium import Page
from .conftest import PAGES

AXE = Path(__file__).parents[2] / "build" / "page" / "node_modules" / "axe-core" / "axe.min.js"
TIP = "[...document.querySelectorAll('.tip')].filter(e => getComputedStyle(e).display !== 'none').map(e => e.innerText)"
COLUMN = "[...document.querySelectorAll('table.labels tbody tr')].map(r => r.cells[{}].textContent)"
CUT = """(() => {
  document.querySelectorAll('details').forEach(e => { e.open = true });
  const out = (e, box) => { const [a, b] = [e.getBoundingClientRect(), box.getBoundingClientRect()];
    return a.width > 0 && (a.left < b.left - 1 || a.right > b.right + 1) };
  const found = [...document.querySelectorAll('.scroll tbody :is(td, th), .sorts thead th')].filter(e => out(e, e.closest('.scroll')) || e.scrollWidth > e.clientWidth + 1);
  found.push(...[...document.querySelectorAll('.chart text')].filter(e => out(e, e.closest('.chart'))));
  return found.map(e => e.textContent) })()"""
"""Figures of tables that are not wholly seen, and words of charts that stick out."""
NEWEST = "Week 16 to 22 Nov 2026\n1.9 %\n95 % interval 1.5 to 2.5 %\n49 of 2,540 buyers\nmay still rise"


@pytest.mark.parametrize("name", PAGES)
def test_it_asks_for_nothing_and_breaks_no_rule_of_its_own(
    page: Page, pages: dict[str, Path], name: str
) -> None:
    page.look(1200)
    page.go(pages[name])
    page.run("document.fonts.ready.then(() => true)")
    assert page.requests() == [pages[name].as_uri()]
    assert page.complaints() == []


def test_the_policy_stops_what_got_in(page: Page, pages: dict[str, Path], tmp_path: Path) -> None:
    with socket.create_server((LOOPBACK, 0)) as listener:
        listener.setblocking(False)
        there = f"http://{LOOPBACK}:{listener.getsockname()[1]}"
        evil = (
            f'<img src="{there}/a" onerror="document.title = 1"><link rel="stylesheet" href="{there}/b">'
            f'<script src="{there}/c"></script><script>document.title = 2</script><p style="color: red">'
        )
        copy = tmp_path / "evil.html"
        copy.write_text(pages["week"].read_text("utf-8").replace("<main", f"{evil}<main", 1), "utf-8")
        page.go(copy)
        assert page.run("document.title").startswith("Opt-outs")
        assert page.run("getComputedStyle(document.querySelector('body > p')).color") != "rgb(255, 0, 0)"
        with pytest.raises(BlockingIOError):
            listener.accept()
    assert (
        sum("Content Security Policy" in each for each in page.complaints()) >= 5
    )  # image, style, two scripts, attribute


@pytest.mark.parametrize("script", [True, False])
def test_a_telephone_needs_no_sideways_scrolling(page: Page, pages: dict[str, Path], *, script: bool) -> None:
    page.look(1200)
    page.go(pages["accounts"], script=script)
    for width in (320, 360, 720, 1200):
        page.look(width)
        assert page.call("Page.getLayoutMetrics")["cssContentSize"]["width"] == width


@pytest.mark.parametrize("script", [True, False])
@pytest.mark.parametrize("name", PAGES)
def test_no_figure_is_cut(page: Page, pages: dict[str, Path], name: str, *, script: bool) -> None:
    page.look(1200)
    page.go(pages[name], script=script)
    for width in (320, 390, 700, 710, 900, 990, 1000):
        page.look(width)
        assert page.asked(CUT) == []


def test_without_its_script_everything_can_be_read(page: Page, pages: dict[str, Path]) -> None:
    page.look(1200)
    page.go(pages["bad-week"], script=False)
    text = page.seen()
    for words in (
        "The list does not reach the sender",
        "3.1 %",
        "review-request",
        "Do the notices still come?",
    ):
        assert words in text
    for _ in range(40):
        page.key("Tab")
        if "58 of 1,860 buyers" in page.seen():  # the tip of the newest step, shown by the style alone
            break
    else:
        pytest.fail("no step of a chart can be reached with the keyboard")


def test_a_click_sorts_a_table_and_says_so(page: Page, pages: dict[str, Path]) -> None:
    page.look(1200)
    page.go(pages["week"])
    head = "table.labels th:nth-child({}) button"
    order = {
        "as it came": ["review-request", "how-to-use", "thank-you", "not named"],
        "by rate, highest first": ["review-request", "not named", "thank-you", "how-to-use"],
        "by name, not known last": ["how-to-use", "review-request", "thank-you", "not named"],
    }
    assert page.run(COLUMN.format(0)) == order["as it came"]
    page.point(head.format(2), click=True)  # 2.33 %, 1.16 %, 1.32 % and 2.17 % of buyers
    assert page.run(COLUMN.format(0)) == order["by rate, highest first"]
    page.key("Enter")  # the button has the focus: once more turns it round
    assert page.run(COLUMN.format(0)) == order["by rate, highest first"][::-1]
    page.point(head.format(1), click=True)
    assert page.run(COLUMN.format(0)) == order["by name, not known last"]
    page.key("Enter")
    assert page.run(COLUMN.format(0)) == ["thank-you", "review-request", "how-to-use", "not named"]
    sorts = "[...document.querySelectorAll('table.labels th')].map(e => e.getAttribute('aria-sort')).filter(Boolean)"
    assert page.run(sorts) == ["descending"]


def test_keys_walk_through_a_chart(page: Page, pages: dict[str, Path]) -> None:
    page.look(1200)
    page.go(pages["week"])
    page.run("document.querySelector('.skip').focus()")
    shown: list[str] = []
    while not shown:
        page.key("Tab")
        shown = page.run(TIP)
    assert shown == [NEWEST]  # one stop for the chart, at its newest step
    page.key("ArrowLeft")
    assert page.run(TIP)[0].startswith(
        "Week 9 to 15 Nov 2026\n1.8 %\n95 % interval 1.3 to 2.4 %\n44 of 2,500"
    )
    page.key("Home")
    page.key("ArrowLeft")
    assert page.run(TIP)[0].startswith("Week 24 to 30 Aug 2026\n1.0 %")
    assert page.run("document.activeElement.getAttribute('aria-label')").startswith(
        "Week 24 to 30 Aug 2026: 1.0 %"
    )
    page.key("Escape")
    assert page.run(TIP) == []
    page.key("End")
    assert page.run(TIP) == [NEWEST]


def test_the_pointer_shows_the_same(page: Page, pages: dict[str, Path]) -> None:
    page.look(1200)
    page.go(pages["week"])
    page.point(".steps button:last-child")
    assert page.run(TIP) == [NEWEST]
    page.point("h1")
    assert page.run(TIP) == []


def test_print_is_light_and_whole(page: Page, pages: dict[str, Path]) -> None:
    page.look(720, dark=True, media="print")
    page.go(pages["bad-week"])
    assert page.run("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.run("document.querySelector('table.trend').getBoundingClientRect().height") > 100
    wide = "[...document.querySelectorAll('table')].filter(e => e.getBoundingClientRect().right > innerWidth).length"
    assert page.run(wide) == 0
    for inches in ((8.27, 11.69), (8.5, 11.0)):  # A4 and letter
        assert page.printed(inches=inches).startswith(b"%PDF-")


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not in build/page: npm ci there, see .ci/run")
@pytest.mark.parametrize(
    ("name", "width", "dark"),
    [
        ("accounts", 1200, False),
        *(("bad-week", width, dark) for width in (360, 1200) for dark in (False, True)),
    ],
)
def test_axe_finds_nothing(page: Page, pages: dict[str, Path], name: str, width: int, *, dark: bool) -> None:
    page.look(width, dark=dark)
    page.go(pages[name])
    page.run("document.querySelectorAll('details').forEach(e => { e.open = true })")
    page.run(AXE.read_text("utf-8") + ";true")
    found = page.run("axe.run(document, {resultTypes: ['violations']})")
    assert _told(found["violations"]) == []
    assert {"color-contrast", "svg-img-alt"} <= {one["id"] for one in found["passes"]}


def _told(rules: list[dict[str, object]]) -> list[str]:
    return [json.dumps({key: rule[key] for key in ("id", "help", "nodes")})[:600] for rule in rules]
