"""One-time links. `adapters.store.people.sessions` uses them up."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import delete, insert, text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.sealing.random_secrets import hash_of
from adapters.store.people.changes import active_name, note
from adapters.store.tables.people import sign_in_links
from domain.audit.action import Action
from domain.people.actor import Actor
from domain.people.errors import NoSuchPerson
from domain.people.links import Link, Purpose
from domain.people.person import PersonRef

_FIND: Final = text("""
SELECT p.id, p.name, l.purpose, l.ends_at FROM sign_in_links l JOIN persons p ON p.id = l.person_id
WHERE l.link_hash = :link AND l.ends_at > now() AND p.state = 'active'
""")


class PgLinks:
    """Makes and finds links."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def add(
        self, person_id: UUID, link: str, *, purpose: Purpose, ends_at: datetime, actor: Actor
    ) -> None:
        """Make a link valid; the person's earlier links end. Raises NoSuchPerson if none is active."""
        row = {"link_hash": hash_of(link), "person_id": person_id, "purpose": purpose, "ends_at": ends_at}
        async with self._engine.begin() as connection:
            name = await active_name(connection, person_id)
            if name is None:
                raise NoSuchPerson
            await connection.execute(delete(sign_in_links).where(sign_in_links.c.person_id == person_id))
            await connection.execute(insert(sign_in_links).values(row))
            detail = {"purpose": purpose.value}
            await note(connection, Action.LINK_CREATED, name, actor=actor, detail=detail)

    async def find(self, link: str) -> Link | None:
        """The link, which stays valid."""
        async with self._engine.connect() as connection:
            row = (await connection.execute(_FIND, {"link": hash_of(link)})).first()
        return None if row is None else Link(PersonRef(row.id, row.name), Purpose(row.purpose), row.ends_at)
