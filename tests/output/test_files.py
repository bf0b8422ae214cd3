"""File names and files: what foreign text may not do to a path, and what a kill may not do to a list."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from bounce_watch.errors import SettingsError
from bounce_watch.settings import load_settings
from tests.cli.mails import ALIAS
from tests.cli.program import ROOT
from tests.output.conftest import Terminal
from tests.output.evil import EVIL, faults
from tests.output.world import World, allowed, toml

REFUSED = [
    *(
        "../../x",
        "a/b",
        "a\\b",
        ".",
        "..",
        ".hidden",
        "",
        " ",
        " uk",
        "uk ",
        "-rf",
        "=1+1",
        "@uk",
        "a:b",
        "a|b",
        "a*",
    ),
    *(
        "a\x00b",
        "a\nb",
        "a\tb",
        "\x1b[31m",
        "u\u202ek",
        "u\u200bk",
        "x" * 65,
        "x" * 300,
        "o" + "\u0301" * 20,
        '"',
        "<uk>",
    ),
]
TAKEN = [
    "uk",
    "CON",
    "NUL",
    "Shop 2",
    "seller_uk",
    "uk-2",
    "a.b",
    "M\u00fcller & S\u00f6hne (DE)",
    "\u5e97",
    "7",
    "x" * 64,
    "..uk"[2:],
]


def accounts(folder: Path, name: str) -> list[str]:
    path = folder / "settings.toml"
    path.write_text(f"[accounts.{toml(name)}]\n", "utf-8")
    return list(load_settings(path, {}).accounts)


@pytest.mark.parametrize("name", REFUSED)
def test_a_name_that_could_be_a_path_or_an_option_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        accounts(tmp_path, name)
    assert caught.value.exit_code == 78
    assert len(caught.value.message) < 1000


@pytest.mark.parametrize("name", TAKEN)
def test_a_plain_name_is_taken(name: str, tmp_path: Path) -> None:
    assert accounts(tmp_path, name) == [name]


def test_no_evil_text_gets_through_as_a_name(tmp_path: Path) -> None:
    taken = []
    for text in filter(allowed, EVIL):
        try:
            taken += accounts(tmp_path, text)
        except SettingsError:
            continue
    assert not [name for name in taken if faults(name) or set(name) & set('/\\:*?"<>|')]
    assert not [name for name in taken if not name[0].isalnum()]


def test_no_file_is_named_by_an_account(world: World, terminal: Terminal, tmp_path: Path) -> None:
    """Names that Windows keeps to itself are harmless, since no file is ever called like an account."""
    (tmp_path / "box").write_bytes((world.home / "box.mbox").read_bytes()[:4000])
    (tmp_path / "settings.toml").write_text(
        '[ledger]\nurl = "sqlite:///ledger.sqlite"\n[accounts.CON]\n', "utf-8"
    )
    for command in (("import", "box"), ("report",), ("suppressions", "export", "-o", "list.txt"), ("daily",)):
        assert terminal(tmp_path, *command, BOUNCE_WATCH_CONFIG="settings.toml").code in {0, 5}
    assert not [path for path in tmp_path.rglob("*") if "CON" in path.name]


def test_a_link_at_the_place_of_a_list_is_replaced_not_followed(
    world: World, terminal: Terminal, tmp_path: Path
) -> None:
    victim = tmp_path / "victim"
    victim.write_text("keep")
    sent = tmp_path / "sent.csv"
    sent.write_text(f"Email,Order\n{ALIAS},203-1111111-2222222\n")
    for name, command in (
        ("list.txt", ("suppressions", "export", "-o")),
        (
            "clean.csv",
            ("scrub", str(sent), "--dropped", str(tmp_path / "d"), "-o"),
        ),
        (
            "dropped.csv",
            ("scrub", str(sent), "-o", str(tmp_path / "c"), "--dropped"),
        ),
    ):
        link = tmp_path / name
        link.symlink_to(victim)
        shown = terminal(world.home, *command, str(link), BOUNCE_WATCH_CONFIG="settings.toml")
        assert shown.code == 0, shown
        assert not link.is_symlink()
        assert victim.read_text() == "keep"
        assert link.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "list.txt").read_text() == f"{ALIAS}\n"


WRITER = """
import itertools, sys
from pathlib import Path
from bounce_watch.suppression.files import write_atomically

path = Path(sys.argv[1])
for letter in itertools.cycle("ab"):
    write_atomically(path, (letter * 4000 for _ in range(50)), encoding="utf-8")
    sys.stdout.write(letter)
    sys.stdout.flush()
"""


def test_killed_at_any_moment_a_list_is_the_old_or_the_new_one(tmp_path: Path) -> None:
    path, random = tmp_path / "list.txt", Random(7)
    for _ in range(30):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path)], env={"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE
        ) as writer:
            assert writer.stdout
            assert writer.stdout.read(1) == b"a"  # from here on there is always a list
            for _ in range(random.randrange(20)):
                os.sched_yield()
                whole(path)
            writer.send_signal(signal.SIGKILL)
            writer.wait(20)
        whole(path)


def whole(path: Path) -> None:
    text = path.read_bytes()
    assert len(text) == 200_000
    assert set(text) in ({ord("a")}, {ord("b")})
