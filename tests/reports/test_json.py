from __future__ import annotations

import json
import re
from dataclasses import replace
from math import nan
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bounce_watch.reports.content import ReportContent, WaitingRow
from bounce_watch.reports.csv import render_csv
from bounce_watch.reports.html import render_page
from bounce_watch.reports.json import render_json
from bounce_watch.reports.markdown import render_markdown
from bounce_watch.reports.render import Form, render
from bounce_watch.reports.terminal import render_accounts, render_terminal

from .example import CONTENT, NO_LOG, rates
from .examples import LOUD, TINY

GOLD = Path(__file__).parents[2] / "fixtures" / "reports"


@pytest.mark.parametrize(("name", "content"), [("week", CONTENT), ("bad-week", LOUD)])
def test_it_is_as_agreed(name: str, content: ReportContent) -> None:
    assert render_json(content) == (GOLD / f"{name}.json").read_text(encoding="utf-8")


def test_figures_by_hand() -> None:
    found = json.loads(render_json(CONTENT))
    assert found["format"] == 2
    assert found["made_at"] == "2026-11-23T06:30:00Z"
    assert found["period"] == {
        "name": "week",
        "first_day": "2026-11-16",
        "last_day": "2026-11-22",
        "start": "2026-11-16T00:00:00Z",
        "end": "2026-11-23T00:00:00Z",
    }
    assert found["counts"]["change"] == {"notices": 9, "orders": 5, "buyers": 3}
    assert found["rates"]["period"]["messages"] == {
        "state": "maturing",
        "contacted": 2710,
        "opted_out": 57,
        "value": 57 / 2710,
        "low": 0.0160,
        "high": 0.0276,
        "design_effect": 1 + 2 * (2710 - 2540) / 2710,
    }
    assert found["rates"]["period"]["share"]["opted_out"] == 49 + 96
    assert found["rates"]["period"]["sent"] == {
        "messages": 2710,
        "buyers": 2540,
        "unknown_purpose": 140,
        "withheld": 96,
        "withheld_buyers": 96,
    }
    assert found["rates"]["period"]["covered"] == 1
    assert found["change"]["slope"] == {
        "points_a_month": 0.3237,
        "low": 0.1531,
        "high": 0.4943,
        "periods": 13,
        "clear": True,
    }
    assert found["change"]["difference"]["clear"] is False
    assert found["change"]["change_point"] is None
    assert found["labels"][0]["label"] == "review-request"
    assert found["order_ages"][-1]["days"] == "over 30"
    assert (found["leak"], found["unmatched"]) == (None, 0)
    assert found["rates"]["why_no_rate"] is None
    assert [one["notices"] for one in found["trend"]][-2:] == [48, 57]
    assert found["trend"][0]["first_day"] == "2026-08-24"
    assert found["reconciliation"]["adds_up"] is True
    assert found["waiting"]["total"] == 3
    assert found["waiting"]["mails"][2] == {
        "reason": "unreadable: empty",
        "about": "",
        "noticed_at": None,
        "sender": None,
    }
    assert found["marketplaces"][2]["marketplace"] is None
    assert found["attention"][0]["severity"] == "check"


def test_what_a_bad_week_has_more() -> None:
    found = json.loads(render_json(LOUD))
    assert found["leak"] == {
        "messages": 12,
        "buyers": 9,
        "first_at": "2026-11-16T09:12:00Z",
        "last_at": "2026-11-21T17:40:00Z",
        "export": {
            "id": 31,
            "exported_at": "2026-11-01T06:31:00Z",
            "preset": "mailgun",
            "path": "lists/mailgun.csv",
        },
        "labels": [
            {"label": "review-request", "messages": 9},
            {"label": "how-to-use", "messages": 2},
            {"label": None, "messages": 1},
        ],
    }
    assert found["silences"][2:] == [
        {
            "marketplace": "amazon.de",
            "state": "silent",
            "notices": 212,
            "expected": 14.3,
            "by_days": False,
            "last_notice_at": "2026-10-29T14:05:00Z",
        },
        {
            "marketplace": "amazon.com",
            "state": "cannot_tell",
            "notices": 12,
            "expected": None,
            "by_days": False,
            "last_notice_at": "2026-11-19T03:00:00Z",
        },
    ]
    assert found["change"]["change_point"] == {"since": "2026-11-02", "before": 0.0148, "after": 0.0313}
    assert found["rates"]["period"]["covered"] == 5 / 7
    assert found["unmatched"] == 7


def test_without_enough_data_there_is_no_movement() -> None:
    found = json.loads(render_json(TINY))["change"]
    assert found == {
        "difference": None,
        "slope": None,
        "change_point": None,
        "enough_for_change_point": False,
    }


def test_without_a_denominator_rates_are_null_with_their_state() -> None:
    found = json.loads(render_json(NO_LOG))
    assert found["rates"]["why_no_rate"] == "no_sent_log"
    assert found["rates"]["change_pp"] == {"messages": None, "buyers": None}
    assert found["rates"]["period"]["buyers"]["value"] is None
    assert found["rates"]["period"]["buyers"]["state"] == "no_denominator"
    assert found["sent_log"] == {"covers_period": False, "first_day": None, "last_day": None}
    assert found["attention"][0]["advice"] is None


def test_keys_are_sorted_at_every_depth() -> None:
    def ordered(pairs: list[tuple[str, object]]) -> dict[str, object]:
        assert [key for key, _ in pairs] == sorted(key for key, _ in pairs)
        return dict(pairs)

    assert json.loads(render_json(CONTENT), object_pairs_hook=ordered)


@given(st.text(st.characters(codec=None, exclude_categories=())))
def test_foreign_text_comes_back_and_nothing_acts(text: str) -> None:
    row = WaitingRow(reason=text, about=text, noticed_at=None, sender=text)
    shown = render_json(replace(CONTENT, waiting=(row,)))
    assert shown.replace("\n", "").isascii()
    assert shown.replace("\n", "").isprintable()
    # Half a surrogate pair is no text, and strict readers refuse it.
    whole = re.sub("[\ud800-\udfff]", lambda half: f"\\u{{{ord(half[0]):x}}}", text)
    assert json.loads(shown)["waiting"]["mails"][0]["about"] == whole


def test_what_is_no_number_is_refused() -> None:
    odd = replace(CONTENT.rates.messages, value=nan)
    with pytest.raises(ValueError, match="JSON"):
        render_json(replace(CONTENT, rates=rates(CONTENT.period, odd, CONTENT.rates.buyers)))


def test_render_chooses_the_form() -> None:
    assert render(CONTENT, Form.JSON) == render_json(CONTENT)
    assert render([CONTENT, NO_LOG], Form.JSON) == render_json(CONTENT) + render_json(NO_LOG)
    assert render(CONTENT, Form.HTML, names=True) == render_page([CONTENT], names=True)
    assert render([CONTENT, LOUD], Form.HTML) == render_page([CONTENT, LOUD], names=False)
    assert render(CONTENT, Form.MARKDOWN) == render_markdown([CONTENT], names=False)
    assert render(CONTENT, Form.CSV) == render_csv([CONTENT])
    both = render([CONTENT, NO_LOG], Form.TERMINAL, width=100)
    assert both.startswith(render_accounts([CONTENT, NO_LOG], width=100, colour=False))
    assert both.endswith(render(NO_LOG, Form.TERMINAL, width=100))
    assert render(CONTENT, Form.TERMINAL, width=100) == render_terminal(CONTENT, width=100, colour=False)
    assert render(CONTENT, Form("terminal"), colour=True, unicode=False) == render_terminal(
        CONTENT, width=80, colour=True, unicode=False
    )
