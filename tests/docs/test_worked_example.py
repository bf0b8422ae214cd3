from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, tzinfo
from email.utils import format_datetime
from pathlib import Path
from typing import Any, Self

import pytest

from bounce_watch.cli import context
from tests.cli.conftest import Program

from .pages import behind, blocks, read, rows, words

EXPORTED_AT = datetime(2026, 9, 9, 18, tzinfo=UTC)
READ_AT = datetime(2026, 9, 21, 6, 30, tzinfo=UTC)
TEXT = read("explanation/what-is-counted.md")

SETTINGS = """\
[ledger]
url = "sqlite:///ledger.sqlite"

[accounts.shop]
addresses = ["support@seller.example", "orders@seller.example"]
authserv_ids = ["mx.seller.example"]
"""

NOTICE = """\
Authentication-Results: mx.seller.example; {result} header.from=amazon.com
Received: from a1.amazonses.com by mx.seller.example; {date}
Date: {date}
From: "Amazon.co.uk" <auto-communication@amazon.com>
To: {to}
Message-ID: <{number}@eu-west-1.amazonses.com>
Subject: Your message to a buyer could not be delivered
X-Space-Notification-Type: BUYER_OPTED_OUT_BSM_MESSAGES
Content-Type: text/plain; charset=utf-8

The message you sent for order [{order}] was stopped, because the buyer has
chosen to opt out of receiving unsolicited messages from sellers.
"""

LETTER = """\
Date: Thu, 10 Sep 2026 10:00:00 +0000
From: Somebody <somebody@friend.example>
To: support@seller.example
Message-ID: <lunch@friend.example>
Subject: Lunch?

At one?
"""


def table(mark: str) -> list[tuple[str, ...]]:
    """The table behind a mark, up to the next empty line that ends it."""
    return rows(behind(TEXT, mark).partition("\n\n")[0])


def mail(row: tuple[str, ...]) -> str:
    number, comes, order, to, result = row
    date = format_datetime(datetime.fromisoformat(comes))
    return NOTICE.format(number=number, date=date, order=order, to=to, result=result)


class Clock(datetime):
    """The program's one clock, at a time of the example."""

    instant = datetime(2026, 9, 9, 18, tzinfo=UTC)

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        return cls.fromtimestamp(cls.instant.timestamp(), tz)


def bounce_watch(folder: Path, *arguments: str, at: datetime) -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Clock, "instant", at)
        patch.setattr(context, "datetime", Clock)
        return Program(folder, patch).works("--config", "settings.toml", *arguments).out


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example's mailbox and logs, read by the program on the days that the page names."""
    place = tmp_path_factory.mktemp("example")
    (place / "settings.toml").write_text(SETTINGS, "utf-8")
    for name in ("sent", "orders", "outgoing"):
        (place / f"{name}.csv").write_text(blocks(behind(TEXT, f"example: {name}"))[0].text, "utf-8")
    for part in ("mails", "early", "late"):
        (place / part).mkdir()
    letters = [(row[1], mail(row)) for row in table("example: mails")] + [("2026-09-10", LETTER)]
    for number, (comes, content) in enumerate(letters):
        for part in ("mails", "early" if comes < EXPORTED_AT.isoformat() else "late"):
            (place / part / f"{number}.eml").write_text(content, "utf-8")
    bounce_watch(place, "import", "early", at=EXPORTED_AT)
    bounce_watch(place, "sent", "import", "orders.csv", at=EXPORTED_AT)
    bounce_watch(place, "suppressions", "export", "-o", "list.txt", at=EXPORTED_AT)
    scrubbed = ("scrub", "outgoing.csv", "-o", "clean.csv", "--dropped", "dropped.csv")
    bounce_watch(place, *scrubbed, at=EXPORTED_AT + timedelta(hours=14))
    bounce_watch(place, "import", "late", at=READ_AT)
    whole = ("--from-day", "2026-09-01", "--to-day", "2026-09-12")
    bounce_watch(place, "sent", "import", "sent.csv", *whole, at=READ_AT)
    return place


def report_of(folder: Path) -> dict[str, Any]:
    made = bounce_watch(folder, "report", "--json", "--date", "2026-09-13", at=READ_AT)
    found: dict[str, Any] = json.loads(made)
    return found


def test_the_figures_come_out_as_written(folder: Path) -> None:
    report = report_of(folder)
    expected = {row[0]: row[1] for row in table("example: figures")}
    assert len(expected) == 44
    for path, value in expected.items():
        found: Any = report
        for key in path.split("."):
            found = found[int(key) if key.isdigit() else key]
        half = 0.5 * 10 ** -len(value.partition(".")[2]) if "." in value else 1e-9
        assert found == pytest.approx(float(value), abs=half), path
    assert report["reconciliation"]["adds_up"]
    assert [row["label"] for row in report["labels"]] == ["review request", "care tips"]
    assert [row["days"] for row in report["order_ages"]] == [
        "under 1 day",
        "1 to 3 days",
        "8 to 14 days",
        None,
    ]
    assert report["leak"]["labels"] == [{"label": "care tips", "messages": 1}]


def test_what_the_list_of_that_day_let_through(folder: Path) -> None:
    assert (folder / "list.txt").read_text("utf-8").split() == [
        f"{letter * 13}@marketplace.amazon.co.uk" for letter in "bf"
    ]
    assert (folder / "clean.csv").read_text("utf-8").count("ddddddddddddd@") == 1
    assert (folder / "dropped.csv").read_text("utf-8").count("@") == 2


def test_the_list_is_the_one_described(folder: Path) -> None:
    addresses = bounce_watch(folder, "suppressions", "export", at=READ_AT).split()
    assert addresses == [f"{letter * 13}@marketplace.amazon.co.uk" for letter in "abdf"]
    orders = bounce_watch(folder, "suppressions", "export", "--preset", "orders", at=READ_AT).split()
    assert sorted(orders) == [
        f"203-10000{each}-00000{each}" for each in ("01", "02", "04", "05", "07", "08", "10")
    ]


def test_every_mail_of_the_example_is_about_the_order_it_names(folder: Path) -> None:
    lines = bounce_watch(folder, "inspect", "--json", "mails", at=READ_AT).splitlines()
    found = [json.loads(line) for line in lines]
    assert [item["order_id"] for item in found[:-1]] == [row[2] for row in table("example: mails")]
    assert [item["verdict"] == "forged" for item in found[:-1]] == [
        row[4] == "dmarc=fail" for row in table("example: mails")
    ]
    assert found[-1]["kind"] == "not_amazon"


def test_json_pages_name_every_key_that_is_written(folder: Path) -> None:
    page = read("reference/json.md")
    known = set(words(page))
    report = report_of(folder)
    item = json.loads(bounce_watch(folder, "inspect", "--json", "mails/0.eml", at=READ_AT))
    run = json.loads(bounce_watch(folder, "import", "--json", "mails", at=READ_AT))
    sections = {key for value in report.values() if isinstance(value, dict) for key in value}
    missing = (report.keys() | item.keys() | run.keys() | sections) - known
    assert missing - set(report["reconciliation"]) == set()
