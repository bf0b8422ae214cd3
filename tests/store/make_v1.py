"""Writes fixtures/ledgers/v1.sqlite, a ledger of the first schema with invented facts.

Run once, with the program of that schema: `python -m tests.store.make_v1 fixtures/ledgers/v1.sqlite`.
The file is never written again: it stands for the ledgers that sellers have.
"""

from __future__ import annotations

import sys

from bounce_watch.records.filed import RunState
from bounce_watch.records.notice import NoticeKind
from bounce_watch.store.ledger import open_ledger

from . import makers
from .makers import ACCOUNT, FORGED, HOUR, NOON, UNPROVEN, buyer, coverage, link, log, order, send


def fill(url: str) -> None:
    """Three opt-outs (one forged), a refund, three waiting mails, two sends, a link, a coverage, an export."""
    findings = [
        makers.finding(makers.notice(1, alias=buyer(1))),
        makers.finding(makers.notice(2), verdict=UNPROVEN),
        makers.finding(makers.notice(3), verdict=FORGED),
        makers.finding(makers.notice(4, kind=NoticeKind.REFUND)),
        makers.finding(makers.unrecognised(5), octets=b"Subject: unknown\r\n\r\nWords.\r\n"),
        makers.finding(makers.misdirected(6)),
        makers.finding(makers.unreadable(7), verdict=None),
        makers.finding(makers.notice(1, alias=buyer(1)), uid=99),
    ]
    sent = log([send(1), send(2)], [link(order(2), buyer(2))], coverage(NOON - HOUR, NOON + HOUR))
    with open_ledger(url) as ledger:
        run_id = ledger.start_run(ACCOUNT, "poll", at=NOON)
        filed = ledger.file(run_id, findings, cursor=makers.cursor(100, due=(42,)), read=20, passed=12)
        ledger.finish_run(run_id, at=NOON + HOUR, state=RunState.COMPLETE, read=20, filed=filed)
        ledger.file_sent_log(ledger.start_run(ACCOUNT, "sent import", at=NOON + HOUR), sent)
        record = makers.export_record("r1", hours=1, preset="addresses", path="list.txt")
        hashes = [ledger.hash_of(buyer(number)) for number in (1, 2)]
        change = ledger.compare_export(preset=record.preset, path=record.path, hashes=hashes)
        ledger.record_export(record, hashes, change)


if __name__ == "__main__":
    fill(f"sqlite:///{sys.argv[1]}")
