"""The values that travel: parsed once, checked where they are made."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bounce_watch.records.filed import ExportRecord, Filed, Run, RunState, WaitingMail
from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.mail import Cursor, MessageRef, RawMessage, Wanted
from bounce_watch.records.notice import Evidence, NoticeKind
from bounce_watch.records.opt_out import AliasFrom, EntrySource, OptOut, SuppressionEntry, SuppressionList
from bounce_watch.records.rate import Period, order_age
from bounce_watch.records.secret import Secret
from bounce_watch.records.sent import OrderLink, Origin, Purpose, SendOutcome, SentCoverage, SentMessage
from bounce_watch.records.times import as_utc
from tests.notices.makers import filed

NOON = datetime(2026, 9, 10, 12, tzinfo=UTC)
ORDER = OrderId("026-1234567-7654321")


@pytest.mark.parametrize(
    "text", ["026-1234567-7654321", " [026-1234567-7654321] ", "[ 026-1234567-7654321 ]"]
)
def test_an_order_id_is_parsed(text: str) -> None:
    assert OrderId.parse(text) == ORDER
    assert str(ORDER) == "026-1234567-7654321"


@pytest.mark.parametrize(
    "text", ["", "026-1234567-765432", "0026-1234567-7654321", "026 1234567 7654321", "٠٢٦-1234567-7654321"]
)
def test_what_is_no_order_id(text: str) -> None:
    assert OrderId.parse(text) is None
    with pytest.raises(ValueError, match="not an order id"):
        OrderId(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("s01-1234567-7654321", ["S01-1234567-7654321"]),
        ("注文026-1234567-7654321に", ["026-1234567-7654321"]),
        ("026-1234567-76543210 1026-1234567-7654321 026-1234567-7654321-1 9-026-1234567-7654321", []),
        ("XS01-1234567-7654321", []),
        ("a 026-1234567-7654321, b 026-1234567-7654321", ["026-1234567-7654321"] * 2),
    ],
)
def test_order_ids_in_running_text_are_never_glued_to_more_digits(text: str, found: list[str]) -> None:
    assert [str(each) for each in OrderId.find_all(text)] == found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A1b2c3d4e5f6g@Marketplace.Amazon.co.uk", "a1b2c3d4e5f6g@marketplace.amazon.co.uk"),
        ("a1b2c3d4e5f6g+0815-tag@marketplace.amazon.it", "a1b2c3d4e5f6g@marketplace.amazon.it"),
        ("blacklisted-a1b2c3d4e5f6g@marketplace.amazon.de", "a1b2c3d4e5f6g@marketplace.amazon.de"),
        ("a1b2c3d4e5f6g@marketplace.amazon.com.evil.example", None),
        ("a1b2c3d4e5f6g@amazon.com", None),
        ("a1b2c3d4e5f6g@xmarketplace.amazon.com", None),
        ("@marketplace.amazon.com", None),
        ("+tag@marketplace.amazon.com", None),
        ("marketplace.amazon.com", None),
        ("ä@marketplace.amazon.com", None),
    ],
)
def test_an_alias_needs_exactly_a_marketplaces_domain(text: str, expected: str | None) -> None:
    alias = Alias.parse(text)
    assert (str(alias) if alias else None) == expected


@pytest.mark.parametrize(
    ("local", "shared"),
    [
        ("a1b2c3d4e5f6g", False),
        ("0123456789abcdef", False),
        ("no-reply-amazon-iba-buyer", True),
        ("donotreply", True),
        ("noreplyseller", True),
        ("myamazonshop", True),
        ("short", True),
        ("a.b.c.d.e.f", True),
    ],
)
def test_an_address_of_many_is_shared(local: str, shared: bool) -> None:
    assert Alias(local, "amazon.de").is_shared is shared


def test_an_alias_is_checked_where_it_is_made() -> None:
    for local, marketplace in (("", "amazon.de"), ("a b", "amazon.de"), ("abcdefgh", "evil.example")):
        with pytest.raises(ValueError, match="not an alias"):
            Alias(local, marketplace)


@given(st.text())
def test_any_text_is_an_id_or_none(text: str) -> None:
    order, alias = OrderId.parse(text), Alias.parse(text)
    assert order is None or OrderId.parse(str(order)) == order
    assert alias is None or Alias.parse(str(alias)) == alias


def test_instants_are_aware_and_utc() -> None:
    ref = MessageRef(account="uk", folder="INBOX")
    for instant in (datetime(2026, 9, 10), NOON.astimezone(timezone(timedelta(hours=2)))):
        with pytest.raises(ValueError, match="received_at must be an aware UTC instant"):
            RawMessage(ref=ref, octets=b"", received_at=instant)
    assert as_utc(datetime(2026, 9, 10)) == datetime(2026, 9, 10, tzinfo=UTC)
    assert as_utc(NOON.astimezone(timezone(timedelta(hours=2)))).tzinfo is UTC


def test_records_refuse_what_can_not_be() -> None:
    with pytest.raises(ValueError, match="order id or an alias"):
        SentMessage(
            account="uk", order_id=None, alias=None, marketplace=None, sent_at=NOON, origin=Origin.CSV_LOG
        )
    with pytest.raises(ValueError, match="ends after it starts"):
        SentCoverage(account="uk", origin=Origin.CSV_LOG, start=NOON, end=NOON)
    with pytest.raises(ValueError, match="ends after it starts"):
        Period(first_day=date(2026, 9, 10), last_day=date(2026, 9, 9), start=NOON, end=NOON + timedelta(1))
    with pytest.raises(ValueError, match="alias or an order id"):
        entry(alias=None, orders=())
    with pytest.raises(ValueError, match="Unrecognised"):
        replace(filed(0).notice, order_id=None)
    assert replace(filed(0).notice, order_id=None, kind=NoticeKind.OTHER).order_id is None


def entry(*, alias: Alias | None, orders: tuple[OrderId, ...]) -> SuppressionEntry:
    return SuppressionEntry(
        account="uk",
        alias=alias,
        order_ids=orders,
        marketplace=None,
        since=None,
        last_noticed_at=None,
        notices=1,
        source=EntrySource.OPT_OUT,
        reason="",
    )


def test_a_list_counts_its_entries_without_alias() -> None:
    entries = (
        entry(alias=None, orders=(ORDER,)),
        entry(alias=Alias("abcdefgh12345", "amazon.de"), orders=()),
    )
    listing = SuppressionList(account="uk", entries=entries, made_at=NOON, revision="r")
    assert listing.without_alias == 1


def test_what_was_filed_adds_up() -> None:
    assert Filed(new=1, duplicates=2) + Filed(new=3, not_amazon=4) == Filed(new=4, duplicates=2, not_amazon=4)


def test_wanted_looks_for_fragments_without_case() -> None:
    wanted = Wanted(senders=("auto-communication@", "@marketplace.amazon."))
    assert wanted.wants("Amazon <AUTO-communication@amazon.com>")
    assert not wanted.wants("communication@amazon.com")


def test_a_cursor_checks_its_instants() -> None:
    with pytest.raises(ValueError, match="checked_at"):
        Cursor(
            account="uk",
            folder="INBOX",
            uidvalidity=1,
            next_uid=1,
            scope="",
            checked_at=datetime(2026, 9, 10),
        )


def test_a_secret_shows_itself_to_nobody() -> None:
    secret = Secret("s3cr3t")
    assert secret.reveal() == "s3cr3t"
    for shown in (str(secret), repr(secret), f"{secret}", f"{secret:>20}", f"{[secret]}"):
        assert "s3cr3t" not in shown
        assert "***" in shown
    with pytest.raises(TypeError):
        pickle.dumps(secret)


def test_every_instant_of_a_record_is_checked() -> None:
    naive = datetime(2026, 9, 10, 12)
    alias = Alias("abcdefgh12345", "amazon.de")
    makers: dict[str, Callable[[], object]] = {
        "started_at": lambda: Run(
            id=1,
            account="uk",
            command="poll",
            started_at=naive,
            finished_at=None,
            state=RunState.RUNNING,
            read=0,
            filed=Filed(),
        ),
        "noticed_at": lambda: WaitingMail(
            fingerprint="",
            result="unreadable",
            reason="",
            candidates=(),
            subject="",
            from_address=None,
            noticed_at=naive,
        ),
        "made_at": lambda: ExportRecord(account="uk", preset="orders", path="-", revision="r", made_at=naive),
        "last_noticed_at": lambda: OptOut(
            account="uk",
            order_id=ORDER,
            alias=alias,
            alias_from=AliasFrom.NOTICE,
            marketplace=None,
            first_noticed_at=NOON,
            last_noticed_at=naive,
            notices=1,
            evidence=Evidence.HEADER,
        ),
        "seen_at": lambda: OrderLink(
            account="uk",
            order_id=ORDER,
            alias=alias,
            marketplace=None,
            origin=Origin.ORDER_REPORT,
            seen_at=naive,
        ),
    }
    for name, make in makers.items():
        with pytest.raises(ValueError, match=f"{name} must be an aware UTC instant"):
            make()


def test_what_is_whole_is_accepted() -> None:
    period = Period(
        first_day=date(2026, 9, 10), last_day=date(2026, 9, 10), start=NOON, end=NOON + timedelta(1)
    )
    assert period.end - period.start == timedelta(1)
    assert (
        SentCoverage(account="uk", origin=Origin.CSV_LOG, start=NOON, end=NOON + timedelta(1)).start == NOON
    )
    sent = SentMessage(
        account="uk", order_id=ORDER, alias=None, marketplace=None, sent_at=NOON, origin=Origin.CSV_LOG
    )
    assert (sent.purpose, sent.outcome) == (Purpose.UNKNOWN, SendOutcome.SENT)


@pytest.mark.parametrize(
    ("after", "group"),
    [
        *((timedelta(0), "under 1 day"), (timedelta(days=30, hours=23), "15 to 30 days")),
        *((timedelta(days=31), "over 30 days"), (timedelta(seconds=-1), None), (None, None)),
    ],
)
def test_how_old_an_order_is_when_a_message_follows(after: timedelta | None, group: str | None) -> None:
    assert order_age(None if after is None else NOON - after, NOON) == group
