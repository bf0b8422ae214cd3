"""What arrives on the wire, and what is said when it does not; the real library, servers of our own."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from bounce_watch.alerts import delivery
from bounce_watch.alerts.delivery import deliver
from bounce_watch.alerts.message import Message
from bounce_watch.errors import SettingsError, Unreachable
from bounce_watch.records.alert import AlertSeverity
from bounce_watch.records.secret import Secret
from tests.servers.ports import free_ports

from .wire import mail_server, web_hook

HOW_TO = Path(__file__).parents[2] / "docs" / "how-to" / "alerts.md"
BODY = "No <b>notice</b> & *none*.\nCheck 1. the folder.\n\nMore."
MESSAGE = Message(title="bounce_watch, uk: please look", body=BODY, severity=AlertSeverity.CHECK)


def test_a_web_hook_and_a_mailbox_get_the_plain_text() -> None:
    with web_hook() as hook, mail_server() as box:
        went = deliver([(Secret(hook.address), MESSAGE), (Secret(box.address), MESSAGE)])
    assert [(one.scheme, one.error) for one in went] == [("json", None), ("mailto", None)]
    (got,) = hook.got
    assert (got["title"], got["message"]) == (MESSAGE.title, BODY)
    assert got["type"] == "warning"
    assert got["attachments"] == []
    (mail,) = box.got
    assert (mail["Subject"], mail["From"], mail["To"]) == (
        MESSAGE.title,
        "watch@seller.example",
        "owner@seller.example",
    )
    assert mail.get_content_type() == "text/plain"
    assert mail.get_content().splitlines() == BODY.splitlines()


@pytest.mark.parametrize(("severity", "said"), [(AlertSeverity.STOP, "failure"), (None, "info")])
def test_the_severity_is_passed_on(severity: AlertSeverity | None, said: str) -> None:
    with web_hook() as hook:
        deliver([(Secret(hook.address), Message(title="t", body="b", severity=severity))])
    assert hook.got[0]["type"] == said


def test_one_that_fails_holds_up_no_other(capfd: pytest.CaptureFixture[str]) -> None:
    (port,) = free_ports(1)
    with web_hook() as hook, web_hook(answer=500) as broken, web_hook() as elsewhere:
        moved = f"http://127.0.0.1:{elsewhere.port}/"
        with web_hook(answer=307, location=moved) as moving:
            addresses = (
                "Hunter2-secret",
                "nosuch://Hunter2-secret@host",
                f"json://seller:Hunter2-secret@127.0.0.1:{port}/",
                broken.address,
                moving.address,
                hook.address,
            )
            went = deliver([(Secret(each), MESSAGE) for each in addresses])
    assert [one.scheme for one in went] == ["", "", "json", "json", "json", "json"]
    assert [type(one.error) for one in went] == [SettingsError] * 2 + [Unreachable] * 3 + [type(None)]
    assert len(hook.got) == 1
    # A message, and the secret of its address, go nowhere else.
    assert elsewhere.got == []
    said = "".join(capfd.readouterr()) + "".join(
        f"{one.error} {one.error.advice}" for one in went if one.error
    )
    assert "secret" not in said


def test_every_address_of_the_how_to_is_understood() -> None:
    addresses = re.findall(r"^\| .* \| `(\w+://[^`]*)` \|$", HOW_TO.read_text("utf-8"), re.MULTILINE)
    schemes = [address.partition("://")[0] for address in addresses]
    assert schemes == ["mailtos", "mailto", "slack", "tgram", "jsons"]
    services = [delivery._service(Secret(address)) for address in addresses]
    assert all(services)
    assert [(each.port, each.secure) for each in services[:2] if each] == [(587, True), (25, False)]


def test_a_server_that_never_answers_is_left() -> None:
    with web_hook(answer=None) as hook:
        begin = time.monotonic()
        (went,) = deliver([(Secret(hook.address), MESSAGE)], seconds=0.7)
        assert time.monotonic() - begin < 2.5
    assert isinstance(went.error, Unreachable)


def test_what_a_plug_in_raises_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    from apprise import Apprise

    def breaks(*args: object, **kwargs: object) -> bool:
        raise RuntimeError("Hunter2-secret")

    monkeypatch.setattr(Apprise, "notify", breaks)
    (went,) = deliver([(Secret("json://127.0.0.1/"), MESSAGE)])
    assert isinstance(went.error, Unreachable)
    assert "secret" not in str(went.error)


def test_without_the_library_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> ModuleSpec | None:
        return None

    monkeypatch.setattr(delivery, "find_spec", missing)
    with pytest.raises(SettingsError, match="not installed") as caught:
        deliver([])
    assert "'bounce-watch[alerts]'" in caught.value.advice


def test_loading_the_library_connects_to_nothing() -> None:
    code = (
        "import sys\n"
        "seen = []\n"
        "sys.addaudithook(lambda event, args: seen.append(event) if event in"
        " ('socket.connect', 'socket.getaddrinfo', 'socket.sendto', 'subprocess.Popen') else None)\n"
        "from bounce_watch.alerts import delivery\n"
        "print('apprise' in sys.modules)\n"
        "from bounce_watch.records.secret import Secret\n"
        "service = delivery._service(Secret('mailtos://u:p@seller.example'))\n"
        "print(type(service).__name__, seen)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["False", "NotifyEmail []"]
