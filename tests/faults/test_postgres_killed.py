"""kill -9 of PostgreSQL, every process of it, under load."""

import random
from collections.abc import Callable

import pytest

from tests.faults.evidence import verdict
from tests.faults.harness import Rig
from tests.faults.load import sending
from tests.faults.report import Notebook

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(1800)]


async def test_postgres_killed_under_load(
    rig: Rig, notebook: Notebook, chance: random.Random, times: Callable[[int], int]
) -> None:
    kills = times(10)
    async with sending(rig, rate=200) as load:
        for _ in range(kills):
            await load.acknowledges(chance.randint(100, 300))
            await rig.kill("postgres")
            await load.acknowledges(50)
            await rig.start("postgres")
    notebook.note(kills=kills, refused=load.refused)
    found = await verdict(rig, acknowledged=load.acknowledged, issued=load.issued)
    # A call whose answer met a dead PostgreSQL counts as spent: that verification costs a second one.
    notebook.judged(found, waste=False)
    assert load.refused == 0
    assert load.unexpected == {}
