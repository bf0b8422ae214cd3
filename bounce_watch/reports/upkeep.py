"""What upkeep found and did, as JSON and as sentences: a check of the ledger, a rebuild, a purge."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from bounce_watch.records.filed import MissingMail, Purged
from bounce_watch.reports.wording import counted, day_text, listed, name_text
from bounce_watch.text.inert import json_text

FORMAT = 1
SHOWN = 10
"""How many missing mails are named; the rest is a number."""

Row = tuple[str, str, str]
"""A table, the key of one of its rows ("" for the whole database), and what is wrong with it or was done."""


def check_json(ledger: str, rows: Sequence[Row]) -> str:
    """One object on one line: what `db check` found."""
    return json_text(
        {"format": FORMAT, "ledger": ledger, "whole": not rows, "damages": _rows(rows)}, sort_keys=True
    )


def row_text(row: Row) -> str:
    """One row as a line."""
    table, key, what = row
    return f"{table} {key}: {what}" if table else f"the database: {what}"


def rebuild_json(
    account: str, *, complete: bool, missing: Sequence[MissingMail], settled: Sequence[Row]
) -> str:
    """One object on one line: what a rebuild of an account did not find, and what it did about damage."""
    content = {
        "format": FORMAT,
        "account": account,
        "complete": complete,
        "missing": [_missing(each) for each in missing],
        "settled": _rows(settled),
    }
    return json_text(content, sort_keys=True)


def missing_lines(account: str, missing: Sequence[MissingMail]) -> Iterator[str]:
    """The mails that are in the ledger and no longer in the mailbox: how many, and the first ones."""
    if not missing:
        yield f"{account}: every mail of the ledger is still in the mailbox."
        return
    mails = counted(len(missing), "mail")
    yield f"{account}: {mails} of the ledger not found in the mailbox; what they say stays as it is."
    for each in missing[:SHOWN]:
        order = f" about {name_text(each.order_id)}" if each.order_id else ""
        when = f" of {day_text(each.noticed_at.date())}" if each.noticed_at else ""
        yield f"  {each.result.replace('_', ' ')}{order}{when}"
    if len(missing) > SHOWN:
        yield f"  and {len(missing) - SHOWN:,} more: --json lists them all"


def purge_json(
    account: str,
    purged: Purged,
    *,
    backups: dict[str, Sequence[Path]],
    swept: bool,
    listed: bool | None = None,
) -> str:
    """One object on one line: what was forgotten. `listed` only of an erasure."""
    content: dict[str, object] = {
        "format": FORMAT,
        "account": account,
        "names": purged.names,
        "mails": purged.mails,
        "octets": purged.octets,
        "swept": swept,
        "backups": {name: [str(path) for path in paths] for name, paths in backups.items()},
    }
    return json_text(content if listed is None else content | {"listed": listed}, sort_keys=True)


def purged_text(account: str, purged: Purged) -> str:
    """What was forgotten, in a sentence."""
    if purged == Purged():
        return f"{account}: nothing has passed its retention."
    parts = (
        counted(purged.names, "order id or alias", "order ids and aliases"),
        f"the texts of {counted(purged.mails, 'mail')}",
        f"{counted(purged.octets, 'mail')} that had been set aside",
    )
    return f"{account}: forgotten: {listed(parts)}."


def backup_lines(backups: dict[str, Sequence[Path]]) -> Iterator[str]:
    """What became of the backups."""
    if backups["cleaned"]:
        yield f"The same in {counted(len(backups['cleaned']), 'backup')}."
    for path in backups["deleted"]:
        yield f"Deleted: the backup {path}, which an older version made."
    for path in backups["failed"]:
        yield f"Could not be cleaned: the backup {path}. Delete it, or run purge again."


def _rows(rows: Sequence[Row]) -> list[dict[str, str | None]]:
    return [{"table": table or None, "row": key or None, "what": what} for table, key, what in rows]


def _missing(mail: MissingMail) -> dict[str, object]:
    return {
        "fingerprint": mail.fingerprint,
        "kind": mail.result,
        "order_id": str(mail.order_id) if mail.order_id else None,
        "noticed_at": _instant(mail.noticed_at),
        "folder": mail.folder,
    }


def _instant(instant: datetime | None) -> str | None:
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z") if instant else None
