"""The store and the inbox on real servers."""

import logging
from collections.abc import Iterator

import pytest
import structlog
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from adapters.envelope import KeyRing
from adapters.intake.inbox import RedisInbox
from devstack import servers
from tests.support.stores import Store

LIBRARIES = ("httpx2", "httpcore2", "aiohttp", "arq", "uvicorn", "alembic", "python_multipart", "asyncio")


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """No log lines: structlog draws tracebacks for developers at a second each."""
    with capture_logs():
        yield


@pytest.fixture
def store(engine: AsyncEngine, keys: KeyRing) -> Store:
    return Store(engine, keys)


@pytest.fixture
def inbox(redis: Redis, keys: KeyRing) -> RedisInbox:
    return RedisInbox(redis, keys=keys)


@pytest.fixture
def free_port() -> int:
    """A port that nobody listens on."""
    return servers.free_port()


@pytest.fixture
def restored_logs() -> Iterator[None]:
    """Whatever a test does to the logging set-up is undone behind it."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in LIBRARIES}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)
    structlog.reset_defaults()
