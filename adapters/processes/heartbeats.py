"""Heartbeats: every process writes to Redis every few seconds that it is alive, with its status.

A set holds the ids of the processes, and one key per process its last heartbeat, which expires after three
missed beats. So only Redis's clock decides which processes are alive; the hosts' clocks may differ.
"""

import asyncio
import contextlib
import os
import secrets
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from typing import Final

import msgspec
import structlog
from redis.asyncio import Redis

from adapters.keys.data_keys import FORMAT as EPOCH_KEYS
from adapters.processes.places import this_place
from adapters.redis.client import RedisAway, raises_redis_away
from adapters.redis.names import DEFAULT_NAMES, RedisNames
from adapters.sealing.compression.raw import FORMAT
from adapters.tasks.background import in_background
from domain.errors import kind_of_error
from domain.events.event import EventType
from domain.views.operations.processes import Heartbeat, SeenHeartbeat

_FAREWELL: Final = 1.0
_OPENS: Final = (FORMAT, EventType.AUDIT_CHECKPOINT)

_BEAT: Final = """
redis.call('DEL', KEYS[2])
redis.call('SADD', KEYS[1], ARGV[1])
redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
"""
"""A script whose first write needs no memory may continue to write to a full Redis in every version. A live
worker must not look dead because Redis is full."""

log = structlog.get_logger(__name__)

Status = Callable[[], Mapping[str, object]]


class Heartbeats:
    """The heartbeats of all processes."""

    def __init__(self, redis: Redis, *, names: RedisNames = DEFAULT_NAMES) -> None:
        self._redis = redis
        self._names = names
        self._beat = redis.register_script(_BEAT)

    @raises_redis_away
    async def put(self, heartbeat: Heartbeat) -> None:
        """Replace the process's last heartbeat, also in a full Redis.

        Raises:
            RedisAway: Redis is away, or takes no writes for a reason other than memory.
        """
        packed = msgspec.msgpack.encode(heartbeat)
        keys = [self._names.processes, self._names.heartbeat(heartbeat.id)]
        await self._beat(keys=keys, args=[heartbeat.id, packed, heartbeat.lives_ms])

    @raises_redis_away
    async def remove(self, process_id: str) -> None:
        """Remove the heartbeat of a process that ends. Raises RedisAway."""
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.srem(self._names.processes, process_id)
            pipe.delete(self._names.heartbeat(process_id))
            await pipe.execute()

    @raises_redis_away
    async def alive(self) -> list[SeenHeartbeat]:
        """The live processes, by role and id. Raises RedisAway."""
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.smembers(self._names.processes)
            [names] = await pipe.execute()
            # Bytes that are not an id of ours: no heartbeat has the replaced characters in its key.
            ids = sorted(name.decode(errors="replace") for name in names)
            for process_id in ids:
                pipe.get(self._names.heartbeat(process_id))
                pipe.pttl(self._names.heartbeat(process_id))
            pipe.time()
            *replies, (seconds, microseconds) = await pipe.execute()
            beats = dict(zip(ids, zip(replies[::2], replies[1::2], strict=True), strict=True))
            if gone := [process_id for process_id, (packed, _) in beats.items() if packed is None]:
                # If it beats at this very moment, it is missing until its next beat.
                pipe.srem(self._names.processes, *gone)
                await pipe.execute()
        now = datetime.fromtimestamp(seconds, UTC) + timedelta(microseconds=microseconds)
        seen = [_seen(packed, left_ms, now=now) for packed, left_ms in beats.values() if packed is not None]
        return [each for each in seen if each is not None]


@asynccontextmanager
async def beating(
    redis: Redis,
    role: str,
    *,
    every: timedelta,
    status: Status = dict,
    names: RedisNames = DEFAULT_NAMES,
    opens_epochs: bool = True,
) -> AsyncIterator[str]:
    """Send this process's heartbeats during the block, even while Redis is away; yields its id.

    `opens_epochs`: whether it opens data keys under epochs, or opens none at all.
    """
    heartbeats = Heartbeats(redis, names=names)
    first = _first_heartbeat(role, every, opens=(*_OPENS, EPOCH_KEYS) if opens_epochs else _OPENS)
    try:
        async with in_background(_beat(heartbeats, first, status)):
            yield first.id
    finally:
        with contextlib.suppress(RedisAway, TimeoutError):
            async with asyncio.timeout(_FAREWELL):
                await heartbeats.remove(first.id)


async def _beat(heartbeats: Heartbeats, first: Heartbeat, status: Status) -> None:
    failing = False
    while True:
        try:
            now = datetime.now(UTC)
            async with asyncio.timeout(first.every):
                await heartbeats.put(msgspec.structs.replace(first, at=now, status=dict(status())))
            failing = False
        except Exception as error:
            # Whatever the error: a working process must not seem dead forever. Logged once per outage.
            if not failing:
                log.warning("heartbeat.failed", role=first.role, error=kind_of_error(error))
            failing = True
        await asyncio.sleep(first.every)


def _first_heartbeat(role: str, every: timedelta, *, opens: tuple[str, ...]) -> Heartbeat:
    now = datetime.now(UTC)
    return Heartbeat(
        role=role,
        host=socket.gethostname(),
        pid=os.getpid(),
        version=version("faceid-gateway"),
        every=every.total_seconds(),
        started_at=now,
        at=now,
        status={},
        instance=secrets.token_hex(4),
        place=this_place(),
        opens=opens,
    )


def _seen(packed: bytes, left_ms: int, *, now: datetime) -> SeenHeartbeat | None:
    try:
        heartbeat = msgspec.msgpack.decode(packed, type=Heartbeat)
    except msgspec.DecodeError:
        # From a process of another version during an upgrade, or from another writer to Redis.
        return None
    age = timedelta(milliseconds=heartbeat.lives_ms - max(left_ms, 0))
    beat_at = heartbeat.at if heartbeat.at.tzinfo else heartbeat.at.replace(tzinfo=UTC)
    return SeenHeartbeat(heartbeat, age, clock_ahead=beat_at - (now - age))
