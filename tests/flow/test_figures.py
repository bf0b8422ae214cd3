"""Small cases with figures worked out by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bounce_watch.figures.content import Asked, report_content
from bounce_watch.flow import import_sent, suppression_list
from bounce_watch.listed import opt_outs
from bounce_watch.rates.periods import day, days, month
from bounce_watch.records.account import Account, RequireProof, Trust
from bounce_watch.records.filed import Filed, RunState
from bounce_watch.records.ids import Alias
from bounce_watch.records.notice import Finding, NoticeKind, Verdict
from bounce_watch.records.opt_out import AliasFrom
from bounce_watch.records.rate import Period, Rate, RateState
from bounce_watch.records.sent import OrderLink, Origin, Purpose, SendOutcome, SentLog
from bounce_watch.reports.content import AttentionKind, PeriodName, ReportContent, WhyNoRate
from bounce_watch.store.ledger import Ledger, open_ledger
from tests.store.makers import (
    FORGED,
    GENUINE,
    HOUR,
    NOON,
    SHARED,
    UNPROVEN,
    buyer,
    coverage,
    finding,
    foreign,
    link,
    log,
    notice,
    opt_out,
    order,
    print_of,
    send,
    unrecognised,
)

LONDON = ZoneInfo("Europe/London")
UK = Account(name="uk")
MARCH = month(date(2026, 3, 1), UTC)
LATER = datetime(2026, 6, 1, tzinfo=UTC)
"""Everything sent in March is ripe then."""


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with open_ledger(f"sqlite:///{tmp_path}/ledger.sqlite") as opened:
        yield opened


def file(ledger: Ledger, *findings: Finding, at: datetime = LATER, command: str = "poll") -> None:
    """One complete run that read these mails."""
    run = ledger.start_run("uk", command, at=at)
    filed = ledger.file(run, findings, cursor=None, read=len(findings), passed=0)
    ledger.finish_run(run, at=at, state=RunState.COMPLETE, read=len(findings), filed=filed)


def file_log(ledger: Ledger, sent: SentLog) -> None:
    import_sent(sent, ledger, account=UK, clock=lambda: NOON)


def whole(period: Period) -> SentLog:
    """A log without rows that is whole for the period."""
    return log(whole=coverage(period.start, period.end))


def report(
    ledger: Ledger,
    period: Period = MARCH,
    *,
    account: Account = UK,
    now: datetime = LATER,
    zone: tzinfo = UTC,
    has_mailbox: bool = False,
) -> ReportContent:
    return report_content(
        ledger,
        account,
        Asked(period=period, name=PeriodName.MONTH, zone=zone),
        listing=suppression_list(ledger, account, at=now),
        now=now,
        has_mailbox=has_mailbox,
    )


def figures(rate: Rate) -> tuple[int, int, float | None]:
    return rate.opted_out, rate.contacted, rate.value


def needing(proof: RequireProof) -> Account:
    return replace(UK, trust=Trust(require_proof=proof))


class TestRates:
    def test_without_a_sent_log_there_is_no_rate(self, ledger: Ledger) -> None:
        file(ledger, opt_out(1), opt_out(2))
        found = report(ledger)
        assert found.counts.notices == 2
        assert found.rates.messages.state is RateState.NO_DENOMINATOR
        assert found.rates.messages.value is None
        assert found.rates.buyers.value is None
        assert found.why_no_rate is WhyNoRate.NO_SENT_LOG

    def test_a_log_of_another_month_is_no_denominator(self, ledger: Ledger) -> None:
        file(ledger, opt_out(1))
        file_log(ledger, whole(month(date(2026, 1, 1), UTC)))
        assert report(ledger).why_no_rate is WhyNoRate.NOT_COVERED

    def test_a_covered_month_without_sends_has_no_rate(self, ledger: Ledger) -> None:
        file_log(ledger, whole(MARCH))
        assert report(ledger).why_no_rate is WhyNoRate.NOT_READ
        file(ledger)
        assert report(ledger).why_no_rate is WhyNoRate.NOTHING_SENT

    def test_what_was_sent_since_the_mail_was_read_is_in_no_rate(self, ledger: Ledger) -> None:
        """Nobody knows yet which of it was blocked; to call it 0 of many would be a lie."""
        sends = tuple(send(n, sent_at=NOON + n * 24 * HOUR) for n in range(10))
        file_log(ledger, replace(whole(MARCH), sends=sends, rows=10))
        file(ledger, at=NOON + 4 * 24 * HOUR)
        found = report(ledger)
        assert figures(found.rates.messages) == (0, 4, 0.0)
        assert found.rates.covered == pytest.approx(4.5 / 31)
        assert found.unread_since == NOON + 4 * 24 * HOUR
        assert found.rates.messages.state is RateState.MATURING
        file(ledger)
        assert figures(report(ledger).rates.messages) == (0, 10, 0.0)
        assert report(ledger).unread_since is None

    def test_only_imports_are_heard_until_the_last_one(self, ledger: Ledger) -> None:
        file_log(ledger, replace(whole(MARCH), sends=(send(1), send(2, sent_at=NOON + 72 * HOUR)), rows=2))
        file(ledger, at=NOON + HOUR, command="import")
        assert report(ledger).rates.messages.contacted == 1
        file(ledger, at=NOON + 2 * HOUR)
        file(ledger, at=LATER, command="import")
        assert report(ledger).rates.messages.contacted == 1

    @pytest.mark.parametrize(
        ("links", "notice_says", "rows"),
        [
            ([], {"marketplace": "amazon.de"}, {None: (1, 4), "amazon.de": (0, 0)}),
            (
                [],
                {"marketplace": "amazon.de", "alias": buyer(1, "amazon.de")},
                {None: (1, 4), "amazon.de": (0, 0)},
            ),
            (
                [link(order(1), buyer(1, "amazon.de"))],
                {"marketplace": "amazon.it", "alias": buyer(3, "amazon.it")},
                {None: (0, 3), "amazon.de": (1, 1), "amazon.it": (0, 0)},
            ),
        ],
    )
    def test_what_only_a_notice_knows_makes_no_group(
        self,
        ledger: Ledger,
        links: list[OrderLink],
        notice_says: dict[str, Any],
        rows: dict[str | None, tuple[int, int]],
    ) -> None:
        """A group of nothing but blocked messages would have a rate of 100 %."""
        file_log(ledger, replace(whole(MARCH), sends=tuple(send(n) for n in (1, 2, 3, 4)), rows=4))
        file_log(ledger, log(links=links))
        file(ledger, finding(notice(1, **notice_says)))
        found = {row.marketplace: row.rates.messages for row in report(ledger).marketplaces}
        assert {name: (rate.opted_out, rate.contacted) for name, rate in found.items()} == rows

    def test_a_log_that_lost_rows_has_no_rate(self, ledger: Ledger) -> None:
        """Three were blocked, of which the log holds one, and it holds two messages in all: 3 of 2 can't be."""
        file_log(ledger, replace(whole(MARCH), sends=(send(1), send(9)), rows=2))
        file(ledger, opt_out(1), opt_out(2), opt_out(3))
        rates = report(ledger).rates
        assert (rates.messages.state, figures(rates.messages)) == (RateState.INCONSISTENT, (3, 2, None))
        assert (rates.buyers.state, figures(rates.buyers)) == (RateState.INCONSISTENT, (3, 2, None))
        assert report(ledger, day(date(2026, 3, 1), UTC)).rates.messages.value == 0.5

    def test_a_buyer_who_was_blocked_and_then_withheld_is_one(self, ledger: Ledger) -> None:
        """Order 2 is known as the same buyer's by an order report alone."""
        both = [link(order(1), buyer(1)), link(order(2), buyer(1))]
        later = send(2, sent_at=NOON + 72 * HOUR, outcome=SendOutcome.WITHHELD, origin=Origin.SCRUB)
        file_log(ledger, replace(whole(MARCH), sends=(send(1), send(9)), links=tuple(both), rows=2))
        file_log(ledger, log([later]))
        file(ledger, opt_out(1))
        share = report(ledger).rates.share
        assert (share.opted_out, share.contacted) == (1, 2)

    def test_a_notice_of_a_shared_alias_finds_its_send_by_our_own_log(self, ledger: Ledger) -> None:
        by_alias = (send(1, alias=buyer(1)), send(2, alias=buyer(2)))
        log_ = replace(whole(MARCH), sends=by_alias, links=(link(order(1), buyer(1)),), rows=2)
        file_log(ledger, log_)
        file(ledger, finding(notice(1, alias=SHARED)))
        assert figures(report(ledger).rates.messages) == (1, 2, 0.5)

    def test_a_message_of_another_log_is_not_unmatched(self, ledger: Ledger) -> None:
        """The sent folder holds it, but a loaded log is the denominator; whether that lacks it is not known."""
        folder = send(1, origin=Origin.SENT_FOLDER)
        file_log(ledger, replace(whole(MARCH), sends=(send(5),), rows=1))
        file_log(ledger, log([folder]))
        file(ledger, opt_out(1), opt_out(2))
        found = report(ledger)
        assert (found.unmatched, found.rates.messages.opted_out) == (1, 0)

    def test_both_bases(self, ledger: Ledger) -> None:
        """Six messages to four buyers; three of them, to two buyers, were blocked: 3/6 and 2/4."""
        sent = [
            send(1, order_id=order(1), alias=buyer(1), message_id="a"),
            send(1, order_id=order(1), alias=buyer(1), message_id="b", sent_at=NOON + 48 * HOUR),
            send(2, order_id=order(2), alias=buyer(2)),
            send(3, order_id=order(3), alias=buyer(3)),
            send(4, order_id=order(4), alias=buyer(3)),
            send(5, order_id=order(5), alias=buyer(5)),
        ]
        file_log(ledger, replace(whole(MARCH), sends=tuple(sent), rows=6))
        first = finding(replace(notice(11, order_id=order(1), noticed_at=NOON + HOUR), blocked_on=None))
        second = finding(replace(notice(12, order_id=order(1), noticed_at=NOON + 49 * HOUR), blocked_on=None))
        third = finding(replace(notice(13, order_id=order(2), noticed_at=NOON + HOUR), blocked_on=None))
        file(ledger, first, second, third)
        rates = report(ledger).rates
        assert figures(rates.messages) == (3, 6, 0.5)
        assert figures(rates.buyers) == (2, 4, 0.5)

    def test_what_cannot_be_blocked_is_not_counted(self, ledger: Ledger) -> None:
        sent = [
            send(1, purpose=Purpose.UNSOLICITED),
            send(2, purpose=Purpose.UNKNOWN),
            send(3, purpose=Purpose.ORDER_CRITICAL),
            send(4, purpose=Purpose.REPLY),
            send(5, outcome=SendOutcome.WITHHELD, origin=Origin.SCRUB),
        ]
        file_log(ledger, replace(whole(MARCH), sends=tuple(sent), rows=5))
        file(ledger, opt_out(1))
        rates = report(ledger).rates
        assert figures(rates.messages) == (1, 2, 0.5)
        assert figures(rates.buyers) == (1, 2, 0.5)

    def test_a_notice_belongs_to_the_month_of_its_message(self, ledger: Ledger) -> None:
        """Sent on 31 March at 23:30, noticed on 1 April: the notice is April's, the rate is March's."""
        sent_at = datetime(2026, 3, 31, 23, 30, tzinfo=UTC)
        file_log(ledger, log([send(1, sent_at=sent_at)], whole=coverage(MARCH.start, LATER)))
        noticed = replace(notice(1, noticed_at=sent_at + HOUR), blocked_on=date(2026, 3, 31))
        file(ledger, finding(noticed))
        april = month(date(2026, 4, 1), UTC)
        assert report(ledger).counts.notices == 0
        assert figures(report(ledger).rates.messages) == (1, 1, 1.0)
        assert report(ledger, april).counts.notices == 1
        assert figures(report(ledger, april).rates.messages) == (0, 0, None)

    def test_an_unmatched_notice_is_not_in_the_rate(self, ledger: Ledger) -> None:
        file_log(ledger, replace(whole(MARCH), sends=(send(1), send(2)), rows=2))
        file(ledger, opt_out(9))
        found = report(ledger)
        assert found.counts.notices == 1
        assert figures(found.rates.messages) == (0, 2, 0.0)

    @pytest.mark.parametrize(
        ("ordered", "noticed", "flagged"),
        [
            (None, NOON, 0),  # No report is loaded: nothing can be said.
            (NOON - HOUR, NOON, 1),
            (NOON + HOUR, NOON, 0),  # The report begins later.
            (NOON - timedelta(days=31), NOON, 0),  # It ends too early.
            (NOON - timedelta(days=30), NOON, 1),
        ],
    )
    def test_an_order_that_is_not_ours_is_flagged(
        self, ledger: Ledger, ordered: datetime | None, noticed: datetime, flagged: int
    ) -> None:
        if ordered:
            file_log(ledger, log(links=[replace(link(order(7), buyer(7)), ordered_at=ordered)]))
        file(ledger, finding(notice(9, noticed_at=noticed)))
        kinds = [one.kind for one in report(ledger).attention]
        assert kinds.count(AttentionKind.NOT_OUR_ORDER) == flagged
        file_log(ledger, log(links=[replace(link(order(9), buyer(9)), ordered_at=ordered)]))
        assert AttentionKind.NOT_OUR_ORDER not in [one.kind for one in report(ledger).attention]

    def test_importing_the_log_twice_changes_no_figure(self, ledger: Ledger) -> None:
        sent = replace(whole(MARCH), sends=(send(1), send(2)), rows=2)
        file(ledger, opt_out(1))
        file_log(ledger, sent)
        before = report(ledger)
        file_log(ledger, sent)
        assert report(ledger) == before

    def test_young_rates_are_still_maturing(self, ledger: Ledger) -> None:
        file_log(ledger, replace(whole(MARCH), sends=(send(1), send(2)), rows=2))
        file(ledger)
        week_after = MARCH.end + timedelta(days=7)
        assert report(ledger, now=week_after - HOUR).rates.messages.state is RateState.MATURING
        assert report(ledger, now=week_after).rates.messages.state is RateState.MEASURED

    def test_marketplaces_the_seller_added_count_like_the_others(self, ledger: Ledger) -> None:
        """Amazon opens a new one: an order there, its alias known from a log, its notice without either."""
        there = Alias("abc0123456789", "amazon.com.co")
        sent = send(1, order_id=order(1))
        file_log(ledger, replace(whole(MARCH), sends=(sent,), links=(link(order(1), there),), rows=1))
        file_log(ledger, log(links=[replace(link(order(1), there), marketplace="amazon.com.co")]))
        file(ledger, finding(notice(1, marketplace="amazon.com.co")))
        rows = {row.marketplace: row for row in report(ledger).marketplaces}
        assert set(rows) == {"amazon.com.co"}
        assert figures(rows["amazon.com.co"].rates.messages) == (1, 1, 1.0)


class TestCopies:
    def to(self, number: int, recipient: str, minutes: int) -> Finding:
        """A copy of one text about order 1."""
        copy = replace(
            notice(number, order_id=order(1), noticed_at=NOON + timedelta(minutes=minutes)),
            body_digest=print_of("the same text"),
            recipients=(recipient,),
        )
        return finding(copy)

    def test_two_recipients_within_ten_minutes_are_one_message(self, ledger: Ledger) -> None:
        file(ledger, self.to(1, "support@seller.example", 0), self.to(2, "orders@seller.example", 9))
        found = report(ledger)
        assert (found.counts.notices, found.counts.orders, found.counts.buyers) == (1, 1, 1)
        # Both are mails that were read, so both stand in the reconciliation line.
        assert found.reconciliation.opt_outs == 2
        assert found.reconciliation.adds_up

    def test_the_same_recipient_twice_are_two_messages(self, ledger: Ledger) -> None:
        file(ledger, self.to(1, "support@seller.example", 0), self.to(2, "support@seller.example", 9))
        assert report(ledger).counts.notices == 2

    def test_after_ten_minutes_it_is_another_message(self, ledger: Ledger) -> None:
        file(ledger, self.to(1, "support@seller.example", 0), self.to(2, "orders@seller.example", 11))
        assert report(ledger).counts.notices == 2

    def test_a_copy_answers_no_second_send(self, ledger: Ledger) -> None:
        sent = (send(1, message_id="a"), send(1, message_id="b", sent_at=NOON - 2 * HOUR), send(2))
        file_log(ledger, replace(whole(MARCH), sends=sent, rows=3))
        file(ledger, self.to(1, "support@seller.example", 1), self.to(2, "orders@seller.example", 2))
        assert figures(report(ledger).rates.messages) == (1, 3, 1 / 3)


class TestBorders:
    """On 29 March 2026 London's clocks go from 1:00 to 2:00: the day begins at 0:00 UTC and ends at 23:00 UTC."""

    LAST = datetime(2026, 3, 29, 22, 59, 59, tzinfo=UTC)
    NEXT = datetime(2026, 3, 29, 23, 0, 0, tzinfo=UTC)
    FIRST = datetime(2026, 3, 29, 0, 0, 0, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("instant", "local_day"),
        [
            (FIRST - timedelta(seconds=1), 28),
            (FIRST, 29),
            (LAST, 29),
            (NEXT, 30),
            (NEXT + timedelta(hours=24) - timedelta(seconds=1), 30),
        ],
    )
    def test_a_notice_falls_on_its_local_day(self, ledger: Ledger, instant: datetime, local_day: int) -> None:
        file(ledger, finding(notice(1, noticed_at=instant)))
        for which in (28, 29, 30):
            found = report(ledger, day(date(2026, 3, which), LONDON), zone=LONDON)
            assert found.counts.notices == (which == local_day)

    def test_a_send_falls_on_its_local_day(self, ledger: Ledger) -> None:
        sent = (send(1, sent_at=self.LAST), send(2, sent_at=self.NEXT))
        span = days(date(2026, 3, 31), 7, LONDON)
        file_log(ledger, log(sent, whole=coverage(span.start, span.end)))
        file(ledger)
        for which, contacted in ((28, 0), (29, 1), (30, 1), (31, 0)):
            found = report(ledger, day(date(2026, 3, which), LONDON), zone=LONDON)
            assert found.rates.messages.contacted == contacted

    def test_the_log_says_its_local_days(self, ledger: Ledger) -> None:
        span = days(date(2026, 3, 29), 2, LONDON)
        file_log(ledger, log([send(1, sent_at=self.LAST)], whole=coverage(span.start, span.end)))
        state = report(ledger, span, zone=LONDON).sent_log
        assert (state.first_day, state.last_day) == (date(2026, 3, 28), date(2026, 3, 29))
        assert state.covers_period
        after = report(ledger, day(date(2026, 3, 30), LONDON), zone=LONDON)
        assert not after.sent_log.covers_period


class TestAttention:
    def restricted(self, noticed_at: datetime | None = NOON) -> Finding:
        return finding(notice(5, kind=NoticeKind.ACCOUNT_RESTRICTED, noticed_at=noticed_at))

    def test_a_restriction_leads(self, ledger: Ledger) -> None:
        file(
            ledger,
            opt_out(1),
            opt_out(2, verdict=FORGED),
            finding(unrecognised(3)),
            self.restricted(),
            finding(notice(6, kind=NoticeKind.POLICY_BLOCK)),
        )
        kinds = [each.kind for each in report(ledger).attention]
        assert kinds[:3] == [
            AttentionKind.ACCOUNT_RESTRICTED,
            AttentionKind.POLICY_BLOCK,
            AttentionKind.SET_ASIDE,
        ]

    def test_a_restriction_of_unknown_time_is_not_lost(self, ledger: Ledger) -> None:
        file(ledger, self.restricted(noticed_at=None), at=NOON)
        assert report(ledger).attention[0].kind is AttentionKind.ACCOUNT_RESTRICTED
        assert "(1 notice)." in report(ledger).attention[0].text

    def test_a_restriction_is_dated(self, ledger: Ledger) -> None:
        file(ledger, self.restricted())
        assert "(1 notice of 1 Mar 2026)." in report(ledger).attention[0].text

    def test_an_import_that_is_old_is_told_until_the_period_ends(self, ledger: Ledger) -> None:
        file(ledger, opt_out(1), at=NOON, command="import")

        def is_stale(period: Period, now: datetime) -> bool:
            found = report(ledger, period, now=now).attention
            return AttentionKind.STALE_POLL in {each.kind for each in found}

        week = days(date(2026, 3, 4), 7, UTC)
        assert not is_stale(week, NOON + 26 * HOUR)
        assert is_stale(week, NOON + 27 * HOUR)
        assert not is_stale(days(date(2026, 3, 1), 7, UTC), LATER)

    def test_a_restriction_that_was_read_late_is_told_and_one_of_an_old_archive_is_not(
        self, ledger: Ledger
    ) -> None:
        week = days(date(2026, 3, 14), 7, UTC)
        old = notice(6, kind=NoticeKind.POLICY_BLOCK, noticed_at=NOON - 60 * 24 * HOUR)
        file(ledger, self.restricted(), finding(old), at=week.end - HOUR)
        kinds = {each.kind for each in report(ledger, week, now=week.end).attention}
        assert AttentionKind.ACCOUNT_RESTRICTED in kinds
        assert AttentionKind.POLICY_BLOCK not in kinds

    def test_a_forged_restriction_frightens_nobody(self, ledger: Ledger) -> None:
        restricted = notice(5, kind=NoticeKind.ACCOUNT_RESTRICTED)
        file(ledger, finding(restricted, verdict=FORGED))
        assert [each.kind for each in report(ledger).attention] == [AttentionKind.NOTHING]

    @pytest.mark.parametrize(("hours", "stale"), [(26, False), (27, True)])
    def test_a_stale_poll_is_told(self, ledger: Ledger, hours: int, stale: bool) -> None:
        file(ledger, at=NOON)
        found = report(ledger, now=NOON + hours * HOUR, has_mailbox=True)
        assert found.last_read_to_end_at == NOON
        assert (AttentionKind.STALE_POLL in {each.kind for each in found.attention}) is stale

    def test_only_a_complete_poll_counts_as_read(self, ledger: Ledger) -> None:
        file(ledger, at=NOON)
        late = NOON + 48 * HOUR
        for command, state in (
            ("poll", RunState.FAILED),
            ("daily", RunState.PARTLY),
            ("import", RunState.COMPLETE),
        ):
            run = ledger.start_run("uk", command, at=late)
            ledger.finish_run(run, at=late, state=state, read=0, filed=Filed())
        ledger.start_run("uk", "poll", at=late)  # killed
        found = report(ledger, now=late, has_mailbox=True)
        assert found.last_read_to_end_at == NOON
        # The killed one may still be at work; the one before it is said first, and since when mail is unread.
        assert found.attention[0].kind is AttentionKind.POLL_INCOMPLETE
        assert "2 days ago" in found.attention[0].text

    def test_never_read(self, ledger: Ledger) -> None:
        found = report(ledger, has_mailbox=True)
        assert found.last_read_to_end_at is None
        assert [each.kind for each in found.attention] == [AttentionKind.STALE_POLL]

    def test_nothing_to_do(self, ledger: Ledger) -> None:
        file(ledger, finding(foreign(1)))
        (only,) = report(ledger).attention
        assert only.kind is AttentionKind.NOTHING

    def test_accepting_unproven_ones_is_told(self, ledger: Ledger) -> None:
        found = report(ledger, account=needing(RequireProof.NEVER))
        assert [each.kind for each in found.attention] == [
            AttentionKind.STALE_POLL,  # no mail was read yet
            AttentionKind.PROOF_NOT_REQUIRED,
        ]


class TestNew:
    """What is new: of the last day of a period that is over; of the last 24 hours while it still runs."""

    def test_of_the_last_day(self, ledger: Ledger) -> None:
        file(ledger, finding(notice(1, noticed_at=datetime(2026, 3, 31, 10, tzinfo=UTC))), opt_out(2))
        assert report(ledger).new_since_yesterday == 1

    def test_in_the_morning_yesterday_is_not_forgotten(self, ledger: Ledger) -> None:
        """The cron line runs at 6:30: what came yesterday at 18:00 was in no report yet."""
        morning = datetime(2026, 3, 12, 6, 30, tzinfo=UTC)
        file(
            ledger,
            finding(notice(1, noticed_at=datetime(2026, 3, 11, 18, tzinfo=UTC))),
            finding(notice(2, noticed_at=datetime(2026, 3, 12, 3, tzinfo=UTC))),
            finding(notice(3, noticed_at=datetime(2026, 3, 11, 6, tzinfo=UTC))),
        )
        week = days(date(2026, 3, 12), 7, UTC)
        assert report(ledger, week, now=morning).new_since_yesterday == 2

    def test_in_the_middle_of_a_month(self, ledger: Ledger) -> None:
        file(ledger, finding(notice(1, noticed_at=datetime(2026, 3, 11, 18, tzinfo=UTC))))
        assert report(ledger, now=datetime(2026, 3, 12, 6, 30, tzinfo=UTC)).new_since_yesterday == 1

    def test_an_order_is_new_once(self, ledger: Ledger) -> None:
        again = finding(notice(9, order_id=order(1), noticed_at=datetime(2026, 3, 31, 10, tzinfo=UTC)))
        file(ledger, opt_out(1), again)
        found = report(ledger)
        assert found.new_since_yesterday == 0
        assert found.last_notice_at == datetime(2026, 3, 31, 10, tzinfo=UTC)


def entries(ledger: Ledger, account: Account = UK) -> list[tuple[str | None, list[str]]]:
    listing = suppression_list(ledger, account, at=NOON)
    return [
        (str(entry.alias) if entry.alias else None, [str(each) for each in entry.order_ids])
        for entry in listing.entries
    ]


class TestAliases:
    def test_an_alias_that_comes_late_joins(self, ledger: Ledger) -> None:
        file(ledger, opt_out(1))
        assert entries(ledger) == [(None, [str(order(1))])]
        file_log(ledger, log(links=[link(order(1), buyer(1)), link(order(7), buyer(1))]))
        # The buyer's other order is on the list as well.
        assert entries(ledger) == [(str(buyer(1)), [str(order(1)), str(order(7))])]
        (only,) = opt_outs(ledger, UK)
        assert only.alias_from is AliasFrom.ORDER_REPORT

    def test_two_orders_become_one_buyer(self, ledger: Ledger) -> None:
        file(ledger, opt_out(1), opt_out(2))
        assert report(ledger).counts.buyers == 2
        file_log(ledger, log(links=[link(order(1), buyer(1)), link(order(2), buyer(1))]))
        assert report(ledger).counts.buyers == 1
        assert entries(ledger) == [(str(buyer(1)), [str(order(1)), str(order(2))])]

    def test_a_shared_alias_is_kept_by_order_alone(self, ledger: Ledger) -> None:
        file(
            ledger,
            finding(notice(1, alias=SHARED)),
            finding(notice(2, alias=SHARED)),
        )
        assert entries(ledger) == [(None, [str(order(1))]), (None, [str(order(2))])]
        found = report(ledger)
        assert (found.list_size, found.list_without_alias) == (2, 2)
        assert found.counts.buyers == 2

    def test_two_aliases_for_one_order_leave_it_open(self, ledger: Ledger) -> None:
        file(
            ledger,
            finding(notice(1, order_id=order(1), alias=buyer(1))),
            finding(notice(2, order_id=order(1), alias=buyer(2))),
        )
        assert entries(ledger) == [(None, [str(order(1))])]
        assert AttentionKind.CONFLICTING_ALIAS in {each.kind for each in report(ledger).attention}

    def test_the_notice_wins_over_the_report_and_a_person_is_told(self, ledger: Ledger) -> None:
        file(ledger, finding(notice(1, alias=buyer(1))))
        file_log(ledger, log(links=[link(order(1), buyer(2))]))
        assert entries(ledger) == [(str(buyer(1)), [str(order(1))])]
        (conflict,) = (
            each for each in report(ledger).attention if each.kind is AttentionKind.CONFLICTING_ALIAS
        )
        assert "1 order" in conflict.text


class TestProof:
    @pytest.mark.parametrize(
        ("proof", "verdict", "known", "counts"),
        [
            (RequireProof.AUTO, GENUINE, False, True),
            (RequireProof.AUTO, UNPROVEN, False, False),
            (RequireProof.AUTO, UNPROVEN, True, True),
            (RequireProof.AUTO, FORGED, True, False),
            (RequireProof.ALWAYS, GENUINE, False, True),
            (RequireProof.ALWAYS, UNPROVEN, True, False),
            (RequireProof.ALWAYS, FORGED, True, False),
            (RequireProof.NEVER, GENUINE, False, True),
            (RequireProof.NEVER, UNPROVEN, False, True),
            (RequireProof.NEVER, FORGED, True, False),
        ],
    )
    def test_what_counts(
        self, ledger: Ledger, proof: RequireProof, verdict: Verdict, known: bool, counts: bool
    ) -> None:
        file(ledger, opt_out(1, verdict=verdict))
        if known:
            file_log(ledger, log([send(1)]))
        account = needing(proof)
        found = report(ledger, account=account)
        assert len(entries(ledger, account)) == counts
        assert (found.counts.notices, found.reconciliation.opt_outs) == (counts, counts)
        assert found.reconciliation.set_aside == (not counts)
        assert len(found.waiting) == (not counts)
        assert found.reconciliation.adds_up

    def test_a_buyers_message_is_no_evidence(self, ledger: Ledger) -> None:
        file(ledger, opt_out(1, verdict=UNPROVEN))
        file_log(ledger, log(links=[link(order(1), buyer(1), origin=Origin.BUYER_MESSAGE)]))
        assert entries(ledger) == []
        file_log(ledger, log(links=[link(order(1), buyer(1))]))
        assert entries(ledger) == [(str(buyer(1)), [str(order(1))])]


def test_a_notice_about_no_message_in_a_whole_log_is_told(ledger: Ledger) -> None:
    """One notice answers the one message of the log; the other is about an order that the log lacks."""
    file_log(ledger, replace(whole(MARCH), sends=(send(1, order_id=order(1), alias=buyer(1)),), rows=1))
    for number in (1, 2):
        came = replace(notice(number, order_id=order(number), noticed_at=NOON + HOUR), blocked_on=None)
        file(ledger, finding(came))
    told = [each.text for each in report(ledger).attention if each.kind is AttentionKind.UNMATCHED]
    assert told == ["1 notice about no message in your sent log: the rate is too low."]
