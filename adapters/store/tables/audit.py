"""The tables of the audit. The application's role may insert into them and read them, and no more."""

from sqlalchemy import (
    BigInteger,
    Column,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from adapters.store.tables.columns import TIME, metadata

audit = Table(
    "audit",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("at", TIME, nullable=False, server_default=text("clock_timestamp()")),
    Column(
        "xid",
        BigInteger,
        nullable=False,
        server_default=text("((pg_current_xact_id())::text)::bigint"),
    ),
    Column("salt", Uuid, nullable=False, server_default=text("gen_random_uuid()")),
    Column("app_id", Text),
    Column("actor", Text, nullable=False),
    Column("person_id", Uuid),
    Column("address", Text),
    Column("action", Text, nullable=False),
    Column("subject", Text),
    Column("reason", Text),
    Column("detail", JSONB, nullable=False, server_default=text("'{}'")),
    Index("audit_by_xid", "xid"),
    Index("audit_of_app", "app_id", "at", "id"),
    Index("audit_of_actor", "actor", "at", "id"),
    Index("audit_of_action", "action", "at", "id"),
    Index("audit_of_subject", "subject", "at", "id"),
)
"""`xid`: the transaction that wrote the row, by which blocks find rows that were committed late
(adapters/store/audit/blocks.py). `salt`: hides a purged row behind its hash. `app_id` NULL: every app."""

audit_blocks = Table(
    "audit_blocks",
    metadata,
    Column("height", BigInteger, primary_key=True, autoincrement=False),
    Column("closed_at", TIME, nullable=False),
    Column("count", Integer, nullable=False),
    Column("root", LargeBinary, nullable=False),
    Column("previous", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("since_xid", BigInteger, nullable=False),
)
"""`root`: of the Merkle tree over the leaves. `hash`: of the whole block. `previous`: the hash of the block
before. `since_xid`: rows of older transactions are all in this block or in an earlier one."""

audit_leaves = Table(
    "audit_leaves",
    metadata,
    Column("audit_id", BigInteger, primary_key=True, autoincrement=False),
    Column("height", BigInteger, nullable=False),
    Column("position", Integer, nullable=False),
    Column("leaf", LargeBinary, nullable=False),
    Index("audit_leaves_of_block", "height", "position", unique=True),
)
"""The hash of each row, by its place in a block. It outlives the row. No foreign key: rows are purged."""

audit_timestamps = Table(
    "audit_timestamps",
    metadata,
    Column("height", BigInteger, primary_key=True, autoincrement=False),
    Column("at", TIME, nullable=False, server_default=text("now()")),
    Column("token", LargeBinary, nullable=False),
)
"""RFC 3161 time stamps over the hashes of blocks."""
