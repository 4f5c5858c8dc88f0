"""Real servers for every test that needs one: a Valkey that syncs every write, and a PostgreSQL.

They are the bundled ones, started once per run, unless FACEID_REDIS_URL or FACEID_DATABASE_URL name others
(of which the tests use database 15, and a separate database).
"""

import asyncio
import gc
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from redis.asyncio import BlockingConnectionPool, Redis
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.engine import create_engine
from adapters.redis.client import create_redis_pool
from adapters.sealing.envelope import KeyRing
from devstack import servers
from devstack.processes import Process, ProcessSpec
from tests.support.servers.databases import copy_migrated_database, make_migrated_database
from tests.support.servers.private import postgres
from tests.support.storage.emptying import empty_tables

pytest_plugins = ["tests.support.project.distribution"]

TEST_DATABASE = "faceid_gateway_tests"


def pytest_addoption(parser: pytest.Parser) -> None:
    """How many changes of a payload are tried, and which; how many verifications are listed."""
    group = parser.getgroup("payloads")
    group.addoption("--changes", type=int, default=10_000, help="single changes of a full payload (10000)")
    group.addoption("--changes-seed", type=int, default=1, help="another seed makes other changes (1)")
    lists = parser.getgroup("lists")
    lists.addoption("--rows", type=int, default=100_000, help="verifications that are listed (100000)")


@pytest.fixture(autouse=True, scope="session")
def _no_cached_loggers() -> Iterator[None]:
    """Let no module keep the logger of one test, whose stream is closed in the next."""
    configure = structlog.configure

    def without_cache(**settings: Any) -> None:
        configure(**settings | {"cache_logger_on_first_use": False})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(structlog, "configure", without_cache)
        yield


@pytest.fixture(autouse=True)
def _default_logs(_no_cached_loggers: None) -> Iterator[None]:
    """Undo the logging set-up of a command that runs in this process."""
    yield
    if structlog.is_configured():
        structlog.reset_defaults()


def pytest_collection_finish() -> None:
    """Exclude permanent objects from every later garbage collection."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="module", autouse=True)
def _leaks_show_in_their_module() -> Iterator[None]:
    """An unclosed connection warns when it is collected, here at the end of the module that left it open.

    Behind every test it took 300 of 670 seconds of processor time.
    """
    yield
    gc.collect()


@pytest.fixture(scope="session")
def server_folder() -> Iterator[Path]:
    """Where the bundled servers keep their data. Not pytest's: PostgreSQL may run as another user."""
    folder = Path(tempfile.mkdtemp(prefix="faceid-tests-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def redis_url(server_folder: Path) -> Iterator[str]:
    """The URL of a Valkey with appendfsync always."""
    if given := os.environ.get("FACEID_REDIS_URL"):
        yield given.rsplit("/", 1)[0] + "/15"
        return
    with _running(servers.valkey(server_folder, env=os.environ)) as url:
        yield url


@pytest.fixture(scope="session")
def database_url(server_folder: Path) -> Iterator[str]:
    """The URL of a migrated database."""
    if given := os.environ.get("FACEID_DATABASE_URL"):
        asyncio.run(make_migrated_database(given))
        yield asyncio.run(copy_migrated_database(given, TEST_DATABASE))
        return
    with _running(postgres(server_folder)) as url:
        yield asyncio.run(copy_migrated_database(url, TEST_DATABASE))


@pytest.fixture
async def redis_pool(redis_url: str) -> AsyncIterator[BlockingConnectionPool]:
    """A pool on an empty Valkey."""
    pool = create_redis_pool(redis_url, timeout=timedelta(seconds=5))
    await Redis(connection_pool=pool).flushdb()
    yield pool
    await pool.disconnect()


@pytest.fixture
async def redis(redis_pool: BlockingConnectionPool) -> Redis:
    """A client of an empty Valkey."""
    return Redis(connection_pool=redis_pool)


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    """An engine on empty tables."""
    engine = create_engine(database_url)
    await empty_tables(engine)
    yield engine
    await engine.dispose()
    await _cancellations_sent()


async def _cancellations_sent() -> None:
    """Wait until asyncpg has sent the cancellation of a statement, which it does on another connection."""
    tasks = (each for each in asyncio.all_tasks() if each is not asyncio.current_task())
    telling = [each for each in tasks if getattr(each.get_coro(), "__qualname__", "") == "Connection._cancel"]
    await asyncio.gather(*telling, return_exceptions=True)


@pytest.fixture
def keys() -> KeyRing:
    """A key ring with one master key."""
    return KeyRing([b"k" * 32])


@contextmanager
def _running(spec: ProcessSpec) -> Iterator[str]:
    """The URL of a server that runs inside the block, outside of any test's event loop."""
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        process = Process(spec)
        try:
            runner.run(process.start())
            yield process.url
        finally:
            runner.run(process.aclose())
