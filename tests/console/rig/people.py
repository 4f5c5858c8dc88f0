"""Persons with sessions, in memory: what the pages need of them."""

import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID, uuid4

from domain.people.actor import Actor
from domain.people.entry import Origin, Way
from domain.people.errors import LinkInvalid, SignInFailed
from domain.people.links import Link, Purpose
from domain.people.person import Person
from domain.people.roles import Grant, Role
from domain.people.session import Session, end_of
from tests.support.storage.stores import Clock

PASSWORD = "correct horse battery"


@dataclass
class MemoryPeople:
    """Persons by name, their sessions by cookie, and one-time links."""

    clock: Clock
    persons: dict[str, Person] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)
    links: dict[str, Link] = field(default_factory=dict)

    def add(self, name: str, *grants: Grant) -> Person:
        """A person with these roles."""
        person = Person(id=uuid4(), name=name, grants=grants, created_at=self.clock())
        self.persons[name] = person
        return person

    def enter(self, role: Role, app_id: str | None = None) -> str:
        """The cookie of a new person with this role."""
        person = self.add(f"{role.value}-{len(self.persons)}", Grant(role, app_id))
        return self._open(person.id)

    def invite(self, name: str, purpose: Purpose = Purpose.SIGN_IN) -> str:
        """A one-time link of a person."""
        link = secrets.token_urlsafe(16)
        self.links[link] = Link(self.persons[name].ref, purpose, self.clock() + timedelta(hours=1))
        return link

    async def check(self, cookie: str) -> Session | None:
        return self.sessions.get(cookie)

    async def open(self, person_id: UUID, way: Way, *, origin: Origin) -> str:
        return self._open(person_id, origin.language)

    async def open_by_link(self, link: str, *, password_hash: str | None, origin: Origin) -> str:
        return await self.by_link(link, password=None, origin=origin)

    async def close(self, session: Session, *, address: str | None) -> None:
        self.sessions = {cookie: each for cookie, each in self.sessions.items() if each.id != session.id}

    async def close_all(self, person_id: UUID, *, actor: Actor, but: UUID | None = None) -> int:
        return 0

    async def set_language(self, session_id: UUID, language: str) -> None:
        """Nothing: the cookie counts."""

    async def by_password(self, name: str, password: str, code: str, *, origin: Origin) -> str:
        if name not in self.persons or password != PASSWORD:
            raise SignInFailed
        return self._open(self.persons[name].id)

    async def find_link(self, link: str) -> Link:
        if link not in self.links:
            raise LinkInvalid
        return self.links[link]

    async def by_link(self, link: str, *, password: str | None, origin: Origin) -> str:
        found = await self.find_link(link)
        del self.links[link]
        return self._open(found.person.id)

    def _open(self, person_id: UUID, language: str | None = None) -> str:
        person = next(each for each in self.persons.values() if each.id == person_id)
        cookie, now = secrets.token_urlsafe(16), self.clock()
        self.sessions[cookie] = Session(
            id=uuid4(),
            person=person,
            rights=person.rights,
            csrf=secrets.token_urlsafe(16),
            signed_in_at=now,
            seen_at=now,
            ends_at=end_of(now, now),
            language=language,
        )
        return cookie
