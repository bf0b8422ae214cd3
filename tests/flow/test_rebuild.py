"""A rebuild from a real server: the ledger is what it was, damaged or not."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bounce_watch.store.ledger import open_ledger
from tests.cli.program import imap_settings, run
from tests.flow.test_dovecot_poll import EVERY, mail
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.store.dump import Facts, dump

pytestmark = pytest.mark.timeout(180)
ENVIRONMENT = {"UK_PASSWORD": PASSWORD}
MAILS = 400


def facts(home: Path) -> Facts:
    """All but the cursor's instants, which `dump` leaves out, and what time alone has emptied."""
    with open_ledger(f"sqlite:///{home / 'ledger.sqlite'}") as ledger:
        return dump(ledger, "uk")


def test_a_damaged_ledger_is_mended_from_the_server(dovecot: Dovecot, tmp_path: Path) -> None:
    account = dovecot.new_account()
    dovecot.fill(account, [mail(number) for number in range(MAILS)])
    config = tmp_path / "settings.toml"
    config.write_text(imap_settings(account), "utf-8")
    done = run(tmp_path, "--config", config, "poll", env=ENVIRONMENT)
    assert done.code == 0, done.err
    before = facts(tmp_path)
    assert len(before["mails"]) == MAILS // EVERY
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as connection:
        connection.execute("UPDATE recognition SET result = 'refund' WHERE id % 2 = 0")
        connection.execute("UPDATE verdict SET outcome = 'forged' WHERE id % 3 = 0")
        connection.execute("UPDATE cursor SET next_uid = next_uid + 1000")
        connection.execute("UPDATE mail SET fingerprint = 'x' || fingerprint WHERE id = 1")
        connection.commit()
    assert run(tmp_path, "--config", config, "db", "check").code == 74
    done = run(tmp_path, "--config", config, "rebuild", env=ENVIRONMENT)
    assert done.code == 0, done.err
    assert done.out == "uk: every mail of the ledger is still in the mailbox.\n"
    assert facts(tmp_path) == before
    assert run(tmp_path, "--config", config, "db", "check").code == 0


def test_a_rebuild_that_breaks_off_removes_nothing(dovecot: Dovecot, tmp_path: Path) -> None:
    account = dovecot.new_account()
    dovecot.fill(account, [mail(number) for number in range(100)])
    config = tmp_path / "settings.toml"
    config.write_text(imap_settings(account), "utf-8")
    assert run(tmp_path, "--config", config, "poll", env=ENVIRONMENT).code == 0
    before = facts(tmp_path)
    done = run(tmp_path, "--config", config, "rebuild", env={"UK_PASSWORD": "wrong"})
    assert done.code == 77
    assert "Nothing was taken for missing." in done.err
    assert facts(tmp_path) == before
    with open_ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}") as ledger:
        newest = ledger.runs("uk", 1)[0]
    assert (newest.command, newest.state.value) == ("rebuild", "failed")
