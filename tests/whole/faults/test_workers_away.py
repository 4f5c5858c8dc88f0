"""Workers away for a day: every job has expired, what the queue knew is gone."""

import pytest
from redis.asyncio import Redis

from tests.whole.faults.rig.evidence import verdict
from tests.whole.faults.rig.harness import Rig
from tests.whole.faults.rig.load import sending
from tests.whole.faults.rig.report import Notebook

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(600)]


async def test_workers_away_until_every_job_has_expired(rig: Rig, notebook: Notebook) -> None:
    await rig.stop("worker")
    async with sending(rig, rate=400) as load:
        await load.acknowledges(2000)
    redis: Redis = Redis.from_url(rig.redis_url)
    forgotten = await _forget_jobs(redis)
    await redis.aclose()
    assert forgotten > 1
    await rig.start("worker")
    notebook.note(forgotten_keys=forgotten)
    notebook.judged(await verdict(rig, acknowledged=load.acknowledged, issued=load.issued))


async def _forget_jobs(redis: Redis) -> int:
    """Let arq's keys be gone: the jobs' own after their day, the queue's as after a `FLUSH` of it."""
    keys = [key async for key in redis.scan_iter("arq:*", count=1000)]
    return int(await redis.delete(*keys))
