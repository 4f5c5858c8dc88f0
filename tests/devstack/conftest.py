"""A separate supervisor for each test."""

from typing import Any

import pytest

from devstack.supervisor import Supervisor
from tests.cli.conftest import folder, run

__all__ = ["folder", "run"]


@pytest.fixture
def changes() -> list[str]:
    """An entry for each time that a pid has changed."""
    return []


@pytest.fixture
async def supervisor(changes: list[str]) -> Any:
    """A supervisor that stops everything after the test."""
    supervisor = Supervisor(lambda: changes.append("changed"))
    yield supervisor
    await supervisor.stop()
