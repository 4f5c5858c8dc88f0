"""An accepted callback is durable; what cannot be kept is not acknowledged, and the intake recovers."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from redis.asyncio import BlockingConnectionPool, Redis

from adapters.envelope import KeyRing
from adapters.inbox import RedisInbox
from adapters.intake import MAX_BATCH, DurableIntake
from adapters.queue import PROCESS_BATCH, BatchQueue, create_queue
from adapters.redis_client import REDIS_AWAY, Durability, create_redis_pool
from cli import servers
from cli.processes import Supervisor
from domain.errors import NotDurable
from domain.model import AcceptedCallback
from tests.adapters.builders import callback, dump_redis, payload, traces, until

QUICK = timedelta(milliseconds=200)


def create_intake(
    pool: BlockingConnectionPool,
    keys: KeyRing,
    *,
    durability: Durability = "fsync",
    timeout: timedelta = timedelta(seconds=5),
) -> DurableIntake:
    redis = Redis(connection_pool=pool)
    inbox = RedisInbox(redis, keys=keys)
    queue = BatchQueue(create_queue(pool))
    return DurableIntake(redis, inbox=inbox, queue=queue, durability=durability, timeout=timeout)


@pytest.fixture
async def intake(redis_pool: BlockingConnectionPool, keys: KeyRing) -> AsyncIterator[DurableIntake]:
    intake = create_intake(redis_pool, keys)
    yield intake
    await intake.aclose()


@pytest.fixture
async def own_valkey(tmp_path: Path) -> AsyncIterator[tuple[Supervisor, str]]:
    """A Valkey that a test may kill; it is started again at once."""
    supervisor = Supervisor(lambda: None)
    spec, url = servers.valkey(tmp_path, env=dict(os.environ))
    try:
        await supervisor.start(spec)
        yield supervisor, url
    finally:
        await supervisor.stop()


async def stored(inbox: RedisInbox, redis: Redis) -> list[AcceptedCallback]:
    batches = [await inbox.load(batch_id.decode()) for batch_id in await redis.zrange("inbox:pending", 0, -1)]
    return [each for batch in batches for each in batch or ()]


async def test_an_accepted_callback_stands_in_the_inbox(
    intake: DurableIntake, inbox: RedisInbox, redis: Redis
) -> None:
    taken = callback()
    await intake.accept(taken)
    assert await stored(inbox, redis) == [taken]


async def test_a_job_with_the_batch_id_alone_is_handed_over(intake: DurableIntake, redis: Redis) -> None:
    await intake.accept(callback())
    await intake.aclose()
    [batch_id] = await redis.zrange("inbox:pending", 0, -1)
    [job_key] = await redis.keys("arq:job:*")
    job = msgspec.msgpack.decode(await redis.get(job_key))
    assert (job["f"], job["a"], job["k"]) == (PROCESS_BATCH, [batch_id.decode()], {})
    assert traces(await dump_redis(redis)) == []


async def test_many_callbacks_at_once_are_few_batches(
    intake: DurableIntake, inbox: RedisInbox, redis: Redis
) -> None:
    taken = [callback(payload(n)) for n in range(200)]
    await asyncio.gather(*(intake.accept(each) for each in taken))
    assert await inbox.depth() <= 200 // MAX_BATCH + 2
    found = await stored(inbox, redis)
    assert len(found) == 200
    assert {each.key for each in found} == {each.key for each in taken}


@pytest.mark.parametrize(
    ("durability", "name", "value"),
    [
        ("fsync", "appendfsync", "everysec"),
        ("fsync", "appendonly", "no"),
        ("fsync", "maxmemory-policy", "allkeys-lru"),
        ("memory", "maxmemory-policy", "allkeys-lru"),
    ],
)
async def test_a_server_that_would_lose_it_is_refused_until_it_is_mended(
    redis: Redis,
    redis_pool: BlockingConnectionPool,
    keys: KeyRing,
    durability: Durability,
    name: str,
    value: str,
) -> None:
    intake = create_intake(redis_pool, keys, durability=durability)
    before = (await redis.config_get(name))[name]
    await redis.config_set(name, value)
    try:
        with pytest.raises(NotDurable):
            await intake.accept(callback())
        assert await redis.keys("inbox:*") == []
    finally:
        await redis.config_set(name, before)
    await intake.accept(callback())
    await intake.aclose()


async def test_memory_durability_asks_for_no_file(
    redis: Redis, redis_pool: BlockingConnectionPool, keys: KeyRing
) -> None:
    await redis.config_set("appendfsync", "everysec")
    try:
        intake = create_intake(redis_pool, keys, durability="memory")
        await intake.accept(callback())
        await intake.aclose()
    finally:
        await redis.config_set("appendfsync", "always")


async def test_a_server_that_stalls_is_not_waited_for(
    redis: Redis, redis_pool: BlockingConnectionPool, keys: KeyRing
) -> None:
    intake = create_intake(redis_pool, keys, timeout=QUICK)
    await intake.accept(callback())
    await redis.execute_command("CLIENT", "PAUSE", 1000, "ALL")
    started = asyncio.get_running_loop().time()
    ends = await asyncio.gather(
        *(intake.accept(callback(payload(n))) for n in range(30)), return_exceptions=True
    )
    assert {type(end) for end in ends} == {NotDurable}
    assert asyncio.get_running_loop().time() - started < 0.9
    await until(lambda: _accepted(intake))
    await intake.aclose()


async def test_a_killed_server_loses_nothing_and_is_used_again(
    own_valkey: tuple[Supervisor, str], keys: KeyRing
) -> None:
    supervisor, url = own_valkey
    pool = create_redis_pool(url, timeout=timedelta(seconds=1))
    redis = Redis(connection_pool=pool)
    intake = create_intake(pool, keys, timeout=QUICK)
    kept = [callback(payload(n)) for n in range(5)]
    for each in kept:
        await intake.accept(each)

    os.kill(supervisor.pids["valkey"], signal.SIGKILL)
    with pytest.raises(NotDurable):
        await intake.accept(callback(payload(90)))

    await until(lambda: _accepted(intake))
    found = {each.key for each in await stored(RedisInbox(redis, keys=keys), redis)}
    assert {each.key for each in kept} <= found
    await intake.aclose()
    await pool.disconnect()


async def test_after_an_outage_the_settings_are_looked_at_again(
    redis: Redis, redis_pool: BlockingConnectionPool, keys: KeyRing
) -> None:
    intake = create_intake(redis_pool, keys, timeout=QUICK)
    await intake.accept(callback())
    await redis.execute_command("CLIENT", "PAUSE", 400, "ALL")
    with pytest.raises(NotDurable):
        await intake.accept(callback())
    await until(lambda: _answers(redis))
    await redis.config_set("appendfsync", "everysec")
    try:
        with pytest.raises(NotDurable):
            await intake.accept(callback())
    finally:
        await redis.config_set("appendfsync", "always")
    await intake.accept(callback())
    await intake.aclose()


async def _accepted(intake: DurableIntake) -> bool:
    try:
        await intake.accept(callback(payload(99)))
    except NotDurable:
        return False
    return True


async def _answers(redis: Redis) -> bool:
    try:
        return bool(await redis.ping())
    except REDIS_AWAY:
        return False
