"""Forgeries among genuine notices leave the exported list as it is, octet for octet."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

from bounce_watch.records.account import RequireProof
from bounce_watch.records.mail import MessageRef, RawMessage
from bounce_watch.store.ledger import open_ledger
from bounce_watch.suppression.preset import load_preset
from bounce_watch.upkeep.export import export
from tests.flow.line import InOrder, Ticking, poll

from .forge import AMAZON, FROM_FORMS, TABLES, US, Made, account, forgery, genuine_notice
from .letters import LETTERS

COUNT = int(os.environ.get("BOUNCE_WATCH_EXAMPLES", "200"))
"""Of each."""

START = datetime(2026, 11, 1, 8, tzinfo=UTC)
AT_OURS = [table for table in TABLES.values() if US in table.authserv_ids]


def exported(mails: list[Made], folder: Path, proof: RequireProof) -> tuple[bytes, bytes]:
    """The list of orders and that of addresses, after one poll of these mails."""
    raws = [
        RawMessage(ref=MessageRef(account="uk", folder="INBOX", position=place), octets=mail.octets)
        for place, mail in enumerate(mails, start=1)
    ]
    us = account((US,), proof)
    with open_ledger(f"sqlite:///{folder / 'ledger.sqlite'}") as ledger:
        poll(InOrder(raws), ledger, us, Ticking(START))
        lists = [(load_preset(name), folder / name) for name in ("orders", "addresses")]
        for preset, path in lists:
            export(ledger, [us], preset, path, at=START)
    orders, addresses = (path.read_bytes() for _, path in lists)
    return orders, addresses


@pytest.mark.parametrize("proof", [RequireProof.ALWAYS, RequireProof.AUTO])
def test_forgeries_leave_the_export_as_it_is(tmp_path: Path, proof: RequireProof) -> None:
    """Each forgery has a genuine notice's Message-ID; it comes before that or after it."""
    random = Random(42)
    count = COUNT if proof is RequireProof.AUTO else COUNT // 10
    genuine = [genuine_notice(random, "Postfix") for _ in range(count)]
    mixed = list[Made]()
    for number, notice in enumerate(genuine):
        table = AT_OURS[number % len(AT_OURS)]
        form, letter = random.choice(list(FROM_FORMS)[:6]), random.choice(list(LETTERS.values()))
        forged = forgery(random, table, random.choice(AMAZON), form, letter, how="", unique=notice.unique)
        mixed += [notice, forged] if random.random() < 0.5 else [forged, notice]
    (tmp_path / "alone").mkdir()
    (tmp_path / "among").mkdir()
    alone = exported(genuine, tmp_path / "alone", proof)
    among = exported(mixed, tmp_path / "among", proof)
    assert among == alone
    listed = set(alone[0].decode().split())
    assert all(mail.order in listed for mail in genuine)
