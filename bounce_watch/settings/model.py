"""The sections of the settings file: every key with its default and what it means.

docs/reference/settings.md shows them; a test compares the two.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from bounce_watch.mailboxes.specs import Auth, Security
from bounce_watch.records.account import RequireProof
from bounce_watch.records.alert import AlertKind
from bounce_watch.reports.attention import STALE_AFTER
from bounce_watch.settings.checks import (
    check_command,
    check_ledger,
    check_mailboxes,
    check_marketplaces,
    check_names,
    check_receivers,
    check_zone,
)

A_YEAR_H = 366 * 24
A_CENTURY_DAYS = 36_525
"""Far beyond these the calendar ends, and Python's own numbers before it."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class LedgerSection(_Section):
    """Where the ledger lies, as an SQLAlchemy URL."""

    url: Annotated[str | None, AfterValidator(check_ledger)] = Field(
        default=None, description="URL of the ledger; a SQLite path is relative to this file"
    )
    key_file: Path | None = Field(
        default=None,
        description="where the ledger's key lies; left out: beside a SQLite ledger",
    )


class ReportSection(_Section):
    """How reports are made."""

    time_zone: Annotated[ZoneInfo, BeforeValidator(check_zone)] = Field(
        default=ZoneInfo("UTC"), description="IANA name of the zone in which days begin"
    )


class AmazonSection(_Section):
    """Facts about Amazon that change faster than this program."""

    marketplaces: Annotated[tuple[str, ...], AfterValidator(check_marketplaces)] = Field(
        default=(), description="marketplace domains to add to the known ones"
    )


class ExportSection(_Section):
    """How the list reaches the tools that send."""

    after_export: Annotated[str | None, AfterValidator(check_command)] = Field(
        default=None,
        description="a command that brings each written file to its tool; run without a shell, with the file's path,"
        " the preset and the revision behind its own words",
    )
    max_age_hours: int = Field(
        default=int(STALE_AFTER / timedelta(hours=1)),
        ge=1,
        le=A_YEAR_H,
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


class AlertsSection(_Section):
    """Whom to tell at once, and of what."""

    to: tuple[SecretSection, ...] = Field(
        default=(),
        description="where to tell it: for each place, where its address with the secret in it comes from",
    )
    kinds: tuple[AlertKind, ...] = Field(default=tuple(AlertKind), description="what to tell of")
    rate_above: float | None = Field(
        default=None,
        gt=0,
        lt=1,
        description="share of buyers who opt out, 0.05 for 5 %, that the rate is surely above; left out: no such alert",
    )
    cool_down_hours: int = Field(
        default=24, ge=1, le=A_YEAR_H, description="hours until the same is told again while it lasts"
    )


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
    sent_folder: str = Field(
        default="auto", min_length=1, description="the folder of sent mail: auto, its name, or none"
    )


class AccountSection(_Section):
    """One seller account."""

    marketplaces: tuple[str, ...] = Field(default=(), description="where the account sells")
    addresses: Annotated[tuple[str, ...], AfterValidator(check_mailboxes)] = Field(
        default=(), description="its own addresses; empty: recipients unchecked"
    )
    require_proof: RequireProof = Field(default=RequireProof.AUTO, description="auto, always or never")
    authserv_ids: Annotated[tuple[str, ...], AfterValidator(check_receivers)] = Field(
        default=(), description="whose Authentication-Results count"
    )
    trusted_forwarders: Annotated[tuple[str, ...], AfterValidator(check_mailboxes)] = Field(
        default=(), description="whose forwarded notices are read"
    )
    list_days: int | None = Field(
        default=None,
        ge=30,
        le=A_CENTURY_DAYS,
        description="days after its last notice until an entry is kept as a hash only; left out: never",
    )
    expire_after_days: int | None = Field(
        default=None,
        ge=1,
        le=A_CENTURY_DAYS,
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
    alerts: AlertsSection = AlertsSection()
    accounts: Annotated[dict[str, AccountSection], AfterValidator(check_names)] = {}
