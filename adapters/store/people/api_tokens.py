"""Bearer tokens of the internal API: random, stored as hashes, with scopes, apps and an expiry."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.sealing.random_secrets import hash_of
from adapters.store.audit.rows import append
from adapters.store.statements.bulk import bulk_connection
from adapters.store.tables.people import api_tokens
from domain.audit.row import AuditRow
from domain.views.tokens import SCOPES, ApiToken

_CHECK: Final = """
SELECT name, apps, scopes, expires_at FROM api_tokens
WHERE token_hash = $1 AND (expires_at IS NULL OR expires_at > now())
"""
"""Constant text, sent through the driver directly, since most requests begin with it."""


class PgTokens:
    """Adds, checks, lists and revokes tokens."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def put(
        self,
        name: str,
        token: str,
        *,
        apps: Sequence[str] | None = None,
        scopes: Sequence[str] = SCOPES,
        expires_at: datetime | None = None,
        audit: AuditRow | None = None,
    ) -> None:
        """Make `token` valid; a token with the same name is replaced."""
        row = _row(name, token, apps, scopes, expires_at)
        statement = insert(api_tokens).values(row)
        statement = statement.on_conflict_do_update(index_elements=["name"], set_=row)
        async with self._engine.begin() as connection:
            await connection.execute(statement)
            await append(connection, [] if audit is None else [audit])

    async def add(
        self,
        name: str,
        token: str,
        *,
        apps: Sequence[str] | None,
        scopes: Sequence[str],
        expires_at: datetime | None,
        audit: AuditRow | None = None,
    ) -> bool:
        """Make `token` valid; False if there is one with this name, which stays unchanged."""
        row = _row(name, token, apps, scopes, expires_at)
        statement = insert(api_tokens).values(row).on_conflict_do_nothing(index_elements=["name"])
        async with self._engine.begin() as connection:
            is_new = (await connection.execute(statement)).rowcount == 1
            await append(connection, [audit] if is_new and audit is not None else [])
        return is_new

    async def check(self, token: str) -> ApiToken | None:
        """The rights of this token, or None if it is unknown or expired."""
        # Looked up by its hash, so timing differences in the index reveal nothing about the token.
        async with bulk_connection(self._engine) as connection:
            row = await connection.fetchrow(_CHECK, hash_of(token))
        return None if row is None else ApiToken(*row)

    async def all(self) -> list[ApiToken]:
        """Every token, without its secret."""
        async with self._engine.connect() as connection:
            return [ApiToken(*row) for row in await connection.execute(_select().order_by(api_tokens.c.name))]

    async def revoke(self, name: str, *, audit: AuditRow | None = None) -> bool:
        """Delete a token; False if there is none with this name."""
        statement = delete(api_tokens).where(api_tokens.c.name == name)
        async with self._engine.begin() as connection:
            was_there = (await connection.execute(statement)).rowcount == 1
            await append(connection, [audit] if was_there and audit is not None else [])
        return was_there


def token_id(token: str) -> str:
    """A short id of a token that reveals nothing about it, as 8 hexadecimal digits."""
    return hash_of(token).hex()[:8]


def _row(
    name: str,
    token: str,
    apps: Sequence[str] | None,
    scopes: Sequence[str],
    expires_at: datetime | None,
) -> dict[str, Any]:
    return {
        "token_hash": hash_of(token),
        "name": name,
        "apps": None if apps is None else list(apps),
        "scopes": list(scopes),
        "expires_at": expires_at,
    }


def _select() -> Select[Any]:
    t = api_tokens.c
    return select(t.name, t.apps, t.scopes, t.expires_at)
