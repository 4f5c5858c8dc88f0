"""No call to Redis waits for ever, and a server that would lose a write is named."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from redis.asyncio import Redis

from adapters.redis_client import REDIS_AWAY, Durability, check_durability, create_redis_pool, read_durability
from domain.errors import SettingsError

QUICK = timedelta(milliseconds=150)


@pytest.fixture
async def silent_server() -> AsyncIterator[str]:
    """A server that takes connections and says nothing."""
    gone = asyncio.Event()

    async def keep_silent(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await gone.wait()
        writer.close()

    server = await asyncio.start_server(keep_silent, "127.0.0.1", 0)
    yield f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0"
    gone.set()
    server.close()
    await server.wait_closed()


async def test_a_silent_server_is_not_waited_for(silent_server: str) -> None:
    pool = create_redis_pool(silent_server, timeout=QUICK)
    with pytest.raises(REDIS_AWAY):
        await asyncio.wait_for(Redis(connection_pool=pool).ping(), 3)
    await pool.disconnect()


async def test_a_closed_port_is_not_waited_for(free_port: int) -> None:
    pool = create_redis_pool(f"redis://127.0.0.1:{free_port}/0", timeout=QUICK)
    with pytest.raises(REDIS_AWAY):
        await asyncio.wait_for(Redis(connection_pool=pool).ping(), 3)
    await pool.disconnect()


async def test_nobody_waits_long_for_a_connection_of_the_pool(redis_url: str) -> None:
    pool = create_redis_pool(redis_url, timeout=QUICK, max_connections=1)
    taken = await pool.get_connection()
    with pytest.raises(REDIS_AWAY):
        await asyncio.wait_for(Redis(connection_pool=pool).ping(), 3)
    await pool.release(taken)
    assert await Redis(connection_pool=pool).ping()
    await pool.disconnect()


@pytest.mark.parametrize("wanted", ["fsync", "memory"])
async def test_a_well_set_server_is_fine(redis: Redis, wanted: Durability) -> None:
    await check_durability(redis, wanted)


@pytest.mark.parametrize(
    ("wanted", "name", "value", "message"),
    [
        ("fsync", "appendfsync", "everysec", "appendfsync is everysec, must be always"),
        ("fsync", "appendfsync", "no", "appendfsync is no, must be always"),
        ("fsync", "no-appendfsync-on-rewrite", "yes", "no-appendfsync-on-rewrite is yes, must be no"),
        ("fsync", "appendonly", "no", "appendonly is no, must be yes"),
        ("fsync", "maxmemory-policy", "volatile-ttl", "maxmemory-policy is volatile-ttl, must be noeviction"),
        ("memory", "maxmemory-policy", "allkeys-lru", "maxmemory-policy is allkeys-lru, must be noeviction"),
        ("memory", "appendfsync", "everysec", None),
    ],
)
async def test_each_setting_that_loses_writes_is_named(
    redis: Redis, wanted: Durability, name: str, value: str, message: str | None
) -> None:
    before = (await redis.config_get(name))[name]
    await redis.config_set(name, value)
    try:
        if message is None:
            await check_durability(redis, wanted)
        else:
            with pytest.raises(SettingsError, match=f"^FACEID_REDIS_URL: .*{message}$"):
                await check_durability(redis, wanted)
    finally:
        await redis.config_set(name, before)


async def test_a_server_that_does_not_tell_is_refused(redis: Redis, redis_url: str) -> None:
    await redis.execute_command("ACL", "SETUSER", "teller", "on", ">pw", "~*", "&*", "+@all", "-config")
    pool = create_redis_pool(
        redis_url.replace("redis://", "redis://teller:pw@"), timeout=timedelta(seconds=2)
    )
    try:
        client = Redis(connection_pool=pool)
        assert await read_durability(client) == {"appendonly": "yes", "maxmemory-policy": "noeviction"}
        await check_durability(client, "memory")
        with pytest.raises(SettingsError, match="appendfsync is not told, must be always"):
            await check_durability(client, "fsync")
    finally:
        await pool.disconnect()
        await redis.execute_command("ACL", "DELUSER", "teller")


async def test_what_is_in_force_is_read_as_text(redis: Redis) -> None:
    assert await read_durability(redis) == {
        "appendonly": "yes",
        "appendfsync": "always",
        "no-appendfsync-on-rewrite": "no",
        "maxmemory-policy": "noeviction",
    }
