"""An accepted callback is durable; one that cannot be stored is not acknowledged, and the intake recovers."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from redis.asyncio import BlockingConnectionPool, Redis

from adapters.intake.intake import MAX_BATCH
from adapters.intake.queue import RECORD_WAITING
from adapters.redis.durability import Durability
from adapters.sealing.envelope import KeyRing
from devstack.waiting import until
from domain.errors import NotDurable
from domain.limits.memory_room import MemoryRules
from tests.support.storage.dumps import dump_redis, traces
from tests.support.storage.intakes import QUICK, Ingress, own_valkey, pool_on
from tests.support.storage.stores import callback, payload


@pytest.fixture
async def ingress(redis_pool: BlockingConnectionPool, keys: KeyRing) -> AsyncIterator[Ingress]:
    """Without a spool."""
    async with Ingress(redis_pool, keys) as ingress:
        yield ingress


async def test_an_accepted_callback_is_in_the_inbox(ingress: Ingress) -> None:
    taken = callback()
    await ingress.intake.accept(taken)
    assert await ingress.in_inbox() == [taken]


async def test_a_wake_up_carries_no_data(ingress: Ingress, redis: Redis) -> None:
    await ingress.intake.accept(callback())
    await ingress.intake.aclose()
    [job_key] = await redis.keys("arq:job:*")
    job = msgspec.msgpack.decode(await redis.get(job_key))
    assert (job["f"], job["a"], job["k"]) == (RECORD_WAITING, [], {})
    assert traces(await dump_redis(redis)) == []


async def test_many_callbacks_at_once_are_few_batches(ingress: Ingress) -> None:
    taken = [callback(payload(n)) for n in range(200)]
    await asyncio.gather(*(ingress.intake.accept(each) for each in taken))
    assert await ingress.inbox.depth() <= 200 // MAX_BATCH + 2
    found = await ingress.in_inbox()
    assert len(found) == 200
    assert {each.key for each in found} == {each.key for each in taken}


@pytest.mark.parametrize(
    ("durability", "name", "value"),
    [
        ("fsync", "appendfsync", "everysec"),
        ("fsync", "no-appendfsync-on-rewrite", "yes"),
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
    before = (await redis.config_get(name))[name]
    await redis.config_set(name, value)
    try:
        async with Ingress(redis_pool, keys, durability=durability) as ingress:
            with pytest.raises(NotDurable):
                await ingress.intake.accept(callback())
            assert not ingress.intake.can_accept()
            assert await redis.keys("faceid:inbox:*") == []
            await redis.config_set(name, before)
            await until(lambda: accepted(ingress))
    finally:
        await redis.config_set(name, before)


async def test_memory_durability_asks_for_no_file(
    redis: Redis, redis_pool: BlockingConnectionPool, keys: KeyRing
) -> None:
    await redis.config_set("appendfsync", "everysec")
    try:
        async with Ingress(redis_pool, keys, durability="memory") as ingress:
            await ingress.intake.accept(callback())
    finally:
        await redis.config_set("appendfsync", "always")


async def test_a_server_that_stalls_is_waited_for_once(
    redis: Redis, redis_pool: BlockingConnectionPool, keys: KeyRing
) -> None:
    async with Ingress(redis_pool, keys, timeout=QUICK) as ingress:
        await redis.execute_command("CLIENT", "PAUSE", 1500, "ALL")
        started = asyncio.get_running_loop().time()
        sending = (ingress.intake.accept(callback(payload(n))) for n in range(3 * MAX_BATCH))
        ends = await asyncio.gather(*sending, return_exceptions=True)
        assert {type(end) for end in ends} == {NotDurable}
        assert asyncio.get_running_loop().time() - started < 2 * QUICK.total_seconds()
        await until(lambda: accepted(ingress))


async def test_a_killed_server_loses_nothing_and_is_used_again(tmp_path: Path, keys: KeyRing) -> None:
    async with (
        own_valkey(tmp_path) as (keeper, url),
        pool_on(url) as pool,
        Ingress(pool, keys, timeout=QUICK) as ingress,
    ):
        kept = [callback(payload(n)) for n in range(5)]
        for each in kept:
            await ingress.intake.accept(each)

        os.kill(keeper.pids["valkey"], signal.SIGKILL)
        with pytest.raises(NotDurable):
            await ingress.intake.accept(callback(payload(90)))

        await until(lambda: accepted(ingress))
        found = {each.key for each in await ingress.in_inbox()}
        assert {each.key for each in kept} <= found


async def test_a_setting_that_somebody_changes_is_noticed_without_an_outage(
    redis: Redis, redis_pool: BlockingConnectionPool, keys: KeyRing
) -> None:
    async with Ingress(redis_pool, keys) as ingress:
        await ingress.intake.accept(callback())
        await redis.config_set("appendfsync", "everysec")
        try:
            await until(lambda: _is(not ingress.intake.can_accept()))
            with pytest.raises(NotDurable):
                await ingress.intake.accept(callback())
        finally:
            await redis.config_set("appendfsync", "always")
        await until(lambda: accepted(ingress))


async def test_over_its_high_water_mark_the_inbox_is_left_alone(
    redis: Redis, redis_pool: BlockingConnectionPool, keys: KeyRing
) -> None:
    held = int((await redis.info("memory"))["used_memory"])
    async with Ingress(redis_pool, keys, memory_rules=MemoryRules(held + 2_000_000, 0.75)) as ingress:
        await ingress.intake.accept(callback())
        await redis.set("ballast", b"x" * 4_000_000)
        await until(lambda: _is(not ingress.intake.can_accept()))
        with pytest.raises(NotDurable):
            await ingress.intake.accept(callback())
        assert ingress.intake.status().redis_full
        await redis.delete("ballast")
        await until(lambda: accepted(ingress))


async def test_the_number_of_waiting_callbacks_is_limited(
    redis_pool: BlockingConnectionPool, keys: KeyRing
) -> None:
    async with Ingress(redis_pool, keys, max_waiting=100) as ingress:
        sending = (ingress.intake.accept(callback(payload(n))) for n in range(150))
        ends = await asyncio.gather(*sending, return_exceptions=True)
        assert [type(end) for end in ends] == [type(None)] * 100 + [NotDurable] * 50
        assert len(await ingress.in_inbox()) == 100
        await ingress.intake.accept(callback())


async def accepted(ingress: Ingress) -> bool:
    try:
        await ingress.intake.accept(callback(payload(99)))
    except NotDurable:
        return False
    return True


async def _is(value: bool) -> bool:
    return value


async def test_a_connection_lost_between_two_writes_loses_nothing(ingress: Ingress, redis: Redis) -> None:
    taken = [callback(payload(n)) for n in range(4)]
    for each in taken[:3]:
        await ingress.intake.accept(each)
    await redis.client_kill_filter(_type="normal", skipme=True)
    await ingress.intake.accept(taken[3])
    assert ingress.watch.usable
    assert await ingress.in_inbox() == taken
