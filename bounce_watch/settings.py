"""The settings: one TOML file, no interpolation, unknown keys refused with the nearest known one."""

from __future__ import annotations

import difflib
import re
import shlex
import tomllib
import types
import typing
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import platformdirs
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from bounce_watch.errors import SettingsError, UsageError
from bounce_watch.mailboxes.specs import Auth, ImapSpec, Security
from bounce_watch.records.account import Account, RequireProof, Trust
from bounce_watch.reports.attention import STALE_AFTER
from bounce_watch.sign_in.secret import SecretSource
from bounce_watch.suppression.preset import preset_names
from bounce_watch.text.inert import inert

APP = "bounce-watch"
CONFIG_VARIABLE = "BOUNCE_WATCH_CONFIG"
CONFIG_NAME = "settings.toml"
LARGEST = 1024 * 1024
"""Octets of a settings file; a larger one is something else."""

LARGEST_NUMBER_BITS = 63
"""TOML promises no more than numbers of 64 bits, one of them the sign."""

DEFAULT_ACCOUNT = "default"
NAME_LIMIT = 64
"""Characters of an account's name."""

_NOT_IN_NAMES = frozenset('/\\:*?"<>|')
"""What paths are cut at, or some file systems refuse."""

_MARKETPLACE = re.compile(r"amazon\.[a-z]{2,3}(?:\.[a-z]{2})?")
_PATTERN = re.compile(r"[a-z0-9-]*\*[a-z0-9-]*(?:\.[a-z0-9-]+){2,}")


_PLAINER = {
    "missing": "this key is needed",
    "tuple_type": 'must be a list, for example ["..."]',
    "path_type": "must be the path of a file, in quotes",
}
"""What pydantic says of these faults speaks of Python."""


def _zone(value: object) -> object:
    try:
        return ZoneInfo(value) if isinstance(value, str) else value
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # OSError: a folder of zones
        raise ValueError(f'there is no time zone {value!r}; an example is "Europe/London"') from error


def _marketplaces(names: tuple[str, ...]) -> tuple[str, ...]:
    lowered = tuple(name.lower() for name in names)
    for name in lowered:
        if not _MARKETPLACE.fullmatch(name):
            raise ValueError(f'{name!r} is no marketplace; an example is "amazon.co.za"')
    return lowered


def check_receivers(ids: tuple[str, ...]) -> tuple[str, ...]:
    """The authserv-ids in lower case; ValueError for a pattern that would believe strangers."""
    lowered = tuple(name.lower() for name in ids)
    for name in lowered:
        if "*" in name and not _PATTERN.fullmatch(name):
            raise ValueError(f'{name!r} would believe strangers; an example is "*.messagingengine.com"')
    return lowered


def _mailboxes(addresses: tuple[str, ...]) -> tuple[str, ...]:
    for address in addresses:
        local, _, domain = address.partition("@")
        if not local or "." not in domain or "@" in domain or "*" in address:
            raise ValueError(f'{address!r} is no address; an example is "support@seller.example"')
    return tuple(address.lower() for address in addresses)


def _names(accounts: dict[str, AccountSection]) -> dict[str, AccountSection]:
    """Account names stand in reports, exports, labels and one day in file names, so they are plain ones."""
    for name in accounts:
        plain = name[:1].isalnum() and name == name.strip() == inert(name) and len(name) <= NAME_LIMIT
        if not plain or _NOT_IN_NAMES & set(name):
            raise ValueError(
                f"{name[:NAME_LIMIT]!r} is no name for an account: take a letter or digit and up to"
                f" {NAME_LIMIT - 1} more characters, none of {' '.join(sorted(_NOT_IN_NAMES))}"
            )
    return accounts


def _ledger(url: str | None) -> str | None:
    # SQLAlchemy would take what follows the first @ for the host, and every message would name it.
    if url and not url.startswith("sqlite") and url.count("@") > 1:
        raise ValueError("there is more than one @ in it; write an @ of the user or the password as %40")
    return url


def _command(words: str | None) -> str | None:
    if words is not None and not shlex.split(words):
        raise ValueError("there is no command in it")
    return words


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class LedgerSection(_Section):
    """Where the ledger lies, as an SQLAlchemy URL."""

    url: Annotated[str | None, AfterValidator(_ledger)] = Field(
        default=None, description="URL of the ledger; a SQLite path is relative to this file"
    )
    key_file: Path | None = Field(
        default=None,
        description="where the ledger's key lies; left out: beside a SQLite ledger",
    )


class ReportSection(_Section):
    """How reports are made."""

    time_zone: Annotated[ZoneInfo, BeforeValidator(_zone)] = Field(
        default=ZoneInfo("UTC"), description="IANA name of the zone in which days begin"
    )


class AmazonSection(_Section):
    """Facts about Amazon that change faster than this program."""

    marketplaces: Annotated[tuple[str, ...], AfterValidator(_marketplaces)] = Field(
        default=(), description="marketplace domains to add to the known ones"
    )


class ExportSection(_Section):
    """How the list reaches the tools that send."""

    after_export: Annotated[str | None, AfterValidator(_command)] = Field(
        default=None,
        description="a command that brings each written file to its tool; run without a shell, with the file's path,"
        " the preset and the revision behind its own words",
    )
    max_age_hours: int = Field(
        default=int(STALE_AFTER / timedelta(hours=1)),
        ge=1,
        description="hours since the last complete poll after which an export or a check ends with exit code 3",
    )


class SecretSection(_Section):
    """Where a password or token comes from: exactly one of the keys."""

    env: str | None = Field(default=None, description="name of an environment variable")
    command: str | None = Field(default=None, description="a command that prints it; run without a shell")
    file: Path | None = Field(default=None, description="a file that only its owner can read")
    keyring: str | None = Field(
        default=None, description="service of an entry in the keyring; its user name is `user`"
    )

    @model_validator(mode="after")
    def _one(self) -> SecretSection:
        if sum(value is not None for value in (self.env, self.command, self.file, self.keyring)) != 1:
            raise ValueError("name exactly one of env, command, file, keyring")
        return self


class ImapSection(_Section):
    """A mailbox on a server."""

    host: str = Field(description="name of the server")
    user: str = Field(description="user name")
    password: SecretSection = Field(description="where the password or token comes from")
    port: int | None = Field(default=None, ge=1, le=65535, description="993 for tls, 143 otherwise")
    security: Security = Field(default=Security.TLS, description="tls, starttls, or none (loopback only)")
    auth: Auth = Field(default=Auth.PASSWORD, description="password, xoauth2 or oauthbearer")
    ca_file: Path | None = Field(default=None, description="certificate authority of a private server, PEM")
    folders: tuple[str, ...] = Field(default=("INBOX",), min_length=1, description="folders to read")
    junk: bool = Field(default=True, description="read the junk folder too, where the server marks one")
    all_mail: bool = Field(default=False, description="read the folder of all mail too (Gmail)")
    since: date | None = Field(default=None, description="leave out mail received before this day")
    sent_folder: str = Field(default="auto", description="the folder of sent mail; not read by this version")


class AccountSection(_Section):
    """One seller account."""

    marketplaces: tuple[str, ...] = Field(default=(), description="where the account sells")
    addresses: Annotated[tuple[str, ...], AfterValidator(_mailboxes)] = Field(
        default=(), description="its own addresses; empty: recipients unchecked"
    )
    require_proof: RequireProof = Field(default=RequireProof.AUTO, description="auto, always or never")
    authserv_ids: Annotated[tuple[str, ...], AfterValidator(check_receivers)] = Field(
        default=(), description="whose Authentication-Results count"
    )
    trusted_forwarders: Annotated[tuple[str, ...], AfterValidator(_mailboxes)] = Field(
        default=(), description="whose forwarded notices are read"
    )
    list_days: int | None = Field(
        default=None,
        ge=30,
        description="days after its last notice until an entry is kept as a hash only; left out: never",
    )
    expire_after_days: int | None = Field(
        default=None,
        ge=1,
        description="days after the last notice until a buyer leaves the list, as buyers can opt in again; left out: never",
    )
    own_dkim: bool = Field(default=False, description="check DKIM signatures ourselves; asks DNS for keys")
    imap: ImapSection | None = Field(default=None, description="the mailbox")
    exports: dict[str, Path] = Field(default={}, description="preset = file that `daily` writes")


class File(_Section):
    """The whole file."""

    ledger: LedgerSection = LedgerSection()
    report: ReportSection = ReportSection()
    amazon: AmazonSection = AmazonSection()
    export: ExportSection = ExportSection()
    accounts: Annotated[dict[str, AccountSection], AfterValidator(_names)] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSettings:
    """One account with its mailbox, where its secret is, and what `daily` exports (preset to file)."""

    account: Account
    imap: ImapSpec | None = None
    secret: SecretSource | None = None
    exports: Mapping[str, Path] = field(default_factory=dict)


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

    @property
    def wordings_folder(self) -> Path:
        """Where a seller's own wordings lie: `wordings/` beside the settings."""
        return _folder_of(self.path) / "wordings"

    @property
    def presets_folder(self) -> Path:
        """Where a seller's own presets lie: `presets/` beside the settings."""
        return _folder_of(self.path) / "presets"

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


def load_settings(path: Path | None, environment: Mapping[str, str]) -> Settings:
    """The settings of `path`, else of BOUNCE_WATCH_CONFIG, else of the user's configuration folder, else defaults.

    A file that was named and is missing, and any file that breaks a rule, raises SettingsError.
    """
    named = path or (Path(value) if (value := environment.get(CONFIG_VARIABLE)) else None)
    found = named or _config_folder() / CONFIG_NAME
    if named is None and not found.exists():
        return _settings(File(), None)
    content = _read(found)
    _check_presets(content, found)
    return _settings(content, found)


def _config_folder() -> Path:
    return platformdirs.user_config_path(APP)


def _folder_of(path: Path | None) -> Path:
    """The folder of a settings file, or where it would lie."""
    return path.parent if path else _config_folder()


def _read(path: Path) -> File:
    try:
        with path.open("rb") as file:
            octets = file.read(LARGEST + 1)
        if len(octets) > LARGEST:
            raise _refused(path, "it is larger than 1 MiB")
        table = tomllib.loads(octets.decode("utf-8-sig"))
        if fault := next((fault for each in _leaves(table) if (fault := _unusable(each))), None):
            raise _refused(path, fault)
        return File.model_validate(table)
    except OSError as error:
        raise SettingsError(
            f"The settings {path} can't be read ({error.strerror}).",
            "Check --config, or BOUNCE_WATCH_CONFIG.",
        ) from error
    except ValidationError as error:
        raise _refused(path, _first_fault(error)) from None
    except (ValueError, RecursionError) as error:  # tomllib raises a plain ValueError for an endless number
        raise _refused(path, f"it is not valid TOML: {error}") from error


def _check_presets(content: File, path: Path) -> None:
    """Refuse an export whose preset is neither one of the program nor one of the seller's own."""
    wanted = [(name, preset) for name, section in content.accounts.items() for preset in section.exports]
    known = preset_names(_folder_of(path) / "presets") if wanted else ()
    for name, preset in wanted:
        if preset not in known:
            there = f"there is no preset {preset!r}; there are {', '.join(known)}"
            raise _refused(path, f"accounts.{name}.exports: {there}")


def _leaves(value: object) -> Iterator[object]:
    """Every key and every single value in a TOML table."""
    if isinstance(value, dict):
        yield from value
        yield from _leaves([*value.values()])
    elif isinstance(value, list):
        for part in value:
            yield from _leaves(part)
    else:
        yield value


def _unusable(leaf: object) -> str | None:
    """Why TOML allows this and nothing behind it can work with it; None for what is usual."""
    if isinstance(leaf, str) and "\0" in leaf:
        return "a key or value in it has the character NUL, which no name or path can have"
    if isinstance(leaf, int) and leaf.bit_length() > LARGEST_NUMBER_BITS:
        return "a number in it is too large"
    return None


def _refused(path: Path, reason: str) -> SettingsError:
    return SettingsError(
        f"The settings {path} can't be used: {reason}.",
        "docs/reference/settings.md lists every key with an example.",
    )


def _first_fault(error: ValidationError) -> str:
    """The first fault in words, with the nearest known key for an unknown one; never the value."""
    faults = error.errors(include_url=False, include_input=False, include_context=False)
    # A key that is misspelt is missing as well; the misspelling says more.
    fault = next((each for each in faults if each["type"] == "extra_forbidden"), faults[0])
    place = ".".join(str(part) for part in fault["loc"])
    if fault["type"] == "extra_forbidden":
        known = _keys_at(fault["loc"][:-1])
        near = difflib.get_close_matches(str(fault["loc"][-1]), known, n=1)
        if not near and fault["loc"][-2:-1] == ("password",):
            # What stands where a key should be may be the password, so it is not repeated.
            return f"{place.rpartition('.')[0]}: name exactly one of {', '.join(known)}"
        return f"the key {place} is unknown" + (f" (did you mean {near[0]}?)" if near else "")
    if fault["loc"][-1:] == ("password",) and fault["type"] != "value_error":
        return f'{place} must say where the password is, for example {{ env = "UK_PASSWORD" }}, not be the password'
    said = _PLAINER.get(fault["type"], fault["msg"].removeprefix("Value error, "))
    return f"{place}: {said[:1].lower()}{said[1:]}"


def _keys_at(location: Iterable[int | str]) -> list[str]:
    """The keys that the model at `location` knows."""
    model: object = File
    for part in location:
        if isinstance(model, type) and issubclass(model, BaseModel):
            model = _plain(model.model_fields[str(part)].annotation)
        else:  # the accounts, by name
            model = typing.get_args(model)[1]
    return list(model.model_fields) if isinstance(model, type) and issubclass(model, BaseModel) else []


def _plain(annotation: object) -> object:
    """The type without `| None`."""
    if isinstance(annotation, types.UnionType):
        return next(part for part in typing.get_args(annotation) if part is not type(None))
    return annotation


def _settings(content: File, path: Path | None) -> Settings:
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
