"""Password hashes, and the sealed secrets of second factors."""

from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.sealing.envelope import KeyRing, place_of
from adapters.store.people.changes import locked_person, note
from adapters.store.people.found_persons import PERSON_COLUMNS, person_of
from adapters.store.tables.people import persons
from domain.audit.action import Action
from domain.errors import BrokenSeal
from domain.people.actor import Actor
from domain.people.credentials import Credentials

log = structlog.get_logger(__name__)

_FIND: Final = text(
    f"SELECT p.password_hash, p.wrapped_key, p.code_ct, p.code_used, {PERSON_COLUMNS} "  # noqa: S608
    "FROM persons p WHERE p.name = :name AND p.state = 'active'"
)


class PgProofs:
    """How persons prove who they are."""

    def __init__(self, engine: AsyncEngine, *, keys: KeyRing) -> None:
        self._engine = engine
        self._keys = keys

    async def find(self, name: str) -> Credentials | None:
        """The credentials of the active person with this login name."""
        async with self._engine.connect() as connection:
            row = (await connection.execute(_FIND, {"name": name})).mappings().first()
        if row is None:
            return None
        return Credentials(person_of(row), row["password_hash"], self._code_secret(row), row["code_used"])

    async def use_code(self, person_id: UUID, step: int) -> bool:
        """Note the time step of a code; False if this step or a later one was used before."""
        unused = update(persons).where(persons.c.id == person_id, persons.c.code_used < step)
        async with self._engine.begin() as connection:
            return (await connection.execute(unused.values(code_used=step))).rowcount == 1

    async def set_password(self, person_id: UUID, password_hash: str, *, actor: Actor) -> None:
        """Replace the password. Raises NoSuchPerson."""
        await self._set(person_id, Action.PASSWORD_SET, actor, password_hash=password_hash)

    async def set_code(self, person_id: UUID, secret: str | None, *, actor: Actor) -> None:
        """Set the secret of the second factor; None removes it. Raises NoSuchPerson."""
        if secret is None:
            await self._set(person_id, Action.CODE_REMOVED, actor, wrapped_key=None, code_ct=None)
            return
        data_key, wrapped_key = self._keys.new_data_key(place=_place("wrapped_key", person_id))
        code_ct = data_key.seal(secret.encode(), place=_place("code_ct", person_id))
        await self._set(person_id, Action.CODE_SET, actor, wrapped_key=wrapped_key, code_ct=code_ct)

    async def _set(self, person_id: UUID, action: Action, actor: Actor, **values: Any) -> None:
        async with self._engine.begin() as connection:
            name, _ = await locked_person(connection, person_id)
            await connection.execute(update(persons).where(persons.c.id == person_id).values(values))
            await note(connection, action, name, actor=actor)

    def _code_secret(self, row: Any) -> str | None:
        """The secret of the second factor; "", which no code fits, if no configured key opens it."""
        if row["code_ct"] is None:
            return None
        try:
            key = self._keys.unwrap_data_key(row["wrapped_key"], place=_place("wrapped_key", row["id"]))
            return key.unseal(row["code_ct"], place=_place("code_ct", row["id"])).decode()
        except BrokenSeal:
            log.warning("second_factor.unreadable", person_id=str(row["id"]))
            return ""


def _place(column: str, person_id: UUID) -> str:
    return place_of("", f"persons.{column}", person_id)
