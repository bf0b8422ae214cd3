"""The demo's own truth against what the program finds in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from bounce_watch.demo.generate import DemoFiles
from bounce_watch.demo.truth import MonthTruth
from bounce_watch.flow import counted, import_sent, suppression_list
from bounce_watch.listed import opt_outs
from bounce_watch.rates.periods import month
from bounce_watch.records.account import Account, Trust
from bounce_watch.records.notice import Outcome
from bounce_watch.records.rate import Rate, RateState
from bounce_watch.records.sent import SentLog
from bounce_watch.reports.content import ReportContent
from bounce_watch.sent_log.detect import read_sent_file
from bounce_watch.store.ledger import Ledger, open_ledger
from tests.demo.made import the_demo
from tests.flow.line import Ticking, poll_path, report_of
from tests.store.dump import assert_reconciled, dump

LATER = datetime(2026, 11, 15, 7, 0, tzinfo=UTC)
"""Six weeks after the demo's last day: every rate is ripe."""


@pytest.fixture(scope="module")
def demo() -> DemoFiles:
    return the_demo()


@pytest.fixture(scope="module")
def account(demo: DemoFiles) -> Account:
    return Account(
        name="demo",
        marketplaces=demo.marketplaces,
        addresses=demo.addresses,
        trust=Trust(authserv_ids=demo.authserv_ids),
    )


def sent_log(demo: DemoFiles) -> SentLog:
    return read_sent_file(demo.sent_log, account="demo", time_zone=UTC, seen_at=LATER)


def order_report(demo: DemoFiles) -> SentLog:
    return read_sent_file(demo.orders_report, account="demo", time_zone=UTC, seen_at=LATER)


@pytest.fixture(scope="module")
def ledger(demo: DemoFiles, account: Account, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    """Polled once, then the sent log."""
    clock = Ticking(LATER)
    with open_ledger(f"sqlite:///{tmp_path_factory.mktemp('ledger')}/demo.sqlite") as opened:
        poll_path(demo.mailbox, opened, account, clock)
        import_sent(sent_log(demo), opened, account=account, clock=clock)
        yield opened


def month_report(ledger: Ledger, account: Account, name: str) -> ReportContent:
    year, number = name.split("-")
    return report_of(ledger, account, month(date(int(year), int(number), 1), UTC), now=LATER)


def by_month(demo: DemoFiles) -> dict[str, list[MonthTruth]]:
    months = defaultdict[str, list[MonthTruth]](list)
    for each in demo.truth.months:
        months[each.month].append(each)
    return months


def assert_measured(rate: Rate, opted_out: int, contacted: int) -> None:
    assert rate.state is RateState.MEASURED
    assert (rate.opted_out, rate.contacted) == (opted_out, contacted)
    assert rate.value == opted_out / contacted
    assert rate.low is not None
    assert rate.high is not None
    assert rate.low < rate.value < rate.high


def test_opted_out_orders_by_marketplace(demo: DemoFiles, account: Account, ledger: Ledger) -> None:
    found = defaultdict[str | None, list[str]](list)
    for opt_out in opt_outs(ledger, account):
        found[opt_out.marketplace].append(str(opt_out.order_id))
    assert {name: tuple(sorted(orders)) for name, orders in found.items()} == demo.truth.opted_out_orders


def test_opted_out_buyers_are_the_list(demo: DemoFiles, account: Account, ledger: Ledger) -> None:
    found = defaultdict[str | None, list[str]](list)
    listing = suppression_list(ledger, account, at=LATER)
    for entry in listing.entries:
        found[entry.marketplace].append(str(entry.alias or entry.order_ids[0]))
    assert {name: tuple(sorted(keys)) for name, keys in found.items()} == demo.truth.opted_out_buyers
    alone = [str(entry.order_ids[0]) for entry in listing.entries if entry.alias is None]
    assert tuple(sorted(alone)) == demo.truth.without_alias
    assert listing.without_alias == len(demo.truth.without_alias)


def test_forged_and_unproven_ones_are_set_aside(demo: DemoFiles, account: Account, ledger: Ledger) -> None:
    aside = defaultdict[Outcome, list[str]](list)
    for filed in counted(ledger, account)[1]:
        aside[filed.outcome].append(str(filed.notice.order_id))
    assert tuple(sorted(aside.pop(Outcome.FORGED))) == demo.truth.forged_orders
    assert tuple(sorted(aside.pop(Outcome.UNPROVEN))) == demo.truth.unproven_orders
    assert not aside


def test_kinds_are_counted(demo: DemoFiles, account: Account, ledger: Ledger) -> None:
    kinds = dict(demo.truth.kinds)
    totals = ledger.totals("demo")
    assert totals.read == demo.truth.mails
    assert totals.duplicates == demo.truth.exact_duplicates
    assert totals.not_amazon == kinds.pop("ordinary")
    found = {row.result: row.mails for row in totals.results}
    # A forged notice is still a notice of that kind; mail between buyer and seller, and about sales, is "other".
    kinds["opt_out"] += kinds.pop("forged") + kinds.pop("unproven")
    kinds["other"] = kinds.pop("buyer_message") + kinds.pop("order_update")
    assert found == kinds


def test_reconciliation_adds_up(demo: DemoFiles, account: Account, ledger: Ledger) -> None:
    line = month_report(ledger, account, "2026-09").reconciliation
    assert line.adds_up
    assert line.read == demo.truth.mails
    assert line.opt_outs == demo.truth.kinds["opt_out"]
    assert line.set_aside == demo.truth.kinds["forged"] + demo.truth.kinds["unproven"]
    assert_reconciled(ledger, "demo")


def test_rates_of_each_month_on_both_bases(demo: DemoFiles, account: Account, ledger: Ledger) -> None:
    months = by_month(demo)
    assert sorted(months) == ["2026-07", "2026-08", "2026-09"]
    for name, parts in months.items():
        rates = month_report(ledger, account, name).rates
        assert_measured(
            rates.messages, sum(part.blocked_messages for part in parts), sum(part.messages for part in parts)
        )
        # An alias belongs to one marketplace, so buyers of two marketplaces are different buyers here.
        assert_measured(
            rates.buyers, sum(part.opted_out_buyers for part in parts), sum(part.buyers for part in parts)
        )


def test_rates_of_each_marketplace(demo: DemoFiles, account: Account, ledger: Ledger) -> None:
    for name, parts in by_month(demo).items():
        rows = {row.marketplace: row for row in month_report(ledger, account, name).marketplaces}
        assert set(rows) == {part.marketplace for part in parts}
        for part in parts:
            rates = rows[part.marketplace].rates
            assert_measured(rates.messages, part.blocked_messages, part.messages)
            assert_measured(rates.buyers, part.opted_out_buyers, part.buyers)


def test_trend_is_the_months(demo: DemoFiles, account: Account, ledger: Ledger) -> None:
    trend = month_report(ledger, account, "2026-09").trend
    shares = [bucket.rates.buyers.value for bucket in trend if bucket.rates.buyers.contacted]
    truth = [
        sum(part.opted_out_buyers for part in parts) / sum(part.buyers for part in parts)
        for _, parts in sorted(by_month(demo).items())
    ]
    assert shares == truth


def test_blocked_messages_count_without_copies(demo: DemoFiles, account: Account, ledger: Ledger) -> None:
    report = month_report(ledger, account, "2026-09")
    assert report.ever.notices == demo.truth.kinds["opt_out"] - demo.truth.copies
    assert report.ever.orders == sum(map(len, demo.truth.opted_out_orders.values()))
    assert report.ever.buyers == sum(map(len, demo.truth.opted_out_buyers.values()))


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Ledger]:
    with open_ledger(f"sqlite:///{tmp_path}/fresh.sqlite") as opened:
        yield opened


def test_second_poll_changes_nothing(demo: DemoFiles, account: Account, fresh: Ledger) -> None:
    clock = Ticking(LATER)
    first = poll_path(demo.mailbox, fresh, account, clock)
    before, listing = dump(fresh, "demo"), suppression_list(fresh, account, at=LATER)
    second = poll_path(demo.mailbox, fresh, account, clock)
    assert dump(fresh, "demo") == before
    assert suppression_list(fresh, account, at=LATER) == listing
    distinct = demo.truth.mails - demo.truth.exact_duplicates - demo.truth.kinds["ordinary"]
    assert (first.read, first.filed.new, first.filed.duplicates) == (
        demo.truth.mails,
        distinct,
        demo.truth.exact_duplicates,
    )
    assert second.id != first.id
    assert (second.filed.new, second.filed.duplicates) == (0, distinct + demo.truth.exact_duplicates)
    assert second.filed.not_amazon == demo.truth.kinds["ordinary"]
    assert_reconciled(fresh, "demo")


def test_order_report_alone_names_the_buyers(demo: DemoFiles, account: Account, fresh: Ledger) -> None:
    clock = Ticking(LATER)
    poll_path(demo.mailbox, fresh, account, clock)
    before = suppression_list(fresh, account, at=LATER)
    # The English notices of 2017 name no alias, so nobody knows the British buyers yet.
    assert {entry.marketplace for entry in before.entries if entry.alias} == {"amazon.it"}
    import_sent(order_report(demo), fresh, account=account, clock=clock)
    after = suppression_list(fresh, account, at=LATER)
    named = {str(entry.alias) for entry in after.entries if entry.alias}
    truth = {key for keys in demo.truth.opted_out_buyers.values() for key in keys}
    assert named == truth - set(demo.truth.without_alias)
