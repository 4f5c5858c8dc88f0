"""Redis over TLS: certificate and host name are checked unless the URL disables that."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from redis.asyncio import Redis

from adapters.redis.client import RedisAway, create_redis_pool, redis_away
from adapters.redis.troubles import redis_trouble
from tests.support.servers.doors_of_tls import pass_on, write_certificate


@dataclass
class Door:
    """Where the server is, and the file of its authority."""

    port: int
    authority: Path


@pytest.fixture
async def door(redis: Redis, redis_url: str, tmp_path: Path) -> AsyncIterator[Door]:
    """A door that ends TLS before the tests' Valkey; its certificate is for 127.0.0.1 alone."""
    write_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.crt", tmp_path / "server.key")
    behind = urlsplit(redis_url)

    async def let_in(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inside = await asyncio.open_connection(behind.hostname, behind.port)
        await asyncio.gather(pass_on(reader, inside[1]), pass_on(inside[0], writer))

    async with await asyncio.start_server(let_in, "127.0.0.1", 0, ssl=context) as listening:
        yield Door(listening.sockets[0].getsockname()[1], tmp_path / "server.crt")


async def ping(url: str) -> bool:
    pool = create_redis_pool(url, timeout=timedelta(seconds=3))
    try:
        return bool(await Redis(connection_pool=pool).ping())
    finally:
        await pool.disconnect()


@pytest.mark.parametrize("scheme", ["rediss", "valkeys"])
@pytest.mark.parametrize(
    ("host", "query"),
    [
        ("127.0.0.1", "ssl_ca_certs={}"),
        ("localhost", "ssl_ca_certs={}&ssl_check_hostname=false"),
        ("localhost", "ssl_cert_reqs=none"),
    ],
)
async def test_a_server_behind_tls_is_reached(door: Door, scheme: str, host: str, query: str) -> None:
    assert await ping(f"{scheme}://{host}:{door.port}/0?{query.format(door.authority)}")


@pytest.mark.parametrize(("host", "query"), [("127.0.0.1", ""), ("localhost", "ssl_ca_certs={}")])
async def test_another_certificate_or_another_host_is_not_trusted(door: Door, host: str, query: str) -> None:
    with pytest.raises(RedisAway) as caught, redis_away():
        await ping(f"rediss://{host}:{door.port}/0?{query.format(door.authority)}")
    assert redis_trouble(caught.value) == "the server's certificate is not trusted"
