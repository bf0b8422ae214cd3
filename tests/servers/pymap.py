"""pymap, an IMAP server from pip: the stand-in where there is no Dovecot. One user, no TLS here, no tokens."""

from __future__ import annotations

import itertools
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.imap import ImapAccount
from tests.servers.ports import LOOPBACK, free_ports, wait_for_greeting

_USER = "demouser"
_PASSWORD = "demopass"


def find_pymap() -> str | None:
    """The program beside this Python, or on the path."""
    beside = Path(sys.executable).parent / "pymap"
    return str(beside) if beside.exists() else shutil.which("pymap")


class Pymap:
    """A running server."""

    name = "pymap"

    def __init__(self, port: int) -> None:
        self._port = port
        self._count = itertools.count(1)

    def new_folder(self) -> tuple[ImapAccount, str]:
        """The one account and a folder of its own."""
        account = ImapAccount(host=LOOPBACK, port=self._port, user=_USER, password=_PASSWORD)
        folder = f"Folder {next(self._count)}"
        with account.client() as client:
            client.create_folder(folder)
        return account, folder


@contextmanager
def start_pymap(program: str) -> Iterator[Pymap]:
    """Runs pymap until the end of the block."""
    (port,) = free_ports(1)
    process = subprocess.Popen(
        [program, "--host", LOOPBACK, "--port", str(port), "--no-tls", "dict", "--demo-data"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for_greeting(port, alive=lambda: process.poll() is None)
        yield Pymap(port)
    finally:
        process.kill()
        process.wait()
