from __future__ import annotations

from dataclasses import fields, replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bounce_watch.records.rate import Basis, RateState
from bounce_watch.reports.content import Counts, Reconciliation, SentLogState, WhyNoRate, rate_of

from .example import CONTENT, NO_LOG, WAITING, WEEK, rate, rates


def test_the_difference_to_the_period_before() -> None:
    assert CONTENT.counts_change == Counts(notices=9, orders=5, buyers=3)


def test_the_difference_of_rates_in_points() -> None:
    # 57/2710 = 2.10332 %, 47/2640 = 1.78030 %; 49/2540 = 1.92913 %, 44/2500 = 1.76 %
    assert CONTENT.change_pp(Basis.MESSAGES) == pytest.approx(0.32302, abs=1e-5)
    assert CONTENT.change_pp(Basis.BUYERS) == pytest.approx(0.16913, abs=1e-5)
    assert NO_LOG.change_pp(Basis.MESSAGES) is None
    assert replace(CONTENT, rates_before=NO_LOG.rates_before).change_pp(Basis.BUYERS) is None


def test_the_basis_chooses_the_rate() -> None:
    assert rate_of(CONTENT.rates, Basis.MESSAGES).contacted == 2710
    assert rate_of(CONTENT.rates, Basis.BUYERS).contacted == 2540


def test_why_there_is_no_rate() -> None:
    log = SentLogState(first_day=date(2026, 8, 1), last_day=date(2026, 11, 20), covers_period=False)
    assert CONTENT.why_no_rate is None
    assert NO_LOG.why_no_rate is WhyNoRate.NO_SENT_LOG
    assert replace(NO_LOG, sent_log=log).why_no_rate is WhyNoRate.NOT_COVERED
    covered = replace(NO_LOG, sent_log=replace(log, covers_period=True))
    assert covered.why_no_rate is WhyNoRate.NOT_READ
    assert replace(covered, heard_until=covered.period.start).why_no_rate is WhyNoRate.NOT_READ
    assert replace(covered, heard_until=covered.period.end).why_no_rate is WhyNoRate.NOTHING_SENT


def test_mail_that_was_not_read_for_a_day_is_told() -> None:
    day = timedelta(days=1)
    assert CONTENT.unread_since is None
    made_at = CONTENT.period.end + 3 * day
    for heard, unread in ((CONTENT.period.end, False), (CONTENT.period.end - day, True)):
        found = replace(CONTENT, made_at=made_at, heard_until=heard)
        assert found.unread_since == (heard if unread else None)
    lately = replace(CONTENT, made_at=CONTENT.period.start + 2 * day)
    assert replace(lately, heard_until=lately.made_at - day).unread_since is None
    assert replace(lately, heard_until=lately.made_at - 2 * day).unread_since is not None
    odd = rates(WEEK, rate(Basis.MESSAGES, 57, 40, state=RateState.INCONSISTENT), rate(Basis.BUYERS, 0, 0))
    assert replace(NO_LOG, rates=odd).why_no_rate is None


def test_a_week_matures_seven_days_after_its_last() -> None:
    assert CONTENT.matures_on == date(2026, 11, 29)
    assert replace(CONTENT, maturing_days=3).matures_on == date(2026, 11, 25)


@given(st.lists(st.integers(0, 10**6), min_size=9, max_size=9))
def test_every_mail_is_accounted_for(parts: list[int]) -> None:
    names = [one.name for one in fields(Reconciliation) if one.name != "read"]
    figures = dict(zip(names, parts, strict=True))
    assert Reconciliation(read=sum(parts), **figures).adds_up
    assert not Reconciliation(read=sum(parts) + 1, **figures).adds_up


def test_naive_instants_are_refused() -> None:
    naive = datetime(2026, 11, 23)
    with pytest.raises(ValueError, match="made_at"):
        replace(CONTENT, made_at=naive)
    with pytest.raises(ValueError, match="last_read_to_end_at"):
        replace(CONTENT, last_read_to_end_at=naive)
    with pytest.raises(ValueError, match="last_notice_at"):
        replace(CONTENT, last_notice_at=naive)
    with pytest.raises(ValueError, match="noticed_at"):
        replace(WAITING[0], noticed_at=naive)
