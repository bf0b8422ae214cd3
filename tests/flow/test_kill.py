"""Killed at any moment, polled again: the ledger is that of a poll that nobody disturbed."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from bounce_watch.store.ledger import open_ledger
from tests.cli.program import imap_settings, run, start
from tests.demo.made import the_demo
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.imap import ImapAccount
from tests.store.dump import Facts, assert_reconciled, dump

FOLDERS = ("INBOX", *(f"Part{number}" for number in range(1, 8)))
"""Many small folders: many chunks, each with its own transaction and cursor."""

ENVIRONMENT = {"UK_PASSWORD": PASSWORD}


def put(server: Dovecot, account: ImapAccount, folder: str, mails: Sequence[bytes]) -> None:
    """Drops mails into any folder (Maildir++), quicker than IMAP would."""
    owner = server._owner
    place = server.maildir(account)
    place.mkdir(exist_ok=True)
    os.chown(place, *owner)
    if folder != "INBOX":
        place /= f".{folder}"
    for part in (place, place / "cur", place / "new", place / "tmp"):
        part.mkdir(exist_ok=True)
        os.chown(part, *owner)
    for number, mail in enumerate(mails):
        path = place / "cur" / f"{1_790_000_000 + number}.M{number}.tests:2,"
        path.write_bytes(mail)
        os.chown(path, *owner)


@pytest.fixture(scope="module")
def account(dovecot: Dovecot) -> ImapAccount:
    """The demo's 320 mails, spread over the folders; every fifth lies in two of them."""
    mails = [path.read_bytes() for path in sorted((the_demo().mailbox / "new").iterdir())]
    account = dovecot.new_account()
    for number, folder in enumerate(FOLDERS):
        mine = mails[number :: len(FOLDERS)]
        put(dovecot, account, folder, mine + mails[number + 1 :: 5 * len(FOLDERS)])
    return account


def facts_in(home: Path) -> Facts:
    with open_ledger(f"sqlite:///{home / 'ledger.sqlite'}") as ledger:
        assert_reconciled(ledger, "uk")
        facts = dump(ledger, "uk")
        assert all(cursor["due"] == () for cursor in facts["cursor"])
        return facts


def prepared(home: Path, account: ImapAccount) -> Path:
    config = home / "settings.toml"
    config.write_text(imap_settings(account, folders=FOLDERS), "utf-8")
    return config


@pytest.fixture(scope="module")
def undisturbed(account: ImapAccount, tmp_path_factory: pytest.TempPathFactory) -> Facts:
    home = tmp_path_factory.mktemp("undisturbed")
    config = prepared(home, account)
    done = run(home, "--config", config, "poll", env=ENVIRONMENT)
    assert done.code == 0, done.err
    facts = facts_in(home)
    assert len(facts["mails"]) > 200
    return facts


def folders_read(home: Path) -> int:
    """How many folders the ledger knows a cursor of; 0 as long as there is no ledger."""
    try:
        with closing(
            sqlite3.connect(f"file:{home / 'ledger.sqlite'}?mode=ro", uri=True, timeout=5)
        ) as reader:
            return int(reader.execute("SELECT count(*) FROM cursor").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


def kill_near(process: subprocess.Popen[bytes], home: Path, *, folders: int, pause_s: float) -> None:
    """Let it read that many folders, then a moment longer, and kill it."""
    deadline = time.monotonic() + 60
    while folders_read(home) < folders and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    time.sleep(pause_s)
    process.kill()
    process.communicate(timeout=30)
    assert process.returncode in {-signal.SIGKILL, 0}


@pytest.mark.parametrize(("seed", "kills"), [(1, 2), (2, 3), (3, 3), (4, 4)])
def test_killed_and_polled_again(
    seed: int, kills: int, account: ImapAccount, undisturbed: Facts, tmp_path: Path
) -> None:
    """Each kill comes at a random moment not long after the place where the one before left off."""
    random, config = Random(seed), prepared(tmp_path, account)
    for _ in range(kills):
        reached = folders_read(tmp_path)
        process = start(tmp_path, "poll", "--config", config, env=ENVIRONMENT)
        kill_near(process, tmp_path, folders=reached + random.randrange(4), pause_s=random.uniform(0, 0.12))
    done = run(tmp_path, "poll", "--config", config, env=ENVIRONMENT)
    assert done.code == 0, done.err
    assert facts_in(tmp_path) == undisturbed


def test_terminated_politely(account: ImapAccount, undisturbed: Facts, tmp_path: Path) -> None:
    config = prepared(tmp_path, account)
    process = start(tmp_path, "poll", "--config", config, env=ENVIRONMENT)
    deadline = time.monotonic() + 30
    while not (tmp_path / "ledger.sqlite").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    process.terminate()
    _, err = process.communicate(timeout=30)
    assert process.returncode == 143
    assert b"Traceback" not in err
    assert err == b""
    done = run(tmp_path, "poll", "--config", config, env=ENVIRONMENT)
    assert done.code == 0, done.err
    assert facts_in(tmp_path) == undisturbed
