"""How durable a Redis really is: what it is set to, and whether that is in effect."""

from typing import Any, Final, Literal

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from adapters.redis.client import PROBE_KEPT, raises_redis_away
from adapters.redis.names import DEFAULT_NAMES, RedisNames
from domain.errors import SettingsError

Durability = Literal["fsync", "memory"]

SWITCHING_ON: Final = "being switched on"
"""`appendonly` while the first rewrite runs: until it has ended, a restart finds none of the new writes."""

_SYNCED_WITHIN_MS: Final = 100


class NotDurableYet(SettingsError):
    """The server is set as wanted, and will be as durable as that in a while."""


async def check_durability(redis: Redis, wanted: Durability, *, names: RedisNames = DEFAULT_NAMES) -> None:
    """Refuse a server that would lose what was acknowledged.

    `fsync` wants every write on disk before its reply (`appendonly yes`, `appendfsync always`), during a
    rewrite or a snapshot as well (`no-appendfsync-on-rewrite no`); both want `maxmemory-policy noeviction`,
    since an evicted batch is a lost one.

    Raises:
        NotDurableYet: the append-only file is being switched on, perhaps.
        SettingsError: the server is set otherwise, or does not tell.
        RedisAway: the server is away.
    """
    told = await read_durability(redis, names=names)
    problems = durability_problems(told, wanted)
    if not problems:
        return
    passes = not durability_problems(told | {"appendonly": "yes"}, wanted)
    kind = NotDurableYet if passes and told["appendonly"] == SWITCHING_ON else SettingsError
    raise kind(f"FACEID_REDIS_URL: FACEID_DURABILITY={wanted}, but {'; '.join(problems)}")


def durability_problems(told: dict[str, str], wanted: Durability) -> list[str]:
    """What `read_durability` told that is not as `wanted`."""
    return [
        f"{name} is {told.get(name, 'not told')}, must be {value}"
        for name, value in _REQUIRED[wanted].items()
        if told.get(name) != value
    ]


@raises_redis_away
async def read_durability(redis: Redis, *, names: RedisNames = DEFAULT_NAMES) -> dict[str, str]:
    """The server's durability settings by name, as far as it tells.

    INFO tells two of them even where CONFIG is forbidden, as managed servers do. `appendonly` is what is in
    effect: `CONFIG SET appendonly yes` begins with a rewrite, and counts when that has ended.
    """
    memory, persistence = await redis.info("memory"), await redis.info("persistence")
    told = {"appendonly": await _log_in_effect(redis, persistence, names)}
    if "maxmemory_policy" in memory:
        told["maxmemory-policy"] = str(memory["maxmemory_policy"])
    try:
        config = await redis.config_get("*appendfsync*")
    except ResponseError:
        return told
    return told | {str(name): str(value) for name, value in config.items()}


async def _log_in_effect(redis: Redis, persistence: dict[str, Any], names: RedisNames) -> str:
    if not persistence.get("aof_enabled"):
        return "no"
    rewriting = persistence.get("aof_rewrite_in_progress") or persistence.get("aof_rewrite_scheduled")
    return SWITCHING_ON if rewriting and not await _syncs_a_write(redis, names) else "yes"


async def _syncs_a_write(redis: Redis, names: RedisNames) -> bool:
    """Whether a write is on disk at once, though a rewrite runs; False where the server has no WAITAOF.

    INFO shows the first rewrite, into a file that counts only when it is whole, like any later one.
    """
    async with redis.pipeline(transaction=False) as pipe:
        pipe.set(names.probe, b"", ex=PROBE_KEPT)
        pipe.execute_command("WAITAOF", 1, 0, _SYNCED_WITHIN_MS)
        written, synced = await pipe.execute(raise_on_error=False)
    return written is True and isinstance(synced, list) and synced[0] >= 1


_REQUIRED: Final[dict[Durability, dict[str, str]]] = {
    "fsync": {
        "appendonly": "yes",
        "appendfsync": "always",
        "no-appendfsync-on-rewrite": "no",
        "maxmemory-policy": "noeviction",
    },
    "memory": {"maxmemory-policy": "noeviction"},
}
