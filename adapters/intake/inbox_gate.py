"""The way into the inbox, as long as Redis takes batches in time."""

import asyncio
from datetime import timedelta

from adapters.intake.inbox import RedisInbox
from adapters.redis.client import RedisAway
from adapters.redis.watch import RedisWatch
from domain.limits.memory_room import cost_of


class InboxGate:
    """Hands batches over to the workers through the inbox."""

    def __init__(self, inbox: RedisInbox, watch: RedisWatch, *, timeout: timedelta) -> None:
        self._inbox = inbox
        self.watch = watch
        self._timeout = timeout.total_seconds()

    @property
    def usable(self) -> bool:
        """Whether trying makes sense; if not, nobody should wait for it."""
        return self.watch.usable

    async def put(self, batch_id: str, sealed: bytes) -> bool:
        """Whether Redis has taken a sealed batch as durably as configured.

        If not, there was no room for it; or it may have been written all the same, and nobody else should try
        before the watch has.
        """
        cost = cost_of(len(sealed))
        if not self.watch.room.takes(cost):
            return False
        self.watch.wrote(cost)
        try:
            async with asyncio.timeout(self._timeout):
                await self._inbox.hand_over_sealed(batch_id, sealed)
        except (RedisAway, TimeoutError) as error:
            self.watch.failed(error)
            return False
        return True
