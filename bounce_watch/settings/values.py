"""The settings as the commands use them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import platformdirs

from bounce_watch.errors import UsageError
from bounce_watch.mailboxes.specs import ImapSpec
from bounce_watch.records.account import Account
from bounce_watch.records.alert import AlertKind
from bounce_watch.reports.attention import STALE_AFTER
from bounce_watch.sign_in.secret import SecretSource

APP = "bounce-watch"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSettings:
    """One account with its mailbox, where its secret is, and what `daily` exports (preset to file)."""

    account: Account
    imap: ImapSpec | None = None
    secret: SecretSource | None = None
    exports: Mapping[str, Path] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertSettings:
    """Where the addresses of those to tell are, what to tell of, and how long to wait before telling the same again.

    `rate_above`: the share of buyers, in 0..1, that the rate must surely be above; None: no such alert.
    """

    targets: tuple[SecretSource, ...] = ()
    kinds: frozenset[AlertKind] = frozenset(AlertKind)
    rate_above: float | None = None
    cool_down: timedelta = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that the commands need to know; `path` is None without a settings file."""

    path: Path | None
    ledger_url: str
    ledger_key: Path | None
    data_folder: Path
    time_zone: ZoneInfo
    marketplaces: tuple[str, ...]
    accounts: Mapping[str, AccountSettings]
    after_export: tuple[str, ...] = ()
    max_age: timedelta = STALE_AFTER
    alerts: AlertSettings = AlertSettings()

    @property
    def wordings_folder(self) -> Path:
        """Where a seller's own wordings lie: `wordings/` beside the settings."""
        return folder_of(self.path) / "wordings"

    @property
    def presets_folder(self) -> Path:
        """Where a seller's own presets lie: `presets/` beside the settings."""
        return folder_of(self.path) / "presets"

    def account(self, name: str | None) -> AccountSettings:
        """The account of that name, or the only one; UsageError when that is not clear."""
        if name is None and len(self.accounts) == 1:
            return next(iter(self.accounts.values()))
        known = ", ".join(sorted(self.accounts))
        if name is None:
            raise UsageError(f"There are several accounts: {known}.", "Name one with --account.")
        if name not in self.accounts:
            raise UsageError(f"There is no account {name!r}; the settings have: {known}.", "Check --account.")
        return self.accounts[name]


def config_folder() -> Path:
    """The user's own folder of settings."""
    return platformdirs.user_config_path(APP)


def folder_of(path: Path | None) -> Path:
    """The folder of a settings file, or where it would lie."""
    return path.parent if path else config_folder()
