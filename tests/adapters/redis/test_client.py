"""No call to Redis waits for ever, and none keeps its connection."""

import asyncio
import signal
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from redis.asyncio import Redis

from adapters.redis.client import REDIS_ERRORS, create_redis_pool
from devstack.processes import Process
from devstack.waiting import until
from tests.support.servers.private import private_valkey

QUICK = timedelta(milliseconds=150)


@pytest.fixture
async def silent_server() -> AsyncIterator[str]:
    """A server that accepts connections and never answers."""
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
    with pytest.raises(REDIS_ERRORS):
        await asyncio.wait_for(Redis(connection_pool=pool).ping(), 3)
    await pool.disconnect()


async def test_a_closed_port_is_not_waited_for(free_port: int) -> None:
    pool = create_redis_pool(f"redis://127.0.0.1:{free_port}/0", timeout=QUICK)
    with pytest.raises(REDIS_ERRORS):
        await asyncio.wait_for(Redis(connection_pool=pool).ping(), 3)
    await pool.disconnect()


async def test_waiting_for_a_pooled_connection_times_out(redis_url: str) -> None:
    pool = create_redis_pool(redis_url, timeout=QUICK, max_connections=1)
    taken = await pool.get_connection()
    with pytest.raises(REDIS_ERRORS):
        await asyncio.wait_for(Redis(connection_pool=pool).ping(), 3)
    await pool.release(taken)
    assert await Redis(connection_pool=pool).ping()
    await pool.disconnect()


@pytest.mark.parametrize("ending", ["time-out", "cancellation"])
async def test_a_pipeline_that_ends_badly_keeps_no_connection(tmp_path: Path, ending: str) -> None:
    async with private_valkey(tmp_path) as server:
        pool = create_redis_pool(server.url, timeout=QUICK, max_connections=1)
        redis: Redis = Redis(connection_pool=pool)
        for _ in range(3):
            watching = asyncio.create_task(watch_while_it_stands_still(redis, server))
            if ending == "cancellation":
                await asyncio.wait([watching], timeout=QUICK.total_seconds() * 1.5)
                watching.cancel()
            [end] = await asyncio.gather(watching, return_exceptions=True)
            assert isinstance(end, (*REDIS_ERRORS, asyncio.CancelledError))
            # What holds the pipeline: the error's way through it.
            del end, watching
            server.signal(signal.SIGCONT)
            await until(lambda: answers(redis))
        await pool.disconnect()


async def watch_while_it_stands_still(redis: Redis, server: Process) -> None:
    async with redis.pipeline() as pipe:
        await pipe.watch("key")
        server.signal(signal.SIGSTOP)
        await pipe.get("key")


async def answers(redis: Redis) -> bool:
    try:
        return bool(await redis.ping())
    except REDIS_ERRORS:
        return False
