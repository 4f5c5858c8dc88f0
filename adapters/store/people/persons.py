"""Persons and the roles that admins give them."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import delete, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.store.people.changes import (
    check_admins,
    count_admins,
    locked_person,
    note,
    note_grants,
    one_by_one,
)
from adapters.store.people.found_persons import BY_ID, PERSON_COLUMNS, one_person, person_of, read_person
from adapters.store.people.links import end_narrow_links
from adapters.store.tables.people import person_roles, personal_tokens, persons, sessions, sign_in_links
from domain.audit.action import Action
from domain.people.actor import Actor
from domain.people.errors import IdentityTaken, NameTaken
from domain.people.managing import widens
from domain.people.person import Person, PersonState
from domain.people.roles import Grant

_role: Final = person_roles.c
_BY_NAME: Final = text(f"SELECT {PERSON_COLUMNS} FROM persons p WHERE p.name = :value")  # noqa: S608
_PAGE: Final = text(
    f"SELECT {PERSON_COLUMNS} FROM persons p WHERE p.name > :after ORDER BY p.name LIMIT :limit"  # noqa: S608
)
_OWNED: Final = (sessions, sign_in_links, personal_tokens)


class PgPersons:
    """Adds, lists, disables persons, and gives and takes roles."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def add(self, name: str, grants: Sequence[Grant], *, actor: Actor) -> Person:
        """Store a new person with these roles. Raises NameTaken."""
        new = upsert(persons).values(id=uuid4(), name=name).on_conflict_do_nothing(index_elements=["name"])
        async with self._engine.begin() as connection:
            person_id = await connection.scalar(new.returning(persons.c.id))
            if person_id is None:
                raise NameTaken
            await note(connection, Action.PERSON_ADDED, name, actor=actor)
            await _give(connection, person_id, name, grants, actor)
            return await read_person(connection, person_id)

    async def find(self, name: str) -> Person | None:
        """The person with this login name."""
        async with self._engine.connect() as connection:
            return await one_person(connection, _BY_NAME, name)

    async def get(self, person_id: UUID) -> Person | None:
        """The person with this id."""
        async with self._engine.connect() as connection:
            return await one_person(connection, BY_ID, person_id)

    async def page(self, *, limit: int, after: str | None = None) -> list[Person]:
        """Persons by name, those behind the name `after`."""
        async with self._engine.connect() as connection:
            rows = await connection.execute(_PAGE, {"after": after or "", "limit": limit})
            return [person_of(row) for row in rows.mappings()]

    async def grant(self, person_id: UUID, grants: Sequence[Grant], *, actor: Actor) -> Person:
        """Give roles; those that the person has already stay. Raises NoSuchPerson.

        Links that an admin of some apps made end if a role reaches another app.
        """
        async with self._engine.begin() as connection:
            name, _ = await locked_person(connection, person_id)
            before = await read_person(connection, person_id)
            given = await _give(connection, person_id, name, grants, actor)
            if widens(before.grants, given):
                await end_narrow_links(connection, person_id)
            return await read_person(connection, person_id)

    async def revoke(self, person_id: UUID, grants: Sequence[Grant], *, actor: Actor) -> Person:
        """Take roles away, those of the identity provider too. Raises NoSuchPerson, LastAdmin."""
        async with self._engine.begin() as connection:
            await one_by_one(connection)
            before = await count_admins(connection)
            name, _ = await locked_person(connection, person_id)
            taken = [grant for grant in grants if await _take(connection, person_id, grant)]
            await check_admins(connection, before)
            await note_grants(connection, Action.ROLE_REVOKED, name, taken, actor=actor)
            return await read_person(connection, person_id)

    async def link(self, person_id: UUID, issuer: str, subject: str, *, actor: Actor) -> Person:
        """Let a person sign in by this identity of the provider. Raises NoSuchPerson, IdentityTaken.

        Links that an admin of some apps made end: the provider may give roles in any app.
        """
        same = (persons.c.issuer == issuer, persons.c.subject == subject)
        async with self._engine.begin() as connection:
            await one_by_one(connection)
            name, _ = await locked_person(connection, person_id)
            if await connection.scalar(select(persons.c.id).where(*same, persons.c.id != person_id)):
                raise IdentityTaken
            linked = update(persons).where(persons.c.id == person_id)
            await connection.execute(linked.values(issuer=issuer, subject=subject))
            await end_narrow_links(connection, person_id)
            await note(connection, Action.PERSON_LINKED, name, actor=actor)
            return await read_person(connection, person_id)

    async def set_state(self, person_id: UUID, state: PersonState, *, actor: Actor) -> Person:
        """Disable a person, which ends sessions, links and personal tokens for good, or enable one again.

        A person in that state already stays so. Raises NoSuchPerson, LastAdmin.
        """
        async with self._engine.begin() as connection:
            await one_by_one(connection)
            before = await count_admins(connection)
            name, earlier = await locked_person(connection, person_id)
            if earlier is not state:
                await connection.execute(update(persons).where(persons.c.id == person_id).values(state=state))
                await note(connection, _ACTION_OF[state], name, actor=actor)
            if state is PersonState.DISABLED:
                await end_everything(connection, person_id)
                await check_admins(connection, before)
            return await read_person(connection, person_id)


_ACTION_OF: Final = {
    PersonState.ACTIVE: Action.PERSON_ENABLED,
    PersonState.DISABLED: Action.PERSON_DISABLED,
}


async def end_everything(connection: AsyncConnection, person_id: UUID) -> None:
    """Delete the sessions, links and personal tokens of a person whose row is locked."""
    for table in _OWNED:
        await connection.execute(delete(table).where(table.c.person_id == person_id))


async def _give(
    connection: AsyncConnection, person_id: UUID, name: str, grants: Sequence[Grant], actor: Actor
) -> list[Grant]:
    """Store the roles that the person does not have yet, and return them."""
    given = [grant for grant in grants if await _insert(connection, person_id, grant, actor)]
    await note_grants(connection, Action.ROLE_GRANTED, name, given, actor=actor)
    return given


async def _insert(connection: AsyncConnection, person_id: UUID, grant: Grant, actor: Actor) -> bool:
    row = {
        "person_id": person_id,
        "role": grant.role.value,
        "app_id": grant.app_id,
        "source": "admin",
        "granted_by": str(actor),
    }
    return (await connection.execute(upsert(person_roles).values(row).on_conflict_do_nothing())).rowcount == 1


async def _take(connection: AsyncConnection, person_id: UUID, grant: Grant) -> bool:
    app = _role.app_id.is_(None) if grant.app_id is None else _role.app_id == grant.app_id
    mine = (_role.person_id == person_id, _role.role == grant.role.value, app)
    return (await connection.execute(delete(person_roles).where(*mine))).rowcount > 0
