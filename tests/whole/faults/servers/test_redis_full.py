"""No worker is there and `maxmemory` is small: the ingress stops short of it, and workers empty Redis."""

import asyncio

import pytest
from redis.asyncio import Redis

from adapters.redis.memory import read_memory
from tests.whole.faults.rig.evidence import spooled_bytes, verdict
from tests.whole.faults.rig.harness import Rig
from tests.whole.faults.rig.load import sending
from tests.whole.faults.rig.report import Notebook

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(600)]

ROOM = 3_000_000
SPOOLED = 500_000


async def test_redis_fills_while_no_worker_is_there(rig: Rig, notebook: Notebook) -> None:
    await rig.stop("worker")
    redis: Redis = Redis.from_url(rig.redis_url)
    await redis.config_set("maxmemory", (await read_memory(redis)).used + ROOM)
    async with sending(rig, rate=1500) as load:
        while await asyncio.to_thread(spooled_bytes, rig.spool) < SPOOLED:
            await load.acknowledges(100)
    filled = await read_memory(redis)
    await redis.aclose()
    await rig.start("worker")
    notebook.note(refused=load.refused, used_of_maxmemory=f"{filled.used / filled.most:.2f}")
    notebook.judged(await verdict(rig, acknowledged=load.acknowledged, issued=load.issued))
    assert (load.refused, load.unexpected) == (0, {})
    assert 0.5 < filled.used / filled.most < 0.95
