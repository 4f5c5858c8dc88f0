"""The tables of those that read the event log."""

from sqlalchemy import BigInteger, Column, Integer, Table, Text, text

from adapters.store.tables.columns import TIME, metadata

alert_cursors = Table(
    "alert_cursors",
    metadata,
    Column("name", Text, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("failures", Integer, nullable=False, server_default=text("0")),
    Column("due_at", TIME, nullable=False),
    Column("fence", BigInteger, nullable=False, server_default=text("0")),
)
"""How far each sink of alerts has come. `due_at`: when it may be claimed, or the end of its lease."""
