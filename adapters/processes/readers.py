"""Whether every live process can open what this version compresses.

While versions are mixed, an older worker may claim what a newer one recorded. It would find that no key
opens it, and leave it alone for an hour. So nothing is compressed until the last older process has ended.
"""

import asyncio
import contextlib
from datetime import timedelta

from adapters.processes.heartbeats import Heartbeats
from adapters.redis.client import RedisAway
from adapters.sealing.compression.raw import FORMAT


class Readers:
    """The live processes as readers of compressed bytes. Nobody counts as one before the first look."""

    def __init__(self, heartbeats: Heartbeats) -> None:
        self._heartbeats = heartbeats
        self._all_open = False

    def all_open_compressed(self) -> bool:
        """Whether all could open compressed bytes at the last look."""
        return self._all_open

    async def look(self) -> None:
        """Look at the heartbeats. While Redis is away, the last look counts: nobody starts without it."""
        with contextlib.suppress(RedisAway):
            self._all_open = all(FORMAT in seen.heartbeat.opens for seen in await self._heartbeats.alive())

    async def follow(self, *, every: timedelta) -> None:
        """Look repeatedly, until cancelled."""
        while True:
            await asyncio.sleep(every.total_seconds())
            await self.look()
