"""The gate to the inbox, which is open while Redis takes batches in time."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from adapters.intake.inbox import RedisInbox
from adapters.redis.client import RedisAway
from adapters.redis.watch import RedisWatch
from domain.limits.memory_room import cost_of
from domain.model import AcceptedCallback


class InboxGate:
    """Puts batches into the inbox for the workers."""

    def __init__(self, inbox: RedisInbox, watch: RedisWatch, *, timeout: timedelta) -> None:
        self._inbox = inbox
        self.watch = watch
        self._timeout = timeout.total_seconds()

    @property
    def usable(self) -> bool:
        """Whether a write should be tried now."""
        return self.watch.usable

    def seal(self, batch_id: str, callbacks: Sequence[AcceptedCallback]) -> bytes:
        """A batch as `put` and the spool take it."""
        return self._inbox.seal(batch_id, callbacks)

    async def put(self, batch_id: str, sealed: bytes) -> bool:
        """Put a sealed batch; True once it is as durable as configured.

        False: there was no memory for it, or the write failed. It may have been written nevertheless, and no
        other write should be tried before the watch has succeeded.
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
