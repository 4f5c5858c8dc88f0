"""Verifications and their rows. `*_ct` columns are ciphertext under the data key (adapters/sealing)."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
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
from sqlalchemy.dialects.postgresql import JSON, JSONB

from adapters.store.tables.columns import TIME, metadata, now_column


def _time(name: str, *, nullable: bool = True) -> Column[Any]:
    return Column(name, TIME, nullable=nullable)


def _verification_key(*, primary: bool = False) -> Column[Any]:
    """Without a foreign key: the statements that write these rows take the id from the verification's row.
    Who deletes that deletes these too (docs/decisions/0033, 0044).
    """
    return Column("verification_id", Uuid, primary_key=primary, nullable=False)


verifications = Table(
    "verifications",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("app_id", Text, nullable=False),
    Column("biz_id", Text, nullable=False),
    Column("biz_no", Text),
    Column("state", Text, nullable=False),
    Column("listed_as", Text),
    Column("effective_outcome", Text),
    Column("vendor_status", Text),
    Column("wrapped_key", LargeBinary),
    Column("identity_ct", LargeBinary),
    Column("numbered", Boolean),
    Column("mode", Text),
    Column("final_digest", LargeBinary),
    _time("ended_at"),
    _time("due_at"),
    Column("fence", BigInteger, nullable=False, server_default=text("1")),
    Column("held", Boolean, nullable=False, server_default=text("false")),
    _time("registered_at"),
    _time("expires_at"),
    _time("nudged_at"),
    _time("asked_at"),
    _time("received_at"),
    now_column("created_at"),
    Column("events", Integer, nullable=False, server_default=text("0")),
    _time("erased_at"),
    UniqueConstraint("app_id", "biz_id"),
    Index(
        "verifications_listed",
        text("((app_id || '/') || COALESCE(listed_as, state))"),
        text("created_at DESC"),
        text("id DESC"),
    ),
    Index(
        "verifications_listed_by_biz_no",
        text("((((app_id || '/') || COALESCE(listed_as, state)) || '/') || biz_no)"),
        text("created_at DESC"),
        text("id DESC"),
        postgresql_where=text("biz_no IS NOT NULL"),
    ),
    Index(
        "verifications_listed_by_mode",
        text("((((app_id || '/') || listed_as) || '/') || mode)"),
        text("created_at DESC"),
        text("id DESC"),
        postgresql_where=text("mode IS NOT NULL"),
    ),
    Index(
        "verifications_without_mode",
        "id",
        postgresql_where=text("state = 'decided' AND mode IS NULL"),
    ),
    Index("verifications_due", "due_at", postgresql_where=text("due_at IS NOT NULL AND NOT held")),
    Index(
        "verifications_due_by_app",
        "app_id",
        text("((final_digest IS NULL AND asked_at IS NULL AND state <> 'decided')::integer)"),
        "due_at",
        postgresql_where=text("due_at IS NOT NULL AND NOT held"),
    ),
    Index(
        "verifications_open",
        "app_id",
        "registered_at",
        postgresql_where=text("state IN ('created', 'received')"),
    ),
    Index(
        "verifications_unnumbered",
        "id",
        postgresql_where=text("identity_ct IS NOT NULL AND numbered IS NULL"),
    ),
)
"""`listed_as`: what lists find a decided verification by (adapters/store/lookups).
`effective_outcome`: what a person has concluded; NULL while the decision's outcome counts.
`numbered`: the blind index has its ID number, if there is one; NULL in what an older version decided.
`mode`: the confirmation mode of its decision; NULL in what an older version decided.
`final_digest`: digest of the first callback with an ended flow, which the decision uses.
`due_at`: when a worker must handle the verification. The worker takes a lease: it moves `due_at` to the
lease's end and increments `fence`, so writes of earlier holders are refused.
`held`: genuine, but not decided, because its app requires registration.
`registered_at`, `expires_at` (of the token): NULL if it is not registered. `nudged_at`: its user's browser
came back. `asked_at`: an operator asked for a pull. `events`: how many events the log has had of it.
`erased_at`: since then it has no data key, and what still comes is sealed under none that is kept."""

biz_owners = Table(
    "biz_owners",
    metadata,
    Column("account", Text, primary_key=True),
    Column("biz_id", Text, primary_key=True),
    Column("app_id", Text, nullable=False),
    now_column("claimed_at"),
    Index("biz_owners_oldest", "claimed_at"),
)
"""The app that owns a biz_id, if several apps share a vendor account (adapters/store/recording/owners.py). A
row is deleted two days after `claimed_at`."""

callbacks = Table(
    "callbacks",
    metadata,
    _verification_key(primary=True),
    Column("digest", LargeBinary, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("secret_index", SmallInteger, nullable=False),
    Column("raw_ct", LargeBinary),
    Column("seen", Integer, nullable=False, server_default=text("1")),
    _time("received_at", nullable=False),
)

pulls = Table(
    "pulls",
    metadata,
    _verification_key(primary=True),
    Column("n", SmallInteger, CheckConstraint("n BETWEEN 1 AND 3", name="budget"), primary_key=True),
    Column(
        "state",
        Text,
        CheckConstraint("state IN ('reserved', 'done', 'not_sent', 'unknown')", name="state"),
        nullable=False,
    ),
    _time("started_at", nullable=False),
    _time("finished_at"),
    Column("http_status", SmallInteger),
    Column("error", Text),
    Column("raw_ct", LargeBinary),
)

policies = Table(
    "policies",
    metadata,
    Column("content_hash", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("content", Text, nullable=False),
    now_column("first_used_at"),
    Column("review", JSON),
)
"""The text of every policy that has decided, once per SHA-256. `review`: its table of that name, with every
key; NULL if a version stored it that knows no such table."""

decisions = Table(
    "decisions",
    metadata,
    _verification_key(primary=True),
    Column("app_id", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("basis", Text, nullable=False),
    Column("reasons", JSON, nullable=False),
    Column("rules", JSON, nullable=False),
    Column("disagreements", JSON, nullable=False),
    Column("policy_hash", Text, ForeignKey("policies.content_hash"), nullable=False),
    Column("mode", Text, nullable=False),
    Column("unconfirmed", JSON),
    Column("callback_facts", JSON),
    Column("result_facts", JSON),
    _time("decided_at", nullable=False),
    Column("reasons_listed", Boolean, server_default=text("false")),
    CheckConstraint("callback_facts IS NOT NULL OR result_facts IS NOT NULL", name="facts"),
    Index("decisions_newest", "app_id", text("decided_at DESC"), text("verification_id DESC")),
    Index(
        "decisions_unlisted",
        "verification_id",
        postgresql_where=text("NOT reasons_listed AND outcome <> 'approved'"),
    ),
)
"""`app_id` is the verification's, so that one index has an app's decisions in order of time.
`reasons_listed`: false if an older version decided, which writes no `decision_reasons`.

JSON, not JSONB, which sorts keys and loses the sign of -0.0: recomputed decisions must be identical."""

timeline = Table(
    "timeline",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    _verification_key(),
    now_column("at"),
    Column("event", Text, nullable=False),
    Column("detail", JSONB, nullable=False, server_default=text("'{}'")),
    Index("timeline_of", "verification_id", "id"),
)


dead_letters = Table(
    "dead_letters",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("app_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("1")),
    Column("wrapped_key", LargeBinary, nullable=False),
    Column("raw_ct", LargeBinary, nullable=False),
    _time("first_seen_at", nullable=False),
    _time("last_seen_at", nullable=False),
    _time("retried_at"),
    Column("verification_id", Uuid),
    Index(
        "dead_letters_waiting",
        "app_id",
        text("last_seen_at DESC"),
        text("id DESC"),
        postgresql_where=text("retried_at IS NULL"),
    ),
    Index(
        "dead_letters_waiting_by_reason",
        "app_id",
        "reason",
        text("last_seen_at DESC"),
        text("id DESC"),
        postgresql_where=text("retried_at IS NULL"),
    ),
    Index(
        "dead_letters_retried",
        "app_id",
        text("last_seen_at DESC"),
        text("id DESC"),
        postgresql_where=text("retried_at IS NOT NULL"),
    ),
    Index("dead_letters_reasons", "app_id", "reason", "retried_at", "last_seen_at", "id"),
)
"""`retried_at`: the callback is in the inbox again. The row is deleted when it is recorded.
`verification_id`: the one that the callback names, all zeros if it names none; NULL if an older version kept
the letter."""
