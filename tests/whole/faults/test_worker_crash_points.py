"""A worker dies: at each of the points where half of something is done, and at any moment under load."""

import random
from collections.abc import Callable
from typing import get_args

import pytest

from tests.whole.faults.rig.callbacks import new_biz_id
from tests.whole.faults.rig.crashing import CALLBACKS, crash_worker
from tests.whole.faults.rig.evidence import verdict
from tests.whole.faults.rig.harness import Rig
from tests.whole.faults.rig.load import sending
from tests.whole.faults.rig.report import Notebook
from usecases.process.crash_points import CrashPoint

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(1800)]

SETTINGS = {"FACEID_SWEEP_AFTER": "5"}


@pytest.mark.parametrize("point", get_args(CrashPoint))
async def test_the_worker_dies(
    rig: Rig, notebook: Notebook, point: CrashPoint, times: Callable[[int], int]
) -> None:
    crashes = times(5)
    acknowledged = await crash_worker(
        rig, point, crashes=crashes, biz_ids=lambda: [new_biz_id() for _ in range(CALLBACKS)]
    )
    found = await verdict(rig, acknowledged=acknowledged, issued=acknowledged)
    notebook.note(crashes=crashes)
    notebook.judged(found, waste=False)
    assert found.decided == crashes * CALLBACKS
    assert found.most_calls <= 2


async def test_the_worker_is_killed_under_load(
    rig: Rig, notebook: Notebook, chance: random.Random, times: Callable[[int], int]
) -> None:
    kills = times(10)
    async with sending(rig, rate=150) as load:
        for _ in range(kills):
            await load.acknowledges(chance.randint(200, 500))
            await rig.kill("worker")
            await rig.start("worker")
    found = await verdict(rig, acknowledged=load.acknowledged, issued=load.issued)
    notebook.note(kills=kills)
    notebook.judged(found, waste=False)
