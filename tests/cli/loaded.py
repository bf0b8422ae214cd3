"""Everything that the program loads, loaded once: a process that has imported this forks those of `Forked`.

It has read a mail and a log, reported and exported, too, so that the SQL of these is compiled and the tree of commands built
(tests/once.py).
"""

from __future__ import annotations

import gc
import importlib
import tempfile
from contextlib import ExitStack, chdir, redirect_stderr, redirect_stdout, suppress
from pathlib import Path

from tests.cli.mails import SETTINGS, notice, write
from tests.once import built_once

LOADED = (
    "alembic.command cli.main demo.generate examine figures.content flow mailboxes.imap notices.catalogue"
    " reports.render settings sign_in.secret store.ledger store.migrations suppression.scrub sent_log.detect"
)


COMMANDS = (
    *("import mail.eml", "report", "report --html r.html", "suppressions export", "suppressions list"),
    *("sent import sent.csv --yes", "sent coverage", "suppressions check 203-1234567-7654321"),
    *("scrub sent.csv -o kept.csv --dropped dropped.csv", "inspect mail.eml", "check-message mail.eml"),
    *("review", "runs", "health"),
)


def warm_up() -> None:
    for name in LOADED.split():
        importlib.import_module(name if name.startswith("alembic") else f"bounce_watch.{name}")
    from bounce_watch.cli.main import app

    with (
        tempfile.TemporaryDirectory(prefix="bounce-watch-warm-") as folder,
        tempfile.TemporaryFile("w+") as nowhere,
        redirect_stdout(nowhere),
        redirect_stderr(nowhere),
        chdir(folder),
    ):
        Path("settings.toml").write_text(SETTINGS, "utf-8")
        write(Path("mail.eml"), notice())
        Path("sent.csv").write_text("order_id,sent_at\n203-1234567-7654321,2026-09-01T10:00:00Z\n", "utf-8")
        for command in COMMANDS:
            # What fails here is not what those who ask for a process test.
            with suppress(SystemExit, Exception):
                app([*command.split(), "--config", "settings.toml"])


_UNTIL_THE_END = ExitStack()
_UNTIL_THE_END.enter_context(built_once())
warm_up()
gc.freeze()  # A child that looks for garbage would copy all that it shares.
