"""Five hundred streams of events end soon after SIGTERM, each with its last chunk.

Two seconds where the machine is not shared. Streams that do not end by themselves are cut after
`FINISH_WITHIN` and have no last chunk.
"""

import asyncio
import signal
import time
from pathlib import Path
from typing import Final

import pytest

from devstack import databases, ports
from service.http.serving import FINISH_WITHIN
from tests.whole.e2e.roles.lone_roles import role, running_servers

pytestmark = pytest.mark.timeout(180)

STREAMS: Final = 500
BOUND: Final = 0.75 * FINISH_WITHIN
TOKEN: Final = "of-the-streams"
REQUEST: Final = (
    f"GET /v1/events/stream HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n\r\n".encode()
)


async def test_five_hundred_streams_end_soon_after_sigterm(tmp_path: Path) -> None:
    port = ports.free_port()
    async with running_servers(tmp_path) as servers:
        await databases.prepare(servers.postgres.url, token_name="streams", token=TOKEN)
        async with role(servers.roles.api(port)) as api:
            await api.wait_until_ready()
            streams = [await opened(port) for _ in range(STREAMS)]
            began = time.monotonic()
            api.signal(signal.SIGTERM)
            ends = await asyncio.gather(*(reader.read() for reader, _ in streams))
            took = time.monotonic() - began
        for _, writer in streams:
            writer.close()
    assert sum(end.endswith(b"0\r\n\r\n") for end in ends) == STREAMS
    assert took < BOUND, took


async def opened(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A stream that has begun. Without its writer it would be closed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(REQUEST)
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    return reader, writer
