"""An order id or an address in an odd spelling gets into no form that is shown to others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from bounce_watch.reports.content import ReportContent
from bounce_watch.reports.csv import render_csv
from bounce_watch.reports.html import render_page
from bounce_watch.reports.markdown import render_markdown

from .hostile import hostile

FORMS: dict[str, Callable[[list[ReportContent]], str]] = {
    "page": partial(render_page, names=False),
    "Markdown": partial(render_markdown, names=False),
    "CSV": render_csv,
}
SPELT = (
    *(f"203{dash}7654321{dash}1234567" for dash in "\u2010\u2011\u2012\u2013\u2014\u2212\ufe63\uff0d"),
    "203 - 7654321 - 1234567",
    "203\u00a0\u2011\u00a07654321 \u20131234567",
    "\uff12\uff10\uff13-\uff17\uff16\uff15\uff14\uff13\uff12\uff11-1234567",
    "qwertzuiop123\uff20marketplace.amazon.de",
)
LEFT = ("7654321", "\uff17\uff16\uff15", "1234567", "qwertzuiop", "marketplace.amazon")


@pytest.mark.parametrize("form", FORMS)
def test_no_spelling_of_a_buyer_gets_in(form: str) -> None:
    # An account's name is the seller's own, and is never taken out.
    made = FORMS[form]([_of_uk(hostile(*(f"campaign {each} of autumn" for each in SPELT)))])
    assert not [each for each in LEFT if each in made]
    assert made.count("campaign (not shown) of autumn") >= len(SPELT)


def _of_uk(content: ReportContent) -> ReportContent:
    return replace(content, accounts=("uk",))
