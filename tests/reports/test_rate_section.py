"""The rates of the period in words: what a seller is told, and what is left out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bounce_watch.records.change import Change, Difference, Slope
from bounce_watch.records.rate import Basis, RateState, SendTally
from bounce_watch.reports.content import ReportContent
from bounce_watch.reports.terminal import render_terminal

from .example import CONTENT, NO_CHANGE, WEEK, at, rate, rates, tally
from .examples import LOUD, ODD, TINY


def section(content: ReportContent, width: int = 80) -> str:
    """The rates alone, each run of blanks one."""
    shown = render_terminal(content, width=width, colour=False)
    found = shown.split("Rates of what was sent")[1].split("\n\n")[0]
    return " ".join(found.split())


def moved(**change: object) -> str:
    return section(replace(CONTENT, change=replace(CONTENT.change, **change)))  # type: ignore[arg-type]  # by name


def test_both_bases_and_the_share_stand_below_each_other() -> None:
    shown = section(CONTENT)
    # 57/2710, 49/2540, (49 + 96)/(2540 + 96); before 47/2640, 44/2500, (44 + 84)/(2500 + 84).
    assert "Messages blocked 2.1 %* 1.6 to 2.8 % 57 of 2,710 1.8 %" in shown
    assert "Buyers who opted out 1.9 %* 1.5 to 2.5 % 49 of 2,540 1.8 %" in shown
    assert "Opt-out share 5.5 %* 4.7 to 6.4 % 145 of 2,636 5.0 %" in shown
    assert "* May still rise: notices can come until 29 Nov 2026." in shown


def test_the_share_is_told_only_where_the_list_kept_somebody_back() -> None:
    nobody = replace(CONTENT, rates=replace(CONTENT.rates, sent=tally(2710, 2540)))
    assert "hare" not in section(nobody)
    assert "Share: with the buyers whom the list kept back." in section(CONTENT)


def test_a_ripe_rate_has_no_mark() -> None:
    ripe = replace(CONTENT, rates=CONTENT.rates_before, rates_before=CONTENT.trend[-3].rates)
    assert "*" not in section(ripe)
    assert "May still" not in section(ripe)


class TestMovement:
    def test_a_difference_whose_interval_holds_nought_is_not_clear(self) -> None:
        assert "Change no clear change since the week before (+0.2 points, -0.6 to +0.9)" in section(CONTENT)

    @pytest.mark.parametrize(
        ("points", "low", "high", "words"),
        [
            (0.81, 0.12, 1.5, "Change +0.8 points since the week before (+0.1 to +1.5)"),
            (-0.81, -1.5, -0.12, "Change -0.8 points since the week before (-1.5 to -0.1)"),
        ],
    )
    def test_a_clear_one(self, points: float, low: float, high: float, words: str) -> None:
        assert words in moved(difference=Difference(points=points, low=low, high=high))

    def test_the_slope_is_told_by_the_month(self) -> None:
        assert "Trend +0.3 points a month over 13 weeks (+0.2 to +0.5)" in section(CONTENT)
        flat = Slope(points_a_month=0.1, low=-0.1, high=0.3, periods=9)
        assert "Trend no clear trend over 9 weeks (+0.1 points a month, -0.1 to +0.3)" in moved(slope=flat)

    def test_too_little_to_say(self) -> None:
        assert "Change not enough data to compare with the week before" in moved(difference=None)
        assert "Trend not enough data for a trend" in moved(slope=None)
        nothing = section(replace(CONTENT, change=NO_CHANGE))
        assert "Trend not enough data yet, to compare or for a trend" in nothing
        assert "Change" not in nothing


class TestWhatToKnow:
    def test_a_log_of_some_days_says_of_how_many(self) -> None:
        assert "Sent log covers 5 of 7 days: the rates speak of that part only" in section(LOUD)
        assert "Sent log" not in section(CONTENT)

    def test_while_the_week_runs_only_what_is_over_counts(self) -> None:
        # Thursday noon: 3.5 days are over, for 4/7 of which the log is whole.
        running = replace(LOUD, made_at=at(2026, 11, 19, 12), rates=replace(LOUD.rates, covered=4 / 7))
        assert "covers 2 of 3.5 days" in section(running)
        # A log that ends with yesterday lacks nothing that one can load.
        assert "covers" not in section(replace(running, rates=replace(LOUD.rates, covered=3 / 3.5)))

    def test_parts_of_a_day_are_a_share(self) -> None:
        nearly = replace(LOUD, rates=replace(LOUD.rates, covered=0.993))
        assert "covers 99.3 % of the time" in section(nearly)
        early = replace(LOUD, made_at=WEEK.start + timedelta(minutes=5))
        assert "covers" not in section(early)

    def test_blocked_messages_in_no_log_stand_beside_the_rate(self) -> None:
        assert "Unmatched 7 blocked messages in no sent log, and so in no rate" in section(LOUD)
        assert "Unmatched 1 blocked message in" in section(replace(LOUD, unmatched=1))
        assert "Unmatched" not in section(CONTENT)

    def test_messages_of_unknown_purpose_are_told(self) -> None:
        assert "140 messages of unknown purpose counted too." in section(CONTENT)
        known = replace(CONTENT, rates=replace(CONTENT.rates, sent=tally(2710, 2540)))
        assert "unknown purpose" not in section(known)

    def test_several_messages_to_one_buyer_widen_the_interval(self) -> None:
        # The design effect is 1 + 2 * 170/2710 = 1.1255; an interval grows by its root, 1.0609.
        assert "their interval is 6 % wider." in section(CONTENT)
        one_each = replace(CONTENT.rates, messages=replace(CONTENT.rates.messages, design_effect=1.0))
        assert "wider" not in section(replace(CONTENT, rates=one_each))

    def test_few_say_so(self) -> None:
        shown = section(TINY)
        assert "few: 3 of 43" in shown
        assert "few: 3 of 40" in shown
        assert "few" not in section(CONTENT)

    def test_figures_that_cannot_be_are_shown_as_they_are(self) -> None:
        shown = section(ODD)
        assert "Messages blocked can't be 57 of 40" in shown
        assert "Buyers who opted out can't be 49 of 38" in shown
        assert "More opted out than the sent log holds, so it misses sends." in shown
        assert "May still" not in shown


def test_one_basis_may_have_a_rate_without_the_other() -> None:
    half = rates(WEEK, rate(Basis.MESSAGES, 0, 0), CONTENT.rates.buyers, sent=SendTally())
    assert "Messages blocked no rate" in section(replace(CONTENT, rates=half))


@pytest.mark.parametrize("width", [40, 50, 59])
def test_a_narrow_screen_keeps_rate_interval_and_counts(width: int) -> None:
    shown = section(CONTENT, width)
    assert "Messages 2.1 %* 1.6-2.8 57 of 2,710" in shown
    assert "Share 5.5 %* 4.7-6.4 145 of 2,636" in shown


def test_a_week_before_without_a_rate_says_so() -> None:
    before = replace(CONTENT.rates_before, messages=rate(Basis.MESSAGES, 9, 4, state=RateState.INCONSISTENT))
    assert "57 of 2,710 no rate" in section(replace(CONTENT, rates_before=before))


def test_the_two_absences_are_not_mixed_up() -> None:
    only_slope = Change(difference=None, slope=CONTENT.change.slope, point=None, enough_for_point=False)
    assert "Change and trend: of buyers." in section(replace(CONTENT, change=only_slope))
    assert "of buyers." not in section(replace(CONTENT, change=NO_CHANGE))
