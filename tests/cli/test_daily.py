"""`daily` does the rest when a part fails; `demo`; and two processes at once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bounce_watch.store.ledger import open_ledger
from tests.cli.conftest import Program
from tests.cli.mails import ALIAS, SETTINGS, notice, write
from tests.cli.program import imap_settings, start
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.imap import ImapAccount
from tests.servers.ports import free_ports
from tests.store.dump import assert_reconciled, dump

EXPORTS = '\n[accounts.uk.exports]\naddresses = "list.txt"\norders = "orders.txt"\n'


def crlf(mail: bytes) -> bytes:
    return mail.replace(b"\n", b"\r\n")


@pytest.fixture
def account(dovecot: Dovecot) -> ImapAccount:
    account = dovecot.new_account()
    account.deliver([crlf(notice())])
    return account


def test_poll_export_report(program: Program, account: ImapAccount) -> None:
    config = program.configure(imap_settings(account) + EXPORTS)
    done = program.works("daily", "--config", config, UK_PASSWORD=PASSWORD)
    assert done.said[0].startswith("uk: read 1 mail: 1 new")
    assert (program.home / "list.txt").read_text() == f"{ALIAS}\n"
    assert len((program.home / "orders.txt").read_text().split()) == 1
    assert "Orders opted out" in done.out
    assert "never read" not in done.out


def test_a_failing_poll_does_not_stop_the_rest(program: Program) -> None:
    (port,) = free_ports(1)
    nobody = ImapAccount(host="127.0.0.1", port=port, user="seller", password="")
    config = program.configure(imap_settings(nobody) + EXPORTS)
    write(program.home / "mail.eml", notice())
    program.works("import", "mail.eml", "--config", config)
    done = program("daily", "--config", config, UK_PASSWORD=PASSWORD)
    assert done.code == 69
    assert (program.home / "list.txt").read_text() == f"{ALIAS}\n"
    assert "Orders opted out" in done.out
    # The report says that it may lack something.
    assert "never read to its end" in " ".join(done.out.split())


def test_a_failing_export_does_not_stop_the_rest(program: Program, account: ImapAccount) -> None:
    exports = '\n[accounts.uk.exports]\naddresses = "no/list.txt"\norders = "orders.txt"\n'
    config = program.configure(imap_settings(account) + exports)
    done = program("daily", "--config", config, UK_PASSWORD="wrong")
    assert done.code == 5  # a refused password and a folder that is not there: two codes are "partly"
    assert (program.home / "orders.txt").exists()
    assert "Orders opted out" in done.out


def test_one_failing_export_gives_its_code(program: Program, account: ImapAccount) -> None:
    config = program.configure(imap_settings(account) + '\n[accounts.uk.exports]\norders = "no/orders.txt"\n')
    assert program("daily", "--config", config, UK_PASSWORD=PASSWORD).code == 74


def test_poll_as_json(program: Program, account: ImapAccount) -> None:
    config = program.configure(imap_settings(account))
    told = [
        json.loads(program.works("poll", "--json", "--config", config, UK_PASSWORD=PASSWORD).out)
        for _ in range(2)
    ]
    assert [(each["state"], each["read"], each["new"]) for each in told] == [
        ("complete", 1, 1),
        ("complete", 0, 0),
    ]
    assert told[0]["account"] == "uk"
    assert told[0]["finished_at"] >= told[0]["started_at"]


def test_report_as_json(program: Program) -> None:
    program.configure(SETTINGS)
    content = json.loads(program.works("report", "--json", "--config", "settings.toml").out)
    assert content["rates"]["period"]["messages"]["value"] is None
    assert content["reconciliation"]["read"] == 0


def test_two_polls_at_once(program: Program, dovecot: Dovecot) -> None:
    account = dovecot.new_account()
    mails = [crlf(notice(f"203-{number:07}-0000001", alias=None, number=number)) for number in range(250)]
    dovecot.fill(account, mails)
    program.configure(imap_settings(account))
    assert_alone_and_together_alike(program, ("poll",), "203-0000", 250)


def test_two_imports_at_once(program: Program) -> None:
    program.configure(SETTINGS)
    mails = [notice(f"203-{number:07}-0000001", alias=None, number=number) for number in range(450)]
    write(program.home / "box", *mails)
    assert_alone_and_together_alike(program, ("import", "box"), "203-0000", 450)


def assert_alone_and_together_alike(
    program: Program, command: tuple[str, ...], prefix: str, mails: int
) -> None:
    """Two at once file what one alone does; each says truly what it did itself."""
    options = ("--config", "settings.toml", "--json")
    both = [start(program.home, *command, *options, env={"UK_PASSWORD": PASSWORD}) for _ in range(2)]
    told = []
    for process in both:
        out, err = process.communicate(timeout=90)
        assert process.returncode == 0, err
        told.append(json.loads(out))
    assert [each["state"] for each in told] == ["complete", "complete"]
    assert sum(each["new"] for each in told) == mails
    assert all(each["read"] == each["new"] + each["duplicates"] for each in told)
    orders = program.works("suppressions", "export", "--preset", "orders", "--config", "settings.toml").out
    assert sorted(orders.split()) == [f"203-{number:07}-0000001" for number in range(mails)]
    together = facts(program.home / "ledger.sqlite")
    for path in program.home.glob("ledger.sqlite*"):
        path.unlink()
    program.works(*command, "--config", "settings.toml", UK_PASSWORD=PASSWORD)
    assert facts(program.home / "ledger.sqlite") == together


def facts(path: Path) -> dict[str, object]:
    with open_ledger(f"sqlite:///{path}") as ledger:
        assert_reconciled(ledger, "uk")
        return dump(ledger, "uk")


def test_demo(program: Program) -> None:
    done = program.works("demo", "--folder", "demo")
    # 115 notices (five of them copies) and six forged, two unproven ones: see demo/truth.py.
    assert "read 320 mails" in done.err
    assert "%" in done.out
    go_on = done.said[-1].partition("bounce-watch ")[2].split()
    again = program.works(*go_on)
    assert "September" in again.out or "2026-09" in again.out or "Sep" in again.out
    assert (program.home / "demo" / "suppressions.txt").read_text().count("@marketplace.amazon.") == 78
    program.fails("demo", "--folder", "demo", code=65)


def test_demo_overwrites_nothing(program: Program) -> None:
    (program.home / "mine").mkdir()
    (program.home / "mine" / "settings.toml").write_text("# mine\n")
    done = program("demo", "--folder", "mine")
    assert (program.home / "mine" / "settings.toml").read_text() == "# mine\n"
    assert done.code == 65


def test_demo_where_nothing_may_be_written(program: Program) -> None:
    (program.home / "file").write_text("")
    done = program("demo", "--folder", "file/below")
    assert done.code == 74
    assert len(done.said) == 2
