"""A sender on the real store."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.sealing.envelope import KeyRing
from tests.support.quiet import quiet
from tests.support.storage.stores import Clock
from tests.support.webhooks.hooks import Hooks

__all__ = ["quiet"]


@pytest.fixture
async def hooks(engine: AsyncEngine, keys: KeyRing) -> AsyncIterator[Hooks]:
    hooks = Hooks(engine, keys, Clock())
    yield hooks
    await hooks.end()
