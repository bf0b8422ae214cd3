"""Where a password or token comes from: the environment, a command, or a file; never the settings themselves."""

from __future__ import annotations

import shlex
import stat
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bounce_watch.errors import SignInError
from bounce_watch.records.secret import Secret

COMMAND_SECONDS = 60
"""How long a command may take to print the secret (a token may have to be fetched over the network)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretSource:
    """Exactly one of: the name of an environment variable, a command line, a file."""

    env: str | None = None
    command: str | None = None
    file: Path | None = None


def fetch_secret(source: SecretSource, environment: Mapping[str, str]) -> Secret:
    """The secret; SignInError when it can't be had or is empty. The message never holds the secret.

    A command is run without a shell (write `sh -c '...'` for a pipe); its first line of output is the secret.
    """
    if source.env is not None:
        value = environment.get(source.env, "")
        origin = f"the environment variable {source.env}"
    elif source.command is not None:
        value, origin = _output(source.command), "the password command"
    else:
        value, origin = _content(Path(source.file or "")), f"the file {source.file}"
    if not value:
        raise SignInError(f"There is no password in {origin}.", "Set it, then run the command again.")
    return Secret(value)


def _output(command: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603  (the seller's own command, from the seller's own settings)
            shlex.split(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=COMMAND_SECONDS,
            check=True,
        )
    except (OSError, ValueError, IndexError, subprocess.SubprocessError) as error:
        raise SignInError(
            f"The password command failed ({type(error).__name__}).",
            "Run the command by hand: it has to print the password or token and exit with 0.",
        ) from None
    return _first_line(done.stdout)


def _content(path: Path) -> str:
    try:
        mode = path.stat().st_mode
        octets = path.read_bytes()
    except OSError as error:
        raise SignInError(
            f"The password file {path} can't be read ({error.strerror}).",
            "Check its path and its permissions.",
        ) from error
    if stat.S_IMODE(mode) & 0o077:
        raise SignInError(
            f"The password file {path} can be read by others.", f"Make it private: chmod 600 {path}"
        )
    return _first_line(octets)


def _first_line(octets: bytes) -> str:
    return octets.decode("utf-8", "replace").split("\n", 1)[0].rstrip("\r")
