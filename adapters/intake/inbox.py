"""The inbox: callbacks that are accepted and not yet recorded, durable in Redis.

One write per group of callbacks: the sealed batch under its own key, its id in `pending`, and a job that
wakes a worker. Only the job has a TTL. Workers claim batches, many at once: a claimed batch moves from
`pending` to `claimed` with its lease as the score, and is deleted when its callbacks are recorded. If a
worker dies, its batches are claimed again when their lease has ended. The job is only a notification.
"""

import contextlib
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

import msgspec
import zstandard
from redis.asyncio import Redis
from redis.exceptions import OutOfMemoryError

from adapters.intake.inbox_scripts import CLAIM, POSTPONE, RENEW, SET_ASIDE, TAKE_BACK
from adapters.intake.queue import add_wake_up, wake_up
from adapters.redis.client import RedisAway, raises_redis_away
from adapters.redis.kept import Command
from adapters.redis.memory import read_what_is_left
from adapters.redis.names import DEFAULT_NAMES, RedisNames
from adapters.sealing.batch_ids import is_retry, new_retry_id, part_id
from adapters.sealing.envelope import KeyRing
from domain.errors import BrokenSeal, RedisFull
from domain.limits.memory_room import MemoryRules, cost_of
from domain.model import AcceptedCallback
from domain.verifications.records import Claim, ClaimedBatch

MOST_CALLBACKS: Final = 128
MOST_BYTES: Final = 4 * 1024**2
"""Maximum size of a group, which one worker records in one transaction."""


class RedisInbox:
    """Batches of callbacks in Redis."""

    def __init__(self, redis: Redis, *, keys: KeyRing, names: RedisNames = DEFAULT_NAMES) -> None:
        self._redis = redis
        self._keys = keys
        self._names = names
        self._claim = redis.register_script(CLAIM)
        self._postpone = redis.register_script(POSTPONE)
        self._renew = redis.register_script(RENEW)
        self._set_aside = redis.register_script(SET_ASIDE)
        self._take_back = redis.register_script(TAKE_BACK)

    async def hand_over(self, batch_id: str, callbacks: Sequence[AcceptedCallback]) -> None:
        """Write a batch and wake a worker, in one transaction. Writing the same batch twice is harmless.

        Raises:
            RedisAway: Redis is away; the batch may have been written nevertheless.
        """
        await self.hand_over_sealed(batch_id, encode_batch(batch_id, callbacks, keys=self._keys))

    async def hand_over_sealed(self, batch_id: str, sealed: bytes) -> None:
        """`hand_over` for the output of `encode_batch`."""
        await put_batch(self._redis, batch_id, sealed, names=self._names)

    async def add_retried(self, callbacks: Sequence[AcceptedCallback], *, rules: MemoryRules) -> None:
        """`hand_over` for retried letters, which can wait in PostgreSQL: only if `rules` leave memory.

        Raises:
            RedisFull: there is none left; nothing was written.
            RedisAway: as `hand_over`.
        """
        batch_id = new_retry_id(len(callbacks))
        sealed = encode_batch(batch_id, callbacks, keys=self._keys)
        room = await read_what_is_left(self._redis, rules)
        if not room.takes(cost_of(len(sealed))):
            raise RedisFull
        try:
            await self.hand_over_sealed(batch_id, sealed)
        except RedisAway as error:
            if isinstance(error.__cause__, OutOfMemoryError):
                # Another process has written in between.
                raise RedisFull from None
            raise

    @raises_redis_away
    async def claim(
        self, *, lease: timedelta, limit: int = MOST_CALLBACKS, finished: Sequence[str] = ()
    ) -> Claim:
        """Claim a group of batches, oldest first, of at most `limit` callbacks unless one batch has more.

        No other worker can claim them for `lease`. A batch that was claimed before and neither finished nor
        postponed comes alone. `finished` batches are deleted first.

        Raises:
            RedisAway: Redis is away; batches may have been claimed nevertheless.
        """
        names = self._names
        left, taken = await self._claim(
            keys=[names.pending, names.claimed, names.starts],
            args=[names.batch, limit, MOST_BYTES, _ms(lease), *finished],
        )
        ids, starts, sealed = taken[::3], taken[1::3], taken[2::3]
        batches = [self._open(*each) for each in zip(ids, starts, sealed, strict=True)]
        return Claim(batches, left=int(left))

    def _open(self, packed_id: bytes, starts: int, sealed: bytes) -> ClaimedBatch:
        batch_id = packed_id.decode()
        try:
            callbacks = decode_batch(batch_id, sealed, keys=self._keys)
        except BrokenSeal:
            callbacks = None
        return ClaimedBatch(batch_id, int(starts), callbacks, is_retry(batch_id))

    @raises_redis_away
    async def finish(self, batch_ids: Sequence[str]) -> None:
        """Delete batches whose callbacks are all recorded."""
        await self._replace(batch_ids, {})

    @raises_redis_away
    async def split(self, batch_id: str, callbacks: Sequence[AcceptedCallback]) -> None:
        """Replace a batch by one batch for each callback, in one transaction; each is claimed alone."""
        parts = {part_id(batch_id, index): each for index, each in enumerate(callbacks)}
        await self._replace([batch_id], parts)

    async def _replace(self, batch_ids: Sequence[str], parts: Mapping[str, AcceptedCallback]) -> None:
        names = self._names
        async with self._redis.pipeline(transaction=True) as pipe:
            for part, callback in parts.items():
                pipe.set(names.batch + part, encode_batch(part, [callback], keys=self._keys))
                pipe.zadd(names.claimed, {part: 0})
                pipe.hset(names.starts, part, "1")
            pipe.delete(*(names.batch + batch_id for batch_id in batch_ids))
            for index in (names.pending, names.claimed, names.unreadable):
                pipe.zrem(index, *batch_ids)
            pipe.hdel(names.starts, *batch_ids)
            await pipe.execute()

    @raises_redis_away
    async def postpone(self, batch_ids: Sequence[str], *, pause: timedelta) -> None:
        """Make claimed batches claimable again after `pause`, without counting a failed attempt."""
        await self._postpone(keys=[self._names.claimed, self._names.starts], args=[_ms(pause), *batch_ids])

    @raises_redis_away
    async def renew(self, batch_ids: Sequence[str], *, lease: timedelta) -> None:
        """Restart the lease of claimed batches; their number of attempts stays."""
        await self._renew(keys=[self._names.claimed], args=[_ms(lease), *batch_ids])

    @raises_redis_away
    async def set_aside(self, batch_id: str) -> None:
        """Take a claimed batch that no key decrypts out of the queue; its bytes stay."""
        names = self._names
        await self._set_aside(keys=[names.claimed, names.unreadable, names.starts], args=[batch_id])

    @raises_redis_away
    async def take_back(self, *, after: timedelta) -> int:
        """Queue batches again that were set aside for `after`; return their number."""
        names = self._names
        return int(await self._take_back(keys=[names.unreadable, names.claimed], args=[_ms(after)]))

    @raises_redis_away
    async def wake_another(self) -> None:
        """Wake another worker for the waiting batches, if Redis has memory for the job."""
        async with self._redis.pipeline(transaction=True) as pipe:
            add_wake_up(pipe, names=self._names, now_ms=_now_ms())
            with contextlib.suppress(OutOfMemoryError):
                await pipe.execute()

    @raises_redis_away
    async def waiting(self) -> int:
        """The number of batches that no worker has claimed yet."""
        return int(await self._redis.zcard(self._names.pending))

    @raises_redis_away
    async def depth(self) -> int:
        """The number of pending and claimed batches."""
        async with self._redis.pipeline(transaction=False) as pipe:
            for index in (self._names.pending, self._names.claimed, self._names.unreadable):
                pipe.zcard(index)
            return sum(await pipe.execute())


@raises_redis_away
async def put_batch(redis: Redis, batch_id: str, sealed: bytes, *, names: RedisNames) -> None:
    """Write a sealed batch to the inbox and wake a worker, in one transaction. Writing it twice is harmless.

    Raises:
        RedisAway: Redis is away; the batch may have been written nevertheless.
    """
    async with redis.pipeline(transaction=True) as pipe:
        for command in put_commands(batch_id, sealed, names=names):
            pipe.execute_command(*command)
        await pipe.execute()


def put_commands(batch_id: str, sealed: bytes, *, names: RedisNames) -> tuple[Command, ...]:
    """The commands of `put_batch`, for one transaction."""
    now = _now_ms()
    return (
        ("SET", names.batch + batch_id, sealed),
        ("ZADD", names.pending, now, batch_id),
        *wake_up(names=names, now_ms=now),
    )


def encode_batch(batch_id: str, callbacks: Sequence[AcceptedCallback], *, keys: KeyRing) -> bytes:
    """Seal a batch: MessagePack, compressed, encrypted."""
    return keys.seal_batch(batch_id, _compressor.compress(msgspec.msgpack.encode(callbacks)))


def decode_batch(batch_id: str, sealed: bytes, *, keys: KeyRing) -> list[AcceptedCallback]:
    """The callbacks of a batch. Raises BrokenSeal, also for another format of a newer version."""
    packed = keys.unseal_batch(batch_id, sealed)
    try:
        return _decoder.decode(_decompressor.decompress(packed))
    except (zstandard.ZstdError, msgspec.DecodeError) as error:
        raise BrokenSeal(f"inbox: {type(error).__name__}") from None


_compressor: Final = zstandard.ZstdCompressor(level=1)
"""Callbacks are similar, so the fastest level compresses them as well as the default."""

_decompressor: Final = zstandard.ZstdDecompressor()
_decoder: Final = msgspec.msgpack.Decoder(list[AcceptedCallback])


def _ms(span: timedelta) -> int:
    return int(span.total_seconds() * 1000)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
