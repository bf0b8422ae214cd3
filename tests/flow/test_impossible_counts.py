"""Counts that can't be are shown as they are and flagged, in every form; never clipped to a share."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace

import pytest

from bounce_watch.rates.measure import measure_rates
from bounce_watch.records.rate import CohortCount, RateState, SendTally
from bounce_watch.reports.content import ReportContent
from bounce_watch.reports.render import Form, render
from tests.reports.example import CONTENT, WEEK

NOW = CONTENT.made_at


def impossible(blocked: int, sent: int) -> ReportContent:
    """A report whose log has lost rows: more opted out than were written to, on every basis and in every group."""
    count = CohortCount(
        period=WEEK,
        group=None,
        sent=SendTally(messages=sent, buyers=sent, squares=max(sent, 0), share_buyers=sent),
        blocked_messages=blocked,
        opted_out_buyers=blocked,
        share_opted_out=blocked,
        covered=1.0,
    )
    (rates,) = measure_rates([count], now=NOW)
    return replace(
        CONTENT,
        rates=rates,
        marketplaces=tuple(replace(row, rates=rates) for row in CONTENT.marketplaces),
        labels=tuple(replace(row, rates=rates) for row in CONTENT.labels),
        order_ages=(),
        change=replace(CONTENT.change, difference=None),
    )


@pytest.mark.parametrize("form", [Form.TERMINAL, Form.HTML, Form.MARKDOWN])
def test_a_reader_sees_both_numbers_and_that_they_cannot_be(form: Form) -> None:
    shown = " ".join(render(impossible(4_057, 3_040), form).replace("&#39;", "'").split())
    assert "4,057 of 3,040" in shown
    assert "can't be" in shown or "misses sends" in shown
    # 4057 / 3040 is 133.45 %, and clipping would make 100.0 of it.
    assert not re.search(r"\b(133\.[45]|100\.0)\s?%", re.sub(r"<(style|script|svg).*?</\1>", "", shown))


def test_a_program_sees_the_state_and_no_share() -> None:
    report = json.loads(render(impossible(4_057, 3_040), Form.JSON))
    groups = [*report["marketplaces"], *report["labels"]]
    every = [report["rates"]["period"], *(row["rates"] for row in groups)]
    assert len(every) > 2
    for rates in every:
        for basis in ("messages", "buyers", "share"):
            rate = rates[basis]
            assert (rate["opted_out"], rate["contacted"], rate["state"]) == (4_057, 3_040, "inconsistent")
            assert (rate["value"], rate["low"], rate["high"]) == (None, None, None)


def test_a_table_sees_the_state_and_no_share() -> None:
    rows = list(csv.DictReader(render(impossible(4_057, 3_040), Form.CSV).splitlines()))
    odd = [row for row in rows if "4057" in row.values()]
    assert odd
    assert all("inconsistent" in row.values() for row in odd)
    assert all("1.33" not in str(value) for row in odd for value in row.values())


@pytest.mark.parametrize(("blocked", "sent"), [(1, 0), (-1, 10), (3, 2), (-2, -1)])
def test_nothing_is_bent_into_a_share(blocked: int, sent: int) -> None:
    rates = impossible(blocked, sent).rates
    for rate in (rates.messages, rates.buyers, rates.share):
        assert rate.state is RateState.INCONSISTENT
        assert (rate.opted_out, rate.contacted, rate.value) == (blocked, sent, None)
