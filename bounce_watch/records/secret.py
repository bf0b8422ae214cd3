"""A password or token that does not show itself."""

from __future__ import annotations

from typing import NoReturn


class Secret:
    """Holds a secret; `str`, `repr` and `format` show stars, and it can't be copied, pickled or written as JSON.

    Two secrets are never compared by what they hold, so no comparison takes longer for a better guess.
    `reveal` is called where the secret is handed to the server, and where a text is searched for it.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The secret itself."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __reduce__(self) -> NoReturn:
        # copy, deepcopy and dataclasses.asdict come this way, too.
        raise TypeError("a secret is neither copied nor pickled")

    def __getstate__(self) -> NoReturn:
        self.__reduce__()
