"""Which alerts were delivered, to whom and when, so that the same is not told again too soon."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from bounce_watch.store.column_types import Instant, Whole, Words

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the new table; no other changes."""
    op.create_table(
        "alert_told",
        sa.Column("id", Whole(), nullable=False),
        sa.Column("account", Words(), nullable=False),
        sa.Column("target", Words(), nullable=False),
        sa.Column("kind", Words(), nullable=False),
        sa.Column("subject", Words(), nullable=False),
        sa.Column("told_at", Instant(), nullable=False),
        sa.Column("row_digest", Words(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_alert_told_account", "alert_told", ["account", "target", "told_at"])
