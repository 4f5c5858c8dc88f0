"""The persons of a demo, each with a role, and personal tokens by which their work is done."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Final

from adapters.postgres.engine import create_engine
from adapters.store.people.personal_tokens import PgPersonalTokens
from adapters.store.people.persons import PgPersons
from domain.people.actor import Actor
from domain.people.person import Person
from domain.people.roles import Grant, Role
from usecases.people.personal_tokens import PersonalTokenDesk

PERSONS: Final = {
    "li.na": Grant(Role.REVIEWER),
    "wang.wei": Grant(Role.REVIEWER, "demo"),
    "zhao.min": Grant(Role.SENIOR),
    "chen.jie": Grant(Role.OPERATOR),
    "sun.yu": Grant(Role.AUDITOR),
}
AT_WORK: Final = ("li.na", "wang.wei", "zhao.min")
"""Those who work on cases."""

_LABEL: Final = "demo"
_ACTOR: Final = Actor.command("dev")


@asynccontextmanager
async def persons_at_work(database_url: str) -> AsyncIterator[dict[str, str]]:
    """Add the persons who are not there yet. Personal tokens of those who work on cases, by name; they are
    revoked at the end of the block. Raises ServerAway.
    """
    engine = create_engine(database_url)
    try:
        persons, tokens = PgPersons(engine), PgPersonalTokens(engine)
        found = {name: await _present(persons, name, grant) for name, grant in PERSONS.items()}
        desk = PersonalTokenDesk(tokens, clock=lambda: datetime.now(UTC))
        life = timedelta(hours=1)
        try:
            yield {
                name: await desk.create(found[name].id, _LABEL, actor=_ACTOR, life=life) for name in AT_WORK
            }
        finally:
            for each in [token for name in AT_WORK for token in await desk.page(found[name].id, limit=50)]:
                if each.name == _LABEL:
                    await desk.revoke(each.id, actor=_ACTOR)
    finally:
        await engine.dispose()


async def _present(persons: PgPersons, name: str, grant: Grant) -> Person:
    return await persons.find(name) or await persons.add(name, [grant], actor=_ACTOR)
