"""Every contract test runs twice: on the ports in memory, and on the real adapters over real servers."""

from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from tests.contracts.queues import MemoryQueue, PortsOfRedis, RealQueue
from tests.contracts.stores import MemoryStore, PortsOfStore, RealStore
from tests.memory.servers import MemoryDatabase, MemoryRedis
from tests.support.stores import Store

BOTH = ["memory", "real"]


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """No log lines: structlog draws tracebacks for developers at a second each."""
    with capture_logs():
        yield


@pytest.fixture(params=BOTH)
def store(request: pytest.FixtureRequest) -> PortsOfStore:
    if request.param == "memory":
        return MemoryStore(MemoryDatabase())
    engine, keys = request.getfixturevalue("engine"), request.getfixturevalue("keys")
    return RealStore(Store(engine, keys))


@pytest.fixture(params=BOTH)
def queue(request: pytest.FixtureRequest) -> PortsOfRedis:
    if request.param == "memory":
        return MemoryQueue(MemoryRedis())
    return RealQueue(request.getfixturevalue("redis_pool"), keys=request.getfixturevalue("keys"))
