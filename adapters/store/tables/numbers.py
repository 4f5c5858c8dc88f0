"""The table of the blind index."""

from sqlalchemy import BigInteger, Column, Date, Index, Integer, LargeBinary, Table, Text, Uuid

from adapters.store.tables.columns import TIME, metadata

id_numbers = Table(
    "id_numbers",
    metadata,
    Column("verification_id", Uuid, primary_key=True),
    Column("app_id", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("at", TIME, nullable=False),
    Index("id_numbers_by_number", "app_id", "digest", "at"),
)
"""`digest`: of the ID number (adapters/sealing/blind_index.py). `at`: when it was first seen."""

identity_readers = Table(
    "identity_readers",
    metadata,
    Column("actor", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("reads", Integer, nullable=False),
    Column("refused", Integer, nullable=False),
)
"""`day`: in UTC. `refused`: reads above the limit; a row is deleted after 30 days."""

person_counts = Table(
    "person_counts",
    metadata,
    Column("app_id", Text, primary_key=True),
    Column("persons", BigInteger, nullable=False),
    Column("at", TIME, nullable=False),
)
"""How many distinct ID numbers an app has, and when they were counted."""
