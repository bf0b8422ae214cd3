"""From the sections of the file to the values that the commands use: paths, accounts, secrets."""

from __future__ import annotations

import shlex
from datetime import timedelta
from pathlib import Path

import platformdirs

from bounce_watch.errors import SettingsError
from bounce_watch.mailboxes.specs import ImapSpec
from bounce_watch.records.account import Account, Trust
from bounce_watch.settings.model import AccountSection, AlertsSection, File, ImapSection, SecretSection
from bounce_watch.settings.values import APP, AccountSettings, AlertSettings, Settings
from bounce_watch.sign_in.secret import SecretSource

DEFAULT_ACCOUNT = "default"
KEYRING_USER = "alerts"
"""The user name of the keyring's entries with the addresses of those to tell."""


def make_settings(content: File, path: Path | None) -> Settings:
    """The settings that a file's sections say, its relative paths resolved; `path` None: there is no file."""
    folder = path.absolute().parent if path else Path.cwd()
    sections = content.accounts or {DEFAULT_ACCOUNT: AccountSection()}
    return Settings(
        path=path,
        ledger_url=_ledger_url(content.ledger.url, folder),
        ledger_key=_beside(folder, content.ledger.key_file) if content.ledger.key_file else None,
        data_folder=platformdirs.user_data_path(APP),
        time_zone=content.report.time_zone,
        marketplaces=content.amazon.marketplaces,
        accounts={name: _account(name, section, folder) for name, section in sections.items()},
        after_export=tuple(shlex.split(content.export.after_export or "")),
        max_age=timedelta(hours=content.export.max_age_hours),
        alerts=_alerts(content.alerts, folder),
    )


def _alerts(section: AlertsSection, folder: Path) -> AlertSettings:
    return AlertSettings(
        targets=tuple(_secret(target, folder, KEYRING_USER) for target in section.to),
        kinds=frozenset(section.kinds),
        rate_above=section.rate_above,
        cool_down=timedelta(hours=section.cool_down_hours),
    )


def _ledger_url(url: str | None, folder: Path) -> str:
    if url is None:
        return f"sqlite:///{platformdirs.user_data_path(APP) / 'bounce-watch.sqlite'}"
    prefix = "sqlite:///"
    if url.startswith(prefix) and not url.startswith(prefix + "/"):
        return f"{prefix}{_beside(folder, Path(url.removeprefix(prefix)))}"
    return url


def _account(name: str, section: AccountSection, folder: Path) -> AccountSettings:
    account = Account(
        name=name,
        marketplaces=tuple(market.lower() for market in section.marketplaces),
        addresses=section.addresses,
        list_days=section.list_days,
        expire_after_days=section.expire_after_days,
        trust=Trust(
            require_proof=section.require_proof,
            authserv_ids=section.authserv_ids,
            trusted_forwarders=section.trusted_forwarders,
            own_dkim=section.own_dkim,
        ),
    )
    exports = {preset: _beside(folder, target) for preset, target in section.exports.items()}
    if section.imap is None:
        return AccountSettings(account=account, exports=exports)
    return AccountSettings(
        account=account,
        imap=_imap(section.imap, folder),
        secret=_secret(section.imap.password, folder, section.imap.user),
        exports=exports,
    )


def _imap(section: ImapSection, folder: Path) -> ImapSpec:
    return ImapSpec(
        host=section.host,
        user=section.user,
        port=section.port,
        security=section.security,
        auth=section.auth,
        ca_file=_beside(folder, section.ca_file) if section.ca_file else None,
        folders=section.folders,
        junk=section.junk,
        all_mail=section.all_mail,
        since=section.since,
        sent_folder=section.sent_folder,
    )


def _secret(section: SecretSection, folder: Path, user: str) -> SecretSource:
    return SecretSource(
        env=section.env,
        command=section.command,
        file=_beside(folder, section.file) if section.file else None,
        keyring=section.keyring,
        user=user if section.keyring is not None else "",
    )


def _beside(folder: Path, path: Path) -> Path:
    """The path as the settings mean it: relative to their own folder, `~` the user's home."""
    try:
        return folder / path.expanduser()
    except RuntimeError as error:
        raise SettingsError(
            # What stands behind the ~ may be a password in the place of its file.
            "There is no home folder for a path with ~ in the settings.",
            "Write the whole path.",
        ) from error
