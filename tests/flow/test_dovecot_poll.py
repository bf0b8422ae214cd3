"""A mailbox of 5,000 mails, two per cent of them notices, in a real Dovecot: polled twice by the program."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from bounce_watch.listed import opt_outs
from bounce_watch.records.account import Account
from bounce_watch.store.ledger import open_ledger
from tests.cli.program import imap_settings, run
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.imap import ImapAccount
from tests.servers.proxy import Proxy, start_proxy
from tests.store.dump import assert_reconciled, dump

MAILS = 5_000
EVERY = 50
"""One in so many is a notice: two per cent."""

pytestmark = pytest.mark.timeout(180)
BEGIN = datetime(2026, 9, 1, tzinfo=UTC)


def order_of(number: int) -> str:
    return f"203-{number:07}-{number * 3:07}"


def mail(number: int) -> bytes:
    is_notice = number % EVERY == 0
    sender = "auto-communication@amazon.co.uk" if is_notice else f"friend{number % 7}@firm.example"
    text = (
        f"We did not deliver the message you sent for order [{order_of(number)}] because the buyer has chosen"
        " to opt out of receiving unsolicited messages from sellers."
        if is_notice
        else "See you on Monday."
    )
    return (
        "Authentication-Results: mx.seller.example; dmarc=pass header.from=amazon.co.uk\r\n"
        f"Date: {format_datetime(BEGIN + timedelta(minutes=number))}\r\n"
        f"From: Somebody <{sender}>\r\nTo: support@seller.example\r\n"
        f"Message-ID: <{number}@mail.example>\r\nSubject: number {number}\r\n\r\n{text}\r\n"
    ).encode()


def state_of(account: ImapAccount) -> dict[str, Any]:
    """Flags of every mail and what STATUS says, as another client sees it."""
    with account.client() as client:
        client.select_folder("INBOX", readonly=True)
        flags = {
            uid: sorted(data[b"FLAGS"]) for uid, data in client.fetch(client.search("ALL"), ["FLAGS"]).items()
        }
        client.unselect_folder()
        return {"flags": flags, "status": client.folder_status("INBOX", ["MESSAGES", "UIDNEXT", "UNSEEN"])}


def bodies_asked_for(proxy: Proxy, since: int) -> int:
    return bytes(proxy.sent[since:]).count(b"BODY.PEEK[]")


def test_two_polls(dovecot: Dovecot, tmp_path: Path) -> None:
    account = dovecot.new_account()
    dovecot.fill(account, [mail(number) for number in range(MAILS)])
    with account.client() as client:  # Some are read, one is flagged: that must stay as well.
        client.select_folder("INBOX")
        client.add_flags(range(1, 41), [b"\\Seen"])
        client.add_flags([51], [b"\\Flagged"])
    before = state_of(account)
    with start_proxy(dovecot.plain_port) as proxy:
        config = tmp_path / "settings.toml"
        config.write_text(imap_settings(account, port=str(proxy.port)), "utf-8")
        poll = ("poll", "--config", config, "--json")
        first = run(tmp_path, *poll, env={"UK_PASSWORD": PASSWORD})
        assert first.code == 0, first.err
        told = json.loads(first.out)
        notices = MAILS // EVERY
        assert (told["read"], told["new"], told["not_amazon"]) == (MAILS, notices, MAILS - notices)
        assert bodies_asked_for(proxy, 0) > 0
        facts = facts_in(tmp_path)
        expected = [order_of(number) for number in range(0, MAILS, EVERY)]
        assert facts["orders"] == sorted(expected)

        asked = len(proxy.sent)
        second = run(tmp_path, *poll, env={"UK_PASSWORD": PASSWORD})
        assert second.code == 0, second.err
        told = json.loads(second.out)
        assert (told["state"], told["read"], told["new"]) == ("complete", 0, 0)
        assert bodies_asked_for(proxy, asked) == 0
        assert b"HEADER" not in bytes(proxy.sent[asked:])
        assert facts_in(tmp_path) == facts
        for verb in ("SELECT", "STORE", "UID STORE", "APPEND", "EXPUNGE", "UID COPY", "UID MOVE", "CLOSE"):
            assert verb not in proxy.commands
    assert state_of(account) == before


def facts_in(home: Path) -> dict[str, Any]:
    uk = Account(name="uk")
    with open_ledger(f"sqlite:///{home / 'ledger.sqlite'}") as ledger:
        assert_reconciled(ledger, "uk")
        return {
            "facts": dump(ledger, "uk"),
            "orders": sorted(str(opt_out.order_id) for opt_out in opt_outs(ledger, uk)),
        }
