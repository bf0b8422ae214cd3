"""${message}"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from bounce_watch.store.column_types import Instant, NumberList, Whole, WordList, Words

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Only forward: a ledger is never taken back to an older schema."""
    ${upgrades if upgrades else "pass"}
