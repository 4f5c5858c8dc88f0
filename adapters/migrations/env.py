"""Alembic's entry: runs on the connection that `adapters.schema.migrate` hands over."""

from alembic import context
from sqlalchemy import text

from adapters.store.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata)
with context.begin_transaction():
    # Several roles may start at once: the second waits here and then finds nothing to do.
    connection.execute(text("SELECT pg_advisory_xact_lock(4026531840)"))
    context.run_migrations()
