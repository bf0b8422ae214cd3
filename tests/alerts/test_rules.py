"""When the same is told again, and when a rate is surely too high."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from bounce_watch.alerts.rules import again_after, due, high_rate, is_surely_above
from bounce_watch.records.alert import Alert, AlertKind, AlertSeverity, Told
from bounce_watch.records.rate import Basis, CohortRates, Period, Rate, RateState, SendTally

NOW = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def alert(kind: AlertKind = AlertKind.LEAK, subject: str = "") -> Alert:
    return Alert(
        account="uk", kind=kind, text="x", advice="y", severity=AlertSeverity.CHECK, at=NOW, subject=subject
    )


def told(kind: AlertKind = AlertKind.LEAK, subject: str = "", *, before: timedelta) -> Told:
    return Told(account="uk", target="env A", kind=kind, subject=subject, told_at=NOW - before)


def test_what_is_new_is_told_at_once() -> None:
    silent = alert(AlertKind.SILENCE, "amazon.de")
    known = [told(before=HOUR), told(AlertKind.SILENCE, "amazon.fr", before=HOUR)]
    assert due([alert(), silent], known, cool_down=DAY) == (silent,)
    assert due([alert(), silent], [], cool_down=DAY) == (alert(), silent)


@pytest.mark.parametrize(
    ("kind", "cool_down", "before", "again"),
    [
        (AlertKind.LEAK, DAY, 22.9 * HOUR, False),
        # Yesterday's line of cron may have told it later in its hour than today's does.
        (AlertKind.LEAK, DAY, 23 * HOUR, True),
        (AlertKind.LEAK, HOUR, 0.7 * HOUR, False),
        (AlertKind.LEAK, HOUR, 0.75 * HOUR, True),
        (AlertKind.LEAK, DAY, -HOUR, True),
        (AlertKind.RATE_HIGH, DAY, 6 * DAY, False),
        (AlertKind.RATE_HIGH, DAY, 7 * DAY - HOUR, True),
        (AlertKind.RATE_HIGH, 30 * DAY, 8 * DAY, False),
        (AlertKind.RATE_CHANGED, DAY, 34 * DAY, False),
        (AlertKind.RATE_CHANGED, DAY, 35 * DAY, True),
    ],
)
def test_the_same_is_told_again_after_its_time(
    kind: AlertKind, cool_down: timedelta, before: timedelta, again: bool
) -> None:
    assert bool(due([alert(kind)], [told(kind, before=before)], cool_down=cool_down)) is again


def test_the_time_is_never_nothing() -> None:
    assert all(again_after(kind, HOUR) >= 0.75 * HOUR for kind in AlertKind)


def buyers(opted_out: int, low: float | None, state: RateState = RateState.MEASURED) -> Rate:
    value = None if low is None else low + 0.01
    return Rate(
        basis=Basis.BUYERS,
        contacted=500,
        opted_out=opted_out,
        value=value,
        low=low,
        high=value and value + 0.01,
        state=state,
    )


@pytest.mark.parametrize(
    ("rate", "above"),
    [
        (buyers(10, 0.051), True),
        (buyers(10, 0.05), False),
        (buyers(9, 0.3), False),
        (buyers(10, 0.051, RateState.MATURING), True),
        (buyers(400, None, RateState.INCONSISTENT), False),
        (buyers(400, None, RateState.NO_DENOMINATOR), False),
    ],
)
def test_a_rate_is_surely_above_by_its_lower_end_and_with_ten_opt_outs(rate: Rate, *, above: bool) -> None:
    assert is_surely_above(rate, 0.05) is above


def week(number: int, rate: Rate) -> CohortRates:
    start = datetime(2026, 9, 7, tzinfo=UTC) + number * 7 * DAY
    first = date(2026, 9, 7) + number * 7 * DAY
    period = Period(first_day=first, last_day=first + 6 * DAY, start=start, end=start + 7 * DAY)
    return CohortRates(
        period=period, group=None, messages=rate, buyers=rate, share=rate, sent=SendTally(), covered=1
    )


def test_the_newest_of_the_last_three_weeks_is_told() -> None:
    high, calm = buyers(30, 0.06), buyers(30, 0.02)
    old, *_ = weeks = [week(0, high), week(1, high), week(2, high), week(3, calm)]
    assert high_rate(weeks, 0.05) is weeks[2]
    assert high_rate([*weeks, week(4, calm), week(5, calm)], 0.05) is None
    assert high_rate([old], 0.05) is old
    assert high_rate([], 0.05) is None
