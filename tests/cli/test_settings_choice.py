"""Which settings a command goes by, and that most commands need none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.cli.conftest import Program
from tests.cli.mails import ALIAS, ORDER, SETTINGS, notice, write


def named(account: str) -> str:
    return f'[ledger]\nurl = "sqlite:///{account}.sqlite"\n\n[accounts.{account}]\n'


def imported(program: Program, *arguments: str | Path, **extra: Any) -> str:
    """The account for which a mail was filed."""
    done = program.works(*arguments, **extra)
    return done.err.partition(":")[0]


def test_before_and_after_the_command(program: Program) -> None:
    write(program.home / "mail.eml", notice())
    uk, de = program.configure(named("uk"), "uk.toml"), program.configure(named("de"), "de.toml")
    assert imported(program, "--config", uk, "import", "mail.eml") == "uk"
    assert imported(program, "import", "mail.eml", "--config", uk) == "uk"
    # The one that stands nearer to the command wins.
    assert imported(program, "--config", uk, "import", "mail.eml", "--config", de) == "de"
    # A name given once is not remembered for the next call.
    assert imported(program, "import", "mail.eml") == "default"


def test_by_the_environment(program: Program) -> None:
    write(program.home / "mail.eml", notice())
    uk, de = program.configure(named("uk"), "uk.toml"), program.configure(named("de"), "de.toml")
    assert imported(program, "import", "mail.eml", BOUNCE_WATCH_CONFIG=str(uk)) == "uk"
    assert imported(program, "import", "mail.eml", "--config", de, BOUNCE_WATCH_CONFIG=str(uk)) == "de"
    program.fails("report", code=78, BOUNCE_WATCH_CONFIG="nowhere.toml")
    assert imported(program, "import", "mail.eml", BOUNCE_WATCH_CONFIG="") == "default"


def test_in_the_users_own_folder(program: Program) -> None:
    folder = program.home / ".config" / "bounce-watch"
    folder.mkdir(parents=True)
    (folder / "settings.toml").write_text(named("mine"))
    write(program.home / "mail.eml", notice())
    assert imported(program, "import", "mail.eml") == "mine"
    assert (folder / "mine.sqlite").exists()


def test_a_ledger_beside_the_settings(program: Program) -> None:
    """Not in the folder where the command happens to be called."""
    place = program.home / "elsewhere"
    place.mkdir()
    (place / "settings.toml").write_text(SETTINGS)
    write(program.home / "mail.eml", notice())
    program.works("import", "mail.eml", "--config", "elsewhere/settings.toml")
    assert (place / "ledger.sqlite").exists()
    assert not (program.home / "ledger.sqlite").exists()


def test_nothing_at_all(program: Program) -> None:
    """An empty home: import, inspect, lists and report work, with safe defaults."""
    write(program.home / "mail.eml", notice())
    assert ORDER in program.works("inspect", "mail.eml").out
    program.works("import", "mail.eml")
    # Nobody said which receiver is ours, so nothing is proven and nothing counts yet.
    assert program.works("suppressions", "export", "--preset", "orders").out == ""
    assert "1 unproven" in " ".join(program.works("report").out.split())
    log = program.home / "log.csv"
    log.write_text(f"order-id,email,sent-at\n{ORDER},{ALIAS},2026-09-30T07:00:00Z\n")
    program.works("sent", "import", "log.csv")
    # Our own log knows the order, which a forger could not.
    assert program.works("suppressions", "export").out == f"{ALIAS}\n"
    ledger = program.home / ".local" / "share" / "bounce-watch" / "bounce-watch.sqlite"
    assert ledger.stat().st_mode & 0o777 == 0o600
    assert ledger.parent.stat().st_mode & 0o777 == 0o700


def test_home_paths_in_the_settings(program: Program) -> None:
    """`~` is the home wherever a path may stand."""
    write(program.home / "mail.eml", notice())
    place = program.home / "deep" / "er"
    place.mkdir(parents=True)
    text = SETTINGS + '[accounts.uk.exports]\naddresses = "~/list.txt"\n'
    (place / "settings.toml").write_text(text)
    program.works("import", "mail.eml", "--config", place / "settings.toml")
    program("daily", "--config", place / "settings.toml")
    assert (program.home / "list.txt").read_text() == f"{ALIAS}\n"
