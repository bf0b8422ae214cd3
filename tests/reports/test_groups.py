"""The tables by marketplace, by template or campaign, by days since the order."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from bounce_watch.reports.content import ReportContent
from bounce_watch.reports.groups import SHOWN, labels, order_ages
from bounce_watch.reports.terminal import render_terminal

from .example import CONTENT, NO_LOG
from .examples import LOUD, ODD


def row(content: ReportContent, name: str, width: int) -> list[str]:
    """The words of the first row that begins with the name."""
    shown = render_terminal(content, width=width, colour=False)
    found = re.search(rf"^{re.escape(name)} .*", shown, re.MULTILINE)
    assert found, shown
    return found[0].removeprefix(name).split()


def test_a_marketplace_has_its_counts_and_both_rates() -> None:
    # 36/1780, 43/1900
    assert row(CONTENT, "amazon.co.uk", 100) == "43 38 2.0 % 1.5-2.8 1,780 2.3 % 1.7-3.1 1,900".split()
    assert row(LOUD, "amazon.com", 100)[2:6] == ["7.5", "%", "2.6-19.9", "40"]


def test_without_any_rate_there_are_counts() -> None:
    assert row(NO_LOG, "amazon.co.uk", 80) == ["43", "38", "36"]


@pytest.mark.parametrize("width", [40, 60, 80, 100, 128])
def test_the_rate_of_buyers_and_its_interval_always_find_room(width: int) -> None:
    assert "2.0 % 1.5-2.8" in " ".join(row(CONTENT, "amazon.co.uk", width))
    assert row(CONTENT, "review-request", width)[:3] == ["2.3", "%", "1.7-3.2"]


def test_templates_stand_beside_the_days_since_the_order() -> None:
    shown = render_terminal(CONTENT, width=80, colour=False)
    assert re.search(r"^By template or campaign ─+ +By days since the order ─+$", shown, re.MULTILINE)
    assert re.search(r"^review-request +2\.3 % .* 0 to 3 +1\.4 % ", shown, re.MULTILINE)
    alone = render_terminal(replace(CONTENT, order_ages=()), width=80, colour=False)
    assert re.search(r"^By template or campaign ─+$", alone, re.MULTILINE)
    assert "days since" not in alone
    # 34/1460 and 40/1490
    assert row(replace(CONTENT, order_ages=()), "review-request", 80) == (
        "2.3 % 1.7-3.2 1,460 2.7 % 2.0-3.7 1,490".split()
    )


def test_many_templates_are_the_first_few_and_a_number() -> None:
    found = labels(LOUD, 80)
    assert found is not None
    assert len(found.grids[0].rows) == SHOWN + 1  # and the heads
    # Three and ten, of which eight are shown.
    assert "and 5 more" in render_terminal(LOUD, width=80, colour=False)
    exactly = labels(replace(LOUD, labels=LOUD.labels[:SHOWN]), 80)
    assert exactly is not None
    assert len(exactly.grids) == 1


def test_what_is_not_known_is_no_table() -> None:
    assert labels(NO_LOG, 80) is None
    assert order_ages(NO_LOG, 80) is None


def test_what_cannot_be_is_shown_as_it_is() -> None:
    assert row(ODD, "review-request", 80) == "can't be 49 of 38 can't be 57 of 40".split()


def test_a_name_that_is_not_known_is_said() -> None:
    assert row(CONTENT, "not named", 129)[0] == "1"
    shown = render_terminal(replace(CONTENT, marketplaces=()), width=129, colour=False)
    assert re.search(r"^not named +2\.2 %", shown, re.MULTILINE)
