"""The gate to the inbox, which is open while Redis takes batches in time."""

import asyncio
import time
from datetime import timedelta
from typing import Final

from redis.asyncio import Redis

from adapters.intake.inbox import put_batch, put_commands
from adapters.redis.client import RedisAway
from adapters.redis.kept import KeptConnection
from adapters.redis.names import DEFAULT_NAMES, RedisNames
from adapters.redis.watch import RedisWatch
from domain.limits.memory_room import cost_of

KEPT_SECONDS: Final = 1.0
"""How long the connection for writes is trusted after a write. A firewall may forget an idle one."""


class InboxGate:
    """Puts batches into the inbox for the workers."""

    def __init__(
        self, redis: Redis, watch: RedisWatch, *, timeout: timedelta, names: RedisNames = DEFAULT_NAMES
    ) -> None:
        self._redis = redis
        self._names = names
        self.watch = watch
        self._timeout = timeout.total_seconds()
        self._kept = KeptConnection(redis.connection_pool)
        self._written_at = -KEPT_SECONDS

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
                await self._write(batch_id, sealed)
        except (RedisAway, TimeoutError) as error:
            self.watch.failed(error)
            return False
        self._written_at = time.monotonic()
        return True

    async def _write(self, batch_id: str, sealed: bytes) -> None:
        """After a pause by the pool, whose connections the watch uses every second; in traffic by our own."""
        if time.monotonic() - self._written_at < KEPT_SECONDS:
            await self._kept.transact(put_commands(batch_id, sealed, names=self._names))
        else:
            await self._kept.close()
            await put_batch(self._redis, batch_id, sealed, names=self._names)

    async def aclose(self) -> None:
        """Stop the watch and close the connection for writes."""
        await self.watch.aclose()
        await self._kept.close()
