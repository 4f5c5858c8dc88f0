"""The stores of people with shortcuts, for tests of the stores and of the edges."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.sealing.envelope import KeyRing
from adapters.sealing.random_secrets import new_secret
from adapters.store.people.links import PgLinks
from adapters.store.people.personal_tokens import PgBearers, PgPersonalTokens
from adapters.store.people.persons import PgPersons
from adapters.store.people.proofs import PgProofs
from adapters.store.people.proven_persons import PgProvenPersons
from adapters.store.people.sessions import PgSessions
from adapters.store.people.tries import PgSignInLimits
from domain.people.actor import Actor
from domain.people.entry import Origin, Way
from domain.people.links import Purpose
from domain.people.person import Person
from domain.people.roles import Grant

OPS = Actor.command("ops")
HERE = Origin("192.0.2.7")


@dataclass
class People:
    """The stores, and what tests do with them."""

    engine: AsyncEngine
    keys: KeyRing

    def __post_init__(self) -> None:
        self.persons = PgPersons(self.engine)
        self.proofs = PgProofs(self.engine, keys=self.keys)
        self.links = PgLinks(self.engine)
        self.sessions = PgSessions(self.engine)
        self.tokens = PgPersonalTokens(self.engine)
        self.bearers = PgBearers(self.engine)
        self.proven = PgProvenPersons(self.engine)
        self.limits = PgSignInLimits(self.engine)

    async def person(self, name: str = "li.na", *grants: Grant) -> Person:
        """A new person with these roles."""
        return await self.persons.add(name, grants, actor=OPS)

    async def link(self, person: Person, purpose: Purpose = Purpose.SIGN_IN, **ahead: float) -> str:
        """A new link, valid for an hour or for the time `ahead`."""
        link, ends_at = new_secret(), datetime.now(UTC) + timedelta(**(ahead or {"hours": 1}))
        await self.links.add(person.id, link, purpose=purpose, ends_at=ends_at, actor=OPS, rights=None)
        return link

    async def cookie(self, person: Person, origin: Origin = HERE) -> str:
        """The cookie of a new session."""
        return await self.sessions.open(person.id, Way.PASSWORD, origin=origin)

    async def token(self, person: Person, name: str = "laptop", **options: Any) -> str:
        """A new personal token, valid for a day."""
        values = {"scopes": None, "expires_at": datetime.now(UTC) + timedelta(days=1)} | options
        return await self.tokens.add(person.id, name, actor=OPS, **values)

    async def audited(self, action: str) -> list[dict[str, Any]]:
        """The audit's rows of an action, the oldest first."""
        statement = text("SELECT * FROM audit WHERE action = :action ORDER BY id")
        async with self.engine.connect() as connection:
            rows = await connection.execute(statement, {"action": action})
            return [dict(row) for row in rows.mappings()]

    async def run(self, statement: str, **values: Any) -> None:
        """Change rows as only time does."""
        async with self.engine.begin() as connection:
            await connection.execute(text(statement), values)

    async def has_to_wait(self, task: "asyncio.Task[Any]") -> bool:
        """Whether a statement waits for a lock, or the task has ended without."""
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        async with self.engine.connect() as connection:
            return task.done() or bool(await connection.scalar(text(waiting)))
