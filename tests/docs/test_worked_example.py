from __future__ import annotations

import json
from datetime import datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Program

from .pages import behind, blocks, read, rows, words

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


def bounce_watch(folder: Path, *arguments: str) -> str:
    with pytest.MonkeyPatch.context() as patch:
        return Program(folder, patch).works("--config", "settings.toml", *arguments).out


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example's mailbox and sent log, read by the program."""
    place = tmp_path_factory.mktemp("example")
    (place / "settings.toml").write_text(SETTINGS, "utf-8")
    (place / "sent.csv").write_text(blocks(behind(TEXT, "example: sent"))[0].text, "utf-8")
    (place / "mails").mkdir()
    for number, content in enumerate((*map(mail, table("example: mails")), LETTER)):
        (place / "mails" / f"{number}.eml").write_text(content, "utf-8")
    bounce_watch(place, "import", "mails")
    bounce_watch(place, "sent", "import", "sent.csv", "--from-day", "2026-09-01", "--to-day", "2026-09-13")
    return place


def test_the_figures_come_out_as_written(folder: Path) -> None:
    report = json.loads(bounce_watch(folder, "report", "--json", "--date", "2026-09-13"))
    expected = {row[0]: row[1] for row in table("example: figures")}
    assert len(expected) == 22
    for path, value in expected.items():
        found: Any = report
        for key in path.split("."):
            found = found[key]
        assert found == pytest.approx(float(value), abs=0.0005), path
    assert report["reconciliation"]["adds_up"]


def test_the_list_is_the_one_described(folder: Path) -> None:
    addresses = bounce_watch(folder, "suppressions", "export").split()
    assert addresses == [f"{letter * 13}@marketplace.amazon.co.uk" for letter in "abdf"]
    orders = bounce_watch(folder, "suppressions", "export", "--preset", "orders").split()
    assert sorted(orders) == [f"203-100000{number}-000000{number}" for number in (1, 2, 4, 5, 7, 8)]


def test_every_mail_of_the_example_is_about_the_order_it_names(folder: Path) -> None:
    lines = bounce_watch(folder, "inspect", "--json", "mails").splitlines()
    found = [json.loads(line) for line in lines]
    assert [item["order_id"] for item in found[:-1]] == [row[2] for row in table("example: mails")]
    assert [item["verdict"] == "forged" for item in found[:-1]] == [
        row[4] == "dmarc=fail" for row in table("example: mails")
    ]
    assert found[-1]["kind"] == "not_amazon"


def test_json_pages_name_every_key_that_is_written(folder: Path) -> None:
    page = read("reference/json.md")
    known = set(words(page))
    report = json.loads(bounce_watch(folder, "report", "--json", "--date", "2026-09-13"))
    item = json.loads(bounce_watch(folder, "inspect", "--json", "mails/0.eml"))
    run = json.loads(bounce_watch(folder, "import", "--json", "mails"))
    sections = {key for value in report.values() if isinstance(value, dict) for key in value}
    missing = (report.keys() | item.keys() | run.keys() | sections) - known
    assert missing - set(report["reconciliation"]) == set()
