"""Odd bytes in Redis, which others may write to, make no 5xx of `readyz` and `metrics`."""

from typing import Any

import httpx2
import pytest
from redis.asyncio import Redis

from adapters.redis.names import DEFAULT_NAMES
from tests.service.conftest import ClientOf
from tests.support.http.api import RealApi

ODD = b"\xff\xfe\x00 \r\n"


@pytest.mark.parametrize(
    "command",
    [
        ("SADD", DEFAULT_NAMES.processes, ODD),
        ("HSET", DEFAULT_NAMES.starts, ODD, ODD),
        ("HSET", DEFAULT_NAMES.starts, "b1", "9" * 400),
        ("HSET", DEFAULT_NAMES.starts, "b1", "-1"),
        ("ZADD", DEFAULT_NAMES.pending, "inf", ODD),
        ("ZADD", DEFAULT_NAMES.pending, "-inf", ODD),
        ("ZADD", DEFAULT_NAMES.pending, "1e300", ODD),
        ("ZADD", DEFAULT_NAMES.queue, "-1e300", ODD),
        ("ZADD", DEFAULT_NAMES.queue, "1.5", ODD),
    ],
    ids=repr,
)
async def test_odd_bytes_are_passed_over(
    api_context: RealApi, client_of: ClientOf, command: tuple[Any, ...]
) -> None:
    redis: Redis = api_context.redis
    await redis.execute_command(*command)
    web: httpx2.AsyncClient = client_of(None)
    for path in ("/readyz", "/metrics"):
        assert (await web.get(path)).status_code == 200, path


@pytest.mark.parametrize(
    "key", [DEFAULT_NAMES.processes, DEFAULT_NAMES.pending, DEFAULT_NAMES.queue, DEFAULT_NAMES.starts]
)
async def test_a_key_of_another_type_is_reported_like_an_unanswering_redis(
    api_context: RealApi, client_of: ClientOf, key: str
) -> None:
    await api_context.redis.set(key, "odd")
    web = client_of(None)
    assert (await web.get("/readyz")).status_code in {200, 503}
    assert (await web.get("/metrics")).status_code == 200
