"""What a person has concluded, and the reasons of decisions by which lists find verifications.

`decisions.reasons_listed` is false in what an older version decides from now on, and NULL in what was decided
before, which revision 0021 lists.
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.add_column("verifications", sa.Column("effective_outcome", sa.Text()))
    op.add_column("decisions", sa.Column("reasons_listed", sa.Boolean()))
    op.alter_column("decisions", "reasons_listed", server_default=sa.text("false"))
    op.execute("""
        CREATE TABLE decision_reasons (
          verification_id uuid NOT NULL,
          code text NOT NULL,
          app_id text NOT NULL,
          listed_as text NOT NULL,
          biz_no text,
          created_at timestamptz NOT NULL,
          CONSTRAINT decision_reasons_pkey PRIMARY KEY (verification_id, code)
        )
    """)
    for index in _INDEXES:
        op.execute(f"CREATE INDEX {index}")


def downgrade() -> None:
    op.drop_table("decision_reasons")
    op.drop_column("decisions", "reasons_listed")
    op.drop_column("verifications", "effective_outcome")


_LISTED = "app_id || '/' || code || '/' || listed_as"
_LISTED_BY_BIZ_NO = f"{_LISTED} || '/' || biz_no"
_WHERE = "WHERE biz_no IS NOT NULL"
_ORDER = "created_at DESC, verification_id DESC"

_INDEXES = (
    f"decision_reasons_listed ON decision_reasons (({_LISTED}), {_ORDER})",
    f"decision_reasons_listed_by_biz_no ON decision_reasons (({_LISTED_BY_BIZ_NO}), {_ORDER}) {_WHERE}",
)
