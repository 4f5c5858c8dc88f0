"""A separate keeper for each test."""

from typing import Any

import pytest

from devstack.keeper import Keeper
from tests.cli.conftest import folder, run

__all__ = ["folder", "run"]


@pytest.fixture
def changes() -> list[str]:
    """An entry for each time that a pid has changed."""
    return []


@pytest.fixture
async def keeper(changes: list[str]) -> Any:
    """A keeper that stops everything after the test."""
    keeper = Keeper(lambda: changes.append("changed"))
    yield keeper
    await keeper.stop()
