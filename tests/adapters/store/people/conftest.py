"""The stores of people on a real PostgreSQL."""

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.sealing.envelope import KeyRing
from tests.support.storage.people import People


@pytest.fixture
def people(engine: AsyncEngine, keys: KeyRing) -> People:
    return People(engine, keys)
