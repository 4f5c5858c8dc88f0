"""The tables of deliveries and their attempts."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from adapters.store.tables.columns import TIME, metadata

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=text("gen_random_uuid()")),
    Column("endpoint_id", Uuid, nullable=False),
    Column("app_id", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("event_id", Uuid, nullable=False),
    Column("type", Text, nullable=False),
    Column("verification_id", Uuid),
    Column("n", Integer),
    Column(
        "state",
        Text,
        CheckConstraint("state IN ('pending', 'delivered', 'failed')", name="state"),
        nullable=False,
        server_default=text("'pending'"),
    ),
    Column("due_at", TIME),
    Column("leased_until", TIME),
    Column("fence", BigInteger, nullable=False, server_default=text("0")),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("attempts_before", Integer, nullable=False, server_default=text("0")),
    Column("error", Text),
    Column("created_at", TIME, nullable=False),
    Column("ended_at", TIME),
    UniqueConstraint("endpoint_id", "seq"),
    CheckConstraint("(state = 'pending') = (due_at IS NOT NULL)", name="due"),
    CheckConstraint("(state = 'pending') = (ended_at IS NULL)", name="ended"),
    Index("deliveries_due", "endpoint_id", "due_at", "seq", postgresql_where=text("due_at IS NOT NULL")),
    Index(
        "deliveries_order",
        "endpoint_id",
        "verification_id",
        "seq",
        postgresql_where=text("due_at IS NOT NULL"),
    ),
    Index("deliveries_leased", "leased_until", postgresql_where=text("leased_until IS NOT NULL")),
    Index(
        "deliveries_of_endpoint",
        "endpoint_id",
        "state",
        text("created_at DESC"),
        text("id DESC"),
    ),
    Index(
        "deliveries_of_verification",
        "verification_id",
        postgresql_where=text("verification_id IS NOT NULL"),
    ),
    Index("deliveries_oldest", "created_at", postgresql_using="brin"),
    Index("deliveries_of_app", "app_id", "state", text("created_at DESC"), text("id DESC")),
)
"""One row for each event that an endpoint selects. A pending one has a `due_at`, so none can be stuck: a
sender takes a lease, which moves `due_at` to the lease's end and increments `fence`, and writes of earlier
holders are refused. `leased_until`: a sender has it in hand until then. `attempts_before`: those before the
last redelivery, which starts the schedule again. No foreign key to the endpoint or the event: both may be
deleted before it."""

attempts = Table(
    "attempts",
    metadata,
    Column("delivery_id", Uuid, ForeignKey("deliveries.id"), primary_key=True),
    Column("k", Integer, primary_key=True),
    Column("at", TIME, nullable=False),
    Column("ms", Integer, nullable=False),
    Column("status", SmallInteger),
    Column("fault", Text),
    Column("error", Text),
    Column("answer", LargeBinary),
)
"""One request. `answer`: the first 2 KiB of what the receiver answered."""
