"""The store and the inbox on real servers."""

import logging
from collections.abc import Iterator

import pytest
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.intake.inbox import RedisInbox
from adapters.sealing.envelope import KeyRing
from devstack import ports
from tests.support.quiet import quiet
from tests.support.storage.stores import Store

__all__ = ["quiet"]

LIBRARIES = ("httpx2", "httpcore2", "aiohttp", "arq", "uvicorn", "alembic", "python_multipart", "asyncio")


@pytest.fixture
def store(engine: AsyncEngine, keys: KeyRing) -> Store:
    return Store(engine, keys)


@pytest.fixture
def inbox(redis: Redis, keys: KeyRing) -> RedisInbox:
    return RedisInbox(redis, keys=keys)


@pytest.fixture
def free_port() -> int:
    """A free port."""
    return ports.free_port()


@pytest.fixture
def restored_logs() -> Iterator[None]:
    """Undo a test's changes to the logging set-up."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in LIBRARIES}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)
