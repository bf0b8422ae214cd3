"""`alerts check` and `alerts test` as cron meets them; the messages arrive at a server of our own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from bounce_watch.alerts import delivery
from tests.alerts.wire import Hook, web_hook
from tests.cli.conftest import Program
from tests.cli.mails import ALIAS, ORDER, SETTINGS, notice, unknown, write

SUBJECT = "A subject that nobody knows"
ALERTS = '\n[alerts]\nto = [{ env = "ALERT_URL" }, { env = "OTHER_URL" }]\n'


@pytest.fixture
def hooks() -> Iterator[tuple[Hook, Hook]]:
    with web_hook() as first, web_hook() as second:
        yield first, second


@pytest.fixture
def uneasy(program: Program) -> Program:
    """An account with one opt-out and one mail that nobody understands."""
    program.configure(SETTINGS + ALERTS)
    write(program.home / "box", notice(), unknown(SUBJECT, number=2))
    program("import", "box", "--config", "settings.toml")
    return program


CHECK = ("alerts", "check", "--config", "settings.toml")
TEST = ("alerts", "test", "--config", "settings.toml")


def addresses(hooks: tuple[Hook, Hook]) -> dict[str, Any]:
    return {"ALERT_URL": hooks[0].address, "OTHER_URL": hooks[1].address}


def test_what_needs_a_person_is_told_once_and_said_every_time(
    uneasy: Program, hooks: tuple[Hook, Hook]
) -> None:
    first = uneasy(*CHECK, **addresses(hooks))
    assert first.code == 3
    assert first.out.splitlines() == [
        "uk: 1 mail from Amazon's notice address not understood.",
        "  See why, and decide: bounce-watch review",
    ]
    assert first.said == ["Told target 1 (json) 1 alert of uk.", "Told target 2 (json) 1 alert of uk."]
    second = uneasy(*CHECK, **addresses(hooks))
    assert (second.code, second.out, second.said) == (3, first.out, [])
    assert [len(hook.got) for hook in hooks] == [1, 1]
    arrived = json.dumps(hooks[0].got)
    assert "not understood" in arrived
    assert not [text for text in (ALIAS, ORDER, SUBJECT, "amazon.co.uk") if text in arrived]


def test_a_dry_run_tells_nobody_and_needs_no_address(uneasy: Program) -> None:
    done = uneasy(*CHECK, "--dry-run")
    assert done.code == 3
    assert done.said == ["Would tell target 1 1 alert of uk.", "Would tell target 2 1 alert of uk."]
    told = json.loads(uneasy(*CHECK, "--dry-run", "--json").out)
    assert (told["format"], told["dry_run"]) == (1, True)
    assert [(each["kind"], each["severity"], each["subject"]) for each in told["alerts"]] == [
        ("unrecognised", "check", None)
    ]
    assert [(each["target"], each["scheme"], each["kinds"], each["error"]) for each in told["targets"]] == [
        (1, None, ["unrecognised"], None),
        (2, None, ["unrecognised"], None),
    ]


def test_a_failed_delivery_has_its_code_and_is_made_up_for(uneasy: Program, hooks: tuple[Hook, Hook]) -> None:
    hooks[1].answer = 500
    failed = uneasy(*CHECK, **addresses(hooks))
    assert failed.code == 69
    assert failed.said[1] == "Target 2 (json) could not be told 1 alert of uk: The message was not taken."
    assert "secret" not in failed.out + failed.err
    hooks[1].answer = 200
    assert uneasy(*CHECK, **addresses(hooks)).said == ["Told target 2 (json) 1 alert of uk."]


def test_a_missing_address_and_a_dead_server_are_two_failures(
    uneasy: Program, hooks: tuple[Hook, Hook]
) -> None:
    hooks[1].answer = 500
    done = uneasy(*CHECK, OTHER_URL=hooks[1].address)
    assert done.code == 5
    assert done.said[0].endswith("There is no password in the environment variable ALERT_URL.")


def test_calm(program: Program, hooks: tuple[Hook, Hook]) -> None:
    program.configure(SETTINGS + ALERTS)
    write(program.home / "mail.eml", notice())
    program.works("import", "mail.eml", "--config", "settings.toml")
    assert program.works(*CHECK, **addresses(hooks)).said == ["Nothing needs you."]
    assert hooks[0].got == []


def test_with_nobody_to_tell_it_still_says_it(uneasy: Program) -> None:
    uneasy.configure(SETTINGS)
    done = uneasy(*CHECK)
    assert done.code == 3
    assert done.said == ["The settings name nobody to tell: write [alerts] with to = [...]."]
    what, advice = uneasy.fails(*TEST, code=78)
    assert what == "The settings name nobody to tell."
    assert "to = [...]" in advice


def test_the_test_message(uneasy: Program, hooks: tuple[Hook, Hook]) -> None:
    done = uneasy.works(*TEST, **addresses(hooks))
    assert done.said == ["Told target 1 (json) the test message.", "Told target 2 (json) the test message."]
    assert [hook.got[0]["title"] for hook in hooks] == ["bounce_watch: a test"] * 2
    wrong = uneasy(*TEST, "--json", ALERT_URL="Hunter2-secret", OTHER_URL=hooks[1].address)
    assert wrong.code == 78
    assert "secret" not in wrong.out + wrong.err
    assert [(each["target"], each["scheme"], each["error"]) for each in json.loads(wrong.out)["targets"]] == [
        (1, None, "The address is of no form that apprise knows."),
        (2, "json", None),
    ]
    # It is no alert, so it keeps none back.
    assert uneasy(*CHECK, **addresses(hooks)).said[0] == "Told target 1 (json) 1 alert of uk."


def test_daily_tells_at_its_end(uneasy: Program, hooks: tuple[Hook, Hook]) -> None:
    done = uneasy.works("daily", "--config", "settings.toml", **addresses(hooks))
    assert done.said[-2:] == ["Told target 1 (json) 1 alert of uk.", "Told target 2 (json) 1 alert of uk."]
    assert uneasy("daily", "--config", "settings.toml").code == 0  # told already


def test_daily_says_what_failed(uneasy: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    assert uneasy("daily", "--config", "settings.toml").code == 77
    monkeypatch.setattr(delivery, "find_spec", lambda name: None)
    done = uneasy("daily", "--config", "settings.toml")
    assert done.code == 78
    assert done.said[-2:] == [
        "Alerts need a library that is not installed.",
        "Install the extra named alerts: pip install 'bounce-watch[alerts]'.",
    ]
    assert "Orders opted out" in done.out
