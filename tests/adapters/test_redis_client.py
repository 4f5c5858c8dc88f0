"""No call to Redis waits for ever, and a server that would lose a write is named."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from redis.asyncio import Redis

from adapters.redis_client import REDIS_AWAY, create_redis_pool

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
