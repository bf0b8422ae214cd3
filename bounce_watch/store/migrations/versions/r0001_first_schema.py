"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from bounce_watch.store.column_types import Instant, NumberList, Whole, WordList, Words

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Only forward: a ledger is never taken back to an older schema."""
    _run()
    _mail()
    _sighting()
    _verdict()
    _notice()
    _set_aside()
    _send()
    _order_link()
    _coverage()
    _cursor()
    _export()
    _export_member()


def _run() -> None:
    op.create_table(
        "run",
        sa.Column("id", Whole(), nullable=False),
        sa.Column("account", Words(), nullable=False),
        sa.Column("command", Words(), nullable=False),
        sa.Column("started_at", Instant(), nullable=False),
        sa.Column("finished_at", Instant(), nullable=True),
        sa.Column("state", Words(), nullable=False),
        sa.Column("read", Whole(), nullable=False),
        sa.Column("filed_new", Whole(), nullable=False),
        sa.Column("duplicates", Whole(), nullable=False),
        sa.Column("not_amazon", Whole(), nullable=False),
        sa.Column("mails_read", Whole(), nullable=False),
        sa.Column("mails_duplicate", Whole(), nullable=False),
        sa.Column("mails_not_amazon", Whole(), nullable=False),
        sa.Column("message", Words(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_run_account", "run", ["account", "id"])


def _mail() -> None:
    op.create_table(
        "mail",
        sa.Column("id", Whole(), nullable=False),
        sa.Column("account", Words(), nullable=False),
        sa.Column("fingerprint", Words(), nullable=False),
        sa.Column("run_id", Whole(), nullable=False),
        sa.Column("result", Words(), nullable=False),
        sa.Column("reason", Words(), nullable=False),
        sa.Column("candidates", WordList(), nullable=False),
        sa.Column("message_id", Words(), nullable=True),
        sa.Column("from_address", Words(), nullable=True),
        sa.Column("subject", Words(), nullable=False),
        sa.Column("cut", WordList(), nullable=False),
        sa.Column("size_bytes", Whole(), nullable=False),
        sa.Column("noticed_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account", "fingerprint", name="uq_mail_fingerprint"),
    )
    op.create_index("ix_mail_result", "mail", ["account", "result"])


def _sighting() -> None:
    op.create_table(
        "sighting",
        sa.Column("id", Whole(), nullable=False),
        sa.Column("mail_id", Whole(), nullable=False),
        sa.Column("run_id", Whole(), nullable=False),
        sa.Column("place", Words(), nullable=False),
        sa.Column("folder", Words(), nullable=False),
        sa.Column("uidvalidity", Whole(), nullable=True),
        sa.Column("uid", Whole(), nullable=True),
        sa.Column("position", Whole(), nullable=True),
        sa.ForeignKeyConstraint(["mail_id"], ["mail.id"]),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("mail_id", "place", name="uq_sighting_place"),
    )


def _verdict() -> None:
    op.create_table(
        "verdict",
        sa.Column("id", Whole(), nullable=False),
        sa.Column("mail_id", Whole(), nullable=False),
        sa.Column("run_id", Whole(), nullable=False),
        sa.Column("digest", Words(), nullable=False),
        sa.Column("outcome", Words(), nullable=False),
        sa.Column("method", Words(), nullable=False),
        sa.Column("reason", Words(), nullable=False),
        sa.Column("authserv_id", Words(), nullable=True),
        sa.Column("signing_domain", Words(), nullable=True),
        sa.Column("aligned", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["mail_id"], ["mail.id"]),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("mail_id", "digest", name="uq_verdict_digest"),
    )


def _notice() -> None:
    op.create_table(
        "notice",
        sa.Column("mail_id", Whole(), autoincrement=False, nullable=False),
        sa.Column("account", Words(), nullable=False),
        sa.Column("kind", Words(), nullable=False),
        sa.Column("language", Words(), nullable=True),
        sa.Column("wording", Words(), nullable=True),
        sa.Column("evidence", Words(), nullable=True),
        sa.Column("order_id", Words(), nullable=True),
        sa.Column("order_id_hash", Words(), nullable=True),
        sa.Column("alias", Words(), nullable=True),
        sa.Column("alias_hash", Words(), nullable=True),
        sa.Column("alias_shared", sa.Boolean(), nullable=False),
        sa.Column("marketplace", Words(), nullable=True),
        sa.Column("blocked_on", sa.Date(), nullable=True),
        sa.Column("noticed_at", Instant(), nullable=True),
        sa.Column("body_digest", Words(), nullable=False),
        sa.Column("recipients", WordList(), nullable=False),
        sa.ForeignKeyConstraint(["mail_id"], ["mail.id"]),
        sa.PrimaryKeyConstraint("mail_id"),
    )
    op.create_index("ix_notice_alias", "notice", ["account", "alias"])
    op.create_index("ix_notice_order", "notice", ["account", "kind", "order_id"])


def _set_aside() -> None:
    op.create_table(
        "set_aside",
        sa.Column("mail_id", Whole(), autoincrement=False, nullable=False),
        sa.Column("octets", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["mail_id"], ["mail.id"]),
        sa.PrimaryKeyConstraint("mail_id"),
    )


def _send() -> None:
    op.create_table(
        "send",
        sa.Column("id", Whole(), nullable=False),
        sa.Column("account", Words(), nullable=False),
        sa.Column("identity", Words(), nullable=False),
        sa.Column("run_id", Whole(), nullable=False),
        sa.Column("order_id", Words(), nullable=True),
        sa.Column("order_id_hash", Words(), nullable=True),
        sa.Column("alias", Words(), nullable=True),
        sa.Column("alias_hash", Words(), nullable=True),
        sa.Column("alias_shared", sa.Boolean(), nullable=False),
        sa.Column("marketplace", Words(), nullable=True),
        sa.Column("sent_at", Instant(), nullable=False),
        sa.Column("origin", Words(), nullable=False),
        sa.Column("message_id", Words(), nullable=True),
        sa.Column("purpose", Words(), nullable=False),
        sa.Column("outcome", Words(), nullable=False),
        sa.Column("label", Words(), nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account", "identity", name="uq_send_identity"),
    )
    op.create_index("ix_send_alias", "send", ["account", "alias"])
    op.create_index("ix_send_order", "send", ["account", "order_id"])
    op.create_index("ix_send_sent_at", "send", ["account", "sent_at"])


def _order_link() -> None:
    op.create_table(
        "order_link",
        sa.Column("id", Whole(), nullable=False),
        sa.Column("account", Words(), nullable=False),
        sa.Column("run_id", Whole(), nullable=False),
        sa.Column("order_id", Words(), nullable=True),
        sa.Column("order_id_hash", Words(), nullable=True),
        sa.Column("alias", Words(), nullable=True),
        sa.Column("alias_hash", Words(), nullable=True),
        sa.Column("marketplace", Words(), nullable=True),
        sa.Column("origin", Words(), nullable=False),
        sa.Column("seen_at", Instant(), nullable=False),
        sa.Column("ordered_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account", "order_id", "alias", "origin", name="uq_order_link"),
    )
    op.create_index("ix_order_link_alias", "order_link", ["account", "alias"])


def _coverage() -> None:
    op.create_table(
        "coverage",
        sa.Column("id", Whole(), nullable=False),
        sa.Column("account", Words(), nullable=False),
        sa.Column("run_id", Whole(), nullable=False),
        sa.Column("origin", Words(), nullable=False),
        sa.Column("start_at", Instant(), nullable=False),
        sa.Column("end_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account", "origin", "start_at", "end_at", name="uq_coverage"),
    )


def _cursor() -> None:
    op.create_table(
        "cursor",
        sa.Column("account", Words(), nullable=False),
        sa.Column("folder", Words(), nullable=False),
        sa.Column("uidvalidity", Whole(), nullable=False),
        sa.Column("next_uid", Whole(), nullable=False),
        sa.Column("scope", Words(), nullable=False),
        sa.Column("due", NumberList(), nullable=False),
        sa.Column("swept_uid", Whole(), nullable=False),
        sa.Column("swept_at", Instant(), nullable=True),
        sa.Column("checked_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("account", "folder"),
    )


def _export() -> None:
    op.create_table(
        "export",
        sa.Column("id", Whole(), nullable=False),
        sa.Column("account", Words(), nullable=False),
        sa.Column("preset", Words(), nullable=False),
        sa.Column("path", Words(), nullable=False),
        sa.Column("revision", Words(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_export_account", "export", ["account", "id"])


def _export_member() -> None:
    op.create_table(
        "export_member",
        sa.Column("export_id", Whole(), autoincrement=False, nullable=False),
        sa.Column("position", Whole(), autoincrement=False, nullable=False),
        sa.Column("key", Words(), nullable=False),
        sa.ForeignKeyConstraint(["export_id"], ["export.id"]),
        sa.PrimaryKeyConstraint("export_id", "position"),
    )
