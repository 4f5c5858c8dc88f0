"""Persons, their roles, links, sessions and personal tokens, and the tries to sign in.

The tables are new, so their indexes are built at once and lock nobody.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0023"
down_revision = "0022"

_TIME = sa.DateTime(timezone=True)


def _person() -> sa.Column[Any]:
    return sa.Column("person_id", sa.Uuid(), sa.ForeignKey("persons.id"), nullable=False)


def _now(name: str) -> sa.Column[Any]:
    return sa.Column(name, _TIME, nullable=False, server_default=sa.text("now()"))


def upgrade() -> None:
    _create_persons()
    op.create_table(
        "sign_in_links",
        sa.Column("link_hash", sa.LargeBinary(), primary_key=True),
        _person(),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("ends_at", _TIME, nullable=False),
    )
    op.create_table(
        "sessions",
        sa.Column("cookie_hash", sa.LargeBinary(), primary_key=True),
        sa.Column("id", sa.Uuid(), nullable=False, unique=True),
        _person(),
        sa.Column("way", sa.Text(), nullable=False),
        sa.Column("address", sa.Text()),
        sa.Column("language", sa.Text()),
        _now("signed_in_at"),
        _now("seen_at"),
    )
    op.create_table(
        "personal_tokens",
        sa.Column("token_hash", sa.LargeBinary(), primary_key=True),
        sa.Column("id", sa.Uuid(), nullable=False, unique=True),
        _person(),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("scopes", ARRAY(sa.Text())),
        _now("created_at"),
        sa.Column("expires_at", _TIME, nullable=False),
    )
    op.create_table(
        "sign_in_tries",
        sa.Column("key", sa.LargeBinary(), primary_key=True),
        sa.Column("full_at", _TIME, nullable=False),
        sa.Column("known_until", _TIME),
    )
    op.create_index("sign_in_links_of_person", "sign_in_links", ["person_id"])
    op.create_index("sessions_of_person", "sessions", ["person_id"])
    op.create_index("personal_tokens_of_person", "personal_tokens", ["person_id", "name"], unique=True)


def _create_persons() -> None:
    op.create_table(
        "persons",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False, unique=True),
        sa.Column("state", sa.Text(), nullable=False, server_default=sa.text("'active'")),
        sa.Column("password_hash", sa.Text()),
        sa.Column("wrapped_key", sa.LargeBinary()),
        sa.Column("code_ct", sa.LargeBinary()),
        sa.Column("code_used", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
        sa.Column("issuer", sa.Text()),
        sa.Column("subject", sa.Text()),
        _now("created_at"),
        sa.Column("seen_at", _TIME),
        sa.CheckConstraint("state IN ('active', 'disabled')", name="state"),
    )
    op.create_index("persons_of_provider", "persons", ["issuer", "subject"], unique=True)
    op.create_table(
        "person_roles",
        _person(),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("app_id", sa.Text()),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("granted_by", sa.Text(), nullable=False),
        _now("granted_at"),
        sa.Column("until", _TIME),
        sa.CheckConstraint("source IN ('admin', 'provider')", name="source"),
    )
    columns: list[Any] = ["person_id", "role", "source", sa.text("coalesce(app_id, '')")]
    op.create_index("person_roles_once", "person_roles", columns, unique=True)


def downgrade() -> None:
    for table in ("sign_in_tries", "personal_tokens", "sessions", "sign_in_links", "person_roles", "persons"):
        op.drop_table(table)
