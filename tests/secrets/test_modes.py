"""Whatever the program writes is for its user alone, also where the umask would let everybody in."""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.mails import notice, write
from tests.cli.program import COMMAND, environment

SETTINGS = """
[ledger]
url = "sqlite:///new/deeper/ledger.sqlite"

[accounts.uk]
authserv_ids = ["mx.seller.example"]
exports = { csv = "daily.csv" }
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    (folder / "settings.toml").write_text(SETTINGS, "utf-8")
    write(folder / "mail.eml", notice())
    (folder / "orders.csv").write_text("order_id\n203-1234567-7654321\n", "utf-8")
    return folder


def run(home: Path, *arguments: str, **env: str) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", 'umask 000; exec "$@"', "sh", *COMMAND, *arguments],
        env=environment(home, **env),
        cwd=home,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def made(home: Path, *, but: set[str]) -> Iterator[tuple[str, bool, int]]:
    """Path, whether it is a folder, and the mode of all that was not there before."""
    for path in home.rglob("*"):
        if (name := str(path.relative_to(home))) not in but:
            yield name, path.is_dir(), stat.S_IMODE(path.stat().st_mode)


def test_files_are_0600_and_folders_0700(home: Path) -> None:
    before = {str(path.relative_to(home)) for path in home.rglob("*")}
    config = ("--config", "settings.toml")
    run(home, "import", "mail.eml", *config)
    run(home, "suppressions", "export", "-o", "list.txt", *config)
    run(
        home,
        "scrub",
        "orders.csv",
        "-o",
        "kept.csv",
        "--dropped",
        "dropped.csv",
        "--order-column",
        "order_id",
        *config,
    )
    run(home, "daily", *config)
    run(home, "import", "mail.eml", XDG_DATA_HOME=str(home / "data" / "of" / "mine"))
    found = list(made(home, but=before))
    assert {"new/deeper/ledger.sqlite", "list.txt", "kept.csv", "dropped.csv", "daily.csv"} < {
        name for name, _, _ in found
    }
    assert any(name.startswith("data/of/mine/") for name, _, _ in found)
    assert [each for each in found if each[2] != (0o700 if each[1] else 0o600)] == []


def test_the_files_beside_an_open_ledger_are_private(home: Path) -> None:
    from bounce_watch.store.ledger import open_ledger

    before = os.umask(0)
    try:
        with open_ledger(f"sqlite:///{home / 'open' / 'ledger.sqlite'}"):
            found = list(made(home / "open", but=set()))
    finally:
        os.umask(before)
    assert "ledger.sqlite" in {name for name, _, _ in found}
    assert [each for each in found if each[2] != 0o600] == []
