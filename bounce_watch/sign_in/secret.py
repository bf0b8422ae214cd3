"""Where a password or token comes from: a keyring, a command, a file, or the environment; never the settings."""

from __future__ import annotations

import errno
import os
import re
import shlex
import stat
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bounce_watch.errors import SignInError
from bounce_watch.records.secret import Secret
from bounce_watch.sign_in.process import keep_to_ourselves
from bounce_watch.sign_in.system_keyring import keyring_entry

COMMAND_SECONDS = 60
"""How long a command may take to print the secret (a token may have to be fetched over the network)."""


LARGEST = 64 * 1024
"""Octets of a password file that are read; its first line is the secret."""

_USUAL_NAME = re.compile(r"[A-Z]+(?:_[A-Z0-9]+)*")
"""Names of variables that we repeat; anything else may be the password itself, written in the wrong place."""

_REPEATED = {errno.EACCES, errno.EPERM, errno.EISDIR, errno.EIO}
"""With these errors the file is there, so its path is a path and not the password in the wrong place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretSource:
    """Exactly one of: a service of the keyring, where it stands for `user`; a command line; a file; a variable."""

    env: str | None = None
    command: str | None = None
    file: Path | None = None
    keyring: str | None = None
    user: str = ""


def fetch_secret(source: SecretSource, environment: Mapping[str, str]) -> Secret:
    """The secret; SignInError when it can't be had or is empty. The message never holds the secret.

    A command is run without a shell (write `sh -c '...'` for a pipe); its first line of output is the secret.
    From here on this process leaves no core dump.
    """
    keep_to_ourselves()
    advice = "Set it, then run the command again."
    if source.env is not None:
        value, origin = environment.get(source.env, ""), _variable(source.env)
    elif source.command is not None:
        value, origin = _output(source.command), "the password command"
    elif source.keyring is not None:
        value, origin = keyring_entry(source.keyring, source.user), f"the keyring for {source.user}"
        advice = "Store it once: keyring set SERVICE USER, with the service and the user of the settings."
    else:
        value, origin = _content(Path(source.file or "")), f"the file {source.file}"
    if not value:
        raise SignInError(f"There is no password in {origin}.", advice)
    return Secret(value)


def _variable(name: str) -> str:
    shown = name if _USUAL_NAME.fullmatch(name) else "that the settings name"
    return f"the environment variable {shown}"


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
        # Without O_NONBLOCK a pipe that nobody writes to would stop us here.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(descriptor, "rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            octets = file.read(LARGEST) if stat.S_ISREG(mode) else b""
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from None
    if not stat.S_ISREG(mode):
        raise SignInError("The password file can't be read (it is no ordinary file).", "Name a file.")
    if stat.S_IMODE(mode) & 0o077:
        raise SignInError(
            f"The password file {path} can be read by others.", f"Make it private: chmod 600 {path}"
        )
    return _first_line(octets)


def _unreadable(path: Path, error: OSError | ValueError) -> SignInError:
    known = isinstance(error, OSError) and error.errno in _REPEATED
    reason = error.strerror if isinstance(error, OSError) else "that is no path"
    return SignInError(
        f"The password file {path if known else 'of the settings'} can't be read ({reason}).",
        "Check its path and its permissions; a path is relative to the settings, and no password belongs there.",
    )


def _first_line(octets: bytes) -> str:
    return octets.decode("utf-8", "replace").split("\n", 1)[0].rstrip("\r")
