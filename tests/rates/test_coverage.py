"""One origin a day is the denominator, whatever was loaded in which order, and how often."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bounce_watch.rates.coverage import covered_share, denominator_spans, is_in_force
from bounce_watch.records.rate import Period
from bounce_watch.records.sent import LogSpan, Origin, SentCoverage

START = datetime(2026, 9, 1, tzinfo=UTC)
CSV, FOLDER = Origin.CSV_LOG, Origin.SENT_FOLDER


def at(days: float) -> datetime:
    return START + timedelta(days=days)


def coverage(origin: Origin, first: float, last: float) -> SentCoverage:
    return SentCoverage(account="uk", origin=origin, start=at(first), end=at(last))


def span(origin: Origin, first: float, last: float) -> LogSpan:
    return LogSpan(origin=origin, start=at(first), end=at(last))


@pytest.mark.parametrize(
    ("coverages", "spans"),
    [
        ([], []),
        ([coverage(CSV, 0, 3)], [span(CSV, 0, 3)]),
        ([coverage(CSV, 0, 3), coverage(CSV, 3, 5)], [span(CSV, 0, 5)]),
        ([coverage(CSV, 0, 3), coverage(CSV, 1, 2)], [span(CSV, 0, 3)]),
        ([coverage(CSV, 0, 3), coverage(CSV, 4, 5)], [span(CSV, 0, 3), span(CSV, 4, 5)]),
        (
            [coverage(FOLDER, 0, 9.5), coverage(CSV, 2, 4)],
            [span(FOLDER, 0, 2), span(CSV, 2, 4), span(FOLDER, 4, 9.5)],
        ),
        ([coverage(FOLDER, 1, 2), coverage(CSV, 0, 4)], [span(CSV, 0, 4)]),
        ([coverage(FOLDER, 0, 4), coverage(CSV, 0, 4)], [span(CSV, 0, 4)]),
        ([coverage(Origin.SCRUB, 0, 4)], []),
    ],
)
def test_a_loaded_log_stands_above_the_sent_folder(
    coverages: list[SentCoverage], spans: list[LogSpan]
) -> None:
    for given_order in permutations(coverages):
        assert list(denominator_spans(given_order)) == spans
        assert list(denominator_spans((*given_order, *given_order))) == spans


_COVERAGES = st.lists(
    st.builds(
        lambda origin, first, length: coverage(origin, first, first + length),
        st.sampled_from([CSV, FOLDER]),
        st.integers(0, 30),
        st.integers(1, 9),
    ),
    max_size=8,
)


@given(_COVERAGES, st.integers(0, 40))
def test_an_instant_has_one_origin_at_most(coverages: list[SentCoverage], day: int) -> None:
    spans, noon = denominator_spans(coverages), at(day + 0.5)
    by = {each.origin for each in coverages if each.start <= noon < each.end}
    in_force = [origin for origin in Origin if is_in_force(spans, noon, origin)]
    assert in_force == ([CSV] if CSV in by else [FOLDER] if by else [])


WEEK = Period(first_day=date(2026, 9, 1), last_day=date(2026, 9, 7), start=START, end=at(7))


@pytest.mark.parametrize(
    ("spans", "now", "share"),
    [
        ([], at(20), 0),
        ([span(CSV, 0, 7)], at(20), 1),
        ([span(CSV, -5, 20)], at(20), 1),
        ([span(CSV, 2, 7)], at(20), 5 / 7),
        ([span(CSV, 0, 1), span(FOLDER, 6, 9)], at(20), 2 / 7),
        ([span(CSV, 8, 9)], at(20), 0),
        ([span(CSV, 0, 2)], at(2), 1),
        ([span(CSV, 0, 2)], at(4), 0.5),
        ([span(CSV, 0, 7)], at(0), 0),
        ([span(CSV, 0, 7)], at(-3), 0),
    ],
)
def test_how_much_of_a_period_is_covered(spans: list[LogSpan], now: datetime, share: float) -> None:
    assert covered_share(spans, WEEK, now=now) == pytest.approx(share)


def test_a_span_ends_after_it_starts() -> None:
    with pytest.raises(ValueError, match="after it starts"):
        span(CSV, 2, 2)
