"""A poll that did not complete: its exit code, and the first line of the next report, until one completes."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bounce_watch.errors import BounceWatchError, LedgerError, SignInError, TryLater, Unreachable
from bounce_watch.mailboxes import base
from bounce_watch.records.filed import RunState
from bounce_watch.records.mail import Batch, Cursor
from bounce_watch.store.ledger import open_ledger
from tests.cli.conftest import Prepared, Program
from tests.cli.program import imap_settings, start
from tests.servers.imap import ImapAccount
from tests.servers.ports import free_ports

NOWHERE = ImapAccount(host="127.0.0.1", port=1, user="seller", password="")
UNSENT = imap_settings(NOWHERE, sent_folder='"none"')
"""What was sent is not asked for: these mailboxes are no servers."""
CHECKED = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)

Make = Callable[[str], Iterator[Batch]]
"""What a mailbox gives for an account."""


def cursor(account: str, *due: int) -> Cursor:
    return Cursor(
        account=account, folder="INBOX", uidvalidity=7, next_uid=9, due=due, scope="x", checked_at=CHECKED
    )


def whole(account: str) -> Iterator[Batch]:
    yield Batch(cursor=cursor(account))


def with_failures(account: str) -> Iterator[Batch]:
    yield Batch(cursor=cursor(account), failures=("UID 4 of INBOX came without a body",))


def with_due_mails(account: str) -> Iterator[Batch]:
    yield Batch(cursor=cursor(account, 4, 5))


def breaking(error: BaseException) -> Make:
    """After a first chunk."""

    def batches(account: str) -> Iterator[Batch]:
        yield Batch(cursor=cursor(account))
        raise error

    return batches


@dataclass(frozen=True)
class Refusing:
    """No mailbox at all."""

    error: BounceWatchError


def mailboxes(monkeypatch: pytest.MonkeyPatch, **accounts: Make | Refusing) -> None:
    """From now on these accounts' mailboxes give these batches."""

    class Fake:
        def __init__(self, make: Make, account: str) -> None:
            self._make = make
            self._account = account

        def batches(self, cursors: object) -> Iterator[Batch]:
            return self._make(self._account)

    @contextmanager
    def open_mailbox(*arguments: Any, account: str, **more: Any) -> Iterator[Fake]:
        make = accounts[account]
        if isinstance(make, Refusing):
            raise make.error
        yield Fake(make, account)

    monkeypatch.setattr(base, "open_mailbox", open_mailbox)


@pytest.fixture
def configured(program: Program) -> Program:
    program.configure(UNSENT)
    return program


def two_accounts(program: Program) -> None:
    first = UNSENT
    program.configure(first + first[first.index("[accounts.uk]") :].replace("accounts.uk", "accounts.de"))


def attention(program: Program) -> list[dict[str, str]]:
    done = program.works("report", "--json", "--config", "settings.toml")
    found: list[dict[str, str]] = json.loads(done.out)["attention"]
    return found


def first_line(text: str) -> str:
    """The first line of a report, with what it goes on with below."""
    return " ".join(text.partition("\n\n")[0].split())


WAYS = [
    (with_failures, 5, "UID 4 of INBOX came without a body."),
    (with_due_mails, 5, "2 mails of INBOX could not be fetched."),
    (breaking(Unreachable("The server broke off.", "Try again.")), 69, "The server broke off."),
    (breaking(TryLater("The server is busy.", "Try later.")), 75, "The server is busy."),
    (breaking(LedgerError("The disk has no space left.", "Free some.")), 74, "The disk has no space left."),
    (breaking(ValueError("a mistake of ours")), 1, "It was stopped before its end."),
    (breaking(SystemExit(143)), 143, "It was stopped before its end."),
    (breaking(KeyboardInterrupt()), 130, "It was stopped before its end."),
    (Refusing(SignInError("The server refused the user.", "Check it.")), 77, "The server refused the user."),
    (Refusing(Unreachable("No such server.", "Check it.")), 69, "No such server."),
]
NAMES = "failures due breaks-off busy disk-full bug sigterm ctrl-c refused unreachable".split()


def once_whole(program: Program, command: str) -> None:
    """A mailbox that was read to its end, so that nothing is to be told."""
    program.configure(UNSENT)
    with pytest.MonkeyPatch.context() as patch:
        mailboxes(patch, uk=whole)
        program.works(command, "--config", "settings.toml")
    assert attention(program)[0]["kind"] == "nothing"


def polled(program: Program) -> None:
    once_whole(program, "poll")


def ran_daily(program: Program) -> None:
    once_whole(program, "daily")


@pytest.mark.parametrize(
    ("command", "before"), [("poll", polled), ("daily", ran_daily)], ids=["poll", "daily"]
)
@pytest.mark.parametrize(("way", "code", "said"), WAYS, ids=NAMES)
def test_every_way_is_loud(
    way: Make | Refusing,
    code: int,
    said: str,
    command: str,
    before: Callable[[Program], None],
    program: Program,
    prepared: Prepared,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    configured = prepared(program, before)
    mailboxes(monkeypatch, uk=way)
    done = configured(command, "--config", "settings.toml")
    assert done.code == code
    told = attention(configured)[0]
    assert (told["kind"], told["severity"]) == ("poll_incomplete", "check")
    assert said in told["text"]
    assert "Notices since the last complete one, less than a minute ago" in told["text"]
    assert "bounce-watch poll" in told["advice"]
    if command == "daily" and done.out:  # its own report, unless a signal or a bug ended all
        assert said in first_line(done.out)
    assert configured("health", "--config", "settings.toml").code == 3

    mailboxes(monkeypatch, uk=whole)
    configured.works(command, "--config", "settings.toml")
    assert [each["kind"] for each in attention(configured)] == ["nothing"]
    assert configured("health", "--config", "settings.toml").code == 0


def test_daily_shows_its_own_failure_first(configured: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    mailboxes(monkeypatch, uk=Refusing(SignInError("The server refused the user.", "Check it.")))
    done = configured("daily", "--config", "settings.toml")
    assert done.code == 77
    assert first_line(done.out).startswith("CHECK The last poll, less than a minute ago, did not complete:")
    assert "never read to its end" in first_line(done.out)


def test_a_password_that_cannot_be_had_is_filed(configured: Program) -> None:
    configured.fails("poll", "--config", "settings.toml", code=77, UK_PASSWORD="")
    assert "UK_PASSWORD" in attention(configured)[0]["text"]


def test_a_server_that_is_not_there_is_filed(program: Program) -> None:
    (port,) = free_ports(1)
    program.configure(imap_settings(NOWHERE, port=str(port)))
    program.fails("poll", "--config", "settings.toml", code=69)
    assert f"127.0.0.1:{port}" in attention(program)[0]["text"]


@pytest.mark.parametrize(
    "way", [WAYS[0][0], WAYS[2][0], WAYS[8][0]], ids=["failures", "breaks-off", "refused"]
)
def test_one_of_two_accounts(way: Make | Refusing, program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    two_accounts(program)
    mailboxes(monkeypatch, uk=way, de=whole)
    assert program("poll", "--config", "settings.toml").code == 5
    done = program("report", "--json", "--account", "de", "--config", "settings.toml")
    assert json.loads(done.out)["attention"][0]["kind"] == "nothing"
    done = program("report", "--json", "--account", "uk", "--config", "settings.toml")
    assert json.loads(done.out)["attention"][0]["kind"] == "poll_incomplete"


def test_both_accounts_fail_in_different_ways(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    two_accounts(program)
    refused, gone = SignInError("Refused.", "Check."), Unreachable("Gone.", "Wait.")
    mailboxes(monkeypatch, uk=Refusing(refused), de=breaking(gone))
    assert program("poll", "--config", "settings.toml").code == 77


@pytest.mark.parametrize("end", [RunState.FAILED, RunState.PARTLY])
def test_an_import_that_fails_says_nothing_of_the_mailbox(
    end: RunState, configured: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailboxes(monkeypatch, uk=whole)
    configured.works("poll", "--config", "settings.toml")
    error: BounceWatchError = Unreachable("Gone.", "Wait.")
    mailboxes(monkeypatch, uk=breaking(error) if end is RunState.FAILED else with_failures)
    assert configured("import", "x", "--config", "settings.toml").code in {5, 69}
    assert attention(configured)[0]["kind"] == "nothing"


def test_a_missing_file_leaves_no_run(configured: Program) -> None:
    configured.fails("import", "nowhere.eml", "--config", "settings.toml", code=65)
    with open_ledger(f"sqlite:///{configured.home}/ledger.sqlite") as ledger:
        assert ledger.runs("uk", limit=9) == []


@pytest.mark.parametrize(("minutes", "kind"), [(5, "stale_poll"), (61, "poll_incomplete")])
def test_killed(minutes: int, kind: str, configured: Program) -> None:
    """By SIGKILL or a power cut nothing can be filed any more; after an hour the open run is told."""
    with open_ledger(f"sqlite:///{configured.home}/ledger.sqlite") as ledger:
        ledger.start_run("uk", "poll", at=datetime.now(UTC) - timedelta(minutes=minutes))
    told = attention(configured)[0]
    assert told["kind"] == kind
    assert ("61 minutes ago and has not ended" in told["text"]) is (minutes > 60)


def test_terminated_while_it_waits_for_the_server(program: Program) -> None:
    """A real process and a real signal, from a server that accepts and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        program.configure(imap_settings(NOWHERE, port=str(silent.getsockname()[1])))
        process = start(program.home, "poll", "--config", "settings.toml")
        silent.settimeout(30)
        connection, _ = silent.accept()
        with connection:
            time.sleep(0.2)
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=30)
    assert process.returncode == 143


def test_a_reader_that_is_gone_takes_no_code_away(program: Program) -> None:
    """As in `bounce-watch daily 2>&1 | true`: the report goes nowhere, the code stays that of the poll."""
    (port,) = free_ports(1)
    program.configure(imap_settings(NOWHERE, port=str(port)))
    for command in ("poll", "daily"):
        process = start(program.home, command, "--config", "settings.toml")
        for stream in (process.stdout, process.stderr):
            assert stream is not None
            stream.close()
        assert process.wait(60) == 69


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
@pytest.mark.parametrize("command", [("poll",), ("poll", "--json"), ("daily",), ("health",)])
def test_a_full_disk_under_the_output(command: tuple[str, ...], stream: str, configured: Program) -> None:
    """The mailbox can't be reached either; which of the two the code speaks of is of no matter."""
    with Path("/dev/full").open("wb") as full:
        code = start(
            configured.home,
            *command,
            "--config",
            "settings.toml",
            stdout=full if stream == "stdout" else subprocess.DEVNULL,
            stderr=full if stream == "stderr" else subprocess.DEVNULL,
        ).wait(60)
    assert code not in {0, 1}
