"""List persons, give and take roles, disable and enable."""

from collections.abc import Sequence

from domain.people.actor import Actor
from domain.people.errors import NoSuchPerson
from domain.people.managing import check_manages, check_may_give
from domain.people.person import Person, PersonState, normal_name
from domain.people.roles import Grant, Rights
from usecases.ports.people import Persons, Sessions


class PeopleDesk:
    """Manages persons. `rights`: of the person who asks; None for a command.

    Each change holds from the next request of the person on, in every process within half a second.
    """

    def __init__(self, persons: Persons, sessions: Sessions) -> None:
        self._persons = persons
        self._sessions = sessions

    async def page(self, *, limit: int, after: str | None = None) -> list[Person]:
        """Persons by name, those behind the name `after`."""
        return await self._persons.page(limit=limit, after=after)

    async def find(self, name: str) -> Person:
        """One person. Raises NoSuchPerson."""
        person = await self._persons.find(normal_name(name) or "")
        if person is None:
            raise NoSuchPerson
        return person

    async def grant(
        self, name: str, grants: Sequence[Grant], *, actor: Actor, rights: Rights | None = None
    ) -> Person:
        """Give roles. Raises NoSuchPerson, NotPermitted."""
        check_may_give(rights, grants)
        person = await self.find(name)
        if not person.grants:
            # Otherwise a role in one app would let this app's admin manage persons who have none now.
            check_manages(rights, person)
        return await self._persons.grant(person.id, grants, actor=actor)

    async def revoke(
        self, name: str, grants: Sequence[Grant], *, actor: Actor, rights: Rights | None = None
    ) -> Person:
        """Take roles away. Raises NoSuchPerson, NotPermitted, LastAdmin."""
        check_may_give(rights, grants)
        return await self._persons.revoke((await self.find(name)).id, grants, actor=actor)

    async def link(self, name: str, *, issuer: str, subject: str, actor: Actor) -> Person:
        """Let a person sign in by this identity of the provider; an earlier one no longer does. Raises
        NoSuchPerson, IdentityTaken.
        """
        return await self._persons.link((await self.find(name)).id, issuer, subject, actor=actor)

    async def disable(self, name: str, *, actor: Actor, rights: Rights | None = None) -> Person:
        """Disable a person; sessions, links and personal tokens end. Raises NoSuchPerson, NotPermitted,
        LastAdmin.
        """
        return await self._set_state(name, PersonState.DISABLED, actor, rights)

    async def enable(self, name: str, *, actor: Actor, rights: Rights | None = None) -> Person:
        """Enable a person again, with the roles of before. Raises NoSuchPerson, NotPermitted."""
        return await self._set_state(name, PersonState.ACTIVE, actor, rights)

    async def end_sessions(self, name: str, *, actor: Actor, rights: Rights | None = None) -> int:
        """End a person's sessions; returns how many. Raises NoSuchPerson, NotPermitted."""
        person = await self.find(name)
        check_manages(rights, person)
        return await self._sessions.close_all(person.id, actor=actor)

    async def _set_state(self, name: str, state: PersonState, actor: Actor, rights: Rights | None) -> Person:
        person = await self.find(name)
        check_manages(rights, person)
        return await self._persons.set_state(person.id, state, actor=actor)
