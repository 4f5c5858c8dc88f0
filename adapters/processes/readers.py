"""Whether every live process can read what this version writes and older ones do not know.

While versions are mixed, an older worker may claim what a newer one recorded. It would find that no key
opens it, and leave it alone for an hour. So nothing is compressed until the last older process has ended.
The same holds for a type of event that an older version does not know: its readers would stop there.
"""

import asyncio
import contextlib
from datetime import timedelta

from adapters.processes.heartbeats import Heartbeats
from adapters.redis.client import RedisAway
from adapters.sealing.compression.raw import FORMAT
from domain.events.event import EventType


class Readers:
    """The live processes as readers of compressed bytes. Nobody counts as one before the first look."""

    def __init__(self, heartbeats: Heartbeats) -> None:
        self._heartbeats = heartbeats
        self._all_open = False
        self._all_know_checkpoints = False

    def all_open_compressed(self) -> bool:
        """Whether all could open compressed bytes at the last look."""
        return self._all_open

    def all_know_checkpoints(self) -> bool:
        """Whether all knew events of the type `audit.checkpoint` at the last look."""
        return self._all_know_checkpoints

    async def look(self) -> None:
        """Look at the heartbeats. While Redis is away, the last look counts: nobody starts without it."""
        with contextlib.suppress(RedisAway):
            alive = [seen.heartbeat.opens for seen in await self._heartbeats.alive()]
            self._all_open = all(FORMAT in opens for opens in alive)
            self._all_know_checkpoints = all(EventType.AUDIT_CHECKPOINT in opens for opens in alive)

    async def follow(self, *, every: timedelta) -> None:
        """Look repeatedly, until cancelled."""
        while True:
            await asyncio.sleep(every.total_seconds())
            await self.look()
