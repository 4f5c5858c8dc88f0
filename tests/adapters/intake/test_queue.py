"""Jobs are wake-ups in MessagePack that carry ids at most; pickle is refused."""

import pickle
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import pytest
from arq.connections import ArqRedis
from redis.asyncio import BlockingConnectionPool

from adapters.intake.queue import (
    RECORD_WAITING,
    SETTLE_VERIFICATION,
    JobQueue,
    add_wake_up,
    create_queue,
    deserialize_job,
    serialize_job,
)
from adapters.redis.names import DEFAULT_NAMES

NOW_MS = 1_700_000_000_000

opened: list[str] = []


def explode() -> None:
    opened.append("pickle ran")


class Exploit:
    """Runs code of the writer's choice when it is unpickled."""

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return explode, ()


@pytest.fixture
def arq(redis_pool: BlockingConnectionPool) -> ArqRedis:
    return create_queue(redis_pool)


def test_a_job_comes_back_as_it_was() -> None:
    job = {"t": 1, "f": RECORD_WAITING, "a": ["b1"], "k": {}, "et": 1700000000000}
    assert deserialize_job(serialize_job(job)) == job


def test_a_pickle_is_refused_and_runs_nothing() -> None:
    bomb = pickle.dumps(Exploit())
    opened.clear()
    pickle.loads(bomb)
    assert opened == ["pickle ran"], "the bomb works"
    opened.clear()
    with pytest.raises(msgspec.DecodeError):
        deserialize_job(bomb)
    assert opened == []


async def test_a_look_at_a_verification_comes_when_it_is_due_and_not_before(arq: ArqRedis) -> None:
    verification_id, at = UUID(int=7), datetime.now(UTC) + timedelta(minutes=3)
    for _ in range(2):
        await JobQueue(arq).look_at(verification_id, at)
    [(job_id, score)] = await arq.zrange(DEFAULT_NAMES.queue, 0, -1, withscores=True)
    assert at.timestamp() * 1000 <= score <= at.timestamp() * 1000 + 10
    job = msgspec.msgpack.decode(await arq.get(b"arq:job:" + job_id))
    assert (job["f"], job["a"], job["k"]) == (SETTLE_VERIFICATION, [str(verification_id)], {})


async def test_a_look_that_cannot_be_announced_raises_nothing(arq: ArqRedis) -> None:
    await arq.set(DEFAULT_NAMES.queue, "not a sorted set")
    await JobQueue(arq).look_at(UUID(int=7), datetime.now(UTC))


async def wake(arq: ArqRedis, *, now_ms: int) -> None:
    async with arq.pipeline(transaction=True) as pipe:
        add_wake_up(pipe, names=DEFAULT_NAMES, now_ms=now_ms)
        await pipe.execute()


async def test_a_wake_up_is_as_arq_would_write_it(arq: ArqRedis) -> None:
    await arq.enqueue_job(RECORD_WAITING, _job_id="by-arq")
    await wake(arq, now_ms=NOW_MS)
    by_arq = msgspec.msgpack.decode(await arq.get("arq:job:by-arq"))
    by_us = msgspec.msgpack.decode(await arq.get(f"arq:job:faceid:wake:{NOW_MS // 1000}"))
    assert by_us == by_arq | {"et": by_us["et"]}
    times = [await arq.pttl(key) for key in ("arq:job:by-arq", f"arq:job:faceid:wake:{NOW_MS // 1000}")]
    assert times[1] == pytest.approx(times[0], abs=2000)


async def test_there_is_one_wake_up_a_second_however_many_batches_come(arq: ArqRedis) -> None:
    for offset in (0, 1, 999, 1000, 1001):
        await wake(arq, now_ms=NOW_MS + offset)
    assert await arq.zcard(DEFAULT_NAMES.queue) == 2


async def test_a_wake_up_is_due_at_once_whatever_the_clock_of_the_ingress_says(arq: ArqRedis) -> None:
    await wake(arq, now_ms=NOW_MS + 1000 * 86_400_000)
    now = datetime.now(UTC).timestamp() * 1000
    assert len(await arq.zrangebyscore(DEFAULT_NAMES.queue, "-inf", now)) == 1
    [(_, score)] = await arq.zrange(DEFAULT_NAMES.queue, 0, -1, withscores=True)
    assert score > 0, "arq takes 0 for a job that is not there"
