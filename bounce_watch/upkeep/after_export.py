"""Runs the seller's own command that brings an exported file to the tool that sends."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from bounce_watch.errors import LedgerError
from bounce_watch.upkeep.export import Exported

LONGEST_S = 600


def bring(command: Sequence[str], done: Exported, *, preset: str, environment: Mapping[str, str]) -> None:
    """Run `command` for each file of the list, with its path, the preset and the revision as last words.

    Without a shell; what it prints is not shown, because it may repeat anything. `environment` is given on, and says
    the same in BOUNCE_WATCH_PATH, _PRESET, _REVISION and _FORM; _REMOVED is the file of what went, empty if there is
    none. LedgerError when one fails or takes longer than LONGEST_S; the other commands are then not run.
    """
    said = {
        "PRESET": preset,
        "REVISION": done.tally.revision,
        "FORM": done.form.value,
        "REMOVED": str(done.removed or ""),
    }
    for path in done.files if command else ():
        named = {f"BOUNCE_WATCH_{name}": value for name, value in {**said, "PATH": str(path)}.items()}
        words = [*command, str(path), preset, done.tally.revision]
        _run(words, path, {**environment, **named})


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
            f"The command after_export failed for {path} ({_why(error)}); the file is written and not recorded.",
            "Run that command by hand to see why; the next export brings all of this again.",
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
