"""`doctor` checks Redis: its durability, its memory, and that no other gateway uses the same keys."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Final

from adapters.processes.mark import RedisMark, read_mark
from adapters.processes.process import ProcessContext
from adapters.redis.client import RedisAway
from adapters.redis.durability import check_durability
from adapters.redis.memory import read_room
from adapters.redis.troubles import redis_trouble
from adapters.settings.settings import Settings
from cli.doctor.check import Check
from domain.errors import SettingsError
from domain.views.operations.servers import RedisRoom

_MIB: Final = 1024**2


async def check_redis(settings: Settings) -> AsyncIterator[Check]:
    """Check durability, memory and the mark of the gateway."""
    async with ProcessContext.of(settings, timeout=timedelta(seconds=3)) as process:
        try:
            async for check in _check(settings, process):
                yield check
        except RedisAway as error:
            yield Check("redis", False, redis_trouble(error))


async def _check(settings: Settings, process: ProcessContext) -> AsyncIterator[Check]:
    redis, names = process.redis, process.names
    yield await _check_durability(settings, process)
    yield _check_room(await read_room(redis, settings.memory_rules(), names=names))
    mark = RedisMark(redis, await read_mark(settings), names=names)
    if conflict := await mark.find_conflict():
        yield Check("redis", False, conflict)


async def _check_durability(settings: Settings, process: ProcessContext) -> Check:
    try:
        await check_durability(process.redis, settings.durability, names=process.names)
    except SettingsError as error:
        return Check("redis", False, str(error))
    return Check("redis", True, f"durable as FACEID_DURABILITY={settings.durability} requires")


def _check_room(room: RedisRoom) -> Check:
    if problems := room.problems():
        return Check("redis memory", False, "; ".join(problems))
    most = f"maxmemory is {room.memory.most / _MIB:.0f} MiB" if room.memory.most else "maxmemory is not set"
    figures = f"{room.memory.used / _MIB:.0f} MiB in use, the ingress stops at {room.stop_at / _MIB:.0f} MiB"
    return Check("redis memory", True, f"{figures}; {most}")
