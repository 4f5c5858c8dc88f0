"""How durable a Redis is: its settings, and whether they are in effect."""

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
    """The server has the required settings, which will be in effect soon."""


async def check_durability(redis: Redis, wanted: Durability, *, names: RedisNames = DEFAULT_NAMES) -> None:
    """Refuse a server that could lose acknowledged writes.

    `fsync` requires every write on disk before its reply (`appendonly yes`, `appendfsync always`), also
    during a rewrite or a snapshot (`no-appendfsync-on-rewrite no`); both levels require `maxmemory-policy
    noeviction`, since an evicted batch is lost.

    Raises:
        NotDurableYet: the append-only file may still be being created.
        SettingsError: the server has other settings, or does not report them.
        RedisAway: the server is away.
    """
    reported = await read_durability(redis, names=names)
    problems = durability_problems(reported, wanted)
    if not problems:
        return
    passes = not durability_problems(reported | {"appendonly": "yes"}, wanted)
    kind = NotDurableYet if passes and reported["appendonly"] == SWITCHING_ON else SettingsError
    raise kind(f"FACEID_REDIS_URL: FACEID_DURABILITY={wanted}, but {'; '.join(problems)}")


def durability_problems(reported: dict[str, str], wanted: Durability) -> list[str]:
    """The settings from `read_durability` that do not meet `wanted`."""
    return [
        f"{name} is {reported.get(name, 'not reported')}, must be {value}"
        for name, value in _REQUIRED[wanted].items()
        if reported.get(name) != value
    ]


@raises_redis_away
async def read_durability(redis: Redis, *, names: RedisNames = DEFAULT_NAMES) -> dict[str, str]:
    """The server's durability settings by name, as far as it reports them.

    INFO has two of them even if CONFIG is forbidden, as on managed servers. `appendonly` is the value in
    effect: `CONFIG SET appendonly yes` begins with a rewrite, and takes effect after it.
    """
    memory, persistence = await redis.info("memory"), await redis.info("persistence")
    reported = {"appendonly": await _log_in_effect(redis, persistence, names)}
    if "maxmemory_policy" in memory:
        reported["maxmemory-policy"] = str(memory["maxmemory_policy"])
    try:
        config = await redis.config_get("*appendfsync*")
    except ResponseError:
        return reported
    return reported | {str(name): str(value) for name, value in config.items()}


async def _log_in_effect(redis: Redis, persistence: dict[str, Any], names: RedisNames) -> str:
    if not persistence.get("aof_enabled"):
        return "no"
    rewriting = persistence.get("aof_rewrite_in_progress") or persistence.get("aof_rewrite_scheduled")
    return SWITCHING_ON if rewriting and not await _syncs_a_write(redis, names) else "yes"


async def _syncs_a_write(redis: Redis, names: RedisNames) -> bool:
    """Whether a write is on disk at once although a rewrite runs; False if the server has no WAITAOF.

    INFO does not distinguish the first rewrite, whose file counts only when complete, from later ones.
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
