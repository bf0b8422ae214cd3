"""`bounce-watch` as a user runs it: in a process of its own, with an empty home, and settings written by the test."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tests.cli.forked import Forked
from tests.servers.imap import ImapAccount

COMMAND = (sys.executable, "-m", "bounce_watch")
ROOT = Path(__file__).parents[2]
_KEPT = ("PATH", "LANG", "LC_ALL", "COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG", "SYSTEMROOT")


@dataclass(frozen=True, slots=True)
class Result:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> list[str]:
        """The lines of talk."""
        return self.err.splitlines()


def environment(home: Path, **extra: str) -> dict[str, str]:
    """A clean environment: nothing of this user's, and an English UTF-8 terminal that is none."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {
        **kept,
        "HOME": str(home),
        "PYTHONPATH": str(ROOT),
        "PYTHONIOENCODING": "utf-8",
        "TMPDIR": str(home),
        "UK_PASSWORD": "wrong",
        **extra,
    }


def start(
    home: Path,
    *arguments: str | Path,
    env: Mapping[str, str] | None = None,
    stdin: int = subprocess.DEVNULL,
    stdout: int | IO[bytes] = subprocess.PIPE,
    stderr: int | IO[bytes] = subprocess.PIPE,
    octets: int | None = None,
) -> subprocess.Popen[bytes]:
    """Start the program and do not wait for it. `octets`: how large a file may grow, as on a full disk."""
    return Forked(
        [*map(str, arguments)],
        environment=environment(home, **(env or {})),
        home=home,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        octets=octets,
    )


def run(
    home: Path,
    *arguments: str | Path,
    env: Mapping[str, str] | None = None,
    stdin: bytes = b"",
    octets: int | None = None,
) -> Result:
    """Run the program to its end."""
    process = start(home, *arguments, env=env, stdin=subprocess.PIPE, octets=octets)
    out, err = process.communicate(stdin, timeout=100)
    return Result(process.returncode, out.decode(), err.decode())


def imap_settings(
    account: ImapAccount, *, folders: Sequence[str] = ("INBOX",), more: str = "", **changes: str
) -> str:
    """Settings for the account "uk" on a loopback server's plain port; `changes` are TOML values of the imap table."""
    imap = {
        "host": f'"{account.host}"',
        "port": str(account.port),
        "security": '"none"',
        "user": f'"{account.user}"',
        "password": '{ env = "UK_PASSWORD" }',
        "folders": "[" + ", ".join(f'"{folder}"' for folder in folders) + "]",
        "junk": "false",
        **changes,
    }
    lines = "\n".join(f"{name} = {value}" for name, value in imap.items())
    return f"""
[ledger]
url = "sqlite:///ledger.sqlite"

[accounts.uk]
authserv_ids = ["mx.seller.example"]
{more}

[accounts.uk.imap]
{lines}
"""
