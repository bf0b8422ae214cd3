"""The statements of store/glance.sql, made anew from those of the store: `python -m tests.store.glance_statements`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy.dialects import sqlite

from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.notice import NoticeKind
from bounce_watch.store import decisions, lookup, queries, runs, scope, sends

PATH = Path(__file__).parents[2] / "bounce_watch/store/glance.sql"
ACCOUNT, HASH, UNDONE = "\0account", "\0hash", -1
GIVEN = {ACCOUNT: ":account", (HASH,): "(SELECT value FROM json_each(:hashes))"}
GIVEN_UNDONE = "(SELECT value FROM json_each(:undone))"


class _Recorder:
    """Stands in for a connection: keeps what it is asked to run."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, dict[str, Any]]] = []

    def execute(self, statement: Any, parameters: Any = None, **options: Any) -> _Recorder:
        self.asked.append((statement, parameters or {}))
        return self

    scalars = scalar = execute

    def mappings(self) -> _Recorder:
        return self

    def first(self) -> None:
        return None

    def get_execution_options(self) -> dict[str, Any]:
        return {}

    def __iter__(self) -> Iterator[Any]:
        return iter(())


class _Key:
    def of(self, name: Any) -> str:
        return HASH


def _recorded(ask: Any) -> tuple[Any, dict[str, Any]]:
    recorder = _Recorder()
    result = ask(recorder)
    if isinstance(result, Iterator):
        list(result)
    return recorder.asked[-1] if len(recorder.asked) == 1 else recorder.asked[0]


def statements() -> dict[str, str]:
    """Each statement by its name, as SQLite runs it."""
    here = scope.Scope(account=ACCOUNT, undone=(UNDONE,))
    alias, order = Alias("abcdefghijklm01", "amazon.co.uk"), OrderId("203-1234567-7654321")
    found = {
        "undone": _recorded(lambda c: scope.scope_of(c, ACCOUNT)),
        "about_mails": _recorded(lambda c: decisions.about_mails(c, ACCOUNT)),
        "chosen": _recorded(lambda c: decisions.chosen_aliases(c, ACCOUNT)),
        "orders_tied": _recorded(lambda c: lookup._tied(c, ACCOUNT, "alias_hash", "order_id_hash", [HASH])),
        "aliases_tied": _recorded(lambda c: lookup._tied(c, ACCOUNT, "order_id_hash", "alias_hash", [HASH])),
        "list_decisions": _recorded(lambda c: decisions.about_the_list(c, here, hashes=[HASH])),
        "linked_aliases": _recorded(lambda c: lookup.linked_aliases(c, here, {HASH: order})),
        "orders_of": _recorded(lambda c: sends.orders_of(c, here, aliases=[alias], key=_Key())),  # type: ignore[arg-type]
        "has_read_mail": _recorded(lambda c: runs.has_read_mail(c, ACCOUNT)),
        "last_complete_poll": _recorded(lambda c: runs.last_complete_poll(c, ACCOUNT)),
    }
    recorder = _Recorder()
    list(queries.notices(recorder, here, kinds=(NoticeKind.OPT_OUT,), orders=[HASH]))  # type: ignore[arg-type]
    found["notices"] = recorder.asked[-1]
    return {name: _text(statement, given) for name, (statement, given) in found.items()}


def _text(statement: Any, given: dict[str, Any]) -> str:
    compiled = statement.compile(dialect=sqlite.dialect(paramstyle="named"))
    text = str(compiled)
    for name, value in (compiled.params | given).items():
        list_mark = f"__[POSTCOMPILE_{name}]"
        if list_mark in text:
            values = list(value)
            rendered = (
                GIVEN[(HASH,)][1:-1]
                if values == [HASH]
                else GIVEN_UNDONE[1:-1]
                if values == [UNDONE]
                else ", ".join(map(_scalar, values))
            )
            text = text.replace(list_mark, rendered)
        else:
            text = re.sub(rf":{name}\b", lambda _, value=value: _scalar(value), text)  # type: ignore[misc]
    assert "\0" not in text
    return text


def _scalar(value: Any) -> str:
    return ":account" if value == ACCOUNT else _literal(value)


def _literal(value: Any) -> str:
    if isinstance(value, bool):
        return str(int(value))
    return str(value) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"


def file_text() -> str:
    head = "-- Made by tests/store/glance_statements.py from the store's own statements; a test compares the two.\n"
    return head + "".join(f"\n-- {name}\n{text};\n" for name, text in statements().items())


if __name__ == "__main__":
    PATH.write_text(file_text(), "utf-8")
