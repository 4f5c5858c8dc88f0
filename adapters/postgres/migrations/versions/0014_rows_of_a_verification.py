"""No foreign key from the rows of a verification to it (docs/decisions/0033).

The statements that write these rows take the id from the verification's row, which is never deleted. Each
check read and locked that row once more, a fifth of PostgreSQL's time for a decision.
"""

from alembic import op

revision = "0014"
down_revision = "0013"

TABLES = ("callbacks", "pulls", "timeline", "decisions")


def upgrade() -> None:
    # Less than deadlock_timeout: where a statement has these locks in another order, this gives way and
    # tries again, and the statement goes on.
    op.execute("SET LOCAL lock_timeout = '500ms'")
    op.execute("LOCK TABLE verifications, callbacks, pulls, timeline, decisions IN ACCESS EXCLUSIVE MODE")
    for table in TABLES:
        op.drop_constraint(op.f(f"{table}_verification_id_fkey"), table, type_="foreignkey")


def downgrade() -> None:
    for table in TABLES:
        op.create_foreign_key(
            op.f(f"{table}_verification_id_fkey"), table, "verifications", ["verification_id"], ["id"]
        )
