"""Every contract test runs twice: on the ports in memory, and on the real adapters over real servers."""

import pytest

from tests.support.memory.servers import MemoryDatabase, MemoryRedis
from tests.support.quiet import quiet
from tests.support.storage.stores import Store
from tests.usecases.ports.queues import MemoryQueue, PortsOfRedis, RealQueue
from tests.usecases.ports.stores import MemoryStore, PortsOfStore, RealStore

__all__ = ["quiet"]

BOTH = ["memory", "real"]


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
