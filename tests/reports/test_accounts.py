"""Several accounts at a glance."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rich.cells import cell_len

from bounce_watch.reports import accounts
from bounce_watch.reports.content import Attention, AttentionKind, ReportContent
from bounce_watch.reports.terminal import render_accounts

from .example import CONTENT, NO_LOG
from .examples import CALM, LOUD, ODD, TINY

FOUR = (
    replace(LOUD, accounts=("uk",)),
    replace(CALM, accounts=("de",)),
    replace(NO_LOG, accounts=("jp",), last_read_to_end_at=None),
    replace(ODD, accounts=("it",), list_size=12345),
)


def lines(contents: tuple[ReportContent, ...] = FOUR, width: int = 100) -> list[str]:
    return render_accounts(contents, width=width, colour=False).splitlines()


def test_each_account_has_one_line() -> None:
    rows = [" ".join(line.split()) for line in lines()]
    # Beside the leak: a silence, a change, and three that wait; the missing aliases are only a note.
    assert rows[1:] == [
        "account what matters rate share list last read",
        "STOP uk list not reaching sender, +5 3.1 % 6.6 % 981 23 Nov",
        "OK de nothing needs you 1.9 % 5.5 % 981 23 Nov",
        "OK jp nothing needs you no rate no rate 981 never",
        "CHECK it notices set aside, +2 can't be can't be 12,345 23 Nov",
    ]


def test_every_finding_has_its_few_words() -> None:
    assert set(accounts._WORDS) == set(AttentionKind)
    assert max(len(words) for words in accounts._WORDS.values()) <= 25


@pytest.mark.parametrize("width", [40, 60, 80, 100, 130])
def test_figures_give_way_before_what_matters(width: int) -> None:
    found = lines((*FOUR, replace(TINY, accounts=("a-shop-with-a-long-name" * 3,))), width)
    assert max(map(cell_len, found)) <= width
    assert found[2].startswith("STOP   uk ")
    assert ("list not reaching sender, +5" in found[2]) is (width >= 60)
    assert ("981" in found[2]) is (width >= 100)


def test_a_name_cannot_act() -> None:
    evil = replace(CONTENT, accounts=("\x1b[2J\u202euk",), attention=())
    shown = "\n".join(lines((evil,)))
    assert "\x1b" not in shown
    assert r"\u{1b}[" in shown


def test_nothing_found_is_an_empty_place() -> None:
    bare = replace(CONTENT, accounts=("uk",), attention=())
    assert lines((bare,))[2].split()[0] == "uk"
    noted = Attention(kind=AttentionKind.NO_ALIAS, text="12 opt-outs.")
    assert "opt-outs without alias" in lines((replace(bare, attention=(noted, noted)),))[2]
    assert "+1" not in lines((replace(bare, attention=(noted, noted)),))[2]
