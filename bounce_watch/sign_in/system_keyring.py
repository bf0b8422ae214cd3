"""A password out of the keyring of the desktop or the system, through the library `keyring` (an extra)."""

from __future__ import annotations

import threading
from queue import Empty, SimpleQueue
from typing import NoReturn

from bounce_watch.errors import SettingsError, SignInError

KEYRING_SECONDS = 60
"""How long a keyring may take: a locked one asks for its own password in a window, which somebody must see."""

_ELSEWHERE = "Where nobody is signed in (cron, a server), use a file or a command instead."


def keyring_entry(service: str, user: str) -> str:
    """The password that the keyring has for `user` of `service`; empty when it has none.

    Raises SettingsError when the library is missing and SignInError when there is no keyring, when it stays
    locked, or when it fails. The service is not repeated: somebody may have written the password in its place.
    """
    answers: SimpleQueue[str | Exception] = SimpleQueue()
    threading.Thread(target=_ask, args=(service, user, answers), daemon=True).start()
    try:
        answer = answers.get(timeout=KEYRING_SECONDS)
    except Empty:
        raise SignInError(
            f"The keyring did not answer within {KEYRING_SECONDS} seconds.",
            f"Unlock it, then run the command again. {_ELSEWHERE}",
        ) from None
    return answer if isinstance(answer, str) else _refuse(answer)


def _ask(service: str, user: str, answers: SimpleQueue[str | Exception]) -> None:
    try:
        answers.put(_entry(service, user))
    except Exception as problem:  # noqa: BLE001 - a keyring is a plug-in, which may raise anything
        answers.put(problem)


def _entry(service: str, user: str) -> str:
    try:
        from keyring import core
    except ImportError:
        raise SettingsError(
            "A password in the keyring needs a library that is not installed.",
            "Install the extra named keyring: pip install 'bounce-watch[keyring]'.",
        ) from None
    # Not get_keyring: that would also take a file in clear, if such a plug-in happens to be installed. One that
    # the seller names (PYTHON_KEYRING_BACKEND, keyringrc.cfg) is taken as named.
    core.init_backend(limit=core.recommended)
    return core.get_password(service, user) or ""


def _refuse(problem: Exception) -> NoReturn:
    """Raises our own error for a keyring's; its words are not repeated, since they may hold anything."""
    if isinstance(problem, SettingsError):
        raise problem
    names = {each.__name__ for each in type(problem).__mro__}
    if "NoKeyringError" in names:
        raise SignInError("There is no keyring that can be used here.", _ELSEWHERE) from None
    if "KeyringLocked" in names:
        raise SignInError(
            "The keyring is locked.", f"Unlock it, then run the command again. {_ELSEWHERE}"
        ) from None
    raise SignInError(
        f"The keyring failed ({type(problem).__name__}).",
        f"Try it by hand: keyring get SERVICE USER. {_ELSEWHERE}",
    ) from None
