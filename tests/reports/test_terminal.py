"""The report on a screen: as agreed, never wider than the screen, and deaf to what a mail says."""

from __future__ import annotations

import ast
import inspect
import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from bounce_watch.records.rate import Basis, Period, RateState
from bounce_watch.reports import terminal
from bounce_watch.reports.content import (
    Attention,
    AttentionKind,
    Counts,
    MarketplaceRow,
    PeriodName,
    ReportContent,
    SentLogState,
    WaitingRow,
)
from bounce_watch.reports.terminal import render_terminal
from bounce_watch.reports.trend import changed_bucket, is_partly_covered
from bounce_watch.text.inert import inert

from .example import CONTENT, NO_LOG, WAITING, WEEK, at, group, rate, rates, span
from .examples import LOUD, ODD, SINCE

GOLD = Path(__file__).parents[2] / "fixtures" / "reports"
SGR = re.compile(r"\x1b\[[0-9;]*m")
WIDTHS = (40, 60, 80, 100, 160)
EVIL = (
    "\x1b[31m\x1b]52;c;ZXZpbA==\x07\x9b2J",
    "[red]markup[/red] [/] [link=http://x.example]x[/link] :smile:",
    "\u202egnp.exe\u202c\u2066\u200b\ufeff",
    "x" * 300,
    "購入者へのメッセージ" * 30,
    "line\r\nbreaks\tand\x08backspaces\x85\u2028",
    "e\u0301" * 50 + "👩\u200d👩\u200d👧 🇩🇪 \ud800\udfff",
    "",
    " ",
)


def evil(value: str) -> ReportContent:
    """The example with this text in every field that holds text."""
    row, named = CONTENT.marketplaces[0], group(value, (1, 9, 0.1, 0.2), (1, 9, 0.1, 0.2))
    return replace(
        CONTENT,
        accounts=(value, value),
        attention=tuple(Attention(kind=kind, text=value, advice=value + " ") for kind in AttentionKind),
        marketplaces=(MarketplaceRow(marketplace=value, counts=row.counts, rates=row.rates),),
        labels=(named,) * 10,
        order_ages=(named,),
        silences=tuple(replace(one, marketplace=value) for one in LOUD.silences),
        waiting=(WaitingRow(reason=value, about=value, noticed_at=at(2026, 11, 22), sender=value),),
    )


def plain(content: ReportContent, width: int = 80, *, unicode: bool = True) -> str:
    return render_terminal(content, width=width, colour=False, unicode=unicode)


@pytest.mark.parametrize(
    ("name", "content", "width", "unicode"),
    [
        ("week-80.txt", CONTENT, 80, True),
        ("week-160.txt", CONTENT, 160, True),
        ("week-80-ascii.txt", CONTENT, 80, False),
        ("bad-week-80.txt", LOUD, 80, True),
        ("bad-week-40.txt", LOUD, 40, True),
        ("no-sent-log-80.txt", NO_LOG, 80, True),
        ("no-sent-log-160.txt", NO_LOG, 160, True),
    ],
)
def test_the_page_is_as_agreed(name: str, content: ReportContent, width: int, unicode: bool) -> None:
    assert plain(content, width, unicode=unicode) == (GOLD / name).read_text(encoding="utf-8")


def test_the_first_line_is_what_matters() -> None:
    assert plain(CONTENT).splitlines()[0].startswith("CHECK  1 notice set aside")
    assert plain(NO_LOG).splitlines()[0].startswith("OK     Nothing needs you")
    restricted = Attention(kind=AttentionKind.ACCOUNT_RESTRICTED, text="Restricted.", advice="Stop sending.")
    first = plain(replace(CONTENT, attention=(restricted, *CONTENT.attention))).splitlines()[0]
    assert first == "STOP   Restricted. Stop sending."


def test_the_same_advice_is_given_once() -> None:
    assert plain(CONTENT, 160).count("bounce-watch review") == 1


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("unicode", [True, False])
def test_without_a_denominator_there_is_no_percentage(width: int, unicode: bool) -> None:
    shown = " ".join(plain(NO_LOG, width, unicode=unicode).split())
    assert "%" not in shown
    assert "No rate: no sent log covers this period." in shown
    assert "Load one: bounce-watch sent import FILE.csv" in shown


def test_each_reason_for_no_rate_has_its_own_words() -> None:
    log = SentLogState(first_day=date(2026, 8, 1), last_day=date(2026, 11, 20), covers_period=False)
    partly = plain(replace(NO_LOG, sent_log=log))
    assert "the first and the last covered day are 1 Aug to 20 Nov 2026." in " ".join(partly.split())
    unread = replace(NO_LOG, sent_log=replace(log, covers_period=True))
    assert "No rate: the mail of this period was not read" in plain(unread)
    idle = plain(replace(unread, heard_until=unread.made_at))
    assert "No rate: nothing was sent in this period that an opt-out could block." in idle
    assert "%" not in partly + idle


def test_figures_that_cannot_be_are_shown_as_they_are() -> None:
    odd = rates(WEEK, rate(Basis.MESSAGES, 57, 40, state=RateState.INCONSISTENT), CONTENT.rates.buyers)
    bucket = replace(
        CONTENT.trend[3], rates=rates(WEEK, odd.messages, replace(odd.messages, basis=Basis.BUYERS))
    )
    charted = " ".join(plain(replace(CONTENT, trend=(*CONTENT.trend[:3], bucket))).split())
    assert "16 Nov no rate 57 of 40" in charted
    assert "No rate where more opted out than the sent log holds." in charted


def test_the_chart_says_where_the_rate_changed() -> None:
    shown = plain(LOUD).splitlines()
    mark = shown.index("── from 2 Nov: 3.1 % of buyers, 1.5 % before ──")
    assert shown[mark - 1].startswith("26 Oct ")
    assert shown[mark + 1].startswith(" 2 Nov ")
    assert plain(LOUD, 160).count("from 2 Nov: 3.1 %") == 2
    assert "-- from 2 Nov: 3.1 %, 1.5 % before --" in plain(LOUD, 40, unicode=False)
    assert "from 2 Nov" not in plain(replace(LOUD, attention=(), change=CONTENT.change))


@pytest.mark.parametrize(
    ("since", "row"),
    [
        *((date(2026, 11, day), 10) for day in (2, 5)),  # Monday; Thursday, the middle
        (date(2026, 11, 6), 11),
        *((date(2026, 11, day), 12) for day in (16, 22)),  # below the last week nothing could stand
        *((date(2026, 8, 24), 0), (date(2026, 8, 23), None)),
    ],
)
def test_a_change_stands_before_the_week_most_of_which_it_marks(since: date, row: int | None) -> None:
    moved = replace(LOUD, change=replace(LOUD.change, point=replace(SINCE, since=since)))
    assert changed_bucket(moved) == row
    assert max(map(cell_len, plain(moved).splitlines())) <= 80


def test_a_week_that_the_log_covers_in_part_says_so() -> None:
    row, legend = (
        next(line for line in plain(LOUD).splitlines() if line.startswith(begin))
        for begin in ("16 Nov ", "┃ rate")
    )
    assert row.split()[-5:] == ["3.1", "%*~", "58", "of", "1,860"]
    assert legend.endswith("* May still rise. ~ Log covers only part.")
    assert " %~" not in plain(LOUD)  # the other weeks are whole
    assert "~" not in plain(CONTENT)


@pytest.mark.parametrize(
    ("days", "covered", "partly"),
    [(7, 0.98, True), (7, 0.995, False), (7, 0.0, False), (3, 2 / 3, False), (3, 1 / 3, True)],
)
def test_of_a_running_week_the_running_day_is_not_missed(days: int, covered: float, partly: bool) -> None:
    one = replace(LOUD.rates, covered=covered)
    running = replace(LOUD, rates=one, made_at=WEEK.start + timedelta(days=days))
    assert is_partly_covered(running, one) is partly


def test_one_step_is_the_last() -> None:
    assert "Share of buyers who opted out, last week ─" in plain(replace(CONTENT, trend=CONTENT.trend[-1:]))
    assert "Messages blocked, last week ─" in plain(replace(NO_LOG, trend=NO_LOG.trend[-1:]))


def test_whether_notices_are_missing_stands_beside_the_last_one() -> None:
    last = " ".join(plain(LOUD).split("Last notice")[1].split("List ")[0].split())
    assert last == "22 Nov 2026 21:14; missing from amazon.de; too few yet to tell for amazon.com"
    assert "21:14; they come as expected\n" in plain(CONTENT)
    assert "21:14\n" in plain(replace(CONTENT, silences=()))
    unnamed = replace(LOUD.silences[2], marketplace=None)
    assert "missing from an unnamed marketplace" in plain(replace(CONTENT, silences=(unnamed,)))


@pytest.mark.parametrize("width", WIDTHS)
def test_no_count_is_cut(width: int) -> None:
    many = Counts(notices=1_234_567, orders=1_123_456, buyers=1_012_345)
    shown = plain(
        replace(CONTENT, counts=many, ever=many, before=Counts(notices=0, orders=0, buyers=0)), width
    )
    assert all(f"{figure:,}" in shown for figure in (1_234_567, 1_123_456, 1_012_345))


def test_a_narrow_screen_cuts_no_head() -> None:
    heads = [line for line in plain(LOUD, 40).splitlines() if "─" in line]
    assert heads
    assert not any("…" in line for line in heads)


def test_an_ordinary_week_is_no_longer_than_two_screens() -> None:
    assert len(plain(CONTENT).splitlines()) <= 76
    assert len(plain(CONTENT, 160).splitlines()) <= 60


def test_a_reconciliation_that_does_not_add_up_is_said() -> None:
    assert "CHECK        The parts add up to" not in plain(CONTENT)
    broken = replace(CONTENT.reconciliation, read=8311)
    shown = plain(replace(CONTENT, reconciliation=broken))
    assert "CHECK        The parts add up to 8,310: a mail was lost or counted twice." in shown


def test_times_are_local_and_the_zone_is_named() -> None:
    shown = plain(replace(CONTENT, time_zone="Asia/Tokyo"))
    assert "Made 23 Nov 2026 15:30, times in Asia/Tokyo." in shown
    assert "Last notice  23 Nov 2026 06:14; they come as expected" in shown
    assert "Read to end  never" in plain(replace(CONTENT, last_read_to_end_at=None))


@pytest.mark.parametrize(
    ("name", "period", "title", "label"),
    [
        (PeriodName.DAY, span(date(2026, 11, 22), 1), "Opt-outs on 22 Nov 2026", "Mon 16 Nov"),
        (PeriodName.WEEK, WEEK, "Opt-outs in the week 16 to 22 Nov 2026", "16 Nov  "),
        (PeriodName.MONTH, span(date(2026, 10, 1), 31), "Opt-outs in the month 1 to 31 Oct 2026", "Nov 2026"),
    ],
)
def test_each_period_has_its_words(name: PeriodName, period: Period, title: str, label: str) -> None:
    shown = plain(replace(CONTENT, period_name=name, period=period))
    assert title in shown
    assert f"this {name.value}" in shown
    assert f"{name.value} before" in shown
    assert f"\n{label}" in shown


def test_the_rest_of_the_waiting_is_a_number() -> None:
    assert "Waiting for you: 3 -" in plain(CONTENT, unicode=False)
    assert "Waiting for you: 10 of 1,400 -" in plain(
        replace(CONTENT, waiting=CONTENT.waiting[:1] * 1400), unicode=False
    )
    assert "Waiting for you" not in plain(replace(CONTENT, waiting=()))


def test_what_is_missing_leaves_no_hole() -> None:
    bare = replace(CONTENT, marketplaces=(), trend=(), waiting=(), attention=())
    for width in WIDTHS:
        shown = plain(bare, width)
        assert "By marketplace" not in shown
        assert "Share of" not in shown
        assert "Read to end" in shown


@pytest.mark.parametrize("width", [39, 40, 59, 60, 75, 76, 80, 100, 129, 130, 160, 161])
@pytest.mark.parametrize(
    "content", [LOUD, ODD, NO_LOG, evil(EVIL[3]), evil(EVIL[4])], ids=["rates", "odd", "none", "long", "wide"]
)
def test_no_line_is_wider_than_the_screen(width: int, content: ReportContent) -> None:
    for line in plain(content, width, unicode=width % 3 > 0).splitlines():
        assert cell_len(line) <= min(max(width, 40), 160)
        assert line == line.rstrip()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("content", [CONTENT, NO_LOG], ids=["rates", "none"])
def test_colour_changes_nothing_but_colour(width: int, content: ReportContent) -> None:
    coloured = render_terminal(content, width=width, colour=True)
    assert [line.rstrip() for line in SGR.sub("", coloured).splitlines()] == plain(
        content, width
    ).splitlines()
    assert "\x1b" in coloured
    assert "\x1b" not in plain(content, width)


def test_only_colours_that_light_and_dark_screens_share() -> None:
    loud = replace(CONTENT, attention=evil("x").attention)
    codes = {
        code
        for found in SGR.findall(render_terminal(loud, width=80, colour=True))
        for code in found[2:-1].split(";")
    }
    assert codes == {"0", "1", "2", "31", "32", "33", "36"}


@pytest.mark.parametrize("value", EVIL)
@pytest.mark.parametrize("width", [40, 80, 160])
def test_nothing_of_a_mail_acts(value: str, width: int) -> None:
    for unicode in (True, False):
        shown = plain(evil(value), width, unicode=unicode)
        assert inert(shown.replace("\n", "")) == shown.replace("\n", "")
        assert unicode or shown.isascii()
    coloured = render_terminal(evil(value), width=width, colour=True)
    assert "\x1b" not in SGR.sub("", coloured)


def test_markup_and_names_of_emoji_stay_text() -> None:
    shown = plain(evil("[red]a[/] :smile: [/]"), 160)
    assert shown.count("[red]a[/] :smile: [/]") >= len(AttentionKind) + 4


def test_what_acts_is_shown_by_its_number() -> None:
    row = replace(WAITING[0], about="a\x1b[2Jb\u202e")
    shown = plain(replace(CONTENT, waiting=(row,)), 160)
    assert r"a\u{1b}[2Jb\u{202e}" in shown
    assert r"K\u{e4}ufer" in plain(CONTENT, 160, unicode=False)


@settings(max_examples=20, deadline=None)
@given(
    st.text(st.characters(codec=None, exclude_categories=()), max_size=80),
    st.sampled_from(WIDTHS),
    st.booleans(),
)
def test_any_text_at_all(value: str, width: int, unicode: bool) -> None:
    shown = plain(evil(value), width, unicode=unicode)
    assert inert(shown.replace("\n", "")) == shown.replace("\n", "")
    assert max(map(cell_len, shown.splitlines())) <= width


def test_the_environment_has_no_say(monkeypatch: pytest.MonkeyPatch) -> None:
    before = (plain(CONTENT), render_terminal(CONTENT, width=80, colour=True))
    for name, value in (("COLUMNS", "33"), ("NO_COLOR", "1"), ("FORCE_COLOR", "1"), ("TERM", "dumb")):
        monkeypatch.setenv(name, value)
    assert (plain(CONTENT), render_terminal(CONTENT, width=80, colour=True)) == before


def test_text_reaches_rich_through_one_door() -> None:
    """Only `_Page.text` puts words into a rich Text; an empty `Text()` is the one exception."""
    tree = ast.parse(inspect.getsource(terminal))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    made = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "Text"]
    assert len(made) == 3
    assert not any(call.args for call in made)
    assert not any(
        isinstance(node, ast.JoinedStr) for call in calls for node in call.args[:1] if _prints(call)
    )


def _prints(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and call.func.attr in {"print", "add_row", "add_column"}
