"""The whole schema: importing it loads every table."""

from adapters.store import tables
from adapters.store.audit import tables as audit_tables
from adapters.store.columns import metadata
from adapters.store.decisions import tables as decision_tables
from adapters.store.events import tables as event_tables
from adapters.store.identity import number_tables
from adapters.store.identity import tables as identity_tables
from adapters.store.keys import tables as key_tables
from adapters.store.people import tables as people_tables
from adapters.store.reviews import tables as review_tables
from adapters.store.webhooks import delivery_tables
from adapters.store.webhooks import tables as webhook_tables

__all__ = [
    "audit_tables",
    "decision_tables",
    "delivery_tables",
    "event_tables",
    "identity_tables",
    "key_tables",
    "metadata",
    "number_tables",
    "people_tables",
    "review_tables",
    "tables",
    "webhook_tables",
]
