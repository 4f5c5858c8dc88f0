"""A receiver of webhooks is killed, or stops answering, while events come.

No event is lost, none comes behind a later one of its verification, and copies have the same `webhook-id`.
"""

import random
import signal
from collections.abc import Callable

import pytest

from tests.whole.faults.rig.harness import Rig
from tests.whole.faults.rig.report import Notebook
from tests.whole.faults.rig.webhooks import EVENTS, SENDER, receiving

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(1800)]

SETTINGS = {"FACEID_WEBHOOK_ALLOW": "127.0.0.0/8"}


async def test_the_receiver_is_killed_under_load(
    rig: Rig, notebook: Notebook, chance: random.Random, times: Callable[[int], int]
) -> None:
    kills = times(8)
    await rig.stop("worker")
    async with receiving(rig) as webhooks:
        await rig.start("worker", **SENDER)
        for _ in range(kills):
            await webhooks.append(EVENTS)
            await webhooks.gets(chance.randint(1, EVENTS // 2))
            await rig.kill("receiver")
            await webhooks.append(EVENTS)
            await webhooks.fails()
            await rig.start("receiver")
        await webhooks.all_delivered()
        notebook.note(kills=kills)
        webhooks.judged(notebook)
    await rig.stop("worker")


async def test_the_receiver_hangs_under_load(
    rig: Rig, notebook: Notebook, times: Callable[[int], int]
) -> None:
    hangs = times(2)
    await rig.stop("worker")
    async with receiving(rig) as webhooks:
        await rig.start("worker", **SENDER)
        for _ in range(hangs):
            await webhooks.append(EVENTS)
            await webhooks.gets(1)
            rig.signal("receiver", signal.SIGSTOP)
            await webhooks.append(EVENTS)
            await webhooks.fails()
            rig.signal("receiver", signal.SIGCONT)
        await webhooks.all_delivered()
        notebook.note(hangs=hangs)
        webhooks.judged(notebook)
    await rig.stop("worker")
