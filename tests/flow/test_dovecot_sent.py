"""A folder of sent mail in a real Dovecot: cut off wherever, made anew, and every mail to a buyer is one send."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bounce_watch.errors import Unreachable
from bounce_watch.mailboxes.base import ImapSpec, Security, open_sent_folder
from bounce_watch.records.account import Account
from bounce_watch.records.filed import Run
from bounce_watch.records.ids import OrderId
from bounce_watch.records.secret import Secret
from bounce_watch.store.ledger import Ledger, open_ledger
from bounce_watch.upkeep.sent_poll import poll_sent
from tests.servers.dovecot import PASSWORD, SENT, Dovecot
from tests.servers.imap import ImapAccount
from tests.servers.proxy import start_proxy

UK = Account(name="uk")
NOW = datetime.now(UTC) + timedelta(days=1)
"""The server gives the mails the time at which the test puts them there."""

MAILS, EVERY = 420, 2
"""One in two goes to a buyer: two chunks of bodies."""

CUTS = (3_000, 40_000, 75_000, 110_000, 140_000)


def order(number: int) -> OrderId:
    return OrderId(f"203-{number:07}-{number:07}")


def mail(number: int) -> bytes:
    to = f"b{number:09}@marketplace.amazon.co.uk" if number % EVERY == 0 else f"friend{number}@firm.example"
    return (
        f"To: {to}\r\nFrom: post@shop.example\r\nSubject: Order {order(number)}\r\n"
        f"Message-ID: <{number}@shop.example>\r\n\r\n{'A line of the mail. ' * 20}\r\n"
    ).encode()


@pytest.fixture
def account(dovecot: Dovecot) -> ImapAccount:
    account = dovecot.new_account()
    dovecot.fill(account, [mail(number) for number in range(MAILS)], flags="F", folder=SENT)
    return account


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with open_ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}") as opened:
        yield opened


def poll(ledger: Ledger, account: ImapAccount, *, port: int | None = None, hours: int = 0) -> Run:
    spec = ImapSpec(host=account.host, port=port or account.port, user=account.user, security=Security.NONE)

    def clock() -> datetime:
        return NOW + timedelta(hours=hours)

    with open_sent_folder(spec, Secret(PASSWORD), account="uk", now=clock) as mailbox:
        return poll_sent(mailbox, ledger, account=UK, clock=clock)


def orders_in(ledger: Ledger) -> list[OrderId | None]:
    every = [order(number) for number in range(MAILS)]
    return sorted((filed.send.order_id for filed in ledger.sends_for("uk", every, [])), key=str)


def expected() -> list[OrderId]:
    return [order(number) for number in range(0, MAILS, EVERY)]


def flags_of(account: ImapAccount) -> dict[int, tuple[bytes, ...]]:
    with account.client() as client:
        client.select_folder(SENT, readonly=True)
        return {uid: tuple(sorted(flags)) for uid, flags in client.get_flags(client.search()).items()}


def test_cut_off_anywhere_and_polled_again(account: ImapAccount, ledger: Ledger) -> None:
    before, met = flags_of(account), set[int]()
    for cut in CUTS:
        with start_proxy(account.port, cut_after=cut) as proxy, suppress(Unreachable):
            poll(ledger, account, port=proxy.port)
        met.add(len(orders_in(ledger)))
        assert len(set(orders_in(ledger))) == len(orders_in(ledger))
    assert min(met) < len(expected())
    poll(ledger, account, hours=1)
    assert orders_in(ledger) == expected()
    assert ledger.coverages("uk")[-1].end == NOW + timedelta(hours=1)
    assert flags_of(account) == before


def test_under_a_new_uidvalidity_nothing_is_doubled(account: ImapAccount, ledger: Ledger) -> None:
    assert poll(ledger, account).filed.new == len(expected())
    key = f"sent:{SENT}"
    old = ledger.cursors("uk")[key].uidvalidity
    with account.client() as client:
        client.rename_folder(SENT, "Old")
        client.create_folder(SENT)
        client.select_folder("Old", readonly=True)
        client.copy(client.search(), SENT)
    again = poll(ledger, account, hours=1)
    assert ledger.cursors("uk")[key].uidvalidity != old
    assert (again.read, again.filed.new, again.filed.duplicates) == (MAILS, 0, len(expected()))
    assert orders_in(ledger) == expected()
