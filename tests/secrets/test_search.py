"""The search itself finds what it is to find, and the system would leave a core dump if we did not forbid it."""

from __future__ import annotations

import base64
import os
import resource
import subprocess
import sys
import urllib.parse
from pathlib import Path

import pytest

from tests.cli.program import ROOT
from tests.secrets.forms import PASSWORD, QUOTED, forms, found_in


@pytest.mark.parametrize("password", [PASSWORD, QUOTED])
def test_every_form_is_found(password: str) -> None:
    for name, form in forms(password).items():
        assert len(form) >= 7
        assert name in found_in(b"before " + form.upper() + b" after", password)
    assert found_in(b"nothing of the kind, 1d9f, Hunter", password) == []


@pytest.mark.parametrize(
    "text",
    [
        b"\0seller\0Hunter2-\xc3\x9cn\xc3\xafque-1d9f",
        base64.b64encode("\0seller\0Hunter2-Ünïque-1d9f".encode()),
        base64.b64encode("\0seller1\0Hunter2-Ünïque-1d9f".encode()),
        base64.b64encode("user=seller\1auth=Bearer Hunter2-Ünïque-1d9f\1\1".encode()),
        base64.b64encode("n,a=seller,\1auth=Bearer Hunter2-Ünïque-1d9f\1\1".encode()),
        b"postgresql://seller:Hunter2-%C3%9Cn%C3%AFque-1d9f@127.0.0.1/db",
        urllib.parse.quote_plus("password=Hunter2-Ünïque-1d9f").encode(),
        b"48756e746572322dc39c6ec3af7175652d31643966",
        b"H\0u\0n\0t\0e\0r\x002\0-\0\xdc\0n\0\xef\0q\0u\0e\0-\x001\0d\x009\0f\0",
        b"Hunter2-&ANw-n&AO8-que-1d9f",
        b"Hunter2-\\xc3\\x9cn\\xc3\\xafque-1d9f",
        b"Hunter2-\\u00dcn\\u00efque-1d9f",
    ],
)
def test_the_password_in_a_protocol_is_found(text: bytes) -> None:
    assert found_in(text, PASSWORD)


_ABORT = """
import os, resource, sys
most = resource.getrlimit(resource.RLIMIT_CORE)[1]
resource.setrlimit(resource.RLIMIT_CORE, (most, most))
if sys.argv[1] == "with":
    from bounce_watch.sign_in.secret import SecretSource, fetch_secret
    secret = fetch_secret(SecretSource(env="MINE"), {"MINE": "x"})
os.abort()
"""


def test_a_process_that_holds_a_secret_leaves_no_core_dump(tmp_path: Path) -> None:
    def cores(word: str) -> list[Path]:
        folder = tmp_path / word
        folder.mkdir()
        done = subprocess.run(
            [sys.executable, "-c", _ABORT, word],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            check=False,
        )
        assert done.returncode < 0
        return list(folder.iterdir())

    assert cores("with") == []
    if resource.getrlimit(resource.RLIMIT_CORE)[1] == 0 or not cores("without"):
        pytest.skip("this system writes no core dump into the current folder anyway")
