"""kill -9 of the ingress under load."""

import random
from collections.abc import Callable

import pytest

from tests.whole.faults.rig.evidence import verdict
from tests.whole.faults.rig.harness import Rig
from tests.whole.faults.rig.load import sending
from tests.whole.faults.rig.report import Notebook

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(1800)]


async def test_ingress_killed_under_load(
    rig: Rig, notebook: Notebook, chance: random.Random, times: Callable[[int], int]
) -> None:
    kills = times(40)
    async with sending(rig, rate=900) as load:
        for _ in range(kills):
            await load.acknowledges(500 + chance.randrange(100))
            await rig.kill("ingress")
            await rig.start("ingress")
    notebook.note(kills=kills, broken_connections=load.broken)
    found = await verdict(rig, acknowledged=load.acknowledged, issued=load.issued)
    notebook.judged(found)
    assert load.unexpected == {}
    assert found.acknowledged >= 500 * kills
