"""A mark in Redis by which two gateways notice that they use the same Redis and prefix.

Their workers would take each other's callbacks: with different master keys they could not decrypt them, with
different databases they would record them in the wrong one.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final

import msgspec
import structlog
from redis.asyncio import Redis
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from adapters.postgres.engine import create_engine
from adapters.postgres.sqlstate import DatabaseAway
from adapters.redis.client import RedisAway, raises_redis_away
from adapters.redis.names import RedisNames
from adapters.sealing.envelope import KeyRing
from adapters.settings.settings import Settings
from adapters.tasks.background import in_background
from domain.errors import SettingsError

log = structlog.get_logger(__name__)

KEPT: Final = timedelta(hours=1)
"""How long a mark outlives its gateway. The workers renew it six times as often."""


class Mark(msgspec.Struct, frozen=True):
    """The user of the names: the ids of its master keys, and its database (None: unknown)."""

    keys: list[str]
    database: str | None = None

    def conflict(self, other: "Mark") -> str | None:
        """Why `other` is another gateway's mark, for an operator; None if it may be ours."""
        if not set(self.keys) & set(other.keys):
            return "another gateway, which has other master keys"
        if self.database and other.database and self.database != other.database:
            return "another gateway, which has another database"
        return None


class RedisMark:
    """The mark in Redis under `names`, compared with this gateway's, `mine`."""

    def __init__(self, redis: Redis, mine: Mark, *, names: RedisNames) -> None:
        self._redis = redis
        self._mine = mine
        self._names = names

    @raises_redis_away
    async def find_conflict(self) -> str | None:
        """One line about another user of the names; None if there is none. Raises RedisAway."""
        theirs = _read(await self._redis.get(self._names.mark))
        conflict = None if theirs is None else self._mine.conflict(theirs)
        if conflict is None:
            return None
        return (
            f"FACEID_REDIS_URL: {conflict}, uses this Redis database under the prefix"
            f" {self._names.prefix!r}; give each its own FACEID_REDIS_PREFIX. Did the keys or the database"
            f" change? Then delete {self._names.mark}, or wait: it ends an hour after its last worker"
        )

    @raises_redis_away
    async def leave(self) -> str | None:
        """`find_conflict`; if there is none, write or renew our mark."""
        # If two gateways start at the same moment, one write is first.
        if await self._redis.set(self._names.mark, msgspec.json.encode(self._mine), ex=KEPT, nx=True):
            return None
        conflict = await self.find_conflict()
        if conflict is None:
            theirs = _read(await self._redis.get(self._names.mark))
            known = self._mine.database or (theirs.database if theirs else None)
            packed = msgspec.json.encode(msgspec.structs.replace(self._mine, database=known))
            await self._redis.set(self._names.mark, packed, ex=KEPT)
        return conflict


@asynccontextmanager
async def marking(mark: RedisMark) -> AsyncIterator[None]:
    """Keep our mark in Redis while the block runs.

    Raises:
        SettingsError: another gateway uses the names. If Redis is away, the check is repeated later.
    """
    conflict = None
    with contextlib.suppress(RedisAway):
        conflict = await mark.leave()
    if conflict is not None:
        raise SettingsError(conflict)
    async with in_background(_renew(mark)):
        yield


async def _renew(mark: RedisMark) -> None:
    while True:
        await asyncio.sleep(KEPT.total_seconds() / 6)
        try:
            conflict = await mark.leave()
        except RedisAway:
            continue
        if conflict is not None:
            log.error("redis.shared", detail=conflict)


async def read_mark(settings: Settings) -> Mark:
    """The mark of the gateway with these settings; its database is unknown while PostgreSQL is away."""
    keys, engine = KeyRing(settings.key_bytes()), create_engine(settings.database_url)
    try:
        async with engine.connect() as connection:
            row = (await connection.execute(_DATABASE)).one()
    except (DBAPIError, DatabaseAway):
        return Mark(keys.ids())
    finally:
        await engine.dispose()
    return Mark(keys.ids(), f"{row.system_identifier}/{row.oid}")


def _read(packed: bytes | None) -> Mark | None:
    try:
        return None if packed is None else msgspec.json.decode(packed, type=Mark)
    except msgspec.DecodeError:
        # Not in our format, so its gateway is unknown.
        return None


_DATABASE: Final = text("""
SELECT system_identifier, (SELECT oid FROM pg_database WHERE datname = current_database()) AS oid
FROM pg_control_system()
""")
"""Identical on a standby; different after a restore into a new cluster."""
