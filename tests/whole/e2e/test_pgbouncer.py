"""The whole gateway behind a transaction pooler: every scenario ends as without one."""

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cli.commands.processes.demo import EXPECTED, as_expected, observe_all
from devstack.stack import Stack, StackOptions, remove_data, running_stack
from tests.support.servers.pgbouncer import BINARY, pgbouncer
from tests.support.servers.private import private_postgres
from tests.whole.e2e.conftest import IMPATIENT

pytestmark = pytest.mark.skipif(BINARY is None, reason="needs PgBouncer: apt-get install pgbouncer")


@pytest.fixture
async def pooled_stack() -> AsyncIterator[Stack]:
    folder = Path(tempfile.mkdtemp(prefix="faceid-e2e-"))
    async with private_postgres() as server, pgbouncer(server.url) as url:
        env = {**IMPATIENT, "FACEID_DATABASE_URL": url}
        async with running_stack(StackOptions(data_dir=folder, env=env)) as stack:
            yield stack
    remove_data(folder)


async def test_every_scenario_ends_as_the_demo_expects(pooled_stack: Stack) -> None:
    observed = await observe_all(pooled_stack)
    wrong = [(e, o) for e, o in zip(EXPECTED, observed, strict=True) if not as_expected(e, o)]
    assert wrong == []
