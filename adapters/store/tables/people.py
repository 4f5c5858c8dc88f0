"""The tables of persons."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from adapters.store.tables.columns import TIME, metadata, now_column


def _person() -> Column[Any]:
    return Column("person_id", Uuid, ForeignKey("persons.id"), nullable=False)


persons = Table(
    "persons",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column(
        "state",
        Text,
        CheckConstraint("state IN ('active', 'disabled')", name="state"),
        nullable=False,
        server_default=text("'active'"),
    ),
    Column("password_hash", Text),
    Column("wrapped_key", LargeBinary),
    Column("code_ct", LargeBinary),
    Column("code_used", BigInteger, nullable=False, server_default=text("0")),
    Column("issuer", Text),
    Column("subject", Text),
    now_column("created_at"),
    Column("seen_at", TIME),
    Index("persons_of_provider", "issuer", "subject", unique=True),
)
"""Never deleted, since audit rows and reviews name them. `password_hash`: argon2id. `code_ct`: the secret of
the second factor, sealed. `code_used`: the last time step of which a code was used. `issuer`, `subject`: who
this is at the identity provider."""

person_roles = Table(
    "person_roles",
    metadata,
    _person(),
    Column("role", Text, nullable=False),
    Column("app_id", Text),
    Column(
        "source",
        Text,
        CheckConstraint("source IN ('admin', 'provider')", name="source"),
        nullable=False,
    ),
    Column("granted_by", Text, nullable=False),
    now_column("granted_at"),
    Column("until", TIME),
    Index("person_roles_once", "person_id", "role", "source", text("coalesce(app_id, '')"), unique=True),
)
"""`app_id` NULL: every app. `source`: `provider` for what follows from a group, which the next sign-in
replaces and which holds until `until`."""

sign_in_links = Table(
    "sign_in_links",
    metadata,
    Column("link_hash", LargeBinary, primary_key=True),
    _person(),
    Column("purpose", Text, nullable=False),
    Column("ends_at", TIME, nullable=False),
    Column("every_app", Boolean, nullable=False, server_default=text("false")),
    Index("sign_in_links_of_person", "person_id"),
)
"""`link_hash`: SHA-256 of the random part of a link. A used link has no row. `every_app`: an admin of every
app or a command made it, so it outlives roles in more apps."""

sessions = Table(
    "sessions",
    metadata,
    Column("cookie_hash", LargeBinary, primary_key=True),
    Column("id", Uuid, nullable=False, unique=True),
    _person(),
    Column("way", Text, nullable=False),
    Column("address", Text),
    Column("language", Text),
    now_column("signed_in_at"),
    now_column("seen_at"),
    Index("sessions_of_person", "person_id"),
)

personal_tokens = Table(
    "personal_tokens",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    Column("id", Uuid, nullable=False, unique=True),
    _person(),
    Column("name", Text, nullable=False),
    Column("scopes", ARRAY(Text)),
    now_column("created_at"),
    Column("expires_at", TIME, nullable=False),
    Index("personal_tokens_of_person", "person_id", "name", unique=True),
)
"""`scopes` limits the person's rights; NULL keeps them all."""

sign_in_tries = Table(
    "sign_in_tries",
    metadata,
    Column("key", LargeBinary, primary_key=True),
    Column("full_at", TIME, nullable=False),
    Column("known_until", TIME),
)
"""A bucket of tries for an address, for a name, or for both together; `key` is a hash of them. It is full
again at `full_at`. `known_until`: until when the address counts as the person's own."""


api_tokens = Table(
    "api_tokens",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("apps", ARRAY(Text)),
    Column("scopes", ARRAY(Text), nullable=False),
    Column("expires_at", TIME),
    now_column("created_at"),
)
"""`token_hash`: SHA-256 of a random 256-bit token. `apps`: NULL means every app."""
