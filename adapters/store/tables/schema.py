"""The whole schema: importing it loads every table."""

from adapters.store.tables import (
    audit,
    decisions,
    deliveries,
    endpoints,
    erasures,
    events,
    keys,
    numbers,
    people,
    pictures,
    reviews,
    verifications,
)
from adapters.store.tables.columns import metadata

__all__ = [
    "audit",
    "decisions",
    "deliveries",
    "endpoints",
    "erasures",
    "events",
    "keys",
    "metadata",
    "numbers",
    "people",
    "pictures",
    "reviews",
    "verifications",
]
