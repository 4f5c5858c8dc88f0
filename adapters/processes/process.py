"""The shared resources of one process's adapters; each composition root opens one."""

from collections.abc import Sequence
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Final, Self

import msgspec
from redis.asyncio import BlockingConnectionPool, Redis

from adapters.redis.client import create_redis_pool
from adapters.redis.names import RedisNames
from adapters.sealing.envelope import KeyRing
from domain.identity.keys.epochs import WEEK

if TYPE_CHECKING:
    from arq.connections import ArqRedis
    from sqlalchemy.ext.asyncio import AsyncEngine

    from adapters.keys.data_keys import DataKeys
    from adapters.keys.epochs import Epochs
    from adapters.keys.guarded import GuardedKeys
    from adapters.outbound.pictures.opening import OpenedPictures
    from adapters.postgres.clock import DatabaseClock
    from adapters.processes.readers import Readers
    from adapters.settings.settings import Settings


class KeyPlace(msgspec.Struct, frozen=True):
    """Where the epoch keys are, how long an epoch is, and for how long a process keeps its key."""

    url: str | None = None
    length: timedelta = WEEK
    life: timedelta = timedelta(hours=1)

    @classmethod
    def of(cls, settings: "Settings") -> Self:
        """The place in these settings."""
        return cls(
            settings.keys_url,
            timedelta(days=settings.keys_epoch),
            timedelta(seconds=settings.keys_cached),
        )

    def __repr__(self) -> str:
        return "KeyPlace(...)"


NO_KEY_STORE: Final = KeyPlace()


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
        key_place: KeyPlace = NO_KEY_STORE,
        pictures_url: str | None = None,
    ) -> None:
        self._pictures_url = pictures_url
        self._key_place = key_place
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
            key_place=KeyPlace.of(settings),
            pictures_url=settings.pictures_url,
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

    @property
    def has_key_store(self) -> bool:
        """Whether FACEID_KEYS_URL is set."""
        return self._key_place.url is not None

    @cached_property
    def key_store(self) -> "GuardedKeys | None":
        """The store of epoch keys and erasures; None without FACEID_KEYS_URL."""
        if self._key_place.url is None:
            return None
        from adapters.keys.guarded import GuardedKeys  # noqa: PLC0415 - as above
        from adapters.keys.opening import open_key_store  # noqa: PLC0415 - as above
        from adapters.store.identity.keys.marks import PgKeyMarks  # noqa: PLC0415 - as above

        return GuardedKeys(open_key_store(self._key_place.url), PgKeyMarks(self.engine))

    @cached_property
    def epochs(self) -> "Epochs | None":
        """The epochs of this process; None without FACEID_KEYS_URL. The caller must run its `follow`."""
        if self.key_store is None:
            return None
        from adapters.keys.epochs import Epochs  # noqa: PLC0415 - as above

        place = self._key_place
        return Epochs(self.key_store, self.keys, clock=self.clock, length=place.length, life=place.life)

    @cached_property
    def pictures(self) -> "OpenedPictures | None":
        """The store of pictures; None without FACEID_PICTURES_URL."""
        if self._pictures_url is None:
            return None
        from adapters.outbound.pictures.opening import open_pictures  # noqa: PLC0415 - as above

        return open_pictures(self._pictures_url)

    @cached_property
    def readers(self) -> "Readers":
        """What the live processes can open; the caller must run its `follow`."""
        from adapters.processes.heartbeats import Heartbeats  # noqa: PLC0415 - as above
        from adapters.processes.readers import Readers  # noqa: PLC0415 - as above

        return Readers(Heartbeats(self.redis, names=self.names))

    @cached_property
    def data_keys(self) -> "DataKeys":
        """The data keys of verifications and dead letters."""
        from adapters.keys.data_keys import DataKeys  # noqa: PLC0415 - as above

        return DataKeys(self.keys, self.epochs, readable=self.readers.all_open_epoch_keys)

    def create_pool(self, *, max_connections: int = 32) -> BlockingConnectionPool:
        """More connections to the same Redis, for a part that must not use up the others'."""
        return create_redis_pool(self._redis_url, timeout=self._timeout, max_connections=max_connections)

    async def aclose(self) -> None:
        """Close the connections."""
        if "key_store" in vars(self) and self.key_store is not None:
            await self.key_store.aclose()
        if "pictures" in vars(self) and self.pictures is not None:
            await self.pictures.aclose()
        if "engine" in vars(self):
            await self.engine.dispose()
        await self.pool.disconnect()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()
