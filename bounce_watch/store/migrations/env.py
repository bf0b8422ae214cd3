"""What alembic runs for each migration: on the connection, and in the transaction, that `schema.py` opened."""

from __future__ import annotations

from alembic import context

from bounce_watch.store.tables import METADATA

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=METADATA,
    user_module_prefix="",
    render_as_batch=True,
    transactional_ddl=True,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
