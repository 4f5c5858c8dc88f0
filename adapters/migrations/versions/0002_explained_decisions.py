"""Decisions that explain themselves: policy texts, every rule's run, shadow decisions."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"

JSON = postgresql.JSON(astext_type=sa.Text())
JSONB = postgresql.JSONB(astext_type=sa.Text())
KEPT_AS_SENT = ("reasons", "callback_facts", "result_facts")
"""JSON from here on: JSONB sorts keys and loses the sign of -0.0, and no decision could be computed again."""


def upgrade() -> None:
    op.create_table(
        "policies",
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column(
            "first_used_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("content_hash", name=op.f("policies_pkey")),
    )
    # What decided before this revision had no file: its text is unknown, and is said to be.
    op.execute("""
        INSERT INTO policies (content_hash, name, version, content)
        SELECT DISTINCT 'built-in ' || policy_name || ' ' || policy_version, policy_name, policy_version, ''
        FROM decisions
    """)
    op.add_column("decisions", sa.Column("rules", JSON, server_default=sa.text("'[]'"), nullable=False))
    op.add_column(
        "decisions", sa.Column("disagreements", JSON, server_default=sa.text("'[]'"), nullable=False)
    )
    op.add_column("decisions", sa.Column("policy_hash", sa.Text()))
    op.add_column("decisions", sa.Column("mode", sa.Text(), server_default="required", nullable=False))
    op.add_column("decisions", sa.Column("unconfirmed", JSON))
    op.execute("UPDATE decisions SET policy_hash = 'built-in ' || policy_name || ' ' || policy_version")
    for column in ("rules", "disagreements", "mode"):
        op.alter_column("decisions", column, server_default=None)
    op.alter_column("decisions", "policy_hash", nullable=False)
    op.create_foreign_key(
        op.f("decisions_policy_hash_fkey"), "decisions", "policies", ["policy_hash"], ["content_hash"]
    )
    for column in KEPT_AS_SENT:
        op.alter_column("decisions", column, type_=JSON, postgresql_using=f"{column}::json")
    op.drop_column("decisions", "policy_name")
    op.drop_column("decisions", "policy_version")
    op.add_column("decisions", sa.Column("app_id", sa.Text()))
    op.execute("UPDATE decisions d SET app_id = v.app_id FROM verifications v WHERE v.id = d.verification_id")
    op.alter_column("decisions", "app_id", nullable=False)
    op.create_index(
        "decisions_newest",
        "decisions",
        ["app_id", sa.literal_column("decided_at DESC"), sa.literal_column("verification_id DESC")],
    )
    op.create_table(
        "shadow_decisions",
        sa.Column("verification_id", sa.Uuid(), nullable=False),
        sa.Column("policy_hash", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reasons", JSON, nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["verification_id"], ["verifications.id"], name=op.f("shadow_decisions_verification_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["policy_hash"], ["policies.content_hash"], name=op.f("shadow_decisions_policy_hash_fkey")
        ),
        sa.PrimaryKeyConstraint("verification_id", "policy_hash", name=op.f("shadow_decisions_pkey")),
    )
    op.create_index("shadow_decisions_policy", "shadow_decisions", ["policy_hash"])


def downgrade() -> None:
    op.drop_table("shadow_decisions")
    op.drop_index("decisions_newest", table_name="decisions")
    op.drop_column("decisions", "app_id")
    for column in KEPT_AS_SENT:
        op.alter_column("decisions", column, type_=JSONB, postgresql_using=f"{column}::jsonb")
    op.add_column("decisions", sa.Column("policy_name", sa.Text()))
    op.add_column("decisions", sa.Column("policy_version", sa.Text()))
    op.execute("""
        UPDATE decisions d SET policy_name = p.name, policy_version = p.version
        FROM policies p WHERE p.content_hash = d.policy_hash
    """)
    for column in ("policy_name", "policy_version"):
        op.alter_column("decisions", column, nullable=False)
    op.drop_constraint(op.f("decisions_policy_hash_fkey"), "decisions")
    for column in ("rules", "disagreements", "policy_hash", "mode", "unconfirmed"):
        op.drop_column("decisions", column)
    op.drop_table("policies")
