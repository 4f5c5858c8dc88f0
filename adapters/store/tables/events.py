"""The event log, and those that read it or write beside it."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSON, JSONB

from adapters.store.tables.columns import TIME, metadata, now_column

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


events = Table(
    "events",
    metadata,
    Column("seq", BigInteger, Identity(always=True), primary_key=True),
    Column("id", Uuid, nullable=False, server_default=text("gen_random_uuid()")),
    Column("app_id", Text),
    Column("verification_id", Uuid),
    Column("n", Integer),
    Column("type", Text, nullable=False),
    Column("at", TIME, nullable=False),
    Column("body", JSON, nullable=False),
    Index("events_of_app", "app_id", "type", "seq"),
)
"""What happened, in the order in which it was committed (adapters/store/events/log.py). `app_id` NULL: it
concerns the whole gateway. No foreign key: an event outlives nothing, and a key costs a lock."""


policies_in_force = Table(
    "policies_in_force",
    metadata,
    Column("name", Text, primary_key=True),
    Column("content_hash", Text, nullable=False),
    now_column("since"),
)
"""The texts that workers decide by, so that each change has one event."""


event_log = Table(
    "event_log",
    metadata,
    Column("one", Boolean, CheckConstraint("one", name="one"), primary_key=True),
    Column("deleted_to", BigInteger, nullable=False, server_default=text("0")),
    now_column("began_at"),
    Column("counted_to", BigInteger, nullable=False, server_default=text("0")),
    Column("counts", JSONB, nullable=False, server_default=text("'{}'")),
)
"""At most one row. `deleted_to`: the greatest `seq` that was deleted. `began_at`: when the log began; what an
older version has decided since then has no event yet. `counts`: events of each type up to `counted_to`."""
