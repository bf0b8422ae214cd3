"""A glance at a SQLite ledger: what one answer needs, read without SQLAlchemy, whose import takes longer than the answer.

The statements are the store's own, written out once (`glance.sql`); a test makes them anew and compares. What they give
becomes the same records by the same functions (readings.py), so a glance and a `Ledger` say the same.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import cache
from importlib import resources
from pathlib import Path
from threading import Lock
from typing import Any

from bounce_watch.errors import LedgerError
from bounce_watch.records.decision import Action, Decision
from bounce_watch.records.filed import FiledNotice, Run
from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.store.key import KEY_MARK, Key, read_key
from bounce_watch.store.readings import (
    Chosen,
    alias_from,
    decision_from,
    filed_notice,
    run_from,
)

REVISION = "0004"
"""The schema that the statements are for: today's; a test compares."""

_BUSY_S = 30
_PREFIX = "sqlite:///"
_STATEMENT = re.compile(r"^-- (\w+)\n(.*?);$", re.DOTALL | re.MULTILINE)
_INSTANTS = frozenset({"noticed_at", "filed_at", "decided_at", "expires_at", "started_at", "finished_at"})
_LISTS = frozenset({"candidates", "recipients"})

Row = dict[str, Any]


def open_glance(url: str, *, key_file: Path | None) -> Glance | None:
    """A glance at the ledger at a URL; None where only `open_ledger` can tell what it is, or what is wrong with it."""
    path = Path(url.removeprefix(_PREFIX))
    if not url.startswith(_PREFIX) or "?" in url or not path.is_file():
        return None
    try:
        key = read_key(key_file or Path(f"{path}.key"))
        connection = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
    except (LedgerError, sqlite3.Error):
        return None
    try:
        connection.execute("PRAGMA query_only = ON")
        found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        mark = connection.execute("SELECT value FROM meta WHERE name = ?", (KEY_MARK,)).fetchone()
    except sqlite3.Error:
        found = mark = None
    if key is None or found != (REVISION,) or mark != (key.mark,):
        connection.close()
        return None
    return Glance(connection, name=str(path), key=key)


@cache
def _statements() -> Mapping[str, str]:
    text = resources.files("bounce_watch.store").joinpath("glance.sql").read_text("utf-8")
    return dict(_STATEMENT.findall(text))


class Glance:
    """Facts of a ledger, as `records.facts.Facts` asks for them: as they are today (`as_of` is None). Threads may share it."""

    def __init__(self, connection: sqlite3.Connection, *, name: str, key: Key) -> None:
        self._connection = connection
        self._key = key
        self._lock = Lock()
        self.name = name

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def hash_of(self, name: OrderId | Alias) -> str:
        """The keyed hash of an order id or alias."""
        return self._key.of(name)

    def related(self, account: str, names: Collection[OrderId | Alias]) -> set[str]:
        """See lookup.related."""
        given = {self._key.of(name) for name in names}
        orders = given | self._tied("orders_tied", account, given)
        aliases = given | self._tied("aliases_tied", account, orders)
        return orders | aliases | self._tied("orders_tied", account, aliases)

    def _tied(self, name: str, account: str, hashes: Collection[str]) -> set[str]:
        found = {hash_ for (hash_,) in self._ask(name, account, hashes)}
        return found - {None}

    def opt_out_notices(
        self, account: str, *, as_of: datetime | None = None, orders: Collection[str] | None = None
    ) -> Iterator[FiledNotice]:
        """See Ledger.opt_out_notices."""
        with self._translated():
            rows = self._rows("notices", account, orders or ())
            decided, chosen = self._reviewed(account) if rows else ({}, {})
            found = [filed_notice(row, decided.get(row["fingerprint"]), chosen) for row in rows]
        yield from found

    def _reviewed(self, account: str) -> tuple[dict[str, Action], dict[str, Chosen]]:
        """What a person decided about each mail, and which alias about each order."""
        decided = {subject: Action(action) for subject, action in self._ask("about_mails", account)}
        chosen = self._ask("chosen", account)
        return (
            {subject: action for subject, action in decided.items() if action is not Action.REOPEN},
            {str(order): Chosen(alias, _instant(at)) for order, alias, at in chosen},
        )

    def list_decisions(
        self, account: str, *, as_of: datetime | None = None, hashes: Collection[str] | None = None
    ) -> list[Decision]:
        """See Ledger.list_decisions."""
        with self._translated():
            return [decision_from(row) for row in self._rows("list_decisions", account, hashes or ())]

    def linked_aliases(
        self, account: str, orders: Collection[OrderId], *, as_of: datetime | None = None
    ) -> dict[OrderId, Alias]:
        """See Ledger.linked_aliases."""
        by_hash = {self._key.of(order): order for order in orders}
        found = (
            (by_hash[hash_], alias_from(name))
            for hash_, name in self._ask("linked_aliases", account, by_hash)
        )
        return {order: alias for order, alias in found if alias is not None}

    def orders_of_aliases(
        self, account: str, aliases: Collection[Alias], *, as_of: datetime | None = None
    ) -> dict[Alias, list[OrderId]]:
        """See Ledger.orders_of_aliases."""
        by_hash = {self._key.of(alias): alias for alias in aliases}
        known: dict[Alias, set[OrderId]] = {alias: set() for alias in aliases}
        for hash_, order in self._ask("orders_of", account, by_hash):
            if order is not None:
                known[by_hash[hash_]].add(OrderId(order))
        return {alias: sorted(orders) for alias, orders in known.items()}

    def last_complete_poll(self, account: str) -> Run | None:
        """See Ledger.last_complete_poll."""
        with self._translated():
            found = self._rows("last_complete_poll", account)
            return run_from(found[0], undone=False) if found else None

    def has_read_mail(self, account: str) -> bool:
        """See Ledger.has_read_mail."""
        return bool(self._ask("has_read_mail", account))

    def _rows(self, name: str, account: str, hashes: Collection[str] = ()) -> list[Row]:
        with self._translated(), self._lock:
            cursor = self._cursor(name, account, hashes)
            titles = [title for title, *_ in cursor.description]
            return [_typed(dict(zip(titles, row, strict=True))) for row in cursor]

    def _ask(self, name: str, account: str, hashes: Collection[str] = ()) -> list[Any]:
        with self._translated(), self._lock:
            return self._cursor(name, account, hashes).fetchall()

    def _cursor(self, name: str, account: str, hashes: Collection[str]) -> sqlite3.Cursor:
        statement = _statements()[name]
        given = {"account": account}
        if ":hashes" in statement:
            given["hashes"] = json.dumps(sorted(hashes))
        if ":undone" in statement:
            done = self._connection.execute(_statements()["undone"], {"account": account})
            given["undone"] = json.dumps([int(run) for run, action in done if action == Action.UNDO.value])
        return self._connection.execute(statement, given)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """What the file refuses, and values in it that can't be ours, in our own words."""
        try:
            yield
        except (sqlite3.Error, ValueError, TypeError, AttributeError) as error:
            from bounce_watch.store.trouble import damaged, translate

            is_refused = hasattr(error, "sqlite_errorcode")  # Text that is no UTF-8 comes without a code.
            raise (translate(error, self.name) if is_refused else damaged(self.name)) from error


def _typed(row: Row) -> Row:
    """The values as column_types reads them."""
    for title, value in row.items():
        if value is not None and title in _INSTANTS:
            row[title] = _instant(value)
        elif title in _LISTS:
            row[title] = tuple(json.loads(value)) if value else ()
    if row.get("blocked_on") is not None:
        row["blocked_on"] = date.fromisoformat(row["blocked_on"])
    return row


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
