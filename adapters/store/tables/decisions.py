"""The tables beside `decisions`: reasons to find them by, and the decisions of candidate policies."""

from sqlalchemy import Column, ForeignKey, Index, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSON

from adapters.store.tables.columns import TIME, metadata

_LISTED = "((((app_id || '/') || code) || '/') || listed_as)"

decision_reasons = Table(
    "decision_reasons",
    metadata,
    Column("verification_id", Uuid, primary_key=True, nullable=False),
    Column("code", Text, primary_key=True),
    Column("app_id", Text, nullable=False),
    Column("listed_as", Text, nullable=False),
    Column("biz_no", Text),
    Column("created_at", TIME, nullable=False),
    Index("decision_reasons_listed", text(_LISTED), text("created_at DESC"), text("verification_id DESC")),
    Index(
        "decision_reasons_listed_by_biz_no",
        text(f"(({_LISTED} || '/') || biz_no)"),
        text("created_at DESC"),
        text("verification_id DESC"),
        postgresql_where=text("biz_no IS NOT NULL"),
    ),
)
"""The reasons of every decision that is not `approved`. The other columns are the verification's as of the
decision, `listed_as` also later, so that one index finds a page (adapters/store/lookups/lists.py)."""

shadow_decisions = Table(
    "shadow_decisions",
    metadata,
    Column("verification_id", Uuid, ForeignKey("verifications.id"), primary_key=True),
    Column("policy_hash", Text, ForeignKey("policies.content_hash"), primary_key=True),
    Column("outcome", Text, nullable=False),
    Column("reasons", JSON, nullable=False),
    Column("decided_at", TIME, nullable=False),
    Index("shadow_decisions_policy", "policy_hash"),
)
"""The decisions of candidate policies, beside the live decisions."""
