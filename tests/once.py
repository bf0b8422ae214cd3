"""What every process of the program and every ledger builds anew, built once in a process of the tests.

Most of what a short command costs is to compile its SQL and to build the tree of commands. Neither is another one
for the next ledger or the next command, so tests that run hundreds of them in one process need not pay it each time.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from functools import cache
from typing import Any
from unittest import mock

import typer.main
from sqlalchemy import Engine, create_engine


class Compiled(MutableMapping[Any, Any]):
    """SQLAlchemy's cache of compiled statements, with the kind of database in the place of one engine's dialect."""

    def __init__(self) -> None:
        self._known: dict[Any, Any] = {}

    def __getitem__(self, key: Any) -> Any:
        return self._known[_of_a_kind(key)]

    def __setitem__(self, key: Any, compiled: Any) -> None:
        self._known[_of_a_kind(key)] = compiled

    def __delitem__(self, key: Any) -> None:
        del self._known[_of_a_kind(key)]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)


def _of_a_kind(key: Any) -> Any:
    dialect, *rest = key
    return type(dialect), *rest


_COMPILED = Compiled()


def _sharing(*arguments: Any, **options: Any) -> Engine:
    return create_engine(*arguments, **options, execution_options={"compiled_cache": _COMPILED})


@contextmanager
def built_once() -> Iterator[None]:
    """Ledgers that are opened within share their compiled SQL, and `app()` the tree of commands."""
    with (
        mock.patch("bounce_watch.store.engine.create_engine", _sharing),
        mock.patch.object(typer.main, "get_command", cache(typer.main.get_command)),
    ):
        yield
