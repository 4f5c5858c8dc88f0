"""A sender of webhooks dies: at each of its crash points, and at any moment under load.

No event is lost, none comes behind a later one of its verification, and copies have the same `webhook-id`.
"""

import asyncio
import random
from collections.abc import Callable
from typing import get_args

import pytest

from tests.whole.faults.rig.harness import Rig
from tests.whole.faults.rig.receiver import Receiver, receiving
from tests.whole.faults.rig.report import Notebook
from usecases.process.crash_points import VARIABLE, SendingPoint

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(1800)]

SETTINGS = {"FACEID_WEBHOOK_ALLOW": "127.0.0.0/8"}
KILLED = 137
DELIVER = {"FACEID_ROLES": "deliver"}
EVENTS = 40


@pytest.mark.parametrize("point", get_args(SendingPoint))
async def test_the_sender_dies(rig: Rig, notebook: Notebook, point: SendingPoint) -> None:
    await rig.stop("worker")
    async with receiving(rig) as receiver:
        await receiver.append(EVENTS)
        await rig.start("worker", **DELIVER, **{VARIABLE: point})
        assert await asyncio.wait_for(rig.ended("worker"), 60) == KILLED
        await rig.start("worker", **DELIVER)
        await receiver.all_delivered()
        judged(receiver, notebook)


async def test_the_sender_is_killed_under_load(
    rig: Rig, notebook: Notebook, chance: random.Random, times: Callable[[int], int]
) -> None:
    kills = times(40)
    await rig.stop("worker")
    async with receiving(rig) as receiver:
        for _ in range(kills):
            await receiver.append(EVENTS)
            await rig.start("worker", **DELIVER)
            await receiver.gets(chance.randint(1, EVENTS // 2))
            await rig.kill("worker")
        await rig.start("worker", **DELIVER)
        await receiver.all_delivered()
        notebook.note(kills=kills)
        judged(receiver, notebook)


def judged(receiver: Receiver, notebook: Notebook) -> None:
    """Nothing is lost or out of order."""
    lost, late = len(set(receiver.appended) - receiver.ids), receiver.out_of_order()
    copies = receiver.requests - len(receiver.ids)
    notebook.note(events=len(receiver.appended), lost=lost, out_of_order=late, copies=copies)
    assert (lost, late) == (0, 0)
