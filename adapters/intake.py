"""The ingress's way into the inbox: acknowledged when durable, then handed over to a worker."""

import asyncio
from datetime import timedelta
from typing import Final
from uuid import uuid4

from redis.asyncio import Redis

from adapters.coalescer import Coalescer
from adapters.inbox import RedisInbox
from adapters.queue import BatchQueue
from adapters.redis_client import REDIS_AWAY, Durability, check_durability
from domain.errors import NotDurable, SettingsError
from domain.model import AcceptedCallback

MAX_BATCH: Final = 64


class DurableIntake:
    """Groups callbacks into batches and returns when Redis has them as durably as configured."""

    def __init__(
        self,
        redis: Redis,
        *,
        inbox: RedisInbox,
        queue: BatchQueue,
        durability: Durability,
        timeout: timedelta,
    ) -> None:
        self._redis = redis
        self._inbox = inbox
        self._queue = queue
        self._durability: Durability = durability
        self._timeout = timeout.total_seconds()
        self._checked = False
        self._coalescer = Coalescer[AcceptedCallback, None](
            self._write, max_items=MAX_BATCH, systemic=(NotDurable,)
        )

    async def accept(self, callback: AcceptedCallback) -> None:
        """Return once `callback` is durable.

        Raises:
            NotDurable: Redis did not take it in time, or is not set to keep it.
        """
        await self._coalescer.submit(callback)

    async def check(self) -> None:
        """Make sure that the server is as durable as configured.

        Raises SettingsError, RedisError, OSError.
        """
        await check_durability(self._redis, self._durability)
        self._checked = True

    async def aclose(self) -> None:
        """Finish the hand-overs under way."""
        await self._queue.aclose()

    async def _write(self, callbacks: list[AcceptedCallback]) -> list[None]:
        batch_id = uuid4().hex
        try:
            async with asyncio.timeout(self._timeout):
                if not self._checked:
                    await self.check()
                await self._inbox.put(batch_id, callbacks)
        except (*REDIS_AWAY, SettingsError) as error:
            # The server that comes back may be set otherwise: look again before the next write.
            self._checked = False
            raise NotDurable("Redis did not take the callback in time") from error
        self._queue.hand_over(batch_id)
        return [None] * len(callbacks)
