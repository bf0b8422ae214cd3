"""The ledger's tables: append-only facts, every key scoped by account.

Tables only: `table=True` does not validate, so values are checked in the records and turned into rows by
`rows.py`. Rows are written and read through the `Table` handles at the end of this module.
Who a buyer is stands in clear in one table alone, `identity`; every other table knows orders and aliases by
their keyed hash (see key.py), so that forgetting somebody is one cell. `row_digest` is a digest of the row's
columns (see digests.py), by which `db check` finds a damaged row.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Index, Table, UniqueConstraint
from sqlmodel import Field, SQLModel

from bounce_watch.store.column_types import Instant, NumberList, Whole, WordList, Words


class RunRow(SQLModel, table=True):
    """One intake or import. `read` to `not_amazon` are what the run says of itself.

    `mails_read`, `mails_duplicate` and `mails_not_amazon` are added up by filing alone, in the transaction
    that files: the reconciliation line rests on them, and an import of sends never touches them.
    """

    __tablename__ = "run"
    __table_args__ = (Index("ix_run_account", "account", "id"),)

    id: int | None = Field(default=None, sa_type=Whole, primary_key=True)
    account: str = Field(sa_type=Words)
    command: str = Field(sa_type=Words)
    started_at: datetime = Field(sa_type=Instant)
    finished_at: datetime | None = Field(default=None, sa_type=Instant)
    state: str = Field(sa_type=Words)
    read: int = Field(sa_type=Whole)
    filed_new: int = Field(sa_type=Whole)
    duplicates: int = Field(sa_type=Whole)
    not_amazon: int = Field(sa_type=Whole)
    mails_read: int = Field(sa_type=Whole)
    mails_duplicate: int = Field(sa_type=Whole)
    mails_not_amazon: int = Field(sa_type=Whole)
    message: str = Field(sa_type=Words)
    row_digest: str | None = Field(default=None, sa_type=Words)


class MetaRow(SQLModel, table=True):
    """What the ledger knows of itself: `key_mark` tells whether a key is this ledger's."""

    __tablename__ = "meta"

    name: str = Field(sa_type=Words, primary_key=True)
    value: str = Field(sa_type=Words)


class IdentityRow(SQLModel, table=True):
    """An order id or alias: its keyed hash, and the name itself as long as it may be known.

    `clear` is None once the name has passed its retention; `last_at` is the latest send, notice or order that
    names it; `erased_at` says that a person asked to forget it, so that it never comes back in clear.
    """

    __tablename__ = "identity"

    hash: str = Field(sa_type=Words, primary_key=True)
    account: str = Field(sa_type=Words, primary_key=True)
    clear: str | None = Field(sa_type=Words)
    marketplace: str | None = Field(sa_type=Words)
    shared: bool
    last_at: datetime = Field(sa_type=Instant)
    erased_at: datetime | None = Field(default=None, sa_type=Instant)
    row_digest: str = Field(sa_type=Words)


class DecisionRow(SQLModel, table=True):
    """What a person decided, when and about what: `subject` is a fingerprint, a run, a hash or a receiver's id.

    `scope`, `expires_at` and `run_id` (the import that brought it) are known of decisions about the list only.
    """

    __tablename__ = "decision"
    __table_args__ = (
        Index("ix_decision_account", "account", "id"),
        Index("ix_decision_subject", "account", "subject"),
    )

    id: int | None = Field(default=None, sa_type=Whole, primary_key=True)
    account: str = Field(sa_type=Words)
    action: str = Field(sa_type=Words)
    subject: str = Field(sa_type=Words)
    order_id_hash: str | None = Field(sa_type=Words)
    alias_hash: str | None = Field(sa_type=Words)
    actor: str = Field(sa_type=Words)
    note: str = Field(sa_type=Words)
    decided_at: datetime = Field(sa_type=Instant)
    scope: str | None = Field(default=None, sa_type=Words)
    expires_at: datetime | None = Field(default=None, sa_type=Instant)
    run_id: int | None = Field(default=None, sa_type=Whole, foreign_key="run.id")
    row_digest: str = Field(sa_type=Words)


class MailRow(SQLModel, table=True):
    """A mail that is Amazon's, or says so. The three texts are emptied when they have passed their retention."""

    __tablename__ = "mail"
    __table_args__ = (
        UniqueConstraint("account", "fingerprint", name="uq_mail_fingerprint"),
        Index("ix_mail_run", "run_id"),
    )

    id: int | None = Field(default=None, sa_type=Whole, primary_key=True)
    account: str = Field(sa_type=Words)
    fingerprint: str = Field(sa_type=Words)
    run_id: int = Field(sa_type=Whole, foreign_key="run.id")
    message_id: str | None = Field(sa_type=Words)
    from_address: str | None = Field(sa_type=Words)
    subject: str = Field(sa_type=Words)
    cut: tuple[str, ...] = Field(sa_type=WordList)
    size_bytes: int = Field(sa_type=Whole)
    row_digest: str = Field(sa_type=Words)


class SightingRow(SQLModel, table=True):
    """Where a copy of a mail lies. `place` is a digest of the four columns that name it (NULLs never equal)."""

    __tablename__ = "sighting"
    __table_args__ = (UniqueConstraint("mail_id", "place", name="uq_sighting_place"),)

    id: int | None = Field(default=None, sa_type=Whole, primary_key=True)
    mail_id: int = Field(sa_type=Whole, foreign_key="mail.id")
    run_id: int = Field(sa_type=Whole, foreign_key="run.id")
    place: str = Field(sa_type=Words)
    folder: str = Field(sa_type=Words)
    uidvalidity: int | None = Field(sa_type=Whole)
    uid: int | None = Field(sa_type=Whole)
    position: int | None = Field(sa_type=Whole)
    row_digest: str = Field(sa_type=Words)


class VerdictRow(SQLModel, table=True):
    """One distinct verdict of a mail; a forged and a genuine copy of the same content leave two."""

    __tablename__ = "verdict"
    __table_args__ = (UniqueConstraint("mail_id", "digest", name="uq_verdict_digest"),)

    id: int | None = Field(default=None, sa_type=Whole, primary_key=True)
    mail_id: int = Field(sa_type=Whole, foreign_key="mail.id")
    run_id: int = Field(sa_type=Whole, foreign_key="run.id")
    digest: str = Field(sa_type=Words)
    outcome: str = Field(sa_type=Words)
    method: str = Field(sa_type=Words)
    reason: str = Field(sa_type=Words)
    authserv_id: str | None = Field(sa_type=Words)
    signing_domain: str | None = Field(sa_type=Words)
    aligned: bool
    row_digest: str = Field(sa_type=Words)


class RecognitionRow(SQLModel, table=True):
    """What a mail was taken for in a run; the newest one that is not undone holds.

    `result` is a notice kind, or why there is no notice, with its `reason` and `candidates`; the columns from
    `language` on are the notice. `alias_shared`: the alias stands for many buyers. `body_digest` is keyed.
    """

    __tablename__ = "recognition"
    __table_args__ = (
        UniqueConstraint("mail_id", "run_id", "digest", name="uq_recognition_digest"),
        Index("ix_recognition_result", "account", "result"),
        Index("ix_recognition_order", "account", "order_id_hash"),
        Index("ix_recognition_alias", "account", "alias_hash"),
    )

    id: int | None = Field(default=None, sa_type=Whole, primary_key=True)
    mail_id: int = Field(sa_type=Whole, foreign_key="mail.id")
    run_id: int = Field(sa_type=Whole, foreign_key="run.id")
    digest: str = Field(sa_type=Words)
    account: str = Field(sa_type=Words)
    result: str = Field(sa_type=Words)
    reason: str = Field(sa_type=Words)
    candidates: tuple[str, ...] = Field(sa_type=WordList)
    language: str | None = Field(sa_type=Words)
    wording: str | None = Field(sa_type=Words)
    evidence: str | None = Field(sa_type=Words)
    order_id_hash: str | None = Field(sa_type=Words)
    alias_hash: str | None = Field(sa_type=Words)
    alias_shared: bool
    marketplace: str | None = Field(sa_type=Words)
    blocked_on: date | None
    noticed_at: datetime | None = Field(sa_type=Instant)
    body_digest: str = Field(sa_type=Words)
    recipients: tuple[str, ...] = Field(sa_type=WordList)
    row_digest: str = Field(sa_type=Words)


class SetAsideRow(SQLModel, table=True):
    """The octets (zlib) of a mail that a person or a later catalogue must look at again."""

    __tablename__ = "set_aside"

    mail_id: int = Field(
        sa_type=Whole, primary_key=True, foreign_key="mail.id", sa_column_kwargs={"autoincrement": False}
    )
    octets: bytes


class SendRow(SQLModel, table=True):
    """A message that was sent or withheld. `identity` is a keyed digest of its content, see `rows.py`."""

    __tablename__ = "send"
    __table_args__ = (
        UniqueConstraint("account", "identity", name="uq_send_identity"),
        Index("ix_send_order", "account", "order_id_hash"),
        Index("ix_send_alias", "account", "alias_hash"),
        Index("ix_send_sent_at", "account", "sent_at"),
    )

    id: int | None = Field(default=None, sa_type=Whole, primary_key=True)
    account: str = Field(sa_type=Words)
    identity: str = Field(sa_type=Words)
    run_id: int = Field(sa_type=Whole, foreign_key="run.id")
    order_id_hash: str | None = Field(sa_type=Words)
    alias_hash: str | None = Field(sa_type=Words)
    alias_shared: bool
    marketplace: str | None = Field(sa_type=Words)
    sent_at: datetime = Field(sa_type=Instant)
    origin: str = Field(sa_type=Words)
    message_id: str | None = Field(sa_type=Words)
    purpose: str = Field(sa_type=Words)
    outcome: str = Field(sa_type=Words)
    label: str | None = Field(sa_type=Words)
    row_digest: str = Field(sa_type=Words)


class OrderLinkRow(SQLModel, table=True):
    """An order, the alias of its buyer, and which origin says so."""

    __tablename__ = "order_link"
    __table_args__ = (
        UniqueConstraint("account", "order_id_hash", "alias_hash", "origin", name="uq_order_link"),
        Index("ix_order_link_alias", "account", "alias_hash"),
    )

    id: int | None = Field(default=None, sa_type=Whole, primary_key=True)
    account: str = Field(sa_type=Words)
    run_id: int = Field(sa_type=Whole, foreign_key="run.id")
    order_id_hash: str = Field(sa_type=Words)
    alias_hash: str = Field(sa_type=Words)
    marketplace: str | None = Field(sa_type=Words)
    origin: str = Field(sa_type=Words)
    seen_at: datetime = Field(sa_type=Instant)
    ordered_at: datetime | None = Field(sa_type=Instant)
    row_digest: str = Field(sa_type=Words)


class CoverageRow(SQLModel, table=True):
    """From when to before when the log of an origin is whole."""

    __tablename__ = "coverage"
    __table_args__ = (UniqueConstraint("account", "origin", "start_at", "end_at", name="uq_coverage"),)

    id: int | None = Field(default=None, sa_type=Whole, primary_key=True)
    account: str = Field(sa_type=Words)
    run_id: int = Field(sa_type=Whole, foreign_key="run.id")
    origin: str = Field(sa_type=Words)
    start_at: datetime = Field(sa_type=Instant)
    end_at: datetime = Field(sa_type=Instant)
    row_digest: str = Field(sa_type=Words)


class CursorRow(SQLModel, table=True):
    """How far a folder has been read; the only row that is written over."""

    __tablename__ = "cursor"

    account: str = Field(sa_type=Words, primary_key=True)
    folder: str = Field(sa_type=Words, primary_key=True)
    uidvalidity: int = Field(sa_type=Whole)
    next_uid: int = Field(sa_type=Whole)
    scope: str = Field(sa_type=Words)
    due: tuple[int, ...] = Field(sa_type=NumberList)
    swept_uid: int = Field(sa_type=Whole)
    swept_at: datetime | None = Field(sa_type=Instant)
    checked_at: datetime | None = Field(sa_type=Instant)
    row_digest: str | None = Field(sa_type=Words)


class ExportRow(SQLModel, table=True):
    """One export as it was made. Exports of one preset to one path are a series, named by the id of its first one.

    `key_count` is how many keys the list held (a delta's too), `files` into how many files they went.
    """

    __tablename__ = "export"
    __table_args__ = (
        Index("ix_export_account", "account", "id"),
        Index("ix_export_series", "series", "id"),
    )

    id: int | None = Field(default=None, sa_type=Whole, primary_key=True)
    account: str = Field(sa_type=Words)
    preset: str = Field(sa_type=Words)
    path: str = Field(sa_type=Words)
    series: int | None = Field(sa_type=Whole)
    form: str = Field(sa_type=Words)
    revision: str = Field(sa_type=Words)
    made_at: datetime = Field(sa_type=Instant)
    key_count: int = Field(sa_type=Whole)
    files: int = Field(sa_type=Whole)
    row_digest: str | None = Field(sa_type=Words)


class ExportMemberRow(SQLModel, table=True):
    """One key (the hash of an alias or an order id) of a series of exports: from which export on, and before which.

    So the same list exported every day adds nothing, and any export can be told again.
    """

    __tablename__ = "export_member"
    __table_args__ = (Index("ix_export_member_key", "key_hash"),)

    series: int = Field(
        sa_type=Whole, primary_key=True, foreign_key="export.id", sa_column_kwargs={"autoincrement": False}
    )
    key_hash: str = Field(sa_type=Words, primary_key=True)
    since_export: int = Field(
        sa_type=Whole, primary_key=True, foreign_key="export.id", sa_column_kwargs={"autoincrement": False}
    )
    until_export: int | None = Field(default=None, sa_type=Whole)


class AlertToldRow(SQLModel, table=True):
    """An alert that was delivered. `target` is a keyed digest of where the address of the one told comes from."""

    __tablename__ = "alert_told"
    __table_args__ = (Index("ix_alert_told_account", "account", "target", "told_at"),)

    id: int | None = Field(default=None, sa_type=Whole, primary_key=True)
    account: str = Field(sa_type=Words)
    target: str = Field(sa_type=Words)
    kind: str = Field(sa_type=Words)
    subject: str = Field(sa_type=Words)
    told_at: datetime = Field(sa_type=Instant)
    row_digest: str = Field(sa_type=Words)


METADATA = SQLModel.metadata


def _table(name: str) -> Table:
    return METADATA.tables[name]


META = _table("meta")
IDENTITY = _table("identity")
RUN = _table("run")
DECISION = _table("decision")
MAIL = _table("mail")
SIGHTING = _table("sighting")
VERDICT = _table("verdict")
RECOGNITION = _table("recognition")
SET_ASIDE = _table("set_aside")
SEND = _table("send")
ORDER_LINK = _table("order_link")
COVERAGE = _table("coverage")
CURSOR = _table("cursor")
EXPORT = _table("export")
EXPORT_MEMBER = _table("export_member")
ALERT_TOLD = _table("alert_told")
