"""A password or token that does not show itself."""

from __future__ import annotations

from typing import NoReturn


class Secret:
    """Holds a secret; `str`, `repr` and `format` show stars, and it can't be pickled.

    `reveal` is called in one place, where the secret is handed to the server.
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
        raise TypeError("a secret is not pickled")
