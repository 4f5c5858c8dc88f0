"""Redis connections with time-outs everywhere, and one error for an unavailable Redis."""

from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import wraps
from typing import Any, Final, ParamSpec, TypeVar

from redis.asyncio import BlockingConnectionPool, Redis
from redis.exceptions import RedisError

from adapters.configuration.urls.redis_url import read_redis_url
from adapters.redis.connections import giving_back
from adapters.redis.names import DEFAULT_NAMES, RedisNames
from domain.errors import ServerAway, SettingsError

REDIS_ERRORS: Final = (RedisError, OSError)
"""The exceptions of redis-py; time-outs are OSErrors."""

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

PROBE_KEPT: Final = timedelta(minutes=1)


class RedisAway(ServerAway):
    """Redis cannot be reached, is too slow, or refuses; `__cause__` is redis-py's exception."""


def raises_redis_away(
    call: Callable[Arguments, Coroutine[Any, Any, Result]],
) -> Callable[Arguments, Coroutine[Any, Any, Result]]:
    """Make a coroutine function raise RedisAway instead of redis-py's errors."""

    @wraps(call)
    async def translated(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        with redis_away():
            return await call(*args, **kwargs)

    return translated


@contextmanager
def redis_away() -> Iterator[None]:
    """`raises_redis_away` for a block."""
    try:
        yield
    except REDIS_ERRORS as error:
        raise RedisAway(type(error).__name__) from error


def create_redis_pool(url: str, *, timeout: timedelta, max_connections: int = 32) -> BlockingConnectionPool:
    """A bounded pool whose every connect, read and wait for a connection ends after `timeout`.

    Raises:
        SettingsError: the URL cannot be used; the message does not repeat it.
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
        connection_class=giving_back(server.connection_class),
        **bounds,
        **server.arguments,
    )


async def try_a_write(redis: Redis, *, names: RedisNames = DEFAULT_NAMES) -> None:
    """Write a key that expires: only a write shows that a server is full or has become a replica.

    Raises:
        ResponseError: Redis answers but takes no writes: it is full, a replica, or lacks a disk or replicas.
        RedisError, OSError: it is away.
    """
    await redis.set(names.probe, b"", ex=PROBE_KEPT)
