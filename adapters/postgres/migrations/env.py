"""Alembic's entry point, on the connection of `adapters.postgres.migrating` and in its transaction."""

from alembic import context

from adapters.store.tables.schema import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
