"""Runs the program in a process of its own and gathers all that it leaves behind."""

from __future__ import annotations

import base64
import os
import signal
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from tests.cli.forked import FORKS
from tests.cli.program import COMMAND, environment
from tests.secrets.child import run_here
from tests.secrets.forms import PASSWORD, found_in
from tests.secrets.server import Script, TalkativeServer, start_refusing_database, start_talkative
from tests.servers.certificates import Certificates

SETTINGS = """
[ledger]
url = "sqlite:///ledger.sqlite"

[accounts.uk.imap]
host = "127.0.0.1"
port = @PORT@
security = "none"
user = "seller"
password = { file = "password" }
junk = false
"""

_WRAPPER = 'ulimit -c "$(ulimit -H -c)"; umask 000; exec "$@"'
_SECONDS = 30


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One way to fail. @PORT@, @SECRET@, @HOME@ and @CA@ are filled in, in settings, files, hook and environment.

    `lines` is how many lines of talk come: what is wrong and what to do, for each thing that is wrong;
    None where the program ends without a word (signals) or in the words of the command line's library (2).
    """

    name: str
    code: int
    arguments: tuple[str, ...] = ("poll", "--config", "settings.toml")
    settings: str | bytes = SETTINGS
    script: Script | None = None
    database: bool = False
    files: Mapping[str, str] = field(default_factory=dict)
    mode: int = 0o600
    env: Mapping[str, str] = field(default_factory=dict)
    hook: str = ""
    secret: str = PASSWORD
    kill: signal.Signals | None = None
    lines: int | None = 2
    octets: int | None = None
    """How large a file may grow, as on a full disk."""

    fresh: bool = False
    """Started as a user does it, not forked from a process that has loaded the program."""

    typed: bool = False
    """The secret stands in the environment or among the arguments, since the user put it there."""


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How it ended, and where the secret was found, as `place: form`."""

    kind: Kind
    code: int
    out: str
    err: str
    hits: tuple[str, ...]
    cores: tuple[str, ...]
    loose: tuple[str, ...]


def run_kind(kind: Kind, home: Path, certificates: Certificates | None) -> Ended:
    """Prepare a home, start the servers, run the program to its end, and search."""
    home.mkdir(mode=0o700)
    with ExitStack() as stack:
        server = _server(kind, stack, certificates)
        port = (
            stack.enter_context(start_refusing_database()) if kind.database else server.port if server else 1
        )
        words = {
            "@PORT@": str(port),
            "@SECRET@": kind.secret,
            "@B64@": base64.b64encode(kind.secret.encode()).decode(),
            "@HOME@": str(home),
            "@CA@": str(certificates.authority) if certificates else "",
        }
        before = _prepare(kind, home, words)
        process = Fresh(kind, home, words) if kind.fresh else Forked(kind, home, words)
        seen = _watch(process, kind, server)
    texts = {
        "standard output": home.with_suffix(".out").read_bytes(),
        "standard error": home.with_suffix(".err").read_bytes(),
        **seen,
    }
    texts |= {name: octets for name, octets in _files(home) if before.get(name) != octets}
    return Ended(
        kind=kind,
        code=process.code or 0,
        out=texts["standard output"].decode("utf-8", "replace"),
        err=texts["standard error"].decode("utf-8", "replace"),
        hits=tuple(
            f"{place}: {form}" for place, text in texts.items() for form in found_in(text, kind.secret)
        ),
        cores=tuple(name for name in texts if Path(name).name.startswith("core")),
        loose=tuple(_loose(home, before)),
    )


def _server(kind: Kind, stack: ExitStack, certificates: Certificates | None) -> TalkativeServer | None:
    if kind.script is None:
        return None
    return stack.enter_context(start_talkative(kind.script, _tls(kind.script, certificates)))


def _tls(script: Script, certificates: Certificates | None) -> ssl.SSLContext | None:
    if script.certificate is None or certificates is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    pair = getattr(certificates, script.certificate)
    context.load_cert_chain(pair.chain, pair.key)
    if script.newest_tls:
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        context.maximum_version = script.newest_tls
        context.set_ciphers("ALL:@SECLEVEL=0")
    return context


def _filled(text: str, words: Mapping[str, str]) -> str:
    for name, value in words.items():
        text = text.replace(name, value)
    return text


def _prepare(kind: Kind, home: Path, words: Mapping[str, str]) -> dict[str, bytes]:
    """Writes what the user has; returns it, so that the search passes over what did not change."""
    (home / "tmp").mkdir()
    files = {"password": "@SECRET@\n", **kind.files}
    for name, text in files.items():
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_filled(text, words), "utf-8", "surrogateescape")
        path.chmod(kind.mode if name == "password" else 0o600)
    settings = kind.settings
    (home / "settings.toml").write_bytes(
        settings if isinstance(settings, bytes) else _filled(settings, words).encode()
    )
    return dict(_files(home))


class Fresh:
    """The command as a user types it."""

    def __init__(self, kind: Kind, home: Path, words: Mapping[str, str]) -> None:
        assert kind.octets is None
        arguments = [_filled(each, words) for each in kind.arguments]
        command = [*COMMAND, *arguments]
        if kind.hook:
            hook = home.with_suffix(".py")
            words_of_it = f"import sys\nsys.argv = {['bounce-watch', *arguments]!r}\n{kind.hook}\n"
            hook.write_text(f"{words_of_it}from bounce_watch.cli.main import run\nrun()\n", "utf-8")
            command = [sys.executable, str(hook)]
        with home.with_suffix(".out").open("wb") as out, home.with_suffix(".err").open("wb") as err:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", _WRAPPER, "sh", *command],
                env=_environment(kind, home, words),
                cwd=home,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
            )
        self.pid = self._process.pid

    @property
    def code(self) -> int | None:
        """How it ended, or None."""
        return self._process.poll()


class Forked:
    """The same in a process of its own that did not have to load the program."""

    def __init__(self, kind: Kind, home: Path, words: Mapping[str, str]) -> None:
        arguments = [_filled(each, words) for each in kind.arguments]
        self._process = FORKS.Process(
            target=run_here,
            args=(arguments, kind.hook, home, _environment(kind, home, words), kind.octets),
            daemon=True,
        )
        with _ONE_FORK:
            self._process.start()
        self.pid = self._process.pid or 0

    @property
    def code(self) -> int | None:
        """How it ended, or None."""
        with _ONE_FORK:
            return self._process.exitcode


_ONE_FORK = threading.Lock()
"""Starting a process looks after all others, and of two threads that ask for an exit code one gets none."""


def _environment(kind: Kind, home: Path, words: Mapping[str, str]) -> dict[str, str]:
    more = {name: _filled(value, words) for name, value in kind.env.items()}
    return environment(home, TMPDIR=str(home / "tmp"), **more)


def _watch(process: Fresh | Forked, kind: Kind, server: TalkativeServer | None) -> dict[str, bytes]:
    """What other processes can see of it while it runs; sends the signal of the kind when the time has come."""
    seen: dict[str, bytes] = {}
    deadline = time.monotonic() + _SECONDS
    sent = False
    while process.code is None:
        seen |= {} if kind.typed else _looked_at(process.pid)
        if kind.kill and not sent and server and server.wait_for_silence(0.05):
            os.kill(process.pid, kind.kill)
            sent = True
        if time.monotonic() > deadline:
            os.kill(process.pid, signal.SIGKILL)
            deadline += _SECONDS
            seen["did not end"] = kind.secret.encode()
        time.sleep(0.02)
    return seen


def _looked_at(pid: int) -> dict[str, bytes]:
    seen = {}
    for name in ("cmdline", "environ"):
        try:
            text = Path(f"/proc/{pid}/{name}").read_bytes()
        except OSError:  # it is over, or may not be looked at
            continue
        seen[name] = text
    return seen


def _files(home: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(home.rglob("*")):
        if path.is_file():
            yield str(path.relative_to(home)), path.read_bytes()


def _loose(home: Path, before: Mapping[str, bytes]) -> Iterator[str]:
    """What the program made that others may touch."""
    for path in sorted(home.rglob("*")):
        name = str(path.relative_to(home))
        made = name not in before and path.name != "tmp"
        if made and not any(each.startswith(f"{name}/") for each in before) and path.stat().st_mode & 0o077:
            yield f"{name} {path.stat().st_mode & 0o777:o}"
