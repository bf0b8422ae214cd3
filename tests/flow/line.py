"""The whole line in the hands of a test: an account, a clock, a mailbox of batches, and one poll."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bounce_watch.figures.content import Asked, report_content
from bounce_watch.flow import intake, suppression_list
from bounce_watch.mailboxes.base import open_mailbox
from bounce_watch.mailboxes.specs import Mailbox, PathSpec
from bounce_watch.notices.catalogue import Catalogue, load_catalogue
from bounce_watch.records.account import Account
from bounce_watch.records.filed import Run
from bounce_watch.records.mail import Batch, Cursors, RawMessage, Wanted
from bounce_watch.records.rate import Period
from bounce_watch.reports.content import PeriodName, ReportContent
from bounce_watch.store.ledger import Ledger

CATALOGUE: Catalogue = load_catalogue()
EVERYBODY = Wanted(senders=("",))


class Ticking:
    """A clock that goes on by a second whenever it is asked."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def __call__(self) -> datetime:
        self._now += timedelta(seconds=1)
        return self._now


class InOrder:
    """A mailbox of these mails, in this order, in batches of `size`; it keeps no cursor."""

    def __init__(self, mails: Sequence[RawMessage], size: int = 200) -> None:
        self._mails = mails
        self._size = size

    def batches(self, cursors: Cursors) -> Iterator[Batch]:
        for begin in range(0, len(self._mails), self._size):
            yield Batch(messages=tuple(self._mails[begin : begin + self._size]))


def poll(mailbox: Mailbox, ledger: Ledger, account: Account, clock: Callable[[], datetime]) -> Run:
    return intake(mailbox, ledger, account=account, catalogue=CATALOGUE, clock=clock, command="poll")


def poll_path(path: Path, ledger: Ledger, account: Account, clock: Callable[[], datetime]) -> Run:
    spec = PathSpec(path=path)
    with open_mailbox(spec, None, account=account.name, wanted=EVERYBODY, now=clock) as mailbox:
        return poll(mailbox, ledger, account, clock)


def mails_of(path: Path, account: Account) -> list[RawMessage]:
    """Every mail that a file or folder holds, in the order in which it gives them."""
    now = datetime.now(UTC)
    spec = PathSpec(path=path)
    with open_mailbox(spec, None, account=account.name, wanted=EVERYBODY, now=lambda: now) as mailbox:
        return [raw for batch in mailbox.batches({}) for raw in batch.messages]


def report_of(
    ledger: Ledger,
    account: Account,
    period: Period,
    *,
    now: datetime,
    name: PeriodName = PeriodName.MONTH,
    has_mailbox: bool = True,
) -> ReportContent:
    """What the report says, in UTC."""
    return report_content(
        ledger,
        account,
        Asked(period=period, name=name, zone=UTC),
        listing=suppression_list(ledger, account, at=now),
        now=now,
        has_mailbox=has_mailbox,
    )
