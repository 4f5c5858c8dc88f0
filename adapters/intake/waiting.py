"""Count the callbacks of one verification that are accepted and not yet recorded, in inbox and spool."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Final
from uuid import UUID

from redis.asyncio import Redis

from adapters.intake.inbox import decode_batch
from adapters.intake.spool.disk import Disk, NoRegularFile
from adapters.intake.spool.folder import ASIDE, SUFFIX
from adapters.intake.spool.frames import scan_frames
from adapters.redis.client import raises_redis_away
from adapters.redis.names import DEFAULT_NAMES, RedisNames
from adapters.sealing.envelope import KeyRing
from domain.errors import BrokenSeal
from domain.model import AcceptedCallback

_AT_ONCE: Final = 100


class WaitingCallbacks:
    """Opens what waits. `named`: the verification that a callback names. `spool`: this machine's folder, if
    it has one."""

    def __init__(
        self,
        redis: Redis,
        *,
        keys: KeyRing,
        named: Callable[[AcceptedCallback], UUID],
        spool: Path | None,
        names: RedisNames = DEFAULT_NAMES,
    ) -> None:
        self._redis = redis
        self._keys = keys
        self._named = named
        self._spool = spool
        self._names = names

    async def in_inbox(self, verification_id: UUID) -> int:
        """The callbacks in batches that any configured key opens. Raises RedisAway."""
        count = 0
        async for batch_id, sealed in self._batches():
            count += self._count(batch_id, sealed, verification_id)
        return count

    async def in_spool(self, verification_id: UUID) -> int:
        """The same in the complete frames of this machine's spool, damaged segments too. Raises OSError."""
        return await asyncio.to_thread(self._in_spool, verification_id)

    async def _batches(self) -> AsyncIterator[tuple[str, bytes]]:
        ids = await self._ids()
        for first in range(0, len(ids), _AT_ONCE):
            page = ids[first : first + _AT_ONCE]
            for batch_id, sealed in zip(page, await self._read(page), strict=True):
                if sealed is not None:
                    yield batch_id, sealed

    @raises_redis_away
    async def _ids(self) -> list[str]:
        names, found = self._names, []
        for index in (names.pending, names.claimed, names.unreadable):
            found += [each.decode(errors="replace") for each in await self._redis.zrange(index, 0, -1)]
        return found

    @raises_redis_away
    async def _read(self, ids: Iterable[str]) -> list[bytes | None]:
        async with self._redis.pipeline(transaction=False) as pipe:
            for each in ids:
                pipe.get(self._names.batch + each)
            found: list[bytes | None] = await pipe.execute()
        return found

    def _in_spool(self, verification_id: UUID) -> int:
        return sum(self._count(*frame, verification_id) for frame in self._frames())

    def _frames(self) -> Iterator[tuple[str, bytes]]:
        disk = Disk()
        if self._spool is None:
            return
        for path in chain(self._spool.glob(f"*/*{SUFFIX}"), self._spool.glob(f"*/*{ASIDE}")):
            try:
                content = disk.read(path)
            except (FileNotFoundError, NoRegularFile):
                # Drained in between.
                continue
            yield from ((frame.batch_id, frame.sealed) for frame in scan_frames(content).frames)

    def _count(self, batch_id: str, sealed: bytes, verification_id: UUID) -> int:
        try:
            callbacks = decode_batch(batch_id, sealed, keys=self._keys)
        except BrokenSeal:
            return 0
        return sum(self._named(each) == verification_id for each in callbacks)
