"""A database as a gateway needs it: its schema, and a token for the api."""

import shlex
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from adapters.postgres.engine import create_engine
from adapters.postgres.schema import migrate
from adapters.processes.keys import APPLY, check_keys_of
from adapters.processes.process import KeyPlace, ProcessContext
from adapters.redis.names import DEFAULT_NAMES
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


async def check_ledger(
    database_url: str, *, redis_url: str, master_keys: Sequence[bytes], keys_url: str | None, data_dir: Path
) -> None:
    """Check that a data folder's own database has every erasure of the ledger.

    Raises:
        SettingsError: it lacks some, or the key store is another; the message names a command that works
            while no `dev` runs on the folder.
    """
    process = ProcessContext(
        redis_url=redis_url,
        database_url=database_url,
        master_keys=master_keys,
        names=DEFAULT_NAMES,
        timeout=timedelta(seconds=3),
        key_place=KeyPlace(keys_url),
    )
    # The roles wait for a key store that is away.
    with suppress(ServerAway):
        async with process:
            await check_keys_of(process, apply=f"{APPLY} --data-dir {shlex.quote(str(data_dir))}")


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
