"""The sentences on a leak, a silence, a change and a high rate."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, timedelta
from zoneinfo import ZoneInfo

import pytest

from bounce_watch.records.change import ChangePoint, LeakLabel, SilenceState
from bounce_watch.records.rate import Basis, RateState
from bounce_watch.reports.content import AttentionKind, Severity
from bounce_watch.reports.findings import (
    NEWS_FOR,
    change_found,
    high_rate_found,
    leak_found,
    silences_found,
)

from .example import CONTENT, at, rate
from .examples import CANNOT_TELL, LEAK, LOUD, SILENT, SINCE

NOW = at(2026, 11, 23, 6, 30)
RATE = rate(Basis.BUYERS, 58, 1860, (0.0242, 0.0401))


class TestLeak:
    def test_says_how_many_since_when_which_export_and_who_sends(self) -> None:
        found = leak_found(LEAK, UTC)
        assert (found.kind, found.kind.severity) == (AttentionKind.LEAK, Severity.STOP)
        assert found.text == (
            "Amazon blocked 12 messages to 9 buyers who already stood on your exported list, the first on 16 Nov 2026."
            " The export of 1 Nov 2026 (mailgun, lists/mailgun.csv) does not reach the sender;"
            " still sending: review-request (9) and how-to-use (2)."
        )
        assert found.advice.endswith("A new file: bounce-watch suppressions export")
        assert found == LOUD.attention[0]

    def test_of_one_message(self) -> None:
        text = leak_found(replace(LEAK, messages=1, buyers=1, labels=()), UTC).text
        assert "1 message to 1 buyer who already stood" in text
        assert text.endswith("does not reach the sender.")

    def test_a_label_that_is_not_known_has_no_name(self) -> None:
        unknown = leak_found(replace(LEAK, labels=(LeakLabel(label=None, messages=12),)), UTC)
        assert "still sending" not in unknown.text
        many = tuple(LeakLabel(label=f"no-{number}", messages=9 - number) for number in range(6))
        assert (
            "still sending: no-0 (9), no-1 (8) and no-2 (7)."
            in leak_found(replace(LEAK, labels=many), UTC).text
        )

    def test_standard_output_is_no_file(self) -> None:
        assert "(mailgun) does not reach" in leak_found(replace(LEAK, path="-"), UTC).text

    def test_days_are_local(self) -> None:
        late = replace(LEAK, first_at=at(2026, 11, 16, 23, 30))
        assert "the first on 17 Nov 2026" in leak_found(late, ZoneInfo("Asia/Tokyo")).text


class TestSilence:
    def test_says_where_since_when_how_many_and_the_three_checks(self) -> None:
        (found,) = silences_found(LOUD.silences, UTC)
        assert (found.kind, found.kind.severity) == (AttentionKind.SILENCE, Severity.CHECK)
        assert found.text == "No notice came from amazon.de since 29 Oct 2026, where about 14 were due."
        places = ["Buyer Opt-Out", "spam folder", "forwarding rule or filter"]
        assert [found.advice.index(f"{number}. ") for number in (1, 2, 3)] == sorted(
            found.advice.index(f"{number}. ") for number in (1, 2, 3)
        )
        assert all(place in found.advice for place in places)
        assert found == LOUD.attention[1]

    def test_each_silent_marketplace_is_told_and_no_other(self) -> None:
        heard = replace(SILENT, state=SilenceState.HEARD)
        french = replace(SILENT, marketplace="amazon.fr", expected=1234.4)
        texts = [one.text for one in silences_found((SILENT, heard, CANNOT_TELL, french), UTC)]
        assert [("amazon.de" in text, "amazon.fr" in text) for text in texts] == [
            (True, False),
            (False, True),
        ]
        assert "about 1,234 were due" in texts[1]

    def test_what_is_not_known_leaves_no_hole(self) -> None:
        bare = replace(SILENT, marketplace=None, expected=None, last_notice_at=None)
        (found,) = silences_found((bare,), UTC)
        assert found.text == "No notice came."


class TestChange:
    def test_a_rise_says_since_when_and_from_what(self) -> None:
        (found,) = change_found(SINCE, now=NOW, zone=UTC)
        assert found == LOUD.attention[2]
        assert found.kind.severity is Severity.CHECK

    def test_a_fall_can_be_the_list_at_work_or_missing_notices(self) -> None:
        fall = ChangePoint(since=date(2026, 11, 2), before=0.0313, after=0.0148)
        (found,) = change_found(fall, now=NOW, zone=UTC)
        assert found.text == "Since 2 Nov 2026 1.5 % of buyers opt out, 3.1 % before."
        assert "list at work" in found.advice
        assert "missing" in found.advice

    def test_it_is_news_for_five_weeks(self) -> None:
        last = at(2026, 11, 2) + NEWS_FOR
        assert len(list(change_found(SINCE, now=last, zone=UTC))) == 1
        assert list(change_found(SINCE, now=last + timedelta(days=1), zone=UTC)) == []
        assert list(change_found(None, now=NOW, zone=UTC)) == []


class TestHighRate:
    def test_a_rate_surely_above_the_limit(self) -> None:
        (found,) = high_rate_found(RATE, 0.02)
        assert found.kind is AttentionKind.RATE_HIGH
        assert found.text == "3.1 % of buyers opt out (2.4 to 4.0 %), more than your limit of 2.0 %."

    @pytest.mark.parametrize("limit", [0.0242, 0.03, 0.05, None])
    def test_one_that_may_be_below_is_none(self, limit: float | None) -> None:
        assert list(high_rate_found(RATE, limit)) == []

    def test_without_a_rate_there_is_none(self) -> None:
        assert list(high_rate_found(None, 0.02)) == []
        assert list(high_rate_found(rate(Basis.BUYERS, 9, 4, state=RateState.INCONSISTENT), 0.02)) == []
        assert list(high_rate_found(CONTENT.rates.buyers, 0.0)) != []
