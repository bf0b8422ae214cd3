"""The program in a process that is forked from one that has loaded it already: ten times as quick as a fresh start."""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Mapping
from pathlib import Path

# Loaded once, for all children.
import alembic.command  # noqa: F401
import imapclient  # noqa: F401
import keyring  # noqa: F401
import keyrings.alt.file  # noqa: F401

import bounce_watch.cli.main
import bounce_watch.flow
import bounce_watch.mailboxes.base
import bounce_watch.settings
import bounce_watch.sign_in.secret
import bounce_watch.store.ledger
from bounce_watch.mailboxes.specs import ImapSpec

PATIENCE_S = 4.0
"""How long these processes wait for a server, in the place of a minute."""


def run_here(arguments: list[str], hook: str, home: Path, env: Mapping[str, str], octets: int | None) -> None:
    """Become `bounce-watch ARGUMENTS`, after the Python code of `hook`; never returns."""
    os.environ.clear()
    os.environ.update(env)
    os.chdir(home)
    os.umask(0)
    most = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (most, most))
    if octets is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (octets, octets))
    for number, name in enumerate(("in", "out", "err")):
        stream = os.open(home.with_suffix(f".{name}"), os.O_RDWR | os.O_CREAT, 0o600)
        os.dup2(stream, number)
        os.close(stream)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    (ImapSpec.__init__.__kwdefaults__ or {})["read_timeout_s"] = PATIENCE_S
    sys.argv = ["bounce-watch", *arguments]
    exec(hook, {"sys": sys})
    bounce_watch.cli.main.run()
