"""Writes fixtures/ledgers/v2.sqlite and its key, a ledger of the second schema with invented facts in every table.

Run once, with the program of that schema: `python -m tests.store.make_v2 fixtures/ledgers/v2.sqlite`.
The files are never written again: they stand for the ledgers that sellers have.
"""

from __future__ import annotations

import sys
from datetime import timedelta

from bounce_watch.records.decision import Action, Decision
from bounce_watch.records.filed import RunState
from bounce_watch.store.ledger import Ledger, open_ledger

from . import make_v1, makers
from .makers import ACCOUNT, HOUR, NOON, buyer, link, log, order, send

LATER = NOON + timedelta(days=31)
"""When everything that make_v1 filed has passed its retention but for what the list needs: order 1 and its buyer."""


def fill(url: str) -> None:
    """The facts of make_v1; an undone run; sends of an erased, a forgotten and a remembered buyer; decisions."""
    make_v1.fill(url)
    with open_ledger(url) as ledger:
        undone = ledger.start_run(ACCOUNT, "import", at=NOON + 2 * HOUR)
        filed = ledger.file(undone, [makers.opt_out(8)], cursor=None, read=1, passed=0)
        ledger.finish_run(undone, at=NOON + 3 * HOUR, state=RunState.COMPLETE, read=1, filed=filed)
        _sent(ledger)
        ledger.erase(ACCOUNT, buyer(11), at=NOON + 3 * HOUR)
        _decide(ledger, Action.ERASE, ledger.hash_of(buyer(11)))
        _decide(ledger, Action.UNDO, str(undone))
        _decide(ledger, Action.ACCEPT, makers.print_of(3), note="seen in Seller Central")
        _decide(ledger, Action.DISMISS, makers.print_of(6))
        _decide(ledger, Action.CONFIRM, "mx.seller.example")
        ledger.decide(
            Decision(
                account=ACCOUNT,
                action=Action.CHOOSE_ALIAS,
                subject=ledger.hash_of(order(2)),
                actor="owner",
                decided_at=LATER,
                order_id=order(2),
                alias=buyer(2),
            )
        )
        listed = (order(1), buyer(1), order(2), buyer(2), order(3))
        ledger.purge(ACCOUNT, listed=listed, now=LATER)
        waits = makers.unrecognised(9, noticed_at=LATER)
        last = ledger.start_run(ACCOUNT, "poll", at=LATER)
        octets = b"Subject: unknown\r\n\r\nOther words.\r\n"
        filed = ledger.file(last, [makers.finding(waits, octets=octets)], cursor=None, read=1, passed=0)
        ledger.finish_run(last, at=LATER + HOUR, state=RunState.COMPLETE, read=1, filed=filed)
        ledger.sweep_out()


def _sent(ledger: Ledger) -> None:
    run = ledger.start_run(ACCOUNT, "sent import", at=LATER)
    sends = [
        send(number, order_id=order(number), alias=buyer(number), sent_at=at)
        for number, at in ((11, NOON), (12, NOON - HOUR), (13, LATER))
    ]
    ledger.file_sent_log(run, log(sends, [link(order(14), buyer(11))]))


def _decide(ledger: Ledger, action: Action, subject: str, note: str = "") -> None:
    ledger.decide(
        Decision(account=ACCOUNT, action=action, subject=subject, actor="owner", decided_at=LATER, note=note)
    )


if __name__ == "__main__":
    fill(f"sqlite:///{sys.argv[1]}")
