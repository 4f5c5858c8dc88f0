"""One-time links. `adapters.store.people.sessions` uses them up."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import delete, insert, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.sealing.random_secrets import hash_of
from adapters.store.people.changes import active_name, note
from adapters.store.people.found_persons import read_person
from adapters.store.tables.people import sign_in_links
from domain.audit.action import Action
from domain.people.actor import Actor
from domain.people.errors import NoSuchPerson
from domain.people.links import Link, Purpose
from domain.people.managing import check_may_let_in, manages_all
from domain.people.person import PersonRef
from domain.people.roles import Rights

_FIND: Final = text("""
SELECT p.id, p.name, l.purpose, l.ends_at FROM sign_in_links l JOIN persons p ON p.id = l.person_id
WHERE l.link_hash = :link AND l.ends_at > now() AND p.state = 'active'
""")


class PgLinks:
    """Makes and finds links."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def add(
        self,
        person_id: UUID,
        link: str,
        *,
        purpose: Purpose,
        ends_at: datetime,
        actor: Actor,
        rights: Rights | None,
    ) -> None:
        """Make a link valid; the person's earlier links end.

        If `rights`, those of the actor, do not hold in every app, the link also ends when the person gets a
        role in another app, or an identity of the provider.

        Raises:
            NoSuchPerson: no such person is active.
            NotPermitted: the actor may not let anyone in as this person now.
        """
        row = {
            "link_hash": hash_of(link),
            "person_id": person_id,
            "purpose": purpose,
            "ends_at": ends_at,
            "every_app": manages_all(rights),
        }
        async with self._engine.begin() as connection:
            name = await active_name(connection, person_id)
            if name is None:
                raise NoSuchPerson
            # Behind the lock of the person: another admin may have widened the roles a moment ago.
            check_may_let_in(rights, await read_person(connection, person_id))
            await connection.execute(delete(sign_in_links).where(sign_in_links.c.person_id == person_id))
            await connection.execute(insert(sign_in_links).values(row))
            detail = {"purpose": purpose.value}
            await note(connection, Action.LINK_CREATED, name, actor=actor, detail=detail)

    async def find(self, link: str) -> Link | None:
        """The link, which stays valid."""
        async with self._engine.connect() as connection:
            row = (await connection.execute(_FIND, {"link": hash_of(link)})).first()
        return None if row is None else Link(PersonRef(row.id, row.name), Purpose(row.purpose), row.ends_at)


async def end_narrow_links(connection: AsyncConnection, person_id: UUID) -> None:
    """End the links of a person, whose row is locked, that were made by admins of some apps only."""
    mine = (sign_in_links.c.person_id == person_id, sign_in_links.c.every_app.is_(False))
    await connection.execute(delete(sign_in_links).where(*mine))
