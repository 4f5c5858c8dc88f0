"""The tables of webhooks."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from adapters.store.tables.columns import TIME, metadata

endpoints = Table(
    "endpoints",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("app_id", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("types", ARRAY(Text), nullable=False),
    Column("outcomes", ARRAY(Text)),
    Column("format", Text, nullable=False),
    Column("signature", Text, nullable=False),
    Column("max_in_flight", SmallInteger, nullable=False),
    Column("max_rate", Double),
    Column("schedule", ARRAY(Integer)),
    Column("wrapped_key", LargeBinary, nullable=False),
    Column("private_ct", LargeBinary, nullable=False),
    Column(
        "state",
        Text,
        CheckConstraint("state IN ('enabled', 'disabled')", name="state"),
        nullable=False,
    ),
    Column("disabled_reason", Text),
    Column("disabled_at", TIME),
    Column("cursor", BigInteger, nullable=False, server_default=text("0")),
    Column("failures", Integer, nullable=False, server_default=text("0")),
    Column("failing_since", TIME),
    Column("next_probe_at", TIME),
    Column("paced_until", TIME),
    Column("created_at", TIME, nullable=False),
    Column("updated_at", TIME, nullable=False),
    CheckConstraint(
        "(state = 'disabled') = (disabled_at IS NOT NULL AND disabled_reason IS NOT NULL)", name="disabled"
    ),
    Index("endpoints_newest", "app_id", text("created_at DESC"), text("id DESC")),
)
"""`schedule`: in seconds. `private_ct`: extra headers, TLS, secrets and keys under the endpoint's data key.
`cursor`: the `seq` of the last event that was looked at for it. `failures`, `failing_since`: the receiver's
failures in a row, and the time of the first. `next_probe_at`: when it gets its next single attempt.
`paced_until`: when the attempts that its rate has let go are paid for."""
