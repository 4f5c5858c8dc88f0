"""The memory of one ingress with 10,000 connections that send nothing, and the latency beside them.

The connections are of this process, each with one callback behind it. An ingress by default takes 1,000, and
600 of one address, so its limits are raised.
"""

import asyncio
import resource
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from itertools import islice
from typing import Final

import psutil

from bench.failure import BenchFailed
from bench.measures.ingress.contenders import Side
from bench.report.console import show_progress
from bench.report.figures import Figure, limit
from bench.rig import SERVER_CORE, Rig, empty, running
from bench.traffic.callbacks import load_callbacks, renewed
from bench.traffic.load import OK, request_of, status_of
from bench.traffic.paced import Pace, run_paced
from devstack.ports import free_port

TARGET: Final = 300.0
"""MB."""

BESIDE: Final = Pace(rate=300, count=300)
_AT_ONCE: Final = 500
_SPARE_FILES: Final = 500
_MB: Final = 1e6


async def measure_idle(rig: Rig, *, connections: int) -> list[Figure]:
    """Fewer connections where the system allows this process fewer files."""
    await empty(rig)
    count = min(connections, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - _SPARE_FILES)
    requests = (request_of(callback) for callback in renewed(load_callbacks(rig.pool)))
    async with _ingress(rig, count) as side:
        await run_paced(side.port, rig.pool, BESIDE)
        before = _memory(side)
        async with _kept(side.port, requests, count):
            after = _memory(side)
            beside = await run_paced(side.port, rig.pool, BESIDE)
            later = _memory(side)
            if psutil.Process(side.pid).num_fds() < count:
                raise BenchFailed("the ingress has closed connections, which it keeps for 30 seconds")
    show_progress(
        f"idle: {before:.0f} MB, with {count:,} connections {after:.0f} MB, then {later:.0f} MB; "
        f"beside them p50 {beside.p50:.1f} ms, p99 {beside.p99:.1f} ms"
    )
    await empty(rig)
    name = f"memory with {count:,} connections"
    return [
        limit(name, later, "MB", target=TARGET, note=f"{before:.0f} without", rounds={"after": after}),
        limit(f"p99 at {BESIDE.rate:.0f}/s beside {count:,} connections", beside.p99, "ms"),
    ]


@asynccontextmanager
async def _ingress(rig: Rig, connections: int) -> AsyncIterator[Side]:
    port, most = free_port(), str(connections + _SPARE_FILES)
    roles = rig.roles.with_settings(FACEID_MAX_CONNECTIONS=most, FACEID_MAX_CONNECTIONS_PER_ADDRESS=most)
    async with running(roles.ingress(port), cores=SERVER_CORE) as pid:
        yield Side("product", port, pid)


def _memory(side: Side) -> float:
    return float(psutil.Process(side.pid).memory_info().rss) / _MB


@asynccontextmanager
async def _kept(port: int, requests: Iterator[bytes], count: int) -> AsyncIterator[None]:
    """Connections that have sent one callback each, open for the block."""
    writers: list[asyncio.StreamWriter] = []
    try:
        while len(writers) < count:
            some = list(islice(requests, min(_AT_ONCE, count - len(writers))))
            writers += await asyncio.gather(*(_send_one(port, request) for request in some))
        yield
    finally:
        _close(writers)


async def _send_one(port: int, request: bytes) -> asyncio.StreamWriter:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    received = b""
    while not status_of(received):
        part = await reader.read(65_536)
        if not part:
            raise BenchFailed("the ingress closed a connection")
        received += part
    if status_of(received) != OK:
        raise BenchFailed(f"a callback was answered with {status_of(received).decode()}")
    return writer


def _close(writers: Sequence[asyncio.StreamWriter]) -> None:
    for writer in writers:
        writer.close()
