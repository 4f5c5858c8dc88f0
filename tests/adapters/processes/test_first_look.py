"""A role logs at its start what waiting will not fix, and starts anyway."""

from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from adapters.processes.first_look import look_at_servers
from adapters.settings.settings import Settings
from devstack import ports


@pytest.fixture
async def locked(redis: Redis) -> AsyncIterator[None]:
    """Redis wants a password."""
    await redis.config_set("requirepass", "right")
    yield
    await redis.config_set("requirepass", "")


async def said(redis_url: str, database_url: str, *, database: bool = True) -> list[tuple[str, str]]:
    settings = Settings.model_construct(redis_url=redis_url, database_url=database_url)
    with capture_logs() as logs:
        await look_at_servers(settings, database=database)
    return [(line["setting"], line["detail"]) for line in logs if line["event"] == "server.refuses"]


async def test_usable_servers_log_nothing(redis: Redis, redis_url: str, database_url: str) -> None:
    assert await said(redis_url, database_url) == []


async def test_an_outage_is_not_logged_here() -> None:
    port = ports.free_port()
    assert await said(f"redis://127.0.0.1:{port}/0", f"postgresql://u:p@127.0.0.1:{port}/x") == []


@pytest.mark.usefixtures("locked")
async def test_a_wrong_password_is_reported(redis_url: str, database_url: str) -> None:
    wrong = redis_url.replace("://", "://:S3CRET@")
    refused = [("FACEID_REDIS_URL", "the server refuses the user or the password")]
    assert await said(wrong, database_url) == refused
    assert await said(wrong, "not looked at", database=False) == refused


@pytest.mark.parametrize(
    ("name", "detail"),
    [
        ("nowhere", "the server has no database of that name"),
        ("template1", "run `faceid-gateway migrate`"),
    ],
)
async def test_an_unusable_database_is_reported(
    redis: Redis, redis_url: str, database_url: str, name: str, detail: str
) -> None:
    other = urlsplit(database_url)._replace(path=f"/{name}").geturl()
    [(setting, told)] = await said(redis_url, other)
    assert setting == "FACEID_DATABASE_URL"
    assert detail in told
