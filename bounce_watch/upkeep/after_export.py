"""Runs the seller's own command that brings an exported file to the tool that sends."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from bounce_watch.errors import LedgerError
from bounce_watch.upkeep.export import Exported

LONGEST_S = 600


def bring(command: Sequence[str], done: Exported, *, preset: str, environment: Mapping[str, str]) -> None:
    """Run `command` for each file that was written, with its path, the preset and the revision as last words.

    Without a shell; what it prints is not shown, because it may repeat anything. `environment` is given on, and says the same in
    BOUNCE_WATCH_PATH, _PRESET, _REVISION and _FORM. LedgerError when one fails or takes longer than LONGEST_S; the
    files stay as they are, and the other commands are not run.
    """
    for path in done.files if command else ():
        revision, form = done.tally.revision, done.form.value
        said = {"PATH": str(path), "PRESET": preset, "REVISION": revision, "FORM": form}
        named = {f"BOUNCE_WATCH_{name}": value for name, value in said.items()}
        _run([*command, str(path), preset, revision], path, {**environment, **named})


def _run(words: Sequence[str], path: Path, environment: Mapping[str, str]) -> None:
    try:
        subprocess.run(  # noqa: S603  (the seller's own command, from the seller's own settings)
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment,
            timeout=LONGEST_S,
            check=True,
        )
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        raise LedgerError(
            f"The command after_export failed for {path} ({_why(error)}); the file itself is written.",
            "Run that command by hand to see why; the next export runs it again.",
        ) from error


def _why(error: Exception) -> str:
    match error:
        case subprocess.CalledProcessError():
            return f"it ended with {error.returncode}"
        case subprocess.TimeoutExpired():
            return f"it took longer than {LONGEST_S} s"
        case OSError():
            return error.strerror or "it can't be started"
        case _:
            return "it can't be started"
