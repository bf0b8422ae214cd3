"""One report in every form, for one account and for several."""

from __future__ import annotations

import csv
import io
import json
import stat
from datetime import UTC, datetime, timedelta

import pytest

from tests.cli.conftest import Program
from tests.cli.mails import ALIAS, ORDER, OTHER_ORDER, SETTINGS, notice, write

TWO_ACCOUNTS = SETTINGS + '\n[accounts.de]\nmarketplaces = ["amazon.de"]\n'
LOG = "order-id,email,sent-at,template\n" + "".join(
    f"{order},,2026-09-30T07:30:00Z,review-request\n"
    for order in (ORDER, OTHER_ORDER, "203-5555555-5555555", "203-6666666-6666666")
)


@pytest.fixture
def filed(program: Program) -> Program:
    """Four messages to four buyers, two of them blocked."""
    program.configure(TWO_ACCOUNTS)
    write(program.home / "box", notice(), notice(OTHER_ORDER, alias=None, number=3))
    (program.home / "log.csv").write_text(LOG)
    uk = ("--config", "settings.toml", "--account", "uk")
    program.works("import", "box", *uk)
    program.works("sent", "import", "log.csv", *uk)
    return program


def report(filed: Program, *arguments: str) -> str:
    return filed.works("report", "--date", "2026-10-01", "--config", "settings.toml", *arguments).out


def test_every_form_tells_the_same_rate(filed: Program) -> None:
    uk = ("--account", "uk")
    told = json.loads(report(filed, "--json", *uk))
    assert told["rates"]["period"]["buyers"]["value"] == 0.5
    assert [row["label"] for row in told["labels"]] == ["review-request"]
    rows = list(csv.DictReader(io.StringIO(report(filed, "--csv", *uk))))
    assert any((row["contacted"], row["opted_out"], row["value"]) == ("4", "2", "0.5") for row in rows)
    for form in (uk, ("--markdown", *uk), ("--html", "-", *uk)):
        text = report(filed, *form)
        assert "50.0 %" in text or "50 %" in text
        assert "2 of 4" in text


def test_the_page_goes_to_a_file_of_its_own(filed: Program) -> None:
    done = filed.works("report", "--html", "page.html", "--date", "2026-10-01", "--config", "settings.toml")
    assert done.out == ""
    assert done.said == ["Wrote the report to page.html."]
    page = filed.home / "page.html"
    assert page.read_text("utf-8").startswith("<!doctype html>")
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    (filed.home / "folder").mkdir()
    filed.fails("report", "--html", "folder", "--config", "settings.toml", code=74)


def test_no_buyer_stands_in_the_page_unless_asked_for(filed: Program) -> None:
    lately = (datetime.now(UTC) - timedelta(days=1)).strftime("%a, %d %b %Y")  # older names are forgotten
    forged = notice("203-7777777-7777777", alias=None, number=9, dmarc="fail", day=lately)
    write(filed.home / "more", forged)
    filed.works("import", "more", "--config", "settings.toml", "--account", "uk")
    for form in ("--html", "-"), ("--markdown",):
        asked = ("report", "--config", "settings.toml", *form)
        without, named = filed.works(*asked).out, filed.works(*asked, "--names").out
        assert "203-7777777-7777777" in named
        for name in (ALIAS, ORDER, OTHER_ORDER, "203-7777777-7777777"):
            assert name not in without


def test_several_accounts_begin_with_an_overview(filed: Program) -> None:
    both = report(filed)
    first = both.splitlines()[0]
    assert first.startswith("Accounts")
    assert both.index("Accounts") < both.index("Account uk.") < both.index("Account de.")
    objects = report(filed, "--json")
    decoder, found = json.JSONDecoder(), []
    while objects.strip():
        value, end = decoder.raw_decode(objects.lstrip())
        found.append(value["accounts"])
        objects = objects.lstrip()[end:]
    assert found == [["uk"], ["de"]]


@pytest.mark.parametrize(
    "arguments",
    [
        ("--json", "--csv"),
        ("--html", "page.html", "--markdown"),
        ("--names",),
        ("--names", "--csv"),
        ("--date", "2999-01-01"),
        ("--date", "1994-12-31"),
    ],
)
def test_what_cannot_be_asked_for_is_a_sentence(filed: Program, arguments: tuple[str, ...]) -> None:
    filed.fails("report", *arguments, "--config", "settings.toml", code=2)
    assert not (filed.home / "page.html").exists()
