"""Where things stand in a chart, reckoned by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from bounce_watch.records.change import ChangePoint
from bounce_watch.records.rate import Basis, CohortRates, Rate, RateState
from bounce_watch.reports.chart import shared_scale
from bounce_watch.reports.content import ReportContent, TrendBucket
from bounce_watch.reports.page_charts import charts
from bounce_watch.reports.plots import notices_plot, rate_plot, spans

from .example import CONTENT, NO_LOG, WEEK, no_rates, rate, rates
from .examples import ODD


def cohort(value: Rate) -> CohortRates:
    return rates(WEEK, replace(value, basis=Basis.MESSAGES), value)


# A scale of 4 %: 1 % stands three quarters from the top, 2 % half, 4 % at the top.
ONE = cohort(rate(Basis.BUYERS, 10, 1000, (0.005, 0.02)))
TWO = cohort(rate(Basis.BUYERS, 20, 1000, (0.01, 0.04), RateState.MATURING))
NONE = no_rates(WEEK)


def over_time(*found: CohortRates) -> ReportContent:
    trend = tuple(TrendBucket(notices=place, rates=each) for place, each in enumerate(found))
    return replace(CONTENT, trend=trend, change=replace(CONTENT.change, point=None))


def test_a_line_and_its_band() -> None:
    plot = rate_plot(over_time(ONE, TWO), Basis.BUYERS)
    assert plot is not None
    assert [(tick.y, tick.label) for tick in plot.ticks] == [("100", "0 %"), ("50", "2 %"), ("0", "4 %")]
    assert [(mark.x, mark.y, mark.maturing) for mark in plot.marks] == [
        ("25", "75", False),
        ("75", "50", True),
    ]
    assert plot.lines == ("250,750 750,500",)
    # Upper ends from left to right, lower ends back; drawn out by 8 % of the width at both ends.
    assert plot.bands == ("170,500 250,500 750,0 830,0 830,750 750,750 250,875 170,875",)


def test_a_missing_rate_is_a_gap_and_not_a_zero() -> None:
    plot = rate_plot(over_time(ONE, NONE, TWO, TWO), Basis.MESSAGES)
    assert plot is not None
    assert [mark.y for mark in plot.marks] == ["75", None, "50", "50"]
    assert plot.lines == ("625,500 875,500",)  # one alone has no line, but a band
    assert [band.split()[0] for band in plot.bands] == ["45,500", "545,0"]


def test_an_interval_beyond_the_scale_ends_with_it() -> None:
    few = cohort(rate(Basis.BUYERS, 1, 20, (0.009, 0.236)))
    plot = rate_plot(over_time(ONE, TWO, TWO, few), Basis.BUYERS)
    assert plot is not None
    assert plot.marks[3].y == "0"  # 5 %, on a scale of 4 %
    assert [(mark.beyond, mark.turned) for mark in plot.marks] == [
        *[("", False)] * 2,
        *(("", True), ("5.0 %", True)),
    ]
    assert next(charts(over_time(ONE, TWO, TWO, few))).legend.endswith(
        "arrow: beyond the scale, with its figure"
    )
    assert all(0 <= float(point.split(",")[1]) <= 1000 for point in plot.bands[0].split())


@pytest.mark.parametrize(
    ("since", "steps", "anchor"),
    [
        *((date(2026, 11, 9), 11, "end"), (date(2026, 8, 31), 1, "start")),
        *((date(2026, 9, 3), 1 + 3 / 7, "start"), (date(2026, 10, 5), 6, "middle")),
    ],
)
def test_a_change_point_stands_where_its_day_begins(since: date, steps: float, anchor: str) -> None:
    point = ChangePoint(since=since, before=0.01, after=0.02)
    content = replace(CONTENT, change=replace(CONTENT.change, point=point))
    plot = rate_plot(content, Basis.BUYERS)
    assert plot is not None
    assert plot.step is not None
    assert float(plot.step.x) == pytest.approx(steps / 13 * 100, abs=0.01)
    assert plot.step.anchor == anchor
    assert (plot.step.before, plot.step.after) == ("66.67", "33.33")  # on a scale of 3 %
    messages = rate_plot(content, Basis.MESSAGES)
    assert messages is not None
    assert messages.step is None  # a change is found in buyers


def test_a_change_point_before_the_chart_is_not_drawn() -> None:
    point = ChangePoint(since=date(2026, 8, 23), before=0.01, after=0.02)
    content = replace(CONTENT, change=replace(CONTENT.change, point=point))
    plot = rate_plot(content, Basis.BUYERS)
    assert plot is not None
    assert plot.step is None
    assert next(charts(content)).change == ""


def test_both_rates_have_one_scale() -> None:
    wide = rate(Basis.MESSAGES, 50, 1000, (0.04, 0.06))
    content = over_time(*(replace(each, messages=wide) for each in (ONE, ONE)))
    tops = [(plot := rate_plot(content, basis)) and plot.ticks[-1].label for basis in Basis]
    assert tops == ["6 %", "6 %"]
    few = replace(ONE, messages=rate(Basis.MESSAGES, 1, 0))
    assert shared_scale([few.messages], [few.buyers]) == pytest.approx(
        0.02
    )  # a chart without a rate has no say


def test_neighbours_beyond_the_scale_stand_on_two_lines() -> None:
    few = cohort(rate(Basis.BUYERS, 1, 2, (0.1, 0.9)))
    plot = rate_plot(over_time(*[ONE] * 4, few, few, few, ONE, few), Basis.BUYERS)
    assert plot is not None
    assert [(mark.beyond, mark.line) for mark in plot.marks if mark.beyond] == [
        *(("50.0 %", 1), ("50.0 %", 2), ("50.0 %", 1), ("50.0 %", 1))
    ]


def test_a_step_that_the_log_covers_in_part_is_marked() -> None:
    week = replace(ONE.period, first_day=date(2026, 11, 9))  # another than the one of the report
    content = over_time(replace(ONE, period=week, covered=2 / 7), ONE)
    plot = rate_plot(content, Basis.BUYERS)
    assert plot is not None
    assert [mark.partly for mark in plot.marks] == [True, False]
    made = next(charts(content))
    assert made.legend.endswith("square: the sent log covers only part")
    assert [tip.lines[-1] for tip in made.tips] == ["log covers 29 % of it", "10 of 1,000 buyers"]


def test_the_last_of_many_labels_ends_with_the_plot() -> None:
    for number, ends in ((2, False), (7, True)):
        plot = notices_plot(over_time(*[NONE] * number))
        assert plot is not None
        assert [mark.ends for mark in plot.marks] == [*[False] * (number - 1), ends]


def test_bars_of_notices() -> None:
    plot = notices_plot(over_time(*(NONE for _ in range(9))))
    assert plot is not None
    assert [(tick.y, tick.label) for tick in plot.ticks] == [("100", "0"), ("50", "4"), ("0", "8")]
    assert [(mark.y, mark.height) for mark in plot.marks[::4]] == [("100", "0"), ("50", "50"), ("0", "100")]
    assert plot.bar == "7.11"
    # Two columns apart, the newest for sure; every other of them also where there is little room.
    assert [mark.rank for mark in plot.marks] == [1, 0, 2, 0, 1, 0, 2, 0, 1]


def test_few_bars_are_no_walls() -> None:
    plot = notices_plot(over_time(NONE, NONE))
    assert plot is not None
    assert (plot.bar, [mark.left for mark in plot.marks]) == ("8", ["21", "71"])


def test_nothing_to_draw() -> None:
    assert rate_plot(NO_LOG, Basis.BUYERS) is None
    assert rate_plot(replace(CONTENT, trend=()), Basis.MESSAGES) is None
    assert notices_plot(replace(CONTENT, trend=())) is None
    assert spans([None, NONE.buyers]) == [None, None]


def test_rates_of_a_column_share_a_scale() -> None:
    found = spans([ONE.buyers, None, TWO.buyers])
    assert [each and (each.low, each.x, each.high) for each in found] == [
        ("12.5", "25", "50"),
        None,
        ("25", "50", "100"),
    ]


def test_the_steps_say_why_there_is_no_rate() -> None:
    made = list(
        charts(replace(ODD, trend=(*ODD.trend[:-2], replace(ODD.trend[-2], rates=NONE), ODD.trend[-1])))
    )
    assert made[0].tips[-1].lines == ("no rate: more opted out than the log holds", "49 of 38 buyers")
    assert made[0].tips[-2].lines == ("no rate: no sent log, or nothing sent",)
    assert made[0].legend.endswith("gap: no rate")
    assert "2 without a rate" in made[0].description
    assert made[2].tips[0].lines == ("24 notices",)
