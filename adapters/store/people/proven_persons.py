"""Persons whom an identity provider vouches for."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import delete, insert, select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.store.people.changes import locked_person, note, note_grants
from adapters.store.people.found_persons import read_person
from adapters.store.tables.people import person_roles, persons
from domain.audit.action import Action
from domain.people.actor import Actor
from domain.people.errors import NameTaken, ProviderRefused, SignInFailed
from domain.people.person import Person, PersonState
from domain.people.provider import ROLES_LAST, ProvenIdentity
from domain.people.roles import Grant, Role

_role: Final = person_roles.c


class PgProvenPersons:
    """Keeps persons and roles as the provider says."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def meet(
        self, identity: ProvenIdentity, name: str, grants: Sequence[Grant], *, address: str | None
    ) -> Person:
        """The person with this identity, who is stored at the first sign-in. The roles that came from the
        provider are replaced by `grants`; those that an admin gave stay.

        Raises:
            NameTaken: another person has the login name.
            SignInFailed: the person is disabled.
            ProviderRefused: the identity is new and comes without a role.
        """
        async with self._engine.begin() as connection:
            person_id = await _find(connection, identity)
            if person_id is None and not grants:
                raise ProviderRefused("no_role")
            if person_id is None:
                person_id = await _add(connection, identity, name, address)
            known, state = await locked_person(connection, person_id)
            if state is not PersonState.ACTIVE:
                raise SignInFailed
            actor = Actor.person(person_id, known, address=address)
            await _replace(connection, person_id, known, grants, actor)
            return await read_person(connection, person_id)


async def _find(connection: AsyncConnection, identity: ProvenIdentity) -> UUID | None:
    same = (persons.c.issuer == identity.issuer, persons.c.subject == identity.subject)
    found: UUID | None = await connection.scalar(select(persons.c.id).where(*same))
    return found


async def _add(connection: AsyncConnection, identity: ProvenIdentity, name: str, address: str | None) -> UUID:
    """Store a new person, or find the one whom another sign-in stores just now. Raises NameTaken."""
    person_id = uuid4()
    row = {"id": person_id, "name": name, "issuer": identity.issuer, "subject": identity.subject}
    if (await connection.execute(upsert(persons).values(row).on_conflict_do_nothing())).rowcount:
        actor = Actor.person(person_id, name, address=address)
        await note(connection, Action.PERSON_ADDED, name, actor=actor, detail={"by": "provider"})
        return person_id
    found = await _find(connection, identity)
    if found is None:
        raise NameTaken
    return found


async def _replace(
    connection: AsyncConnection, person_id: UUID, name: str, grants: Sequence[Grant], actor: Actor
) -> None:
    """Let the roles of the provider be `grants` for `ROLES_LAST` from now, and note what that changes."""
    mine = (_role.person_id == person_id, _role.source == "provider")
    rows = await connection.execute(delete(person_roles).where(*mine).returning(_role.role, _role.app_id))
    before = {Grant(Role(row.role), row.app_id) for row in rows if row.role in frozenset(Role)}
    if grants:
        await connection.execute(insert(person_roles), [_row(person_id, grant) for grant in grants])
        await connection.execute(_LASTING, {"id": person_id, "seconds": ROLES_LAST.total_seconds()})
    given = [grant for grant in grants if grant not in before]
    await note_grants(connection, Action.ROLE_GRANTED, name, given, actor=actor)
    taken = sorted(before - set(grants), key=str)
    await note_grants(connection, Action.ROLE_REVOKED, name, taken, actor=actor)


def _row(person_id: UUID, grant: Grant) -> dict[str, object]:
    return {
        "person_id": person_id,
        "role": grant.role.value,
        "app_id": grant.app_id,
        "source": "provider",
        "granted_by": "provider",
    }


_LASTING: Final = text(
    "UPDATE person_roles SET until = now() + :seconds * interval '1 second' "
    "WHERE person_id = :id AND source = 'provider'"
)
