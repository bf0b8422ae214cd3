"""Rows that grow, move and split pages leave nothing behind in the pages they came from."""

from __future__ import annotations

import random
from pathlib import Path

from bounce_watch.records.filed import Purged
from bounce_watch.store.ledger import open_ledger
from tests.store import makers
from tests.store.makers import ACCOUNT, log, send

from .world import DAY, START, alias_of, first_name_of, names_in, order_of

BUYERS = range(1, 301)


def test_names_that_come_and_go_leave_no_traces(tmp_path: Path) -> None:
    dice = random.Random(5)
    everybody = {part for n in BUYERS for part in (str(order_of(n)), alias_of(n).local, first_name_of(n))}
    with open_ledger(f"sqlite:///{tmp_path}/ledger.sqlite") as ledger:
        for turn in range(3):
            at = START + turn * 40 * DAY
            run = ledger.start_run(ACCOUNT, "sent import", at=at)
            numbers = list(BUYERS)
            dice.shuffle(numbers)
            for start in range(0, len(numbers), 100):
                chunk = numbers[start : start + 100]
                sends = [
                    send(
                        number,
                        order_id=order_of(number),
                        alias=alias_of(number),
                        sent_at=at + number * DAY / 9999,
                        message_id=f"<{order_of(number)}@{'x' * dice.randrange(300)}.example>",
                    )
                    for number in chunk
                ]
                ledger.file_sent_log(run, log(sends))
                mails = [
                    makers.finding(
                        makers.unrecognised(f"{turn}.{number}", noticed_at=at),
                        subject=first_name_of(number) + " y" * dice.randrange(200),
                        octets=f"{first_name_of(number)} {order_of(number)}".encode() * dice.randrange(1, 90),
                    )
                    for number in chunk[::3]
                ]
                ledger.file(run, mails, cursor=None, read=len(mails), passed=0)
            assert everybody & names_in((tmp_path / "ledger.sqlite").read_bytes() + wal(tmp_path))
            gone = ledger.purge(ACCOUNT, listed=(), now=at + 35 * DAY)
            assert gone == Purged(names=2 * len(BUYERS), mails=102, octets=102)
            assert ledger.sweep_out()
            assert everybody & names_in((tmp_path / "ledger.sqlite").read_bytes() + wal(tmp_path)) == set()


def wal(folder: Path) -> bytes:
    return (folder / "ledger.sqlite-wal").read_bytes()
