"""A seeded demo: a mailbox, the sent log that belongs to it, and Amazon's order report.

Everything is invented; the same seed and last day give the same octets.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from random import Random

from bounce_watch.demo.envelope import ADDRESSES, RECEIVER
from bounce_watch.demo.post import Posted, write_post
from bounce_watch.demo.truth import DemoTruth, tell_truth
from bounce_watch.demo.world import ITALY, UK, Order, World, make_world
from bounce_watch.errors import DataError, LedgerError

SEED = 2017
ENDS_ON = date(2026, 9, 30)

_LOG_COLUMNS = ("order-id", "buyer-email", "sent-at", "marketplace", "purpose", "template", "message-id")
_REPORT_COLUMNS = (
    "order-id order-item-id purchase-date payments-date buyer-email buyer-name buyer-phone-number sku"
    " product-name quantity-purchased currency item-price item-tax"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoFiles:
    """Where the demo lies, the settings under which it should be read, and what is really in it."""

    mailbox: Path
    sent_log: Path
    orders_report: Path
    addresses: tuple[str, ...]
    authserv_ids: tuple[str, ...]
    marketplaces: tuple[str, ...]
    first_day: date
    last_day: date
    truth: DemoTruth


def make_demo(folder: Path, *, seed: int = SEED, ends_on: date = ENDS_ON) -> DemoFiles:
    """Write `mailbox` (a Maildir), `sent-log.csv` and `order-report.txt` into `folder`.

    They cover the three months up to `ends_on`: its own month up to that day, and the two before. Raises
    DataError when a demo lies there already, LedgerError when the folder can't be written.
    """
    random = Random(seed)
    world = make_world(random, ends_on)
    post = write_post(random, world)
    files = DemoFiles(
        mailbox=folder / "mailbox",
        sent_log=folder / "sent-log.csv",
        orders_report=folder / "order-report.txt",
        addresses=ADDRESSES,
        authserv_ids=(RECEIVER,),
        marketplaces=(UK, ITALY),
        first_day=world.first_day,
        last_day=world.last_day,
        truth=tell_truth(world, post),
    )
    try:
        _write(files, world, post)
    except FileExistsError as error:
        raise DataError(f"{folder} holds a demo already.", "Name an empty folder.") from error
    except OSError as error:
        raise LedgerError(f"{folder} can't be written: {error.strerror}.", "Name another folder.") from error
    return files


def _write(files: DemoFiles, world: World, post: Sequence[Posted]) -> None:
    files.mailbox.mkdir(parents=True)
    _write_maildir(files.mailbox, post)
    files.sent_log.write_bytes(_sent_log(world).encode())
    files.orders_report.write_bytes(_orders_report(world.orders).encode())


def _write_maildir(mailbox: Path, post: Sequence[Posted]) -> None:
    """One file for each mail in `new`, named and dated by the time it came."""
    for name in ("cur", "new", "tmp"):
        (mailbox / name).mkdir()
    everything = [mail for mail in post for _ in range(mail.times)]
    for number, mail in enumerate(everything, start=1):
        came = int(mail.at.timestamp()) + 3
        path = mailbox / "new" / f"{came}.{number:05}.demo"
        path.write_bytes(mail.octets)
        os.utime(path, (came, came))


def _sent_log(world: World) -> str:
    """What the seller's tool says it sent; it does not know what was blocked."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_LOG_COLUMNS)
    for number, send in enumerate(world.sends, start=1):
        buyer = send.order.buyer
        sent_at = send.at.strftime("%Y-%m-%dT%H:%M:%SZ")
        row = (send.order.id, buyer.alias, sent_at, buyer.marketplace, send.purpose.value, send.label)
        writer.writerow((*row, f"<{number}@tool.seller.example>"))
    return text.getvalue()


def _orders_report(orders: Sequence[Order]) -> str:
    """Amazon's order report: tab separated, one row for each item."""
    lines = ["\t".join(_REPORT_COLUMNS.split())]
    for number, order in enumerate(orders, start=1):
        lines += [_item(number, item, order) for item in range(order.items)]
    return "".join(f"{line}\r\n" for line in lines)


def _item(number: int, item: int, order: Order) -> str:
    placed = order.placed_at.strftime("%Y-%m-%dT%H:%M:%S+00:00")
    currency = "GBP" if order.buyer.marketplace == UK else "EUR"
    cells = (order.id, f"{number * 10 + item:014}", placed, placed, order.buyer.alias, order.buyer.name, "")
    goods = (f"SKU-{item + 1}", f'Picture frame, {8 + 2 * item}" wide', "1", currency, "14.90", "0.00")
    return "\t".join((*cells, *goods))
