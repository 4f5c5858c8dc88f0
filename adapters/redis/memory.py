"""Redis's memory as an operator sees it: bytes in use, the ingress's limit, Redis's own limit."""

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from adapters.redis.client import raises_redis_away, try_a_write
from adapters.redis.names import DEFAULT_NAMES, RedisNames
from domain.limits.memory_room import MemoryRoom, MemoryRules
from domain.views.operations.servers import RedisMemory, RedisRoom


@raises_redis_away
async def read_memory(redis: Redis) -> RedisMemory:
    """The server's memory now. Raises RedisAway."""
    memory = await redis.info("memory")
    return RedisMemory(int(memory["used_memory"]), int(memory.get("maxmemory", 0)))


async def read_what_is_left(redis: Redis, rules: MemoryRules) -> MemoryRoom:
    """How much the ingress may write now, by its rules. Raises RedisAway."""
    memory = await read_memory(redis)
    return MemoryRoom(memory.used, rules.stop_at(memory.most))


@raises_redis_away
async def read_room(redis: Redis, rules: MemoryRules, *, names: RedisNames = DEFAULT_NAMES) -> RedisRoom:
    """The server's memory, and whether it takes a write. Raises RedisAway: it is away."""
    memory = await read_memory(redis)
    try:
        await try_a_write(redis, names=names)
    except ResponseError as error:
        return RedisRoom(memory, rules.stop_at(memory.most), type(error).__name__)
    return RedisRoom(memory, rules.stop_at(memory.most), None)
