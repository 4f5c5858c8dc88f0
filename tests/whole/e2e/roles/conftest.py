"""The servers that a test of one role stops, freezes and restarts."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.whole.e2e.roles.lone_roles import Servers, running_servers


@pytest.fixture
async def servers(tmp_path: Path) -> AsyncIterator[Servers]:
    async with running_servers(tmp_path) as servers:
        yield servers
