"""The worked month: its mails, logs and order report, made of the tables in fixtures/reports/worked-month."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

from bounce_watch.records.account import Account, Trust
from bounce_watch.records.filed import ExportForm, ExportRecord, RunState
from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.mail import Batch, Cursor, Cursors, MessageRef, RawMessage
from bounce_watch.records.sent import Origin, Purpose, SendOutcome, SentLog, SentMessage
from bounce_watch.sent_log.plan import LogOptions
from bounce_watch.store.ledger import Ledger
from bounce_watch.upkeep.sent_import import file_looked, look
from bounce_watch.upkeep.sent_poll import poll_sent

TABLES = Path(__file__).parents[2] / "fixtures" / "reports" / "worked-month"
LONDON, NEW_YORK = ZoneInfo("Europe/London"), ZoneInfo("America/New_York")
ADDRESSES = {
    "support": "support@seller.example",
    "orders": "orders@seller.example",
    "stranger": "someone@else.example",
}
SHOP = Account(
    name="shop",
    addresses=(ADDRESSES["support"], ADDRESSES["orders"]),
    trust=Trust(authserv_ids=("mx.seller.example",)),
)
LATER = datetime(2026, 6, 1, tzinfo=UTC)
WHOLE = {
    "csv 1": (date(2026, 2, 1), date(2026, 3, 13)),
    "csv 2": (date(2026, 3, 10), date(2026, 3, 20)),
    "csv 3": (date(2026, 3, 26), date(2026, 4, 2)),
}
"""The days of London for which each log is whole."""

FOLDER_FROM = datetime(2026, 3, 23, tzinfo=UTC)
FOLDER_UNTIL = datetime(2026, 3, 30, 12, tzinfo=UTC)
EXPORTED_AT = datetime(2026, 3, 10, 9, tzinfo=UTC)
ON_THE_EXPORT = (1201, 1202, 1203, 1400, 181, 39, 201, 101, 185)
"""The buyers whose notices came until then."""

_FIRST_COLUMNS = "Order ID,Buyer email,Sent at,Purpose,Label,Marketplace,Status"
_SECOND = timedelta(seconds=1)

_NOTICE = """\
{results}Received: from a1.amazonses.com by mx.seller.example; {date}
Date: {date}
From: "{site}" <auto-communication@amazon.com>
To: {to}
Message-ID: <{mail}@eu-west-1.amazonses.com>
Subject: {subject}
{type}Content-Type: text/plain; charset=utf-8

{text}
"""
_OPT_OUT = """\
The message you sent for order {order} was stopped, because the buyer has
chosen to opt out of receiving unsolicited messages from sellers.
"""
_LETTER = """\
Date: {date}
From: Somebody <somebody@friend.example>
To: support@seller.example
Message-ID: <{mail}@friend.example>
Subject: Lunch?

At one?
"""
_OWN_MAIL = """\
Date: {date}
From: shop@seller.example
To: {alias}
Message-ID: <{number}@seller.example>
Subject: {subject}Order {order}
{fields}Content-Type: text/plain; charset=utf-8

Hello.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of what was sent; `block` is the line of sends.csv that it comes from, `place` its number there."""

    block: str
    log: str
    market: str
    buyer: int
    place: int
    sent_at: datetime
    purpose: str
    label: str
    names: str
    status: str

    @property
    def order(self) -> OrderId:
        return order(self.buyer)

    @property
    def alias(self) -> Alias:
        return alias(self.buyer, self.market)


def order(number: int) -> OrderId:
    return OrderId(f"203-{number:07d}-0000001")


def alias(number: int, market: str) -> Alias:
    return Alias(f"buyer{number:08d}", site(market))


def site(market: str) -> str:
    return "amazon.co.uk" if market == "uk" else f"amazon.{market}"


def table(name: str) -> list[dict[str, str]]:
    with (TABLES / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def rows() -> Iterator[Row]:
    """Every row of every log."""
    for line in table("sends.csv"):
        for place, buyer in enumerate(_numbers(line["buyers"])):
            yield Row(
                block=line["block"],
                log=line["log"],
                market=line["market"],
                buyer=buyer,
                place=place,
                sent_at=datetime.fromisoformat(line["first"]) + place * int(line["step_s"]) * _SECOND,
                purpose=line["purpose"],
                label=line["label"],
                names=line["names"],
                status=line["status"],
            )


def _numbers(text: str) -> range:
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)


def mails() -> list[bytes]:
    """The mailbox."""
    return [_mail(line).encode() for line in table("mails.csv")]


def _mail(line: dict[str, str]) -> str:
    date_, what, number = (
        format_datetime(datetime.fromisoformat(line["comes"])),
        line["what"],
        int(line["buyer"]),
    )
    if what == "letter":
        return _LETTER.format(date=date_, mail=line["mail"])
    if what == "unreadable":
        return "no header at all"
    kinds = {"opt-out": "BUYER_OPTED_OUT_BSM_MESSAGES", "return request": "RETURN_REQUEST"}
    kind = kinds.get(what.removesuffix(" with alias"))
    text = _OPT_OUT if what.startswith("opt-out") else "There is news of order {order}.\n"
    if what.endswith("with alias"):
        text += f"\nIt was to {alias(number, line['market'])}.\n"
    result = line["result"]
    return _NOTICE.format(
        results=""
        if result == "none"
        else f"Authentication-Results: mx.seller.example; dmarc={result} header.from=amazon.com\n",
        date=date_,
        site=site(line["market"]).capitalize(),
        to=ADDRESSES[line["to"]],
        mail=line["mail"],
        subject="News" if kind is None else "Your message",
        type=f"X-Space-Notification-Type: {kind}\n" if kind else "",
        text=text.format(order=order(number)),
    )


def log_file(chosen: Iterable[Row]) -> bytes:
    """The rows as a tool writes them."""
    lines = [_FIRST_COLUMNS]
    for row in chosen:
        cells = (
            "" if row.names == "alias" else row.order,
            "" if row.names == "order" else row.alias,
            f"{row.sent_at:%Y-%m-%dT%H:%M:%SZ}",
            row.purpose,
            row.label,
            site(row.market),
            row.status,
        )
        lines.append(",".join(map(str, cells)))
    return "\n".join([*lines, ""]).encode()


def order_report() -> bytes:
    """One row for each order, as Amazon writes it."""
    lines = ["order-id\tpurchase-date\tbuyer-email"]
    for line in table("orders.csv"):
        placed = line["ordered"].replace("Z", "+00:00")
        lines += [
            f"{order(each)}\t{placed}\t{alias(each, line['market'])}" for each in _numbers(line["buyers"])
        ]
    return "\n".join([*lines, ""]).encode()


def own_mail(row: Row) -> RawMessage:
    """The row as a mail in the folder of sent mail."""
    subjects = {"": "Re: ", "order-critical": "[Important] "}
    fields = f"X-Campaign: {row.label}\n" if row.label else ""
    if row.purpose == "reply":
        fields += "In-Reply-To: <question@eu-west-1.amazonses.com>\n"
    text = _OWN_MAIL.format(
        date=format_datetime(row.sent_at),
        alias=row.alias,
        number=f"{row.buyer}.{row.sent_at:%d}",
        subject=subjects.get(row.purpose, ""),
        order=row.order,
        fields=fields,
    )
    ref = MessageRef(account="shop", folder="Sent", uidvalidity=1, uid=row.buyer)
    return RawMessage(ref=ref, octets=text.encode(), received_at=row.sent_at)


class SentFolder:
    """The folder of sent mail, as an IMAP mailbox hands it out."""

    def __init__(self, chosen: Sequence[Row]) -> None:
        self._mails = tuple(map(own_mail, chosen))

    def batches(self, cursors: Cursors) -> Iterator[Batch]:
        cursor = Cursor(
            account="shop",
            folder="sent:Sent",
            uidvalidity=1,
            next_uid=9_999,
            scope="s",
            checked_at=FOLDER_UNTIL,
        )
        yield Batch(messages=self._mails, cursor=cursor, whole_from=FOLDER_FROM)


def scrubbed(chosen: Iterable[Row]) -> SentLog:
    """What scrub filed of the rows that it took out, or let through because they are critical."""
    sends = tuple(
        SentMessage(
            account="shop",
            order_id=row.order,
            alias=row.alias,
            marketplace=site(row.market),
            sent_at=row.sent_at,
            origin=Origin.SCRUB,
            purpose=Purpose.ORDER_CRITICAL if row.status == "sent" else Purpose.UNKNOWN,
            outcome=SendOutcome(row.status),
            label=f"row {row.buyer} of {row.sent_at:%d%H%M}",
        )
        for row in chosen
    )
    return SentLog(sends=sends, links=(), coverage=None, rows=len(sends))


def import_file(
    ledger: Ledger, content: bytes, clock: Callable[[], datetime], whole: tuple[date, date] | None = None
) -> None:
    """As `sent import` does, in a program whose time zone is London's."""
    looked = look(
        BytesIO(content),
        account="shop",
        time_zone=LONDON,
        seen_at=clock(),
        options=LogOptions(),
        coverage=whole,
    )
    file_looked(ledger, SHOP, looked, clock=clock)


def import_log(ledger: Ledger, name: str, chosen: Iterable[Row], clock: Callable[[], datetime]) -> None:
    """The rows of one of the three logs among these."""
    content = log_file(row for row in chosen if name in row.log.split("+"))
    import_file(ledger, content, clock, WHOLE[name])


def poll_folder(ledger: Ledger, chosen: Iterable[Row], clock: Callable[[], datetime]) -> None:
    folder = SentFolder([row for row in chosen if "folder" in row.log.split("+")])
    poll_sent(folder, ledger, account=SHOP, clock=clock)


def file_scrubbed(ledger: Ledger, chosen: Iterable[Row], clock: Callable[[], datetime]) -> None:
    log = scrubbed(row for row in chosen if row.log == "scrub")
    run = ledger.start_run("shop", "scrub", at=clock())
    filed = ledger.file_sent_log(run, log)
    ledger.finish_run(run, at=clock(), state=RunState.COMPLETE, read=log.rows, filed=filed)


def export_once(ledger: Ledger, account: str = "shop") -> None:
    """An export of 10 March that holds the buyers whose notices had come."""
    record = ExportRecord(
        account=account,
        preset="csv",
        path=f"{account}.csv",
        revision="r",
        made_at=EXPORTED_AT,
        form=ExportForm.FULL,
    )
    hashes = [ledger.hash_of(alias(each, "de" if each == 101 else "uk")) for each in ON_THE_EXPORT]
    change = ledger.compare_export(preset=record.preset, path=record.path, hashes=hashes)
    ledger.record_export(record, hashes, change)
