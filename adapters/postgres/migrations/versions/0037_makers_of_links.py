"""Whether an admin of every app made a one-time link: others end when the person gets a role in another app.

False for the links that are open now, and for those that an older version makes: they live a day at most.
"""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"


def upgrade() -> None:
    op.add_column(
        "sign_in_links",
        sa.Column("every_app", sa.Boolean(), nullable=False, server_default=sa.text("false")),
    )


def downgrade() -> None:
    op.drop_column("sign_in_links", "every_app")
