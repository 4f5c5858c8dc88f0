"""The tables of erasures, legal holds and retention."""

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSON

from adapters.store.tables.columns import TIME, metadata

erasures = Table(
    "erasures",
    metadata,
    Column("verification_id", Uuid, primary_key=True),
    Column("app_id", Text),
    Column("biz_id", Text),
    Column("at", TIME, nullable=False),
    Column("because", Text, nullable=False),
    Column("asked", JSON),
    Column("position", BigInteger),
    Column("receipt", JSON),
    Column("completed_at", TIME),
    Index("erasures_begun", "at", postgresql_where=text("completed_at IS NULL")),
)
"""The erasures that are in the ledger. A row without `completed_at` is begun: the ledger may have its entry.
`asked`: the audit row of the request. `app_id` NULL: the ledger named a verification that is not here."""

holds = Table(
    "holds",
    metadata,
    Column("verification_id", Uuid, primary_key=True),
    Column("app_id", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("placed_by", Text, nullable=False),
    Column("placed_at", TIME, nullable=False),
    Column("lifted_at", TIME),
    Index("holds_lifted", "lifted_at", postgresql_where=text("lifted_at IS NOT NULL")),
)
"""Legal holds. A lifted one stays until retention has looked at its verification."""

erased_persons = Table(
    "erased_persons",
    metadata,
    Column("verification_id", Uuid, primary_key=True),
    Column("app_id", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("at", TIME, nullable=False),
    Index("erased_persons_by_number", "app_id", "digest"),
)
"""What was to be erased by an ID number, for 30 days (adapters/store/identity/erased_persons.py)."""

retention_marks = Table(
    "retention_marks",
    metadata,
    Column("app_id", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("at", TIME, nullable=False),
    Column("verification_id", Uuid, nullable=False),
)
"""How far retention has come in the order of time, for each app and class of data."""
