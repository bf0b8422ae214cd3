"""March 2026 of an invented seller, in two time zones: every figure equals the one worked out by hand.

The tables and the arithmetic lie in fixtures/reports/worked-month; see its README.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import cache
from math import sqrt
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bounce_watch.figures.cohorts import count_notices, rates_of
from bounce_watch.figures.facts import read_facts
from bounce_watch.rates.periods import day, month
from bounce_watch.records.rate import RateState
from bounce_watch.reports.content import ReportContent
from bounce_watch.reports.json import render_json
from bounce_watch.store.ledger import Ledger, open_ledger
from bounce_watch.upkeep.report import asked, report_contents
from bounce_watch.upkeep.retention import purge

from . import worked_month as made
from .line import poll_path
from .worked_month import LATER, LONDON, NEW_YORK, SHOP, WHOLE

GOLDEN = made.table("golden.csv")
REPORTS = {
    "month": ("month", 31),
    "week 22 March": ("week", 22),
    "day 9 March": ("day", 9),
    "day 30 March": ("day", 30),
}
"""The period and its last day in March, for each title in the table but for its zone."""

ZONES = {" London": LONDON, " New York": NEW_YORK}
Z = 1.959963984540054
"""The 97.5 % quantile of the normal distribution, from a printed table."""

_NAMES = {
    "marketplaces": "marketplace",
    "labels": "label",
    "order_ages": "days",
    "trend": "first_day",
    "silences": "marketplace",
}


def ticks() -> datetime:
    return datetime(2026, 4, 10, tzinfo=UTC)


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    """All of it through the doors that the commands use."""
    place = tmp_path_factory.mktemp("month")
    (place / "mails").mkdir()
    for number, octets in enumerate(made.mails()):
        (place / "mails" / f"{number:02}.eml").write_bytes(octets)
    rows = list(made.rows())
    with open_ledger(f"sqlite:///{place}/ledger.sqlite") as opened:
        poll_path(place / "mails", opened, SHOP, ticks)
        for name in WHOLE:
            made.import_log(opened, name, rows, ticks)
        made.import_file(opened, made.order_report(), ticks)
        made.poll_folder(opened, rows, ticks)
        made.file_scrubbed(opened, rows, ticks)
        made.export_once(opened)
        yield opened


def content(ledger: Ledger, title: str) -> ReportContent:
    """The report that a title of the table means."""
    zone = next(each for each in ZONES if each in title)
    period, last = REPORTS[title.replace(zone, "")]
    wanted = asked(period, date(2026, 3, last), ZONES[zone], now=LATER)
    (found,) = report_contents(ledger, [SHOP], wanted, now=LATER, polled=())
    return found


def said(report: dict[str, Any], figure: str) -> Any:
    """What the report says under `a.b[name].c`; an interval is what has a low and a high end."""
    found: Any = report
    for step in figure.removesuffix(".interval").split("."):
        # A marketplace's name has points of its own.
        key, _, name = step.partition("[")
        found = found[key.replace("|", ".")]
        if name:
            wanted = name.removesuffix("]").replace("|", ".")
            (found,) = (one for one in found if (one[_NAMES.get(key, "label")] or "") == wanted)
    return found


def pointless(figure: str) -> str:
    for market in ("co.uk", "de", "it"):
        figure = figure.replace(f"amazon.{market}]", f"amazon.{market}]".replace(".", "|"))
    return figure


@cache
def wilson(opted_out: int, contacted: int, effect: Fraction) -> tuple[float, float]:
    """The shares p with |x/n - p| = z sqrt(p (1 - p) / n), found by halving, not by the formula."""
    share, sample = opted_out / contacted, contacted / float(effect)

    def apart(p: float) -> float:
        return abs(share - p) - Z * sqrt(p * (1 - p) / sample)

    def end(outside: float) -> float:
        inside = share
        for _ in range(200):
            middle = (inside + outside) / 2
            inside, outside = (middle, outside) if apart(middle) <= 0 else (inside, middle)
        return inside

    return (end(0.0) if opted_out else 0.0), (end(1.0) if opted_out < contacted else 1.0)


def newcombe(now: str, before: str) -> tuple[float, float]:
    """R. G. Newcombe's method 10, from two counts as `12/800`, in percentage points."""
    (x, n), (y, m) = ((int(part) for part in text.split("/")) for text in (now, before))
    (low, high), (low_before, high_before) = wilson(x, n, Fraction(1)), wilson(y, m, Fraction(1))
    apart = x / n - y / m
    below = sqrt((x / n - low) ** 2 + (high_before - y / m) ** 2)
    above = sqrt((high - x / n) ** 2 + (y / m - low_before) ** 2)
    return 100 * (apart - below), 100 * (apart + above)


def is_right(found: Any, value: str, figure: str) -> bool:
    if figure.endswith(".interval"):
        return bool([found["low"], found["high"]] == pytest.approx(interval(value), abs=1e-9, rel=0))
    if value in {"yes", "no"}:
        return bool(found is (value == "yes"))
    if isinstance(found, str) or found is None:
        return (found or "") == value
    terms = [Fraction(term) for term in value.split(" - ")]
    exact = terms[0] - sum(terms[1:])
    return bool(found == exact if isinstance(found, int) else found == pytest.approx(float(exact), abs=1e-12))


def interval(value: str) -> tuple[float, float]:
    if " less " in value:
        return newcombe(*value.split(" less "))
    count, _, effect = value.partition(" by ")
    opted_out, contacted = count.split("/")
    return wilson(int(opted_out), int(contacted), Fraction(effect))


@pytest.mark.parametrize("title", sorted({row["report"] for row in GOLDEN}))
def test_every_figure_is_the_one_worked_out_by_hand(ledger: Ledger, title: str) -> None:
    assert not wrong_figures(ledger, title)


def wrong_figures(ledger: Ledger, title: str) -> dict[str, tuple[Any, str, str]]:
    """The figures of a report that are not as in the table: what is said, what is right, and why."""
    report = json.loads(render_json(content(ledger, title)))
    return {
        row["figure"]: (found, row["value"], row["how"])
        for row in GOLDEN
        if row["report"] == title
        and not is_right(found := said(report, pointless(row["figure"])), row["value"], row["figure"])
    }


def test_the_figures_are_many_and_each_says_how_it_was_found() -> None:
    assert len({(row["report"], row["figure"]) for row in GOLDEN}) == len(GOLDEN) >= 200
    assert all(row["how"] for row in GOLDEN)


@pytest.mark.parametrize(
    ("zone", "sent", "blocked", "came"), [(LONDON, 1000, 13, 16), (NEW_YORK, 982, 14, 15)]
)
def test_the_days_add_up_to_the_month(
    ledger: Ledger, zone: ZoneInfo, sent: int, blocked: int, came: int
) -> None:
    """No message and no notice falls between two days, or into both, where the clocks change."""
    facts = read_facts(ledger, SHOP)
    every = [day(date(2026, 3, 1) + timedelta(days=number), zone) for number in range(31)]
    rates = rates_of(ledger, facts, every, now=LATER)
    assert sum(one.messages.contacted for one in rates) == sent
    assert sum(one.messages.opted_out for one in rates) == blocked
    assert sum(count_notices(facts, one).notices for one in every) == came


def test_a_month_ripens_where_it_ends(ledger: Ledger) -> None:
    """Seven days after it ended in London, it has five hours to go in New York."""
    ripe = datetime(2026, 4, 7, 23, tzinfo=UTC)
    facts = read_facts(ledger, SHOP)
    for zone, now, state in (
        (LONDON, ripe - timedelta(seconds=1), RateState.MATURING),
        (LONDON, ripe, RateState.MEASURED),
        (NEW_YORK, ripe, RateState.MATURING),
        (NEW_YORK, ripe + timedelta(hours=5), RateState.MEASURED),
    ):
        (found,) = rates_of(ledger, facts, [month(date(2026, 3, 1), zone)], now=now)
        assert found.messages.state is state


def test_reading_everything_again_changes_no_figure(ledger: Ledger, tmp_path: Path) -> None:
    """Logs again in halves that overlap, one of them whole, and again what lies in the sent folder."""
    before = content(ledger, "month London")
    rows = list(made.rows())
    for name in ("csv 2", "csv 3"):
        own = [row for row in rows if name in row.log.split("+")]
        made.import_log(ledger, name, own[: len(own) * 2 // 3], ticks)
        made.import_log(ledger, name, own[len(own) // 3 :], ticks)
    made.import_log(ledger, "csv 1", rows, ticks)
    made.import_file(ledger, made.order_report(), ticks)
    made.poll_folder(ledger, rows, ticks)
    made.file_scrubbed(ledger, rows, ticks)
    assert content(ledger, "month London") == before
    # The mails, too; only the line of what was read knows of it.
    for number, octets in enumerate(made.mails()):
        (tmp_path / f"{number:02}.eml").write_bytes(octets)
    poll_path(tmp_path, ledger, SHOP, ticks)
    again = content(ledger, "month London")
    assert (again.rates, again.marketplaces, again.counts) == (
        before.rates,
        before.marketplaces,
        before.counts,
    )
    assert (again.change, again.leak, again.silences) == (before.change, before.leak, before.silences)
    assert again.reconciliation.adds_up


def test_what_is_forgotten_changes_no_figure(ledger: Ledger) -> None:
    """In June the names of most buyers are keyed hashes."""
    forgotten = purge(ledger, SHOP, now=LATER).purged
    assert forgotten.names > 1_000
    wrong = wrong_figures(ledger, "month London")
    # What was read again by another test stands in the reconciliation.
    assert [figure for figure in wrong if not figure.startswith("reconciliation.")] == []
