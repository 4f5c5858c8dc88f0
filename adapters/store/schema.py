"""The whole schema: importing it loads every table."""

from adapters.store import tables
from adapters.store.webhooks import delivery_tables
from adapters.store.webhooks import tables as webhook_tables

__all__ = ["delivery_tables", "metadata", "webhook_tables"]

metadata = tables.metadata
