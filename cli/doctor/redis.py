"""`doctor` checks Redis: its durability, its memory, and that no other gateway uses the same keys."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Final

from redis.asyncio import Redis

from adapters.processes.mark import RedisMark, read_mark
from adapters.processes.troubles import redis_trouble
from adapters.redis.client import RedisAway, create_redis_pool
from adapters.redis.durability import check_durability
from adapters.redis.memory import read_room
from adapters.redis.names import RedisNames
from adapters.settings import Settings
from cli.doctor.check import Check
from domain.errors import SettingsError
from domain.views.servers import RedisRoom

_MIB: Final = 1024**2


async def check_redis(settings: Settings) -> AsyncIterator[Check]:
    """Check durability, memory and the mark of the gateway."""
    pool = create_redis_pool(settings.redis_url, timeout=timedelta(seconds=3))
    redis: Redis = Redis(connection_pool=pool)
    try:
        names = RedisNames(settings.redis_prefix)
        yield await _check_durability(redis, settings, names)
        yield _check_room(await read_room(redis, settings.memory_rules(), names=names))
        mark = RedisMark(redis, await read_mark(settings), names=names)
        if conflict := await mark.find_conflict():
            yield Check("redis", False, conflict)
    except RedisAway as error:
        yield Check("redis", False, redis_trouble(error))
    finally:
        await pool.disconnect()


async def _check_durability(redis: Redis, settings: Settings, names: RedisNames) -> Check:
    try:
        await check_durability(redis, settings.durability, names=names)
    except SettingsError as error:
        return Check("redis", False, str(error))
    return Check("redis", True, f"durable as FACEID_DURABILITY={settings.durability} requires")


def _check_room(room: RedisRoom) -> Check:
    if problems := room.problems():
        return Check("redis memory", False, "; ".join(problems))
    most = f"maxmemory is {room.memory.most / _MIB:.0f} MiB" if room.memory.most else "maxmemory is not set"
    figures = f"{room.memory.used / _MIB:.0f} MiB in use, the ingress stops at {room.stop_at / _MIB:.0f} MiB"
    return Check("redis memory", True, f"{figures}; {most}")
