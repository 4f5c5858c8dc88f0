"""The first schema: verifications and what belongs to them, dead letters, tokens."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "api_tokens",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("apps", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("api_tokens_pkey")),
        sa.UniqueConstraint("name", name=op.f("api_tokens_name_key")),
    )
    op.create_table(
        "dead_letters",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("app_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column("raw_ct", sa.LargeBinary(), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("dead_letters_pkey")),
    )
    op.create_index(
        "dead_letters_newest",
        "dead_letters",
        ["app_id", sa.literal_column("last_seen_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_table(
        "verifications",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("app_id", sa.Text(), nullable=False),
        sa.Column("biz_id", sa.Text(), nullable=False),
        sa.Column("biz_no", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("vendor_status", sa.Text(), nullable=True),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=True),
        sa.Column("identity_ct", sa.LargeBinary(), nullable=True),
        sa.Column("final_digest", sa.LargeBinary(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("verifications_pkey")),
        sa.UniqueConstraint("app_id", "biz_id", name=op.f("verifications_app_id_biz_id_key")),
    )
    op.create_index("verifications_biz_no", "verifications", ["app_id", "biz_no"], unique=False)
    op.create_index(
        "verifications_due",
        "verifications",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("state = 'received'"),
    )
    op.create_index(
        "verifications_newest",
        "verifications",
        ["app_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_table(
        "callbacks",
        sa.Column("verification_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("secret_index", sa.SmallInteger(), nullable=False),
        sa.Column("raw_ct", sa.LargeBinary(), nullable=True),
        sa.Column("seen", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["verification_id"], ["verifications.id"], name=op.f("callbacks_verification_id_fkey")
        ),
        sa.PrimaryKeyConstraint("verification_id", "digest", name=op.f("callbacks_pkey")),
    )
    op.create_table(
        "decisions",
        sa.Column("verification_id", sa.Uuid(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("reasons", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("policy_name", sa.Text(), nullable=False),
        sa.Column("policy_version", sa.Text(), nullable=False),
        sa.Column("callback_facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("result_facts", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["verification_id"], ["verifications.id"], name=op.f("decisions_verification_id_fkey")
        ),
        sa.PrimaryKeyConstraint("verification_id", name=op.f("decisions_pkey")),
    )
    op.create_table(
        "pulls",
        sa.Column("verification_id", sa.Uuid(), nullable=False),
        sa.Column("n", sa.SmallInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("http_status", sa.SmallInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("raw_ct", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["verification_id"], ["verifications.id"], name=op.f("pulls_verification_id_fkey")
        ),
        sa.PrimaryKeyConstraint("verification_id", "n", name=op.f("pulls_pkey")),
        sa.CheckConstraint("n BETWEEN 1 AND 3", name=op.f("pulls_budget")),
        sa.CheckConstraint("state IN ('reserved', 'done', 'not_sent', 'unknown')", name=op.f("pulls_state")),
    )
    op.create_table(
        "timeline",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("verification_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column(
            "detail", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["verification_id"], ["verifications.id"], name=op.f("timeline_verification_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("timeline_pkey")),
    )
    op.create_index("timeline_of", "timeline", ["verification_id", "id"], unique=False)


def downgrade() -> None:
    op.drop_index("timeline_of", table_name="timeline")
    op.drop_table("timeline")
    op.drop_table("pulls")
    op.drop_table("decisions")
    op.drop_table("callbacks")
    op.drop_index("verifications_newest", table_name="verifications")
    op.drop_index(
        "verifications_due", table_name="verifications", postgresql_where=sa.text("state = 'received'")
    )
    op.drop_index("verifications_biz_no", table_name="verifications")
    op.drop_table("verifications")
    op.drop_index("dead_letters_newest", table_name="dead_letters")
    op.drop_table("dead_letters")
    op.drop_table("api_tokens")
