from __future__ import annotations

import email
import email.policy
import shutil
from collections import Counter
from datetime import UTC, date, datetime
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bounce_watch.demo.generate import DemoFiles, make_demo
from bounce_watch.demo.truth import blocked_messages
from bounce_watch.errors import DataError, LedgerError
from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.sent import Purpose
from bounce_watch.sent_log.detect import read_sent_file
from tests.demo.made import the_demo

SENTENCES = (
    "the buyer has chosen to opt out of receiving unsolicited messages from sellers",
    "l'acquirente ha scelto di non ricevere messaggi non richiesti dai venditori",
)
SEEN = datetime(2026, 10, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def demo() -> DemoFiles:
    return the_demo()


@pytest.fixture(scope="module")
def mails(demo: DemoFiles) -> list[EmailMessage]:
    paths = sorted((demo.mailbox / "new").iterdir())
    return [email.message_from_bytes(path.read_bytes(), policy=email.policy.default) for path in paths]


def octets(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def body(mail: EmailMessage) -> str:
    part = mail.get_body(("html", "plain"))
    return str(part.get_content()) if isinstance(part, EmailMessage) else ""


@pytest.fixture(scope="module")
def genuine(mails: list[EmailMessage]) -> list[EmailMessage]:
    """Notices that count."""
    return [
        mail
        for mail in mails
        if "auto-communication@" in mail["From"]
        and "dmarc=pass" in (mail["Authentication-Results"] or "")
        and any(sentence in " ".join(body(mail).split()) for sentence in SENTENCES)
        and "Begin message" not in body(mail)
    ]


def test_the_same_seed_gives_the_same_octets_and_another_does_not(tmp_path: Path, demo: DemoFiles) -> None:
    again = make_demo(tmp_path / "again")
    assert octets(tmp_path / "again") == octets(demo.mailbox.parent)
    assert again.truth == demo.truth
    other = make_demo(tmp_path / "other", seed=1)
    assert octets(other.mailbox).keys() != octets(demo.mailbox).keys()


def test_it_is_as_large_as_promised(demo: DemoFiles) -> None:
    truth = demo.truth
    assert 250 <= truth.mails <= 500
    assert 2000 <= truth.sends <= 5000
    assert len(list((demo.mailbox / "new").iterdir())) == truth.mails
    assert truth.mails == sum(truth.kinds.values()) + truth.exact_duplicates
    assert (demo.first_day, demo.last_day) == (date(2026, 7, 1), date(2026, 9, 30))
    assert {path.name for path in demo.mailbox.iterdir()} == {"cur", "new", "tmp"}


def test_the_rate_rises_from_month_to_month(demo: DemoFiles) -> None:
    sent, blocked = Counter[str](), Counter[str]()
    for month in demo.truth.months:
        sent[month.month] += month.messages
        blocked[month.month] += month.blocked_messages
    july, august, september = (blocked[month] / sent[month] for month in ("2026-07", "2026-08", "2026-09"))
    assert 0.008 < july < 0.02 < august < 0.04 < september < 0.07
    assert sum(blocked.values()) == blocked_messages(demo.truth)


def test_every_kind_of_trouble_is_there(demo: DemoFiles) -> None:
    truth = demo.truth
    expected = {"forged": 6, "unproven": 2, "unrecognised": 2, "account_restricted": 1, "message_copy": 12}
    assert {kind: truth.kinds[kind] for kind in expected} == expected
    assert (truth.exact_duplicates, truth.copies) == (6, 5)
    assert truth.without_alias
    assert all(truth.opted_out_orders[marketplace] for marketplace in demo.marketplaces)


def test_exact_duplicates_are_exact(demo: DemoFiles) -> None:
    found = Counter(octets(demo.mailbox).values())
    assert sum(found.values()) - len(found) == demo.truth.exact_duplicates


def test_genuine_notices_name_the_opted_out_orders(demo: DemoFiles, genuine: list[EmailMessage]) -> None:
    orders: dict[str, set[str]] = {marketplace: set() for marketplace in demo.marketplaces}
    for mail in genuine:
        found = {str(order) for order in OrderId.find_all(body(mail))}
        assert len(found) == 1
        orders["amazon.it" if "Amazon.it" in mail["From"] else "amazon.co.uk"] |= found
    truth = demo.truth.opted_out_orders
    assert {name: tuple(sorted(found)) for name, found in orders.items()} == dict(truth)


def test_italian_notices_carry_header_and_alias_and_english_ones_neither(genuine: list[EmailMessage]) -> None:
    for mail in genuine:
        italian = "Amazon.it" in mail["From"]
        assert (mail["X-Space-Notification-Type"] == "BUYER_OPTED_OUT_BSM_MESSAGES") is italian
        assert ("mailto:" in body(mail)) is italian
        assert "marketplace.amazon" in body(mail) or not italian


def test_our_receiver_speaks_above_the_first_received_line(mails: list[EmailMessage]) -> None:
    results = Counter[str]()
    for mail in mails:
        names = [name.lower() for name in mail]
        field = mail["Authentication-Results"]
        if field is None:
            results["none"] += 1
            continue
        assert names.index("authentication-results") < names.index("received")
        assert str(field).startswith("mx.seller.example; ")
        results["fail" if "dmarc=fail" in field else "pass"] += 1
    assert results == {"pass": len(mails) - 8, "fail": 6, "none": 2}


def test_copies_follow_within_minutes_to_the_other_address(
    demo: DemoFiles, mails: list[EmailMessage], genuine: list[EmailMessage]
) -> None:
    second = [mail for mail in mails if mail["To"] == demo.addresses[1]]
    assert len(second) == demo.truth.copies
    first = [mail for mail in genuine if mail["To"] == demo.addresses[0]]
    for copy in second:
        twins = [mail for mail in first if body(mail) == body(copy) and _apart(copy, mail) <= 600]
        assert twins
        assert all(twin["Message-ID"] != copy["Message-ID"] for twin in twins)


def test_the_sent_log_reads_without_a_skipped_row_and_tells_the_truth(demo: DemoFiles) -> None:
    log = read_sent_file(demo.sent_log, account="demo", time_zone=ZoneInfo("Europe/London"), seen_at=SEEN)
    assert (log.rows, log.skipped) == (demo.truth.sends, ())
    counts = Counter(
        (f"{send.sent_at:%Y-%m}", send.marketplace)
        for send in log.sends
        if send.purpose is Purpose.UNSOLICITED
    )
    assert counts == {(month.month, month.marketplace): month.messages for month in demo.truth.months}
    assert log.coverage is not None
    assert log.coverage.end == datetime(2026, 9, 30, 23, tzinfo=UTC)
    assert max(Counter(send.order_id for send in log.sends).values()) == 3


def test_the_order_report_links_every_order_of_a_single_buyer(demo: DemoFiles) -> None:
    log = read_sent_file(
        demo.orders_report, account="demo", time_zone=ZoneInfo("Europe/London"), seen_at=SEEN
    )
    assert log.rows > demo.truth.orders
    links = {str(link.order_id): link.alias for link in log.links}
    for marketplace, orders in demo.truth.opted_out_orders.items():
        known = {str(links[order]) for order in orders if order not in demo.truth.without_alias}
        lone = {order for order in orders if order in demo.truth.without_alias}
        assert tuple(sorted(known | lone)) == demo.truth.opted_out_buyers[marketplace]
    assert set(demo.truth.without_alias).isdisjoint(links)
    buyers = Counter(links.values())
    assert max(buyers.values()) > 1


def test_forged_and_unproven_orders_are_none_of_the_opted_out(demo: DemoFiles) -> None:
    opted_out = {order for orders in demo.truth.opted_out_orders.values() for order in orders}
    log = demo.sent_log.read_text()
    assert opted_out.isdisjoint(demo.truth.forged_orders + demo.truth.unproven_orders)
    assert all(order in log for order in demo.truth.forged_orders)
    assert all(order not in log for order in demo.truth.unproven_orders)


def test_buyers_go_on_getting_mail_after_opting_out(demo: DemoFiles) -> None:
    buyers = sum(len(keys) for keys in demo.truth.opted_out_buyers.values())
    assert blocked_messages(demo.truth) > buyers


def test_no_address_is_anybodys(mails: list[EmailMessage]) -> None:
    for mail in mails:
        address = str(mail["From"]).rpartition("<")[2].rstrip(">")
        domain = address.rpartition("@")[2]
        assert domain.endswith(".example") or domain.startswith(("amazon.", "marketplace.amazon."))
        assert domain.endswith(".example") or Alias.parse(address) or "amazon" in domain
        assert str(mail["To"]).endswith("@seller.example")


@pytest.mark.parametrize("ends_on", [date(2026, 1, 31), date(2024, 2, 29), date(2026, 3, 1)])
def test_any_last_day_will_do(tmp_path: Path, ends_on: date) -> None:
    files = make_demo(tmp_path, ends_on=ends_on)
    assert files.last_day == ends_on
    assert files.first_day.day == 1
    assert 59 <= (ends_on - files.first_day).days <= 92
    assert files.truth.kinds["opt_out"] > 0


def test_a_demo_is_not_written_over(tmp_path: Path, demo: DemoFiles) -> None:
    shutil.copytree(demo.mailbox.parent, tmp_path, dirs_exist_ok=True)
    before = octets(tmp_path)
    with pytest.raises(DataError, match="holds a demo"):
        make_demo(tmp_path, seed=3)
    assert octets(tmp_path) == before


def test_a_folder_that_can_not_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LedgerError, match="can't be written"):
        make_demo(tmp_path / "file" / "demo")


def _apart(one: EmailMessage, other: EmailMessage) -> float:
    dates = [parsedate_to_datetime(mail["Date"]) for mail in (one, other)]
    return abs((dates[0] - dates[1]).total_seconds())
