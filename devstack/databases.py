"""A database as a gateway needs it: its schema, and a token for the api."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from adapters.postgres.engine import create_engine
from adapters.postgres.schema import migrate
from adapters.sealing.envelope import KeyRing
from adapters.sealing.random_secrets import new_secret
from adapters.store.people.api_tokens import PgTokens
from adapters.store.people.links import PgLinks
from adapters.store.people.persons import PgPersons
from adapters.store.people.proofs import PgProofs
from domain.errors import ServerAway
from domain.people.actor import Actor
from domain.people.links import LONGEST
from domain.people.roles import Grant, Role
from usecases.people.invite import Invitations


async def prepare(url: str, *, token_name: str, token: str, **rights: Any) -> None:
    """Bring the schema up to date and store the token; `rights` as in `PgTokens.put`."""
    await migrate(url)
    engine = create_engine(url)
    try:
        await PgTokens(engine).put(token_name, token, **rights)
    finally:
        await engine.dispose()


async def sign_in_link(url: str, name: str, *, master_keys: Sequence[bytes]) -> str:
    """A one-time link, valid for a day, by which the person of this name signs in; every role but `viewer`,
    which the others include, is given.
    """
    engine = create_engine(url)
    actor = Actor.command("dev")
    try:
        persons = PgPersons(engine)
        if await persons.find(name) is None:
            await persons.add(name, [Grant(role) for role in Role if role is not Role.VIEWER], actor=actor)
        invitations = Invitations(
            persons,
            PgLinks(engine),
            PgProofs(engine, keys=KeyRing(master_keys)),
            new_secret=new_secret,
            clock=lambda: datetime.now(UTC),
        )
        return (await invitations.to_sign_in(name, actor=actor, life=LONGEST)).link
    finally:
        await engine.dispose()


async def revoke(url: str, token_name: str) -> None:
    """Revoke the token, if the database can be reached."""
    engine = create_engine(url)
    try:
        with suppress(ServerAway):
            await PgTokens(engine).revoke(token_name)
    finally:
        await engine.dispose()
