"""Jobs carry ids in MessagePack, one job per batch and attempt; pickle is refused."""

import pickle
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import pytest
from arq.connections import ArqRedis
from redis.asyncio import BlockingConnectionPool

from adapters.queue import (
    PROCESS_BATCH,
    SETTLE_VERIFICATION,
    BatchQueue,
    add_batch_job,
    create_queue,
    deserialize_job,
    serialize_job,
)

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
    job = {"t": 1, "f": PROCESS_BATCH, "a": ["b1"], "k": {}, "et": 1700000000000}
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


async def test_a_job_holds_the_batch_id_and_nothing_else(arq: ArqRedis) -> None:
    await BatchQueue(arq).enqueue("b1")
    job = msgspec.msgpack.decode(await arq.get("arq:job:batch:b1:0"))
    assert (job["f"], job["a"], job["k"]) == (PROCESS_BATCH, ["b1"], {})


async def test_a_look_at_a_verification_comes_when_it_is_due_and_not_before(arq: ArqRedis) -> None:
    verification_id, at = UUID(int=7), datetime.now(UTC) + timedelta(minutes=3)
    for _ in range(2):
        await BatchQueue(arq).settle_at(verification_id, at)
    [(job_id, score)] = await arq.zrange("arq:queue", 0, -1, withscores=True)
    assert at.timestamp() * 1000 <= score <= at.timestamp() * 1000 + 10
    job = msgspec.msgpack.decode(await arq.get(b"arq:job:" + job_id))
    assert (job["f"], job["a"], job["k"]) == (SETTLE_VERIFICATION, [str(verification_id)], {})


async def test_a_look_that_cannot_be_announced_harms_nobody(arq: ArqRedis) -> None:
    await arq.set("arq:queue", "not a sorted set")
    await BatchQueue(arq).settle_at(UUID(int=7), datetime.now(UTC))


async def test_a_job_written_with_its_batch_is_as_arq_would_write_it(arq: ArqRedis) -> None:
    await BatchQueue(arq).enqueue("b1")
    async with arq.pipeline(transaction=True) as pipe:
        add_batch_job(pipe, "b2", now_ms=int(await arq.zscore("arq:queue", "batch:b1:0")))
        await pipe.execute()
    by_arq = msgspec.msgpack.decode(await arq.get("arq:job:batch:b1:0"))
    by_us = msgspec.msgpack.decode(await arq.get("arq:job:batch:b2:0"))
    assert by_us == by_arq | {"a": ["b2"], "et": by_us["et"]}
    assert await arq.zscore("arq:queue", "batch:b2:0") == await arq.zscore("arq:queue", "batch:b1:0")
    times = [await arq.pttl(f"arq:job:batch:{batch_id}:0") for batch_id in ("b1", "b2")]
    assert times[1] == pytest.approx(times[0], abs=2000)


async def test_a_batch_that_was_handed_over_is_not_enqueued_twice(arq: ArqRedis) -> None:
    async with arq.pipeline(transaction=True) as pipe:
        add_batch_job(pipe, "b1", now_ms=1_700_000_000_000)
        await pipe.execute()
    await BatchQueue(arq).enqueue("b1")
    assert await arq.zcard("arq:queue") == 1


async def test_a_job_that_a_wrong_clock_put_off_is_brought_forward(arq: ArqRedis) -> None:
    await BatchQueue(arq).enqueue("b1")
    at = await arq.zscore("arq:queue", "batch:b1:0")
    await arq.zincrby("arq:queue", timedelta(hours=25).total_seconds() * 1000, "batch:b1:0")
    await BatchQueue(arq).enqueue("b1")
    assert await arq.zscore("arq:queue", "batch:b1:0") - at < timedelta(minutes=1).total_seconds() * 1000
    assert await arq.zcard("arq:queue") == 1
