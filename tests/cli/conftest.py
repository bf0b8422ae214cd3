from __future__ import annotations

import io
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bounce_watch.cli.main import run
from tests.cli.program import Result, environment


class Program:
    """The program inside the tests' own process, which is ten times as quick; errors become sentences as ever."""

    def __init__(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.home = home
        self._monkeypatch = monkeypatch

    def __call__(self, *arguments: str | Path, stdin: bytes = b"", **extra: str) -> Result:
        with self._monkeypatch.context() as patch:
            for name in ("BOUNCE_WATCH_CONFIG", "COLUMNS", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "NO_COLOR"):
                patch.delenv(name, raising=False)
            for name, value in environment(self.home, **extra).items():
                patch.setenv(name, value)
            patch.chdir(self.home)
            out, err = io.BytesIO(), io.BytesIO()
            patch.setattr(sys, "argv", ["bounce-watch", *map(str, arguments)])
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
            patch.setattr(sys, "stdout", io.TextIOWrapper(out, encoding="utf-8", newline=""))
            patch.setattr(sys, "stderr", io.TextIOWrapper(err, encoding="utf-8", newline=""))
            code = _exit_code()
            sys.stdout.flush()
            sys.stderr.flush()
            return Result(code, out.getvalue().decode(), err.getvalue().decode())

    def works(self, *arguments: str | Path, stdin: bytes = b"", **extra: str) -> Result:
        """It ends with 0."""
        done = self(*arguments, stdin=stdin, **extra)
        assert done.code == 0, done.err
        return done

    def fails(self, *arguments: str | Path, code: int, stdin: bytes = b"", **extra: str) -> tuple[str, str]:
        """It ends with `code` after one sentence on what is wrong and one on what to do; these two."""
        done = self(*arguments, stdin=stdin, **extra)
        assert done.code == code, done
        assert done.out == ""
        return sentences(done)

    def configure(self, text: str, name: str = "settings.toml") -> Path:
        path = self.home / name
        path.write_text(text, "utf-8")
        return path


def sentences(done: Result) -> tuple[str, str]:
    """The two sentences on standard error, and nothing else there."""
    assert "Traceback" not in done.err
    assert len(done.said) == 2, done.err
    what, advice = done.said
    for sentence in (what, advice):
        assert sentence.isprintable()
        assert sentence
        assert sentence == sentence.strip()
        assert "inside bounce-watch" not in sentence
    return what, advice


def _exit_code() -> int:
    before, umask = signal.getsignal(signal.SIGTERM), os.umask(0o077)
    try:
        run()
    except SystemExit as leave:
        return int(leave.code or 0)
    finally:
        signal.signal(signal.SIGTERM, before)
        os.umask(umask)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An empty home, in which the program also starts."""
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def program(home: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    return Program(home, monkeypatch)


class Prepared:
    """Homes that a function fills: once really, in the home of the first test that asks, and as copies from then on."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: dict[Callable[[Program], None], Path] = {}

    def __call__(self, program: Program, fill: Callable[[Program], None]) -> Program:
        """The program in a home as `fill` leaves one; nothing in it may say where the home lies."""
        made = self._made.get(fill)
        if made is None:
            fill(program)
            self._made[fill] = shutil.copytree(program.home, self._folder / str(len(self._made)))
        else:
            shutil.copytree(made, program.home, dirs_exist_ok=True)
        return program


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return Prepared(tmp_path_factory.mktemp("prepared"))
