"""In whatever order mails, logs and order reports come in, and in whatever pieces: the report is the same.

A thousand orders: `BOUNCE_WATCH_EXAMPLES=1000 pytest tests/flow/test_arrival_order.py`.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from itertools import chain, groupby
from typing import TypeVar

import pytest

from bounce_watch.examine import examine
from bounce_watch.mailboxes.parse import parse_message
from bounce_watch.records.filed import Filed, RunState
from bounce_watch.records.mail import Message, MessageRef, RawMessage
from bounce_watch.records.notice import Finding
from bounce_watch.records.sent import SentLog
from bounce_watch.reports.content import ReportContent
from bounce_watch.sent_log.csv_log import read_csv_log
from bounce_watch.sent_log.order_report import read_order_report
from bounce_watch.sent_log.sent_folder import folder_coverage, read_sent_mail
from bounce_watch.store.ledger import Ledger, open_ledger
from bounce_watch.upkeep.report import asked, report_contents

from . import worked_month as made
from .line import CATALOGUE
from .worked_month import LATER, LONDON, SHOP, WHOLE, Row

ORDERS = int(os.environ.get("BOUNCE_WATCH_EXAMPLES", "8"))
AT = datetime(2026, 4, 10, tzinfo=UTC)
NAMED = {int(line["buyer"]) for line in made.table("mails.csv")} | {201, 202, 301, 302, 303}

Arrival = Finding | SentLog
Each = TypeVar("Each")


@cache
def rows() -> list[Row]:
    """The worked month with two rows of each block, and those of the buyers that a mail is about."""
    return [row for row in made.rows() if row.place < 2 or row.buyer in NAMED]


@cache
def arrivals() -> tuple[Arrival, ...]:
    """Every mail by itself, every log and report in halves that overlap, the sent folder five mails at a time."""
    return (*findings(), *halves(), *sent_folder(), *map(made.scrubbed, zip(row_of("scrub"), strict=True)))


def row_of(log: str) -> list[Row]:
    return [row for row in rows() if log in row.log.split("+")]


def findings() -> Iterator[Finding]:
    for number, octets in enumerate(made.mails()):
        ref = MessageRef(account="shop", folder=f"{number:02}.eml", position=1)
        yield examine(RawMessage(ref=ref, octets=octets), SHOP, catalogue=CATALOGUE)


def halves() -> Iterator[SentLog]:
    for name, whole in WHOLE.items():
        for half in overlapping(row_of(name)):
            yield read_csv_log(made.log_file(half), account="shop", time_zone=LONDON, coverage=whole)
    header, *orders = made.order_report().decode().splitlines()
    kept = {str(row.order) for row in rows()}
    for part in overlapping([line for line in orders if line.partition("\t")[0] in kept]):
        content = "\n".join((header, *part)).encode()
        yield read_order_report(content, account="shop", seen_at=AT)


def overlapping(whole: Sequence[Each]) -> tuple[Sequence[Each], Sequence[Each]]:
    return whole[: len(whole) * 2 // 3], whole[len(whole) // 3 :]


def sent_folder() -> Iterator[SentLog]:
    covered = folder_coverage("shop", whole_from=made.FOLDER_FROM, until=made.FOLDER_UNTIL)
    own = row_of("folder")
    for begin in range(0, len(own), 5):
        found = []
        for row in own[begin : begin + 5]:
            message = parse_message(made.own_mail(row))
            assert isinstance(message, Message)
            found.append(read_sent_mail(message, account="shop", known={}))
        sends = tuple(send for mail in found for send in mail.sends)
        links = tuple(link for mail in found for link in mail.links)
        yield SentLog(sends=sends, links=links, coverage=covered, rows=len(found))


class Shops:
    """One ledger, and in it one account after the other, which is far quicker than a new one for each order."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._opened = 0

    def report_after(self, order: Sequence[Arrival]) -> ReportContent:
        """What is said of a new account of which all this is filed, one after the other."""
        self._opened += 1
        name = f"shop{self._opened}"
        made.export_once(self._ledger, name)
        mails, logs = (self._ledger.start_run(name, command, at=AT) for command in ("poll", "sent import"))
        for is_log, some in groupby(order, key=lambda each: isinstance(each, SentLog)):
            if is_log:
                for each in some:
                    assert isinstance(each, SentLog)
                    self._ledger.file_sent_log(logs, owned(each, name))
            else:
                found = [received(each, name) for each in some]
                self._ledger.file(mails, found, cursor=None, read=len(found), passed=0)
        for run in (mails, logs):
            self._ledger.finish_run(run, at=AT, state=RunState.COMPLETE, read=0, filed=Filed())
        return self._report(name)

    def _report(self, name: str) -> ReportContent:
        """Without the account's name and the number of its export, which differ; what has no time has no order."""
        account = replace(SHOP, name=name)
        wanted = asked("month", date(2026, 3, 31), LONDON, now=LATER)
        (found,) = report_contents(self._ledger, [account], wanted, now=LATER, polled=(name,))
        assert found.leak is not None
        return replace(
            found,
            accounts=(),
            attention=tuple(replace(one, text=one.text.replace(name, "shop")) for one in found.attention),
            leak=replace(found.leak, export_id=0, path=""),
            waiting=tuple(sorted(found.waiting, key=str)),
        )


def received(each: Arrival, name: str) -> Finding:
    assert isinstance(each, Finding)
    return replace(each, ref=replace(each.ref, account=name))


def owned(log: SentLog, name: str) -> SentLog:
    """The log as another account's."""
    return replace(
        log,
        sends=tuple(replace(one, account=name) for one in log.sends),
        links=tuple(replace(one, account=name) for one in log.links),
        coverage=replace(log.coverage, account=name) if log.coverage else None,
    )


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shops]:
    with open_ledger(f"sqlite:///{tmp_path_factory.mktemp('shops')}/ledger.sqlite") as ledger:
        yield Shops(ledger)


@pytest.fixture(scope="module")
def expected(shops: Shops) -> ReportContent:
    return shops.report_after(arrivals())


def test_the_report_is_not_about_nothing(expected: ReportContent) -> None:
    """The few rows of each block leave the numerators as they are; four of the 22 withheld buyers are left."""
    assert expected.rates.messages.opted_out == 13
    assert expected.rates.share.opted_out == 4 + 12 - 1
    assert len(expected.marketplaces) == 3
    assert len(expected.order_ages) == 7
    assert expected.reconciliation.adds_up


def test_the_order_of_arrival_changes_no_figure(shops: Shops, expected: ReportContent) -> None:
    every = arrivals()
    for seed in range(ORDERS):
        shuffled = random.Random(seed).sample(every, len(every))
        assert shops.report_after(shuffled) == expected, f"seed {seed}"


def test_what_comes_twice_changes_no_figure(shops: Shops, expected: ReportContent) -> None:
    """Every log and every mail again, the logs also before the first time; mails again are duplicates."""
    logs = [each for each in arrivals() if isinstance(each, SentLog)]
    found = shops.report_after([*chain(logs, arrivals(), arrivals())])
    line = expected.reconciliation
    again = replace(
        line,
        read=2 * line.read,
        not_amazon=2 * line.not_amazon,
        duplicates=line.duplicates + line.read - line.not_amazon,
    )
    assert found == replace(expected, reconciliation=again)
