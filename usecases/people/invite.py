"""Add a person, and make the one-time link by which a person gets in."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from domain.people.actor import Actor
from domain.people.errors import NameRefused, NoSuchPerson, OutOfBounds
from domain.people.links import LONGEST, SHORTEST, Purpose
from domain.people.managing import check_may_add, check_may_let_in
from domain.people.person import Person, PersonState, normal_name
from domain.people.roles import Grant, Rights
from usecases.ports.people import Links, Persons, Proofs

DEFAULT_LIFE: Final = timedelta(hours=24)


class Invited(msgspec.Struct, frozen=True):
    """A person with the secret of a one-time link, which is shown this once. The repr does not show it."""

    person: Person
    link: str
    purpose: Purpose
    ends_at: datetime

    def __repr__(self) -> str:
        return f"Invited({self.person.name!r})"


class Invitations:
    """Invites persons. `rights`: of the person who asks; None for a command.

    `with_passwords`: False where an identity provider is configured; links then only sign in.
    """

    def __init__(
        self,
        persons: Persons,
        links: Links,
        proofs: Proofs,
        *,
        new_secret: Callable[[], str],
        clock: Callable[[], datetime],
        with_passwords: bool = True,
    ) -> None:
        self._persons = persons
        self._links = links
        self._proofs = proofs
        self._new_secret = new_secret
        self._clock = clock
        self._purpose = Purpose.INVITE if with_passwords else Purpose.SIGN_IN

    async def add(
        self,
        name: str,
        grants: Sequence[Grant],
        *,
        actor: Actor,
        rights: Rights | None = None,
        life: timedelta = DEFAULT_LIFE,
    ) -> Invited:
        """Add a person with these roles, and make a link.

        Raises:
            NameRefused, NameTaken: the name cannot be used.
            NotPermitted: a role in an app that the actor does not manage, or no role at all.
            OutOfBounds: a link lives 15 minutes to 24 hours.
        """
        checked = normal_name(name)
        if checked is None:
            raise NameRefused
        check_may_add(rights, grants)
        ends_at = self._end(life)
        person = await self._persons.add(checked, grants, actor=actor)
        return await self._link(person, self._purpose, ends_at, actor, rights)

    async def again(
        self,
        name: str,
        *,
        actor: Actor,
        rights: Rights | None = None,
        life: timedelta = DEFAULT_LIFE,
        without_code: bool = False,
    ) -> Invited:
        """Make a new link for a person, whose earlier links end. An invitation replaces the password.

        `without_code`: remove the second factor, as for a lost telephone.

        Raises:
            NoSuchPerson: there is no active person of this name.
            NotPermitted: the actor does not manage the person, or may not let anyone in as this person.
            OutOfBounds: as in `add`.
        """
        ends_at = self._end(life)
        person = await self._managed(name, rights)
        if without_code:
            await self._proofs.set_code(person.id, None, actor=actor)
        return await self._link(person, self._purpose, ends_at, actor, rights)

    async def to_sign_in(self, name: str, *, actor: Actor, life: timedelta = SHORTEST) -> Invited:
        """Make a link that signs in without a password. Raises as `again`."""
        ends_at = self._end(life)
        return await self._link(await self._managed(name, None), Purpose.SIGN_IN, ends_at, actor, None)

    async def _managed(self, name: str, rights: Rights | None) -> Person:
        person = await self._persons.find(normal_name(name) or "")
        if person is None or person.state is not PersonState.ACTIVE:
            raise NoSuchPerson
        check_may_let_in(rights, person)
        return person

    def _end(self, life: timedelta) -> datetime:
        if not SHORTEST <= life <= LONGEST:
            raise OutOfBounds
        return self._clock() + life

    async def _link(
        self, person: Person, purpose: Purpose, ends_at: datetime, actor: Actor, rights: Rights | None
    ) -> Invited:
        link = self._new_secret()
        await self._links.add(person.id, link, purpose=purpose, ends_at=ends_at, actor=actor, rights=rights)
        return Invited(person, link, purpose, ends_at)
