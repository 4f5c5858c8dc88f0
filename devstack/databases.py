"""A database as a gateway needs it: its schema, and a token for the api."""

from contextlib import suppress
from typing import Any

from adapters.postgres.engine import create_engine
from adapters.postgres.schema import migrate
from adapters.store.tokens import PgTokens
from domain.errors import ServerAway


async def prepare(url: str, *, token_name: str, token: str, **rights: Any) -> None:
    """Bring the schema up to date and store the token; `rights` as in `PgTokens.put`."""
    await migrate(url)
    engine = create_engine(url)
    try:
        await PgTokens(engine).put(token_name, token, **rights)
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
