"""On which exported lists names stood, and from when until when: by that a message that should never have gone is known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial

from sqlalchemy import Connection, RowMapping, select

from bounce_watch.records.times import require_utc
from bounce_watch.store.exports import is_of
from bounce_watch.store.tables import EXPORT, EXPORT_MEMBER
from bounce_watch.store.writing import chunks

_KEYS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class OnExport:
    """A name stood on the lists of one preset and path from the export `export_id`, made at `since`, until `until`.

    `until` is when an export there was made without it; None: it stands there still.
    """

    export_id: int
    since: datetime
    until: datetime | None
    preset: str
    path: str

    def __post_init__(self) -> None:
        require_utc(since=self.since, until=self.until)

    def held(self, start: datetime, end: datetime) -> bool:
        """True when the name stood there all the time from `start` to `end`, from an export before `start` on."""
        return self.since < start and (self.until is None or end <= self.until)


def on_exports(connection: Connection, account: str, hashes: Collection[str]) -> dict[str, list[OnExport]]:
    """For each of these orders and aliases (hashes) that ever stood on an exported list of the account: where, and when.

    By export, the first one first. A name that came back after it had gone has a line for each time.
    """
    made = _exports(connection, account)
    found: dict[str, list[OnExport]] = defaultdict(list)
    if not any(row["mine"] for row in made.values()):
        return found
    spans = cache(partial(_on_export, made))  # Few differ, however many names stood there.
    for chunk in chunks(sorted(hashes), _KEYS):
        columns = (EXPORT_MEMBER.c.key_hash, EXPORT_MEMBER.c.since_export, EXPORT_MEMBER.c.until_export)
        query = select(*columns).where(EXPORT_MEMBER.c.key_hash.in_(chunk))
        for hash_, since, until in connection.execute(query):
            if (span := spans(since, until)) is not None:
                found[hash_].append(span)
    for lines in found.values():
        lines.sort(key=lambda span: (span.since, span.export_id))
    return found


def _exports(connection: Connection, account: str) -> Mapping[int, RowMapping]:
    """Every export by its number; that of another account may be the one without a name. `mine`: of this account."""
    columns = (EXPORT.c.id, EXPORT.c.made_at, EXPORT.c.preset, EXPORT.c.path)
    query = select(*columns, is_of(account).label("mine"))
    return {row["id"]: row for row in connection.execute(query).mappings()}


def _on_export(made: Mapping[int, RowMapping], since: int, until: int | None) -> OnExport | None:
    came, went = made[since], made.get(until or 0)
    if not came["mine"]:
        return None
    return OnExport(
        export_id=came["id"],
        since=came["made_at"],
        until=went["made_at"] if went else None,
        preset=came["preset"],
        path=came["path"],
    )
