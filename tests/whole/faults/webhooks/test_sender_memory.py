"""The memory of one sender stays bounded, whatever waits for it and whatever receivers answer."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final

import psutil
import pytest
from redis.asyncio import Redis
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.engine import create_engine
from adapters.processes.heartbeats import Heartbeats
from adapters.tasks.background import in_background
from devstack.waiting import until
from tests.whole.faults.rig.harness import Rig
from tests.whole.faults.rig.report import Notebook
from tests.whole.faults.rig.webhooks import APP, SENDER, add_endpoint, forget

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(600)]

SETTINGS = {"FACEID_WEBHOOK_ALLOW": "127.0.0.0/8"}

MOST_MEMORY: Final = 128 * 2**20
"""Bytes that a sender may grow by: of each of its 512 requests at once some hundred KiB."""

EVENTS: Final = 4_000
BODY: Final = 16 * 1024
AT_ONCE: Final = 256
"""Requests to one receiver at once."""

GIGABYTE: Final = 2**30
PATIENCE: Final = 240

_APPEND: Final = text("""
INSERT INTO events (app_id, verification_id, n, type, at, body)
SELECT :app, gen_random_uuid(), 1, 'verification.reviewed', clock_timestamp(),
       json_build_object('biz_id', '1700000000,x', 'biz_no', repeat('x', :size))
FROM generate_series(1, :count)
""")
_DELIVERED: Final = text("SELECT count(*) FROM deliveries WHERE state = 'delivered'")


class Receiver:
    """Counts requests: all, those under way, and the most at once."""

    def __init__(self, answer: Callable[[asyncio.StreamWriter], Awaitable[None]]) -> None:
        self._answer = answer
        self.requests = self.under_way = self.most = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request of a connection."""
        self.requests += 1
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
            await reader.readexactly(int(length))
            await self._answer(writer)
        writer.transport.abort()
        self.under_way -= 1


async def a_gigabyte(writer: asyncio.StreamWriter) -> None:
    """200, and a gigabyte as fast as it is read."""
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % GIGABYTE)
    for _ in range(GIGABYTE // 2**16):
        writer.write(bytes(2**16))
        await writer.drain()


async def drops(writer: asyncio.StreamWriter) -> None:
    """A head that never ends, a byte at a time."""
    writer.write(b"HTTP/1.1 200 OK\r\nx: ")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.1)


@asynccontextmanager
async def listening(receiver: Receiver) -> AsyncIterator[str]:
    """The URL of a receiver."""
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0, backlog=2 * AT_ONCE)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"


class Memory:
    """What a process has grown by at most since this was made, in bytes."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self._before = self._process.memory_info().rss
        self.grown = 0

    async def watch(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            self.grown = max(self.grown, self._process.memory_info().rss - self._before)
            await asyncio.sleep(0.02)


async def test_a_sender_stays_small_beside_floods_drips_and_a_backlog(rig: Rig, notebook: Notebook) -> None:
    await rig.stop("worker")
    engine = create_engine(rig.database_url)
    floods, drips = Receiver(a_gigabyte), Receiver(drops)
    async with listening(floods) as flooding, listening(drips) as dripping:
        for url in (flooding, dripping):
            await add_endpoint(rig, engine, url, max_in_flight=AT_ONCE)
        await rig.start("worker", **SENDER)
        await until(lambda: _is_up(rig), patience=PATIENCE)
        memory = Memory(rig.pids["worker"])
        async with in_background(memory.watch()):
            async with engine.begin() as connection:
                await connection.execute(_APPEND, {"app": APP, "count": EVENTS, "size": BODY})
            await until(lambda: _delivered(engine), patience=PATIENCE)
        await rig.stop("worker")
    await forget(engine)
    await engine.dispose()
    notebook.note(
        pending=2 * EVENTS,
        gigabytes_answered=floods.requests,
        dripping_at_once=drips.most,
        sender_grew_mib=memory.grown / 2**20,
    )
    assert drips.most > AT_ONCE / 2
    assert memory.grown < MOST_MEMORY


async def _is_up(rig: Rig) -> bool:
    """Whether the worker that runs now has a heartbeat: then all of its code is in memory."""
    async with Redis.from_url(rig.redis_url) as redis:
        return rig.pids["worker"] in {seen.heartbeat.pid for seen in await Heartbeats(redis).alive()}


async def _delivered(engine: AsyncEngine) -> bool:
    """Whether the receiver that floods has got every event; the one that drips never gets any."""
    async with engine.connect() as connection:
        return int(await connection.scalar(_DELIVERED) or 0) >= EVENTS
