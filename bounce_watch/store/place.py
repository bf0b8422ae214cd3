"""Where the files beside a ledger lie: its key, and its backups."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import URL

from bounce_watch.store.key import key_path


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The key's file, the folder of backups, and the word that the names of this ledger's backups begin with."""

    key_file: Path
    backups: Path
    stem: str

    def backup_of(self, at: datetime) -> Path:
        """The file of a backup made at an instant."""
        return self.backups / f"{self.stem}.{at.astimezone(UTC):%Y%m%d-%H%M%S}.sqlite"

    def backup_before(self, revision: str) -> Path:
        """The file of the backup made before a ledger of this schema is migrated."""
        return self.backups / f"{self.stem}.before-{revision}.sqlite"


def place_of(url: URL, *, key_file: Path | None, key_folder: Path | None) -> Place:
    """The place of a ledger: backups lie beside a SQLite file, for a server beside its key (see key.key_path)."""
    key = key_file or key_path(url, key_folder)
    if url.get_backend_name() == "sqlite":
        ledger = Path(str(url.database))
        return Place(key_file=key, backups=ledger.parent / "backups", stem=ledger.stem)
    return Place(key_file=key, backups=key.parent / "backups", stem=str(url.database))


def key_beside(backup: Path) -> Path:
    """Where a backup's copy of the key lies."""
    return Path(f"{backup}.key")
