"""Whether every live process can read what this version writes and older ones do not know.

While versions are mixed, an older worker may claim what a newer one recorded. It would find that no key
opens it, and leave it alone for an hour. So nothing is compressed until the last older process has ended.
The same holds for a type of event that an older version does not know: its readers would stop there.
No data key is put under an epoch until every process has a key store.
"""

import asyncio
import contextlib
from datetime import timedelta

from adapters.keys.data_keys import FORMAT as EPOCH_KEYS
from adapters.processes.heartbeats import Heartbeats
from adapters.redis.client import RedisAway
from adapters.sealing.compression.raw import FORMAT
from domain.events.event import EventType


class Readers:
    """The live processes as readers. Nobody counts as one before the first look."""

    def __init__(self, heartbeats: Heartbeats) -> None:
        self._heartbeats = heartbeats
        self._opens: list[tuple[str, ...]] | None = None

    def all_open_compressed(self) -> bool:
        """Whether all could open compressed bytes at the last look."""
        return self._all_open(FORMAT)

    def all_open_epoch_keys(self) -> bool:
        """Whether all could open data keys under epochs at the last look."""
        return self._all_open(EPOCH_KEYS)

    def all_know_checkpoints(self) -> bool:
        """Whether all knew events of the type `audit.checkpoint` at the last look."""
        return self._all_open(EventType.AUDIT_CHECKPOINT)

    async def look(self) -> None:
        """Look at the heartbeats. While Redis is away, the last look counts: nobody starts without it."""
        with contextlib.suppress(RedisAway):
            self._opens = [seen.heartbeat.opens for seen in await self._heartbeats.alive()]

    async def follow(self, *, every: timedelta) -> None:
        """Look repeatedly, until cancelled."""
        while True:
            await asyncio.sleep(every.total_seconds())
            await self.look()

    def _all_open(self, name: str) -> bool:
        return self._opens is not None and all(name in opens for opens in self._opens)
