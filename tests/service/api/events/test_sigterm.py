"""At SIGTERM the streams of all readers end at once, though the process serves other requests for a while."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.store.people.api_tokens import PgTokens
from devstack import ports
from devstack.environment import role_settings, without_settings
from devstack.ports import listens
from devstack.waiting import until
from tests.support.http.asgi import SECRET

READERS = 500
MASTER_KEY = "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="
REQUEST = b"GET /v1/events/stream HTTP/1.1\r\nhost: x\r\nauthorization: Bearer all-token\r\n\r\n"


@pytest.fixture
async def port(engine: AsyncEngine, database_url: str, redis_url: str) -> AsyncIterator[tuple[int, int]]:
    """The port and the pid of an api whose door closes twenty seconds after SIGTERM."""
    await PgTokens(engine).put("all", "all-token")
    port = ports.free_port()
    apps = {"demo": {"api_key": "k", "api_secrets": [SECRET.decode()]}}
    needed = role_settings(redis_url, database_url, master_key=MASTER_KEY, apps=apps)
    environment = without_settings(os.environ) | needed | {"FACEID_SHUTDOWN_DELAY": "20"}
    argv = [sys.executable, "-m", "cli", "serve", "api", "--port", str(port)]
    process = await asyncio.create_subprocess_exec(*argv, env=environment)
    try:
        await until(lambda: listens(port), patience=60)
        yield port, process.pid
    finally:
        process.kill()
        await process.wait()


async def test_all_streams_end_while_others_are_served(port: tuple[int, int]) -> None:
    number, pid = port
    readers = [await _open(number) for _ in range(READERS)]
    os.kill(pid, signal.SIGTERM)
    async with asyncio.timeout(15):
        await asyncio.gather(*(reader.readuntil(b"0\r\n\r\n") for reader, _ in readers))
    for _, writer in readers:
        writer.close()
    assert await listens(number)


async def _open(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A stream whose head has arrived."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(REQUEST)
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 30)
    assert b" 200 " in head.split(b"\r\n")[0]
    return reader, writer
