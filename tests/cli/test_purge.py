"""`purge`: what is forgotten by itself, on request, and what stays enforceable."""

from __future__ import annotations

import base64
import json
import sqlite3
import zlib
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Prepared, Program
from tests.cli.mails import ALIAS, ORDER, OTHER_ORDER, SETTINGS, notice, unknown, write

CONFIG = ("--config", "settings.toml")
INACTIVE = "203-7777777-7777777"
NOBODY = "inactivebuyer01@marketplace.amazon.co.uk"


def ago(days: float) -> str:
    return (datetime.now(UTC) - timedelta(days=days)).isoformat(timespec="seconds")


def load(program: Program, *rows: tuple[str, str, float]) -> None:
    """Sends: order, alias, and how many days ago."""
    lines = ["order-id,email,sent-at", *(f"{order},{alias},{ago(days)}" for order, alias, days in rows)]
    (program.home / "log.csv").write_text("\n".join(lines) + "\n")
    program.works("sent", "import", "log.csv", *CONFIG)


def found_in(home: Path, *names: str) -> dict[str, list[str]]:
    """The files that hold one of the names, in any of the usual forms, but for what the test itself wrote."""
    own = {"log.csv", "box", "settings.toml", "out.csv", "dropped.csv", "clean.csv"}
    held: dict[str, list[str]] = {}
    for path in home.rglob("*"):
        if path.is_file() and path.name not in own:
            octets = path.read_bytes()
            for name in names:
                forms = (name.encode(), name.encode("utf-16-le"), base64.b64encode(name.encode())[:-4])
                if any(form in octets for form in forms):
                    held.setdefault(name, []).append(path.name)
    return held


def fill(program: Program) -> None:
    """An opt-out that is on the list, and a mail that waits."""
    program.configure(SETTINGS)
    day = (datetime.now(UTC) - timedelta(days=3)).strftime("%a, %d %b %Y")
    write(
        program.home / "box",
        notice(day=day),
        unknown(f"Order {OTHER_ORDER}").replace(b"30 Sep 2026", day[5:].encode()),
    )
    program.works("import", "box", *CONFIG)


@pytest.fixture
def filed(program: Program, prepared: Prepared) -> Program:
    return prepared(program, fill)


def test_what_is_too_old_goes_with_the_next_import(filed: Program) -> None:
    load(filed, (INACTIVE, NOBODY, 29.9))
    assert set(found_in(filed.home, INACTIVE, NOBODY)) == {INACTIVE, NOBODY}
    load(filed, ("203-8888888-8888888", "otherbuyer00001@marketplace.amazon.co.uk", 30.1))
    assert found_in(filed.home, "203-8888888-8888888", "otherbuyer00001@marketplace.amazon.co.uk") == {}
    assert set(found_in(filed.home, INACTIVE, NOBODY, ORDER, ALIAS)) == {INACTIVE, NOBODY, ORDER, ALIAS}


def test_purge_says_what_it_did(filed: Program) -> None:
    assert filed.works("purge", *CONFIG).said == ["uk: nothing has passed its retention."]
    with closing(sqlite3.connect(filed.home / "ledger.sqlite")) as connection:
        connection.execute("UPDATE run SET started_at = '2026-01-01 00:00:00.000000'")
        connection.execute("UPDATE recognition SET noticed_at = '2026-01-01 00:00:00.000000'")
        connection.execute("UPDATE identity SET last_at = '2026-01-01 00:00:00.000000'")
        connection.commit()
    done = filed.works("purge", "--json", *CONFIG)
    told = json.loads(done.out)
    assert (told["account"], told["names"], told["mails"], told["octets"]) == ("uk", 0, 2, 1)
    assert told["backups"] == {"cleaned": [], "deleted": [], "failed": []}
    assert "listed" not in told


def test_an_erased_buyer_is_gone_from_every_file_and_scrub_still_knows_them(filed: Program) -> None:
    load(filed, (ORDER, ALIAS, 1), (INACTIVE, NOBODY, 1))
    filed.works("suppressions", "export", "-o", "list.txt", *CONFIG)
    filed.works("db", "backup", *CONFIG)
    done = filed.works(
        "purge", "--alias", ALIAS, "--yes", "--note", f"asked by mail, order {ORDER}", "--by", "Eve", *CONFIG
    )
    assert done.out == ""
    assert done.said == [
        "uk: erased: 2 order ids and aliases, the texts of 2 mails, 1 mail that had been set aside.",
        "This buyer stays on the list as a hash: no export shows the name, and scrub still takes the rows out.",
        "Out of reach: your mailbox, files that were exported or loaded, and copies of the ledger elsewhere.",
        "The same in 1 backup.",
    ]
    assert found_in(filed.home, ORDER, ALIAS) == {ALIAS: ["list.txt"]}
    assert set(found_in(filed.home, INACTIVE, NOBODY)) == {INACTIVE, NOBODY}
    assert_enforced(filed)
    told = filed.works("history", ALIAS, *CONFIG).out
    assert "erase by Eve: asked by mail, order –" in told
    write(filed.home / "box", notice())
    filed.works("import", "box", *CONFIG)
    load(filed, (ORDER, ALIAS, 0.5))
    filed.works("rebuild", "box", *CONFIG)
    assert found_in(filed.home, ORDER, ALIAS) == {ALIAS: ["list.txt"]}
    assert_enforced(filed)


def assert_enforced(program: Program) -> None:
    (program.home / "out.csv").write_text(f"Email,Ref\n{ALIAS},\n,{ORDER}\nnew{ALIAS},{OTHER_ORDER}\n")
    columns = ("--alias-column", "Email", "--order-column", "Ref")
    done = program.works("scrub", "out.csv", "-o", "clean.csv", "--dropped", "dropped.csv", *columns, *CONFIG)
    assert "3 rows read: 1 may go, 2 taken out." in done.said
    exported = program.works("suppressions", "export", *CONFIG)
    assert exported.out == ""
    assert exported.said[0] == "Not in this list: 1 entry kept as a hash only."
    assert "scrub" in exported.said[1]


def test_an_erased_name_in_an_encoded_mail_that_waits_goes_too(program: Program) -> None:
    program.configure(SETTINGS)
    day = (datetime.now(UTC) - timedelta(days=3)).strftime("%a, %d %b %Y").encode()
    head, _, body = unknown("Neues").replace(b"Wed, 30 Sep 2026", day).partition(b"\n\n")
    head = head.replace(b"8bit", b"base64")
    write(program.home / "box", head + b"\n\n" + base64.encodebytes(body))
    program.works("import", "box", *CONFIG)
    assert len(octets_in(program.home)) == 1
    done = program.works("purge", "--order", ORDER, "--yes", "--json", *CONFIG)
    told = json.loads(done.out)
    assert (told["octets"], told["mails"], told["listed"]) == (1, 1, False)
    assert octets_in(program.home) == []


def octets_in(home: Path) -> list[bytes]:
    with closing(sqlite3.connect(home / "ledger.sqlite")) as connection:
        return [zlib.decompress(octets) for (octets,) in connection.execute("SELECT octets FROM set_aside")]


def test_nothing_is_erased_unasked(filed: Program) -> None:
    what, advice = filed.fails("purge", "--order", ORDER, *CONFIG, code=2)
    assert "can't be taken back" in what
    assert "--yes" in advice
    assert set(found_in(filed.home, ORDER)) == {ORDER}


class Terminal:
    """Standard input that is a terminal."""

    def __init__(self, answer: str) -> None:
        self._answer = answer

    def isatty(self) -> bool:
        return True

    def readline(self, *args: object) -> str:
        return self._answer


@pytest.mark.parametrize(("answer", "gone"), [("y", True), ("n", False)])
def test_on_a_terminal_it_asks(
    filed: Program, monkeypatch: pytest.MonkeyPatch, answer: str, gone: bool
) -> None:
    import typer

    from bounce_watch.cli import purge as module

    asked: list[str] = []

    def confirm(text: str, **kwargs: Any) -> None:
        asked.append(text)
        assert kwargs == {"abort": True, "err": True}
        if answer == "n":
            raise typer.Abort

    class Sys:
        stdin = Terminal(answer)

    monkeypatch.setattr(module, "sys", Sys)
    monkeypatch.setattr(typer, "confirm", confirm)
    done = filed("purge", "--order", ORDER, *CONFIG)
    assert asked == ["Erase them for ever?"]
    assert done.said[0] == f"{ORDER}: 2 order ids and aliases of this buyer in clear."
    assert (done.code == 0) is gone
    assert (found_in(filed.home, ORDER, ALIAS) == {}) is gone


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--order", ORDER, "--alias", ALIAS), "exclude each other"),
        (("--order", "nonsense"), "is not an order id"),
        (("--alias", "someone@example.org"), "is not an alias"),
        (("--alias", "no-reply-amazon-iba-buyer@marketplace.amazon.co.uk"), "stands for many buyers"),
        (("--yes",), "Nobody is named"),
        (("--note", "x"), "Nobody is named"),
    ],
)
def test_words_that_do_not_fit(filed: Program, arguments: tuple[str, ...], said: str) -> None:
    what, _ = filed.fails("purge", *arguments, *CONFIG, code=2)
    assert said in what


def test_an_account_that_left_the_settings_is_purged_too(program: Program) -> None:
    program.configure(SETTINGS.replace("accounts.uk", "accounts.old"))
    load(program, (INACTIVE, NOBODY, 1))
    program.configure(SETTINGS)
    with closing(sqlite3.connect(program.home / "ledger.sqlite")) as connection:
        connection.execute("UPDATE identity SET last_at = '2026-01-01 00:00:00.000000'")
        connection.commit()
    said = program.works("purge", *CONFIG).said
    assert said == [
        "uk: nothing has passed its retention.",
        "old: forgotten: 2 order ids and aliases, the texts of 0 mails and 0 mails that had been set aside.",
    ]
    assert found_in(program.home, INACTIVE, NOBODY) == {}


def test_strict_lists_keep_their_force(program: Program) -> None:
    """`list_days`: the entry becomes a hash; scrub, guard and report go on as before."""
    program.configure(SETTINGS + "list_days = 30\n")
    recent = (datetime.now(UTC) - timedelta(days=2)).strftime("%a, %d %b %Y")
    old = (datetime.now(UTC) - timedelta(days=45)).strftime("%a, %d %b %Y")
    write(program.home / "box", notice(day=old))
    program.configure(SETTINGS)
    program.works("import", "box", *CONFIG)
    program.works("suppressions", "export", "-o", "list.txt", *CONFIG)
    assert (program.home / "list.txt").read_text() == f"{ALIAS}\n"
    month = (datetime.now(UTC) - timedelta(days=45)).strftime("%Y-%m-%d")
    report = ("report", "--json", "--period", "month", "--date", month, *CONFIG)
    before = json.loads(program.works(*report).out)
    program.configure(SETTINGS + "list_days = 30\n")
    write(program.home / "box", notice("203-9999999-9999999", alias=None, number=2, day=recent))
    program.works("import", "box", *CONFIG)
    assert found_in(program.home, ORDER, ALIAS) == {ALIAS: ["list.txt"]}
    done = program.works("suppressions", "export", "-o", "list.txt", *CONFIG)
    assert (program.home / "list.txt").read_text() == ""
    assert "Not in this list: 1 entry kept as a hash only." in done.said
    assert found_in(program.home, ORDER, ALIAS) == {}
    after = json.loads(program.works(*report).out)
    assert after["counts"]["period"] == before["counts"]["period"]
    (program.home / "out.csv").write_text(f"Email\n{ALIAS}\n")
    scrubbed = program.works(
        "scrub", "out.csv", "-o", "clean.csv", "--dropped", "dropped.csv", "--alias-column", "Email", *CONFIG
    )
    assert scrubbed.said[-1] == "1 row read: 0 may go, 1 taken out."
