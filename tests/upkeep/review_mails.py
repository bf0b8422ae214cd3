"""One mail of every kind that waits for a person, in a ledger, and an account that they came to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bounce_watch.flow import import_sent
from bounce_watch.records.account import Account, RequireProof, Trust
from bounce_watch.records.decision import By
from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.mail import MessageRef, RawMessage
from bounce_watch.records.sent import OrderLink, Origin, SentLog
from bounce_watch.reports.review import Group, ReviewItem
from bounce_watch.store.ledger import Ledger, open_ledger
from bounce_watch.suppression.preset import load_preset
from bounce_watch.upkeep.export import export
from bounce_watch.upkeep.review import waiting
from tests.cli.mails import notice, unknown
from tests.flow.line import InOrder, Ticking, poll

NOW = datetime(2026, 10, 1, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
ACCOUNT = Account(
    name="uk",
    addresses=("support@seller.example",),
    trust=Trust(require_proof=RequireProof.AUTO, authserv_ids=("mx.seller.example",)),
)
BY = By(actor="kim", at=NOW + HOUR, note="seen in Seller Central")

GENUINE, UNPROVEN, FORGED, MISDIRECTED, NAMED, OPEN = (f"203-{n}000000-{n}000001" for n in range(1, 7))
FIRST, SECOND = "aaaaaaaaaaaa01@marketplace.amazon.co.uk", "bbbbbbbbbbbb02@marketplace.amazon.co.uk"
UNKNOWN_SUBJECT = "Something new"


def misdirected(order: str = MISDIRECTED, *, dmarc: str = "pass") -> bytes:
    return notice(order, alias=None, number=4, dmarc=dmarc).replace(b"To: support@", b"To: somebody@")


def unreadable() -> bytes:
    """Header lines without an end: what a reader gives up on."""
    return b"\0" * 10


MAILS = (
    notice(GENUINE, alias=None, number=1),
    notice(UNPROVEN, alias=None, number=2, dmarc=None),
    notice(FORGED, alias=None, number=3, dmarc="fail"),
    misdirected(),
    unknown(UNKNOWN_SUBJECT, number=5),
    notice(OPEN, alias=FIRST, number=6),
)


def raws(mails: Sequence[bytes]) -> list[RawMessage]:
    return [
        RawMessage(ref=MessageRef(account="uk", folder="INBOX", uidvalidity=7, uid=uid), octets=octets)
        for uid, octets in enumerate(mails, start=11)
    ]


@contextmanager
def ledger_of(path: Path, mails: Sequence[bytes] = MAILS, account: Account = ACCOUNT) -> Iterator[Ledger]:
    """A ledger after a poll of these mails, and an order report that gives OPEN another alias."""
    with open_ledger(f"sqlite:///{path / 'ledger.sqlite'}") as ledger:
        poll(InOrder(raws(mails)), ledger, account, Ticking(NOW))
        report(ledger, account, OPEN, SECOND)
        yield ledger


def report(ledger: Ledger, account: Account, order: str, alias: str) -> None:
    buyer = Alias.parse(alias)
    assert buyer
    link = OrderLink(
        account=account.name,
        order_id=OrderId(order),
        alias=buyer,
        marketplace=None,
        origin=Origin.ORDER_REPORT,
        seen_at=NOW,
    )
    log = SentLog(sends=(), links=(link,), coverage=None, rows=1)
    import_sent(log, ledger, account=account, clock=Ticking(NOW))


def item(ledger: Ledger, group: Group, account: Account = ACCOUNT) -> ReviewItem:
    (found,) = [each for each in waiting(ledger, account) if each.group is group]
    return found


def groups(ledger: Ledger, account: Account = ACCOUNT) -> list[str]:
    return [each.group.value for each in waiting(ledger, account)]


def exported(
    ledger: Ledger, folder: Path, *, at: datetime, preset: str = "orders"
) -> tuple[set[str], int, int]:
    """The lines of an export, how many keys came, and how many went."""
    path = folder / preset
    done = export(ledger, [ACCOUNT], load_preset(preset), path, at=at)
    return set(path.read_text().split()), len(done.came), len(done.went)
