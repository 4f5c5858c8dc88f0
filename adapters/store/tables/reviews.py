"""The tables of reviews."""

from typing import Final

from sqlalchemy import (
    REAL,
    BigInteger,
    CheckConstraint,
    Column,
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
from sqlalchemy.dialects.postgresql import ARRAY, JSON

from adapters.store.tables.columns import TIME, metadata

_WAITING: Final = "state <> 'closed'"

review_cases = Table(
    "review_cases",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=text("gen_random_uuid()")),
    Column("verification_id", Uuid, nullable=False),
    Column("app_id", Text, nullable=False),
    Column("opened_because", Text, nullable=False),
    Column("policy_hash", Text, nullable=False),
    Column("four_eyes", ARRAY(Text), nullable=False),
    Column("second_look", REAL, nullable=False, server_default=text("0")),
    Column("not_for", ARRAY(Uuid), nullable=False, server_default=text("'{}'")),
    Column("opened_at", TIME, nullable=False),
    Column("due_at", TIME, nullable=False),
    Column("priority", SmallInteger, nullable=False),
    Column("escalate_at", TIME),
    Column(
        "state",
        Text,
        CheckConstraint("state IN ('open', 'snoozed', 'proposed', 'closed')", name="state"),
        nullable=False,
        server_default=text("'open'"),
    ),
    Column("seq", Integer, nullable=False, server_default=text("1")),
    Column("fence", BigInteger, nullable=False, server_default=text("0")),
    Column("claimed_by", Uuid),
    Column("claimed_name", Text),
    Column("claimed_at", TIME),
    Column("lease_until", TIME),
    Column("snoozed_until", TIME),
    Column("proposal", JSON),
    Column("closed_at", TIME),
    CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="closed"),
    CheckConstraint("(claimed_by IS NULL) = (lease_until IS NULL)", name="claimed"),
    Index("review_cases_one_open", "verification_id", unique=True, postgresql_where=text(_WAITING)),
    Index("review_cases_of", "verification_id", "opened_at"),
    Index(
        "review_cases_waiting",
        "app_id",
        "state",
        text("priority DESC"),
        "due_at",
        "id",
        postgresql_where=text(_WAITING),
    ),
    Index(
        "review_cases_in_hand",
        "app_id",
        "lease_until",
        "id",
        postgresql_where=text("claimed_by IS NOT NULL"),
    ),
    Index("review_cases_lapsing", "lease_until", postgresql_where=text("claimed_by IS NOT NULL")),
    Index("review_cases_waking", "snoozed_until", postgresql_where=text("snoozed_until IS NOT NULL")),
    Index("review_cases_escalating", "escalate_at", postgresql_where=text("escalate_at IS NOT NULL")),
    Index("review_cases_due", "app_id", "due_at", postgresql_where=text(_WAITING)),
    Index(
        "review_cases_ended",
        "app_id",
        text("closed_at DESC"),
        text("id DESC"),
        postgresql_where=text("state = 'closed'"),
    ),
)
"""The state is the replay of `review_events`. A verification has at most one open case. `seq`: the number of
its events; a change names the one it saw. `fence`: the number of its claims. `proposal`: a conclusion that
another person must approve."""

review_events = Table(
    "review_events",
    metadata,
    Column("case_id", Uuid, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("at", TIME, nullable=False),
    Column("actor", Text, nullable=False),
    Column("person_id", Uuid),
    Column("kind", Text, nullable=False),
    Column("detail", JSON, nullable=False, server_default=text("'{}'")),
    Column("evidence_hash", Text),
    Column("note_ct", LargeBinary),
)
"""What happened to a case; rows are never changed. `note_ct`: what a person wrote, sealed."""

reviews = Table(
    "reviews",
    metadata,
    Column("verification_id", Uuid, primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("case_id", Uuid, nullable=False),
    Column("app_id", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("reasons", ARRAY(Text), nullable=False),
    Column("note_ct", LargeBinary),
    Column("proposed_by", Uuid, nullable=False),
    Column("proposed_name", Text, nullable=False),
    Column("approved_by", Uuid),
    Column("approved_name", Text),
    Column("evidence_hash", Text, nullable=False),
    Column("opened_at", TIME, nullable=False),
    Column("claimed_at", TIME),
    Column("at", TIME, nullable=False),
    CheckConstraint("approved_by IS NULL OR approved_by <> proposed_by", name="four_eyes"),
    UniqueConstraint("case_id"),
    Index("reviews_newest", "app_id", text("at DESC")),
)
"""What persons have concluded; the newest of a verification counts, and rows are never changed. `opened_at`,
`claimed_at`: when its case was opened, and when the person who concluded it began."""
