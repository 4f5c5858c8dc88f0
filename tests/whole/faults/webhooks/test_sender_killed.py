"""A sender of webhooks dies: at each of its crash points, and at any moment under load.

No event is lost, none comes behind a later one of its verification, and copies have the same `webhook-id`.
"""

import asyncio
import random
from collections.abc import Callable
from typing import get_args

import pytest

from tests.whole.faults.rig.harness import Rig
from tests.whole.faults.rig.report import Notebook
from tests.whole.faults.rig.webhooks import EVENTS, SENDER, receiving
from usecases.process.crash_points import VARIABLE, SendingPoint

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(1800)]

SETTINGS = {"FACEID_WEBHOOK_ALLOW": "127.0.0.0/8"}
KILLED = 137


@pytest.mark.parametrize("point", get_args(SendingPoint))
async def test_the_sender_dies(rig: Rig, notebook: Notebook, point: SendingPoint) -> None:
    await rig.stop("worker")
    async with receiving(rig) as webhooks:
        await webhooks.append(EVENTS)
        await rig.start("worker", **SENDER, **{VARIABLE: point})
        assert await asyncio.wait_for(rig.ended("worker"), 60) == KILLED
        await rig.start("worker", **SENDER)
        await webhooks.all_delivered()
        webhooks.judged(notebook)


async def test_the_sender_is_killed_under_load(
    rig: Rig, notebook: Notebook, chance: random.Random, times: Callable[[int], int]
) -> None:
    kills = times(40)
    await rig.stop("worker")
    async with receiving(rig) as webhooks:
        for _ in range(kills):
            await webhooks.append(EVENTS)
            await rig.start("worker", **SENDER)
            await webhooks.gets(chance.randint(1, EVENTS // 2))
            await rig.kill("worker")
        await rig.start("worker", **SENDER)
        await webhooks.all_delivered()
        notebook.note(kills=kills)
        webhooks.judged(notebook)
