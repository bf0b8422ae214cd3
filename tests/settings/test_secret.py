"""Where a password comes from, and that no message ever holds it."""

from __future__ import annotations

import copy
import json
import pickle
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any

import pytest

from bounce_watch.errors import SignInError
from bounce_watch.records.secret import Secret
from bounce_watch.sign_in.secret import SecretSource, fetch_secret

PASSWORD = "Hunter2 Ünïque"


def refused(source: SecretSource, environment: dict[str, str] | None = None) -> str:
    with pytest.raises(SignInError) as caught:
        fetch_secret(source, environment or {})
    assert caught.value.exit_code == 77
    shown = "".join(traceback.format_exception(caught.value))
    assert "Hunter2" not in shown + caught.value.advice
    return caught.value.message


def private(folder: Path, octets: bytes, mode: int = 0o600) -> Path:
    path = folder / "secret"
    path.write_bytes(octets)
    path.chmod(mode)
    return path


def printing(folder: Path, code: str) -> str:
    """A command line that runs this Python code."""
    script = folder / "tell me.py"
    script.write_text(code, "utf-8")
    return f"{sys.executable} '{script}'"


def test_from_the_environment() -> None:
    source = SecretSource(env="UK_PASSWORD")
    assert fetch_secret(source, {"UK_PASSWORD": PASSWORD}).reveal() == PASSWORD
    for environment in ({}, {"UK_PASSWORD": ""}, {"uk_password": PASSWORD}):
        assert "the environment variable UK_PASSWORD" in refused(source, environment)


@pytest.mark.parametrize("password", ["Hunter2", PASSWORD, "Hunter2" * 100, "a/Hunter2"])
def test_the_password_in_the_place_of_its_source_is_not_repeated(password: str, tmp_path: Path) -> None:
    refused(SecretSource(env=password))
    refused(SecretSource(file=tmp_path / password))
    refused(SecretSource(command=password))
    refused(SecretSource(keyring=password, user="seller"))


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\nsecond line\n"])
def test_from_a_file(tmp_path: Path, end: str) -> None:
    path = private(tmp_path, (PASSWORD + end).encode())
    assert fetch_secret(SecretSource(file=path), {}).reveal() == PASSWORD


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o644, 0o602, 0o610, 0o666])
def test_a_file_that_others_may_touch_is_refused(tmp_path: Path, mode: int) -> None:
    path = private(tmp_path, PASSWORD.encode(), mode)
    assert "can be read by others" in refused(SecretSource(file=path))


def test_a_file_that_says_nothing(tmp_path: Path) -> None:
    for octets in (b"", b"\n", b"\n" + PASSWORD.encode()):
        assert "There is no password in the file" in refused(SecretSource(file=private(tmp_path, octets)))
    for path in (tmp_path / "none", tmp_path):
        assert "can't be read" in refused(SecretSource(file=path))


def test_from_a_command(tmp_path: Path) -> None:
    command = printing(
        tmp_path, f"import sys; sys.stdout.buffer.write({(PASSWORD + chr(10) + 'more').encode()!r})"
    )
    assert fetch_secret(SecretSource(command=command), {}).reveal() == PASSWORD


def test_a_command_is_run_without_a_shell(tmp_path: Path) -> None:
    command = printing(tmp_path, "import sys; print(sys.argv[1:])")
    found = fetch_secret(SecretSource(command=f"{command} $HOME ; touch made"), {}).reveal()
    assert found == "['$HOME', ';', 'touch', 'made']"


@pytest.mark.parametrize(
    "code",
    [
        "print('Hunter2'); raise SystemExit(1)",
        "import sys; sys.exit('Hunter2')",
        "import os, signal; print('Hunter2', flush=True); os.kill(os.getpid(), signal.SIGKILL)",
    ],
)
def test_a_command_that_fails(tmp_path: Path, code: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert "The password command failed" in refused(SecretSource(command=printing(tmp_path, code)))
    assert "Hunter2" not in "".join(capfd.readouterr())


@pytest.mark.parametrize("command", ["", "   ", "'unbalanced", "/no/such/program", "a\0b", "/"])
def test_what_is_no_command(command: str) -> None:
    assert "The password command failed" in refused(SecretSource(command=command))


def test_a_command_that_says_nothing(tmp_path: Path) -> None:
    message = refused(SecretSource(command=printing(tmp_path, "print()")))
    assert message == "There is no password in the password command."


def test_a_command_that_does_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    def hangs(command: Any, **options: Any) -> None:
        assert options["timeout"] == 60
        assert options["stdin"] is subprocess.DEVNULL
        raise subprocess.TimeoutExpired(command, options["timeout"], output=b"Hunter2")

    monkeypatch.setattr(subprocess, "run", hangs)
    assert "TimeoutExpired" in refused(SecretSource(command="pass show mail"))


def test_a_secret_is_neither_copied_nor_written_down() -> None:
    secret = Secret(PASSWORD)
    for refuse in (
        lambda: json.dumps({"password": secret}),
        lambda: copy.copy(secret),
        lambda: copy.deepcopy([secret]),
        lambda: pickle.dumps(secret),
        secret.__getstate__,
    ):
        with pytest.raises(TypeError) as caught:
            refuse()
        assert "Hunter2" not in str(caught.value)
    assert "Hunter2" not in f"{secret} {secret!r} {secret:>40} %s" % secret
    assert secret != Secret(PASSWORD)
    assert not hasattr(secret, "__dict__")
