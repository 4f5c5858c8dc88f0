"""Personal tokens, and the check of every bearer token of the api."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import delete, insert, text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.sealing.random_secrets import hash_of, new_secret
from adapters.store.people.api_tokens import PgTokens
from adapters.store.people.changes import active_name, note
from adapters.store.people.found_persons import BEARER_COLUMNS, person_of
from adapters.store.statements.bulk import bulk_connection
from adapters.store.tables.people import personal_tokens
from domain.audit.action import Action
from domain.people.actor import Actor
from domain.people.errors import NoSuchPerson
from domain.people.person import PersonRef
from domain.people.tokens import PREFIX, PersonalToken
from domain.views.tokens import ApiToken

token: Final = personal_tokens.c
_PAGE: Final = text("""
SELECT t.id, t.name, t.scopes, t.created_at, t.expires_at, p.id AS person_id, p.name AS person_name
FROM personal_tokens t JOIN persons p ON p.id = t.person_id
WHERE t.person_id = coalesce(:person_id, t.person_id)
ORDER BY t.created_at DESC, t.id DESC LIMIT :limit
""")
_REVOKE: Final = text("""
DELETE FROM personal_tokens t USING persons p
WHERE t.id = :id AND p.id = t.person_id AND t.person_id = coalesce(:person_id, t.person_id)
RETURNING p.name AS person_name, t.name
""")
_CHECK: Final = f"""
SELECT t.scopes, t.expires_at, {BEARER_COLUMNS}
FROM personal_tokens t JOIN persons p ON p.id = t.person_id
WHERE t.token_hash = $1 AND t.expires_at > now() AND p.state = 'active'
"""  # noqa: S608 - constants alone


class PgPersonalTokens:
    """Adds, lists and revokes personal tokens."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def add(
        self,
        person_id: UUID,
        name: str,
        *,
        scopes: Sequence[str] | None,
        expires_at: datetime,
        actor: Actor,
    ) -> str:
        """Make a token and return it; a token of the person with the same name is replaced. Raises
        NoSuchPerson if none is active.
        """
        new = PREFIX + new_secret()
        row = {
            "token_hash": hash_of(new),
            "id": uuid4(),
            "person_id": person_id,
            "name": name,
            "scopes": None if scopes is None else list(scopes),
            "expires_at": expires_at,
        }
        async with self._engine.begin() as connection:
            person = await active_name(connection, person_id)
            if person is None:
                raise NoSuchPerson
            same = (token.person_id == person_id, token.name == name)
            await connection.execute(delete(personal_tokens).where(*same))
            await connection.execute(insert(personal_tokens).values(row))
            await note(connection, Action.PERSONAL_TOKEN_CREATED, person, actor=actor, detail={"token": name})
        return new

    async def page(self, person_id: UUID | None, *, limit: int) -> list[PersonalToken]:
        """The newest tokens, of one person or of all."""
        async with self._engine.connect() as connection:
            rows = await connection.execute(_PAGE, {"person_id": person_id, "limit": limit})
            return [_token_of(row) for row in rows]

    async def revoke(self, token_id: UUID, *, actor: Actor, person_id: UUID | None = None) -> bool:
        """Revoke a token; False if there is none, or not of this person."""
        async with self._engine.begin() as connection:
            row = (await connection.execute(_REVOKE, {"id": token_id, "person_id": person_id})).first()
            if row is not None:
                action, detail = Action.PERSONAL_TOKEN_REVOKED, {"token": row.name}
                await note(connection, action, row.person_name, actor=actor, detail=detail)
        return row is not None


class PgBearers:
    """Checks bearer tokens of programs and of persons."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._programs = PgTokens(engine)

    async def check(self, token: str) -> ApiToken | None:
        """The rights of this token, or None if it is unknown or expired, or its person is disabled."""
        if not token.startswith(PREFIX):
            return await self._programs.check(token)
        async with bulk_connection(self._engine) as connection:
            row = await connection.fetchrow(_CHECK, hash_of(token))
        return None if row is None else _bearer_of(row)


def _bearer_of(row: Any) -> ApiToken:
    person, only = person_of(row), row["scopes"]
    scopes = sorted(person.rights.limited_to(only).apps_of)
    # A name that no program's token has: rates are counted by it.
    name = f"person:{person.name}"
    return ApiToken(name, None, scopes, row["expires_at"], person.ref, person.rights, only)


def _token_of(row: Any) -> PersonalToken:
    return PersonalToken(
        id=row.id,
        name=row.name,
        person=PersonRef(row.person_id, row.person_name),
        scopes=None if row.scopes is None else tuple(row.scopes),
        created_at=row.created_at,
        expires_at=row.expires_at,
    )
