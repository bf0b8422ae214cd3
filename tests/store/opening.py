"""Opens a ledger as the program does, but with the keys of servers' ledgers in a folder of the tests."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from pathlib import Path

from bounce_watch.store.ledger import Ledger
from bounce_watch.store.ledger import open_ledger as really_open

KEYS = Path(tempfile.mkdtemp(prefix="bounce-watch-keys-"))
atexit.register(shutil.rmtree, KEYS, ignore_errors=True)


def open_ledger(
    url: str, *, create: bool = True, migrate: bool = True, key_file: Path | None = None
) -> Ledger:
    return really_open(url, create=create, migrate=migrate, key_file=key_file, key_folder=KEYS)
