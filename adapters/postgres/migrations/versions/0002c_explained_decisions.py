"""Decisions that explain themselves, step 3 of 5: the new columns take the place of the old ones."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002c"
down_revision = "0002b"

JSON = postgresql.JSON(astext_type=sa.Text())
JSONB = postgresql.JSONB(astext_type=sa.Text())
KEPT_AS_SENT = ("reasons", "callback_facts", "result_facts")
COMPLETE = """app_id IS NOT NULL AND rules IS NOT NULL AND disagreements IS NOT NULL AND mode IS NOT NULL
    AND policy_hash IS NOT NULL AND reasons IS NOT NULL AND callback_facts IS NOT NULL"""


def upgrade() -> None:
    op.execute("LOCK TABLE decisions IN ACCESS EXCLUSIVE MODE")
    # What the old version has written since the fill.
    op.execute("""
        INSERT INTO policies (content_hash, name, version, content)
        SELECT DISTINCT 'built-in ' || policy_name || ' ' || policy_version, policy_name, policy_version, ''
        FROM decisions WHERE app_id IS NULL
        ON CONFLICT (content_hash) DO NOTHING
    """)
    op.execute("""
        UPDATE decisions d
        SET app_id = v.app_id, rules = '[]', disagreements = '[]', mode = 'required',
            policy_hash = 'built-in ' || policy_name || ' ' || policy_version,
            reasons_sent = CAST(reasons AS json), callback_facts_sent = CAST(callback_facts AS json),
            result_facts_sent = CAST(result_facts AS json)
        FROM verifications v WHERE v.id = d.verification_id AND d.app_id IS NULL
    """)
    op.drop_index("decisions_unfilled", table_name="decisions")
    for column in (*KEPT_AS_SENT, "policy_name", "policy_version"):
        op.drop_column("decisions", column)
    for column in KEPT_AS_SENT:
        op.alter_column("decisions", f"{column}_sent", new_column_name=column)
    op.execute(f"ALTER TABLE decisions ADD CONSTRAINT decisions_complete CHECK ({COMPLETE}) NOT VALID")
    op.create_foreign_key(
        op.f("decisions_policy_hash_fkey"),
        "decisions",
        "policies",
        ["policy_hash"],
        ["content_hash"],
        postgresql_not_valid=True,
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
    op.drop_constraint(op.f("decisions_policy_hash_fkey"), "decisions")
    op.drop_constraint("decisions_complete", "decisions")
    for column in KEPT_AS_SENT:
        op.alter_column("decisions", column, new_column_name=f"{column}_sent")
        op.add_column("decisions", sa.Column(column, JSONB))
    for column in ("policy_name", "policy_version"):
        op.add_column("decisions", sa.Column(column, sa.Text()))
    op.execute("""
        UPDATE decisions d
        SET policy_name = p.name, policy_version = p.version, reasons = CAST(reasons_sent AS jsonb),
            callback_facts = CAST(callback_facts_sent AS jsonb),
            result_facts = CAST(result_facts_sent AS jsonb)
        FROM policies p WHERE p.content_hash = d.policy_hash
    """)
    for column in ("policy_name", "policy_version", "reasons", "callback_facts"):
        op.alter_column("decisions", column, nullable=False)
    op.create_index(
        "decisions_unfilled", "decisions", ["verification_id"], postgresql_where=sa.text("app_id IS NULL")
    )
