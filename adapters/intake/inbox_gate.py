"""The gate to the inbox, which is open while Redis takes batches in time."""

import asyncio
from datetime import timedelta

from redis.asyncio import Redis

from adapters.intake.inbox import put_batch
from adapters.redis.client import RedisAway
from adapters.redis.names import DEFAULT_NAMES, RedisNames
from adapters.redis.watch import RedisWatch
from domain.limits.memory_room import cost_of


class InboxGate:
    """Puts batches into the inbox for the workers."""

    def __init__(
        self, redis: Redis, watch: RedisWatch, *, timeout: timedelta, names: RedisNames = DEFAULT_NAMES
    ) -> None:
        self._redis = redis
        self._names = names
        self.watch = watch
        self._timeout = timeout.total_seconds()

    @property
    def usable(self) -> bool:
        """Whether a write should be tried now."""
        return self.watch.usable

    async def put(self, batch_id: str, sealed: bytes) -> bool:
        """Put a sealed batch; True once it is as durable as configured.

        False: Redis takes none now, or the write failed. It may have been written nevertheless, and no
        other write should be tried before the watch has succeeded.
        """
        if not self.watch.takes(cost_of(len(sealed))):
            return False
        try:
            async with asyncio.timeout(self._timeout):
                await put_batch(self._redis, batch_id, sealed, names=self._names)
        except (RedisAway, TimeoutError) as error:
            self.watch.failed(error)
            return False
        return True
