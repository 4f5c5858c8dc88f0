"""Redis connections with time-outs everywhere, and the check of how durable the server really is."""

from datetime import timedelta
from typing import Any, Final, Literal

from redis.asyncio import BlockingConnectionPool, Redis
from redis.exceptions import RedisError, ResponseError

from adapters.configuration.redis_url import read_redis_url
from domain.errors import SettingsError

REDIS_AWAY: Final = (RedisError, OSError, TimeoutError)
"""What any call may raise while Redis is away."""

PROBE_KEY: Final = "ingress:probe"
"""Written to try a Redis: only a write meets a full server, or one that became a replica."""

_PROBE_KEPT: Final = timedelta(minutes=1)

Durability = Literal["fsync", "memory"]


def create_redis_pool(url: str, *, timeout: timedelta, max_connections: int = 32) -> BlockingConnectionPool:
    """A bounded pool whose every connect, read and wait for a connection ends after `timeout`.

    Raises:
        SettingsError: the URL cannot be used; the message repeats nothing of it.
    """
    try:
        server = read_redis_url(url)
    except ValueError as error:
        raise SettingsError(f"FACEID_REDIS_URL: {error}") from None
    seconds = timeout.total_seconds()
    bounds: dict[str, Any] = {
        "timeout": seconds,
        "socket_timeout": seconds,
        "socket_connect_timeout": seconds,
        "health_check_interval": 15,
    }
    return BlockingConnectionPool(
        max_connections=max_connections,
        connection_class=server.connection_class,
        **bounds,
        **server.arguments,
    )


async def try_a_write(redis: Redis) -> None:
    """Write something that goes by itself.

    Raises:
        ResponseError: Redis answers and takes no writes: full, a replica, without a disk or its replicas.
        RedisError, OSError: it is away.
    """
    await redis.set(PROBE_KEY, b"", ex=_PROBE_KEPT)


async def check_durability(redis: Redis, wanted: Durability) -> None:
    """Refuse a server that would lose what was acknowledged.

    `fsync` wants every write on disk before its reply (`appendonly yes`, `appendfsync always`), during a
    rewrite or a snapshot as well (`no-appendfsync-on-rewrite no`); both want `maxmemory-policy noeviction`,
    since an evicted batch is a lost one.

    Raises:
        SettingsError: the server is set otherwise, or does not tell.
        RedisError, OSError: the server is away.
    """
    problems = durability_problems(await read_durability(redis), wanted)
    if problems:
        raise SettingsError(f"FACEID_REDIS_URL: FACEID_DURABILITY={wanted}, but {'; '.join(problems)}")


def durability_problems(told: dict[str, str], wanted: Durability) -> list[str]:
    """What `read_durability` told that is not as `wanted`."""
    return [
        f"{name} is {told.get(name, 'not told')}, must be {value}"
        for name, value in _REQUIRED[wanted].items()
        if told.get(name) != value
    ]


async def read_durability(redis: Redis) -> dict[str, str]:
    """The server's durability settings by name, as far as it tells.

    INFO tells two of them even where CONFIG is forbidden, as managed servers do.
    """
    memory, persistence = await redis.info("memory"), await redis.info("persistence")
    told = {"appendonly": "yes" if persistence.get("aof_enabled") else "no"}
    if "maxmemory_policy" in memory:
        told["maxmemory-policy"] = str(memory["maxmemory_policy"])
    try:
        config = await redis.config_get("*appendfsync*")
    except ResponseError:
        return told
    return told | {str(name): str(value) for name, value in config.items()}


_REQUIRED: Final[dict[Durability, dict[str, str]]] = {
    "fsync": {
        "appendonly": "yes",
        "appendfsync": "always",
        "no-appendfsync-on-rewrite": "no",
        "maxmemory-policy": "noeviction",
    },
    "memory": {"maxmemory-policy": "noeviction"},
}
