"""Lists, scrub and sent logs, from mails to the files a dispatch tool reads."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from tests.cli.conftest import Program
from tests.cli.mails import ALIAS, ORDER, OTHER_ORDER, SETTINGS, notice, write

SECOND = "zyxwvutsrqpon02@marketplace.amazon.co.uk"
LATE = "lateknown000003@marketplace.amazon.co.uk"


@pytest.fixture
def filed(program: Program) -> Program:
    """Two notices name an alias, a third one only its order."""
    config = program.configure(SETTINGS)
    write(
        program.home / "box",
        notice(),
        notice("203-9999999-9999999", alias=SECOND, number=2, day="Thu, 01 Oct 2026"),
        notice(OTHER_ORDER, alias=None, number=3),
    )
    done = program.works("import", "box", "--config", config)
    assert done.said == ["uk: read 3 mails: 3 new, 0 known already, 0 not from Amazon."]
    return program


def export(program: Program, *arguments: str) -> str:
    return program.works("suppressions", "export", "--config", "settings.toml", *arguments).out


def test_addresses(filed: Program) -> None:
    done = filed.works("suppressions", "export", "--config", "settings.toml")
    assert done.out == f"{ALIAS}\n{SECOND}\n"
    assert done.said == [
        "Not in this list: 1 opt-out known by order id only.",
        "Load an order report (sent import ORDERS.txt), or use the preset orders.",
    ]


def test_orders(filed: Program) -> None:
    done = filed.works("suppressions", "export", "--preset", "orders", "--config", "settings.toml")
    assert sorted(done.out.split()) == sorted([ORDER, "203-9999999-9999999", OTHER_ORDER])
    assert done.err == ""


def test_csv(filed: Program) -> None:
    rows = list(csv.DictReader(io.StringIO(export(filed, "--preset", "csv"))))
    assert len(rows) == 3
    (first,) = (row for row in rows if ALIAS in row.values())
    assert ORDER in " ".join(first.values())
    assert "2026-09-30T08:00:00Z" in first.values()


def test_to_a_file_as_to_standard_output(filed: Program) -> None:
    for preset in ("addresses", "orders", "csv"):
        shown = export(filed, "--preset", preset)
        done = filed.works(
            "suppressions", "export", "--preset", preset, "-o", f"{preset}.out", "--config", "settings.toml"
        )
        assert done.out == ""
        assert (filed.home / f"{preset}.out").read_bytes().decode() == shown
        assert f"entries written to {preset}.out" in done.err


def test_an_order_report_fills_the_alias(filed: Program) -> None:
    report = "order-id\tpurchase-date\tbuyer-email\n" + f"{OTHER_ORDER}\t2026-09-29T10:00:00+00:00\t{LATE}\n"
    (filed.home / "orders.txt").write_text(report)
    done = filed.works("sent", "import", "orders.txt", "--config", "settings.toml")
    assert done.said[-1] == "orders.txt: 1 row: 1 order with an alias."
    assert export(filed) == "".join(f"{alias}\n" for alias in sorted([ALIAS, SECOND, LATE]))


def sent_log(home: Path, rows: list[str], name: str = "log.csv") -> str:
    (home / name).write_text("order-id,email,sent-at\n" + "".join(f"{row}\n" for row in rows))
    return name


def test_a_sent_log_gives_a_rate(filed: Program) -> None:
    """Four messages, three of them blocked: 75 %."""
    others = ["203-5555555-5555555,,2026-09-30T07:00:00Z"]
    rows = [
        f"{order},,2026-09-30T07:30:00Z" for order in (ORDER, "203-9999999-9999999", OTHER_ORDER)
    ] + others
    before = filed.works("report", "--date", "2026-10-01", "--config", "settings.toml").out
    assert "%" not in before
    sent = sent_log(filed.home, rows)
    done = filed.works("sent", "import", sent, "--config", "settings.toml")
    assert done.said[0].startswith('log.csv: read as UTF-8, comma; order id in column "order-id", ')
    assert done.said[1:] == ["log.csv: 4 rows: 4 new sends, 0 known already."]
    after = filed.works("report", "--date", "2026-10-01", "--config", "settings.toml").out
    assert "75.0" in after or "75 %" in after or "75.00" in after
    again = filed.works("sent", "import", sent, "--config", "settings.toml")
    assert "0 new sends, 4 known already" in again.err
    once_more = filed.works("report", "--date", "2026-10-01", "--config", "settings.toml").out
    assert once_more.splitlines()[3:-3] == after.splitlines()[3:-3]


def test_rows_that_cannot_be_used_are_named(filed: Program) -> None:
    rows = [f"{ORDER},,2026-09-30T07:30:00Z", f"{ORDER},,soon", *(["nobody,,2026-09-30"] * 7)]
    done = filed("sent", "import", sent_log(filed.home, rows), "--config", "settings.toml")
    assert done.code == 5
    assert done.said[1] == "log.csv: 9 rows: 1 new send, 0 known already; left out: 8 that can't be used."
    assert done.said[2] == "  row 3: no readable time"
    assert len(done.said) == 7  # five are named, the rest is the number above
    assert "nobody" not in done.err


def test_columns_can_be_named(filed: Program) -> None:
    (filed.home / "tool.csv").write_text(f"Ref;An;Wann\n{ORDER};{ALIAS};2026-09-30T07:30:00Z\n")
    options = ("--order-column", "Ref", "--alias-column", "An", "--sent-at-column", "Wann")
    filed.works("sent", "import", "tool.csv", *options, "--config", "settings.toml")
    filed.fails("sent", "import", "tool.csv", "--config", "settings.toml", code=4)
    filed.fails("sent", "import", "tool.csv", *options[:5], "Wnan", "--config", "settings.toml", code=65)


def test_scrub(filed: Program) -> None:
    lines = [
        "Name,Email,Order\r\n",
        f"Opted out,{ALIAS.upper()},203-4444444-4444444\r\n",
        "Free,freebuyer000009@marketplace.amazon.co.uk,203-3333333-3333333\r\n",
        f'"By, order",x@y.example,{OTHER_ORDER}\r\n',
        "Tagged," + SECOND.replace("@", "+abc@") + ",203-2222222-1111111\r\n",
        '"Free, too",somebody@firm.example,203-8888888-8888888\r\n',
    ]
    (filed.home / "out.csv").write_bytes("".join(lines).encode())
    done = filed.works(
        "scrub",
        "out.csv",
        "-o",
        "clean.csv",
        "--dropped",
        "dropped.csv",
        "--alias-column",
        "Email",
        "--order-column",
        "Order",
        "--config",
        "settings.toml",
    )
    assert done.said == [
        'read as UTF-8, comma; alias in column "Email", order id in column "Order".',
        "5 rows read: 2 may go, 3 taken out.",
    ]
    assert (filed.home / "clean.csv").read_bytes() == "".join([lines[0], lines[2], lines[5]]).encode()
    dropped = list(csv.DictReader(io.StringIO((filed.home / "dropped.csv").read_text())))
    assert [row["Name"] for row in dropped] == ["Opted out", "By, order", "Tagged"]
    assert {row["reason"] for row in dropped} == {"opted out of unsolicited messages"}
    assert dropped[0]["since"] == "2026-09-30T08:00:00Z"


def test_a_faulty_table_leaves_no_half_files(filed: Program) -> None:
    (filed.home / "out.csv").write_text(f"Email,Order\n{ALIAS},1\nx,y,z\n")
    (filed.home / "clean.csv").write_text("old")
    filed.fails(
        "scrub",
        "out.csv",
        "-o",
        "clean.csv",
        "--dropped",
        "dropped.csv",
        "--alias-column",
        "Email",
        "--config",
        "settings.toml",
        code=65,
    )
    assert (filed.home / "clean.csv").read_text() == "old"
    assert not (filed.home / "dropped.csv").exists()


def test_two_accounts_side_by_side(program: Program) -> None:
    program.configure(SETTINGS + '\n[accounts.de]\nauthserv_ids = ["mx.seller.example"]\n')
    write(program.home / "uk.eml", notice())
    write(program.home / "de.eml", notice("203-9999999-9999999", alias=SECOND))
    for name in ("uk", "de"):
        program.works("import", f"{name}.eml", "--account", name, "--config", "settings.toml")
    assert export(program, "--account", "uk") == f"{ALIAS}\n"
    assert export(program, "--account", "de") == f"{SECOND}\n"
    assert sorted(export(program, "--all-accounts").split()) == sorted([ALIAS, SECOND])
    shown = program.works("report", "--config", "settings.toml").out
    assert "uk" in shown
    assert "de" in shown


def test_importing_twice_changes_nothing(filed: Program) -> None:
    before = export(filed, "--preset", "csv")
    done = filed.works("import", "box", "box", "--config", "settings.toml")
    assert done.said == ["uk: read 3 mails: 0 new, 3 known already, 0 not from Amazon."] * 2
    assert export(filed, "--preset", "csv") == before
