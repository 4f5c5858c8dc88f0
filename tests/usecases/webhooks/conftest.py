"""A sender on the real store."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.envelope import KeyRing
from tests.support.hooks import Hooks
from tests.support.quiet import quiet
from tests.support.stores import Clock

__all__ = ["quiet"]


@pytest.fixture
async def hooks(engine: AsyncEngine, keys: KeyRing) -> AsyncIterator[Hooks]:
    hooks = Hooks(engine, keys, Clock())
    yield hooks
    await hooks.end()
