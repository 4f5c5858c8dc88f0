"""Valkey dies, stops, or takes no writes, under load: the spool takes what it does not."""

import random
import signal
from collections.abc import Callable
from typing import Final

import pytest
from redis.asyncio import Redis

from tests.whole.faults.rig.evidence import verdict
from tests.whole.faults.rig.harness import Rig
from tests.whole.faults.rig.load import sending
from tests.whole.faults.rig.report import Notebook

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(1800)]

BOUND: Final = 10.0
"""Seconds that no answer may take, however Valkey is; a second where the machine is not shared."""

NO_WRITES = {
    "full": ("maxmemory", "1mb", "0"),
    "without replicas": ("min-replicas-to-write", "1", "0"),
}


async def test_valkey_killed_under_load(
    rig: Rig, notebook: Notebook, chance: random.Random, times: Callable[[int], int]
) -> None:
    kills = times(30)
    async with sending(rig, rate=400) as load:
        for _ in range(kills):
            await load.acknowledges(chance.randint(20, 150))
            await rig.kill("valkey")
            await rig.start("valkey")
        await load.acknowledges(50)
    notebook.note(kills=kills, refused=load.refused, slowest_answer_s=load.slowest)
    notebook.judged(await verdict(rig, acknowledged=load.acknowledged, issued=load.issued))
    assert (load.refused, load.unexpected) == (0, {})
    assert load.slowest < BOUND


async def test_valkey_stopped_under_load(
    rig: Rig, notebook: Notebook, chance: random.Random, times: Callable[[int], int]
) -> None:
    stops = times(5)
    async with sending(rig, rate=400) as load:
        for _ in range(stops):
            await load.acknowledges(chance.randint(20, 150))
            rig.signal("valkey", signal.SIGSTOP)
            await load.answers(150)
            rig.signal("valkey", signal.SIGCONT)
        await load.acknowledges(50)
    notebook.note(stops=stops, refused=load.refused, slowest_answer_s=load.slowest)
    notebook.judged(await verdict(rig, acknowledged=load.acknowledged, issued=load.issued))
    assert (load.refused, load.unexpected) == (0, {})
    assert load.slowest < BOUND


@pytest.mark.parametrize("state", NO_WRITES)
async def test_valkey_takes_no_writes(rig: Rig, notebook: Notebook, state: str) -> None:
    setting, bad, good = NO_WRITES[state]
    redis: Redis = Redis.from_url(rig.redis_url)
    async with sending(rig, rate=400) as load:
        await load.acknowledges(50)
        await redis.config_set(setting, bad)
        await load.answers(150)
        await redis.config_set(setting, good)
        await load.acknowledges(50)
    await redis.aclose()
    notebook.note(refused=load.refused, slowest_answer_s=load.slowest)
    notebook.judged(await verdict(rig, acknowledged=load.acknowledged, issued=load.issued))
    assert (load.refused, load.unexpected) == (0, {})
    assert load.slowest < BOUND
