"""The table of the pictures of results; their sealed bytes are in a store of their own."""

from sqlalchemy import Column, Index, Integer, LargeBinary, SmallInteger, Table, Text, Uuid, text

from adapters.store.tables.columns import TIME, metadata

pictures = Table(
    "pictures",
    metadata,
    Column("verification_id", Uuid, primary_key=True),
    Column("n", SmallInteger, primary_key=True),
    Column("position", SmallInteger, primary_key=True),
    Column("app_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("digest", LargeBinary),
    Column("begun_at", TIME, nullable=False),
    Column("stored_at", TIME),
    Column("deleted_at", TIME),
    Index("pictures_by_age", "app_id", "stored_at"),
    Index("pictures_left", "begun_at", postgresql_where=text("deleted_at IS NOT NULL OR stored_at IS NULL")),
)
"""What call `n` brought as number `position`. A row is written before the piece is put (`begun_at`), and has
`stored_at` once the result is recorded. It has `deleted_at` once it is erased, and goes when the piece has
gone. `digest` is an earlier version's, emptied by revision 0038; the next release drops it.
"""
