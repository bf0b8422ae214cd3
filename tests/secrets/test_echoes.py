"""A server that repeats what it was sent, in every form, at the password and later."""

from __future__ import annotations

from pathlib import Path

import pytest

from bounce_watch.records.secret import Secret
from bounce_watch.text.traces import shows
from tests.secrets.forms import PASSWORD, QUOTED, forms
from tests.secrets.kinds import token
from tests.secrets.running import SETTINGS, Kind, run_kind
from tests.secrets.server import ECHOES, Script


@pytest.mark.parametrize("form", ECHOES)
def test_no_echo_is_shown(form: str, tmp_path: Path) -> None:
    said = f"{{tag}} NO it was {form}\r\n".encode()
    kinds = [
        Kind(name="password", code=77, script=Script(answers={"": said})),
        Kind(name="LOGIN", code=77, secret=QUOTED, script=Script(answers={"LOGIN": said})),
        Kind(name="token", code=77, settings=token("xoauth2"), script=Script(answers={"": said})),
        Kind(name="SEARCH", code=69, settings=SETTINGS, script=Script(answers={"UID": said})),
    ]
    for kind in kinds:
        run = run_kind(kind, tmp_path / kind.name, None)
        assert (run.code, run.hits) == (kind.code, ()), run
        assert len(run.err.splitlines()) == 2, run


@pytest.mark.parametrize("password", [PASSWORD, QUOTED])
def test_every_form_is_seen(password: str) -> None:
    for name, form in forms(password).items():
        if name in {
            "utf-32-le",
            "html",
            "url of latin-1",
            "a piece at its beginning",
            "utf-16-be",
            "latin-1",
        }:
            continue
        assert shows(Secret(password), f"BAD ... {form.decode('latin-1')} ..."), name


def test_innocent_words_are_not_held_back() -> None:
    words = "[AUTHENTICATIONFAILED] Application-specific password required: see the help pages"
    assert not shows(Secret(PASSWORD), words)
    assert not shows(Secret("abcd efgh ijkl mnop"), words)
    assert not shows(Secret(""), words)
    assert shows(Secret("abcd efgh ijkl mnop"), "LOGIN seller abcdefghijklmnop")
    assert shows(Secret("pin7"), "it was PIN7!")
