"""`sent poll`, and the same within `daily` and `doctor`, against a real server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bounce_watch.store.ledger import open_ledger
from tests.cli.conftest import Program
from tests.cli.program import imap_settings
from tests.mailboxes.test_imap_sent import mail, put, stranger
from tests.servers.dovecot import ALSO_SENT, PASSWORD, SENT, Dovecot
from tests.servers.imap import ImapAccount


@pytest.fixture
def account(dovecot: Dovecot) -> ImapAccount:
    account = dovecot.new_account()
    put(account, SENT, [mail(1), stranger(2)])
    return account


def config_of(home: Path, account: ImapAccount, **changes: str) -> Path:
    config = home / "settings.toml"
    config.write_text(imap_settings(account, **changes), "utf-8")
    return config


def sent_poll(program: Program, account: ImapAccount, *words: str, **changes: str) -> tuple[int, list[str]]:
    config = config_of(program.home, account, **changes)
    result = program("sent", "poll", "--config", config, *words, UK_PASSWORD=PASSWORD)
    return result.code, result.said


def test_two_polls(program: Program, account: ImapAccount) -> None:
    assert sent_poll(program, account) == (
        0,
        [f"uk: sent mail in '{SENT}': read 2 mails: 1 new to buyers, 0 known already."],
    )
    put(account, SENT, [mail(1), mail(3)])
    assert sent_poll(program, account) == (
        0,
        [f"uk: sent mail in '{SENT}': read 2 mails: 1 new to buyers, 1 known already."],
    )
    with open_ledger(f"sqlite:///{program.home / 'ledger.sqlite'}") as ledger:
        assert len(ledger.coverages("uk")) == 2
        assert [run.command for run in ledger.runs("uk", limit=5)] == ["sent poll", "sent poll"]


def test_what_could_not_be_used_is_told(program: Program, account: ImapAccount) -> None:
    many = ",\r\n ".join(f"a{number:09}@marketplace.amazon.de" for number in range(400))
    put(account, SENT, [mail(3, f"Bcc: {many}")])
    code, said = sent_poll(program, account)
    assert code == 5
    assert said[1].startswith(
        "Not complete: of 1 mails to buyers not all could be used: it has more recipients"
    )


def test_as_json(program: Program, account: ImapAccount) -> None:
    config = config_of(program.home, account)
    told = json.loads(program("sent", "poll", "--config", config, "--json", UK_PASSWORD=PASSWORD).out)
    assert (told["command"], told["state"], told["read"], told["new"]) == ("sent poll", "complete", 2, 1)
    assert told["folder"] == SENT


def test_an_undone_poll_is_told_when_it_is_met_again(program: Program, account: ImapAccount) -> None:
    config = config_of(program.home, account)
    sent_poll(program, account)
    assert program("undo", "1", "--config", config).code == 0
    put(account, SENT, [mail(1)])
    code, said = sent_poll(program, account)
    assert code == 0
    assert said[1].startswith("Known already: 1 of it belongs to run 1, which is undone")


def test_named(program: Program, account: ImapAccount) -> None:
    put(account, "Outgoing", [mail(7)])
    code, said = sent_poll(program, account, sent_folder='"Outgoing"')
    assert (code, said[0].partition(":")[2].partition(":")[0]) == (0, " sent mail in 'Outgoing'")


def test_switched_off(program: Program, account: ImapAccount) -> None:
    code, said = sent_poll(program, account, sent_folder='"none"')
    assert (code, said[0].partition(":")[0]) == (0, "No account here has a folder of sent mail to read")
    code, said = sent_poll(program, account, "--account", "uk", sent_folder='"none"')
    assert (code, said[0]) == (78, "uk: The account uk has no folder of sent mail to read.")


def test_unclear_is_an_error_when_asked_for_and_a_word_in_daily(
    program: Program, account: ImapAccount
) -> None:
    put(account, ALSO_SENT, [mail(2)])
    code, said = sent_poll(program, account)
    assert (code, "several folders that may hold sent mail" in said[0]) == (78, True)
    config = config_of(program.home, account)
    daily = program("daily", "--config", config, UK_PASSWORD=PASSWORD)
    assert daily.code == 0, daily.err
    assert "several folders that may hold sent mail" in daily.err
    doctor = program("doctor", "--config", config, UK_PASSWORD=PASSWORD)
    assert "unknown uk: sent mail: " in doctor.out


def test_daily_reads_it_on_the_way(program: Program, account: ImapAccount) -> None:
    config = config_of(program.home, account)
    daily = program("daily", "--config", config, UK_PASSWORD=PASSWORD)
    assert daily.code == 0, daily.err
    assert f"uk: sent mail in '{SENT}': read 2 mails: 1 new to buyers, 0 known already." in daily.said
    doctor = program("doctor", "--config", config, UK_PASSWORD=PASSWORD)
    assert f"uk: sent mail: It would be read from '{SENT}', which the server marks so." in doctor.out


def test_who_can_not_sign_in_tries_once_a_day(program: Program, account: ImapAccount) -> None:
    config = config_of(program.home, account)
    daily = program("daily", "--config", config, UK_PASSWORD="wrong")
    assert daily.code == 77
    assert daily.err.count("refused") == 1
    alone = program("sent", "poll", "--config", config, UK_PASSWORD="wrong")
    assert alone.code == 77
    with open_ledger(f"sqlite:///{program.home / 'ledger.sqlite'}") as ledger:
        states = [(run.command, run.state.value) for run in ledger.runs("uk", limit=5)]
    assert states == [("sent poll", "failed"), ("daily", "failed")]
