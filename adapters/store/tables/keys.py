"""What the database remembers of the store that has its data's keys."""

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Table, Uuid, text

from adapters.store.tables.columns import metadata

key_store = Table(
    "key_store",
    metadata,
    Column(
        "only_row",
        Boolean,
        CheckConstraint("only_row", name="only_row"),
        primary_key=True,
        server_default=text("true"),
    ),
    Column("id", Uuid, nullable=False),
    Column("epochs", BigInteger, nullable=False),
    Column("destroyed", BigInteger, nullable=False),
    Column("erased", BigInteger, nullable=False),
    Column("applied", BigInteger, nullable=False, server_default=text("0")),
)
"""At most one row: the store's identity, and the greatest counts that it had (domain/identity/keys/marks.py).
`applied`: every entry of the erasure ledger up to this one is applied to this database."""
