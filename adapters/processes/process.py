"""The shared resources of one process's adapters; each composition root opens one."""

from collections.abc import Sequence
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Self

from redis.asyncio import BlockingConnectionPool, Redis

from adapters.redis.client import create_redis_pool
from adapters.redis.names import RedisNames
from adapters.sealing.envelope import KeyRing

if TYPE_CHECKING:
    from arq.connections import ArqRedis
    from sqlalchemy.ext.asyncio import AsyncEngine

    from adapters.postgres.clock import DatabaseClock
    from adapters.settings import Settings


class ProcessContext:
    """The keys, the names in Redis, the connections, the clock.

    Nothing connects before it is used. `engine`, `clock` and `queue` are made, and their libraries imported,
    at first use: an ingress needs no database, and a health check runs often.
    `timeout`: the time limit of every exchange with Redis.

    Raises:
        SettingsError: a URL or a key cannot be used.
    """

    def __init__(
        self,
        *,
        redis_url: str,
        database_url: str,
        master_keys: Sequence[bytes],
        names: RedisNames,
        timeout: timedelta,
    ) -> None:
        self._database_url = database_url
        self._timeout = timeout
        self._redis_url = redis_url
        self.keys = KeyRing(master_keys)
        self.names = names
        self.pool = self.create_pool()
        self.redis: Redis = Redis(connection_pool=self.pool)

    @classmethod
    def of(cls, settings: "Settings", *, timeout: timedelta) -> Self:
        """The context of a process with these settings."""
        return cls(
            redis_url=settings.redis_url,
            database_url=settings.database_url,
            master_keys=settings.key_bytes(),
            names=RedisNames(settings.redis_prefix),
            timeout=timeout,
        )

    @cached_property
    def engine(self) -> "AsyncEngine":
        """PostgreSQL."""
        from adapters.postgres.engine import create_engine  # noqa: PLC0415 - at first use

        return create_engine(self._database_url)

    @cached_property
    def clock(self) -> "DatabaseClock":
        """PostgreSQL's clock; the caller must run its `follow`."""
        from adapters.postgres.clock import DatabaseClock  # noqa: PLC0415 - as above

        return DatabaseClock(self.engine)

    @cached_property
    def queue(self) -> "ArqRedis":
        """arq's client on the same connections."""
        from adapters.intake.queue import create_queue  # noqa: PLC0415 - as above

        return create_queue(self.pool, names=self.names)

    def create_pool(self, *, max_connections: int = 32) -> BlockingConnectionPool:
        """More connections to the same Redis, for a part that must not use up the others'."""
        return create_redis_pool(self._redis_url, timeout=self._timeout, max_connections=max_connections)

    async def aclose(self) -> None:
        """Close the connections."""
        if "engine" in vars(self):
            await self.engine.dispose()
        await self.pool.disconnect()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()
