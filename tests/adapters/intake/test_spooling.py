"""While Redis cannot take a callback, the spool does; an acknowledged callback is always in one of the
two.
"""

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.asyncio import BlockingConnectionPool, Redis
from structlog.testing import capture_logs

from adapters.redis.client import RedisAway
from adapters.redis.names import DEFAULT_NAMES
from adapters.sealing.envelope import KeyRing
from devstack.waiting import until
from domain.errors import NotDurable
from domain.limits.circuit import CircuitState
from domain.limits.memory_room import MemoryRules
from domain.model import AcceptedCallback
from tests.support.storage.intakes import (
    QUICK,
    Ingress,
    own_valkey,
    pool_on,
    segments,
    spooled,
    stopped,
    timed,
)
from tests.support.storage.spools import EIO, ENOSPC, FailingDisk
from tests.support.storage.stores import callback, payload


def many(count: int, *, first: int = 0) -> list[AcceptedCallback]:
    return [callback(payload(n)) for n in range(first, first + count)]


def names(callbacks: list[AcceptedCallback]) -> set[object]:
    return {each.key for each in callbacks}


@pytest.fixture
async def ingress(
    redis_pool: BlockingConnectionPool, keys: KeyRing, tmp_path: Path
) -> AsyncIterator[Ingress]:
    async with Ingress(redis_pool, keys, folder=tmp_path / "spool", timeout=QUICK) as ingress:
        yield ingress


async def test_while_redis_is_well_the_spool_is_not_touched(ingress: Ingress, tmp_path: Path) -> None:
    await asyncio.gather(*(ingress.intake.accept(each) for each in many(100)))
    assert len(await ingress.in_inbox()) == 100
    assert segments(tmp_path / "spool") == []
    status = ingress.intake.status()
    assert (status.circuit, status.spool_bytes, status.waiting) == (CircuitState.CLOSED, 0, 0)


async def test_a_stopped_redis_is_waited_for_once_and_all_is_drained_when_it_is_back(
    tmp_path: Path, keys: KeyRing
) -> None:
    async with (
        own_valkey(tmp_path) as (keeper, url),
        pool_on(url) as pool,
        Ingress(pool, keys, folder=tmp_path / "spool", timeout=QUICK) as ingress,
    ):
        sent = many(600)
        await timed(ingress, sent[:50], at_once=10)
        with stopped(keeper.pids["valkey"]), capture_logs() as logs:
            took = sorted(await timed(ingress, sent[50:], at_once=50))
            assert names(ingress.in_spool()) == names(sent[50:])
            assert ingress.intake.status().circuit is not CircuitState.CLOSED
            assert ingress.intake.can_accept()
        waited_for_redis = [each for each in took if each > QUICK.total_seconds()]
        assert len(waited_for_redis) <= 50, "those that were sent when it stopped, and nobody after them"
        assert took[-1] < 5 * QUICK.total_seconds()
        assert [each["event"] for each in logs].count("redis.circuit_opened") == 1

        await until(ingress.drained)
        assert names(await ingress.in_inbox()) == names(sent)
        assert await ingress.redis.zcard(DEFAULT_NAMES.queue) >= 1


async def test_a_write_that_timed_out_goes_to_the_spool_under_the_same_batch_id(
    ingress: Ingress, redis: Redis
) -> None:
    await redis.execute_command("CLIENT", "PAUSE", 600, "WRITE")
    await ingress.intake.accept(callback())
    await until(ingress.drained)
    assert await redis.zcard(DEFAULT_NAMES.pending) == 1, "written twice under one id"
    assert await ingress.in_inbox() == [callback()]


@pytest.mark.parametrize(
    ("name", "value"),
    [("maxmemory", "1"), ("min-replicas-to-write", "1")],
)
async def test_a_redis_that_refuses_writes_is_spooled_for(
    ingress: Ingress, redis: Redis, tmp_path: Path, name: str, value: str
) -> None:
    before = (await redis.config_get(name))[name]
    await redis.config_set(name, value)
    try:
        sent = many(100)
        await asyncio.gather(*(ingress.intake.accept(each) for each in sent))
        assert names(ingress.in_spool()) == names(sent)
        await until(lambda: _probed(ingress))
        assert not ingress.watch.usable, "it answers, but a write is what counts"
    finally:
        await redis.config_set(name, before)
    await until(ingress.drained)
    assert names(await ingress.in_inbox()) == names(sent)
    assert await redis.ttl(DEFAULT_NAMES.probe) > 0


async def test_a_redis_that_became_a_replica_is_spooled_for(
    ingress: Ingress, redis: Redis, free_port: int
) -> None:
    await redis.execute_command("REPLICAOF", "127.0.0.1", free_port)
    try:
        await ingress.intake.accept(callback())
        assert ingress.in_spool() == [callback()]
    finally:
        await redis.execute_command("REPLICAOF", "NO", "ONE")
    await until(ingress.drained)
    assert await ingress.in_inbox() == [callback()]


async def test_a_redis_that_would_lose_it_is_spooled_for(ingress: Ingress, redis: Redis) -> None:
    await redis.config_set("appendfsync", "everysec")
    try:
        await until(lambda: _is(not ingress.watch.usable))
        await ingress.intake.accept(callback())
        await until(lambda: _probed(ingress))
        assert ingress.in_spool() == [callback()]
        assert await redis.zcard(DEFAULT_NAMES.pending) == 0
    finally:
        await redis.config_set("appendfsync", "always")
    await until(ingress.drained)


async def test_over_the_inboxs_mark_the_spool_takes_it_and_gives_it_back_when_there_is_room(
    redis: Redis, redis_pool: BlockingConnectionPool, keys: KeyRing, tmp_path: Path
) -> None:
    held = int((await redis.info("memory"))["used_memory"])
    await redis.set("ballast", b"x" * 4_000_000)
    async with Ingress(
        redis_pool,
        keys,
        folder=tmp_path / "spool",
        memory_rules=MemoryRules(held + 2_000_000, 0.75),
        spool_max_bytes=4000,
    ) as ingress:
        sent = [each for each in many(20) if await accepted(ingress, each)]
        assert len(sent) < 20
        assert names(ingress.in_spool()) == names(sent) != set()
        assert not ingress.intake.can_accept()
        await redis.delete("ballast")
        await until(ingress.drained)
        assert names(await ingress.in_inbox()) == names(sent)
        assert ingress.intake.can_accept()


@pytest.mark.parametrize("failure", ["write_error", "next_write"])
async def test_a_callback_that_nothing_can_store_is_refused_and_the_next_may_be_accepted(
    redis: Redis, keys: KeyRing, tmp_path: Path, free_port: int, failure: str
) -> None:
    disk = FailingDisk()
    async with (
        pool_on(f"redis://127.0.0.1:{free_port}/0") as pool,
        Ingress(pool, keys, folder=tmp_path / "spool", disk=disk) as ingress,
    ):
        await ingress.intake.accept(callback(payload(1)))
        setattr(disk, failure, ENOSPC)
        with pytest.raises(NotDurable):
            await ingress.intake.accept(callback(payload(2)))
        disk.write_error = None
        await ingress.intake.accept(callback(payload(3)))
        assert ingress.in_spool() == [callback(payload(1)), callback(payload(3))]
        assert not ingress.broken


async def test_after_a_failed_fsync_the_process_has_to_end(
    keys: KeyRing, tmp_path: Path, free_port: int
) -> None:
    disk = FailingDisk(sync_error=EIO)
    async with (
        pool_on(f"redis://127.0.0.1:{free_port}/0") as pool,
        Ingress(pool, keys, folder=tmp_path / "spool", disk=disk) as ingress,
    ):
        with capture_logs() as logs:
            ends = await asyncio.gather(
                *(ingress.intake.accept(each) for each in many(100)), return_exceptions=True
            )
        assert {type(end) for end in ends} == {NotDurable}
        assert ingress.broken
        assert not ingress.intake.can_accept()
        assert [each["log_level"] for each in logs if each["event"] == "spool.failed"] == ["critical"]
        assert len(disk.syncs) == 1


async def test_batches_of_an_earlier_process_are_drained_at_the_start(
    redis_pool: BlockingConnectionPool, keys: KeyRing, tmp_path: Path, free_port: int
) -> None:
    sent = many(30)
    async with (
        pool_on(f"redis://127.0.0.1:{free_port}/0") as nowhere,
        Ingress(nowhere, keys, folder=tmp_path / "spool") as before,
    ):
        for each in sent:
            await before.intake.accept(each)
    assert spooled(tmp_path / "spool", keys) == sent, "in order"
    async with Ingress(redis_pool, keys, folder=tmp_path / "spool") as after:
        await until(after.drained)
        assert names(await after.in_inbox()) == names(sent)


async def test_an_acknowledged_callback_is_always_in_inbox_or_spool(tmp_path: Path, keys: KeyRing) -> None:
    """Redis stops and continues, and the disk refuses some writes; the promise is checked after every
    step.
    """
    dice, disk = random.Random(7), FailingDisk()
    acknowledged: set[object] = set()

    async def send(ingress: Ingress, callbacks: list[AcceptedCallback]) -> None:
        for each in callbacks:
            if await accepted(ingress, each):
                acknowledged.add(each.key)

    async with (
        own_valkey(tmp_path) as (keeper, url),
        pool_on(url) as pool,
        Ingress(pool, keys, folder=tmp_path / "spool", timeout=QUICK, disk=disk) as ingress,
    ):
        for step in range(8):
            sent = many(40, first=1000 * step)
            disk.next_write = dice.choice([None, 0, 30])
            if dice.random() < 0.6:
                with stopped(keeper.pids["valkey"]):
                    await asyncio.gather(*(send(ingress, sent[n::8]) for n in range(8)))
                await until(lambda: _answers(ingress.redis))
            else:
                await asyncio.gather(*(send(ingress, sent[n::8]) for n in range(8)))
            # The spool first: what it hands over meanwhile is in the inbox by then.
            kept = names(ingress.in_spool()) | names(await ingress.in_inbox())
            assert acknowledged <= kept
        await until(ingress.drained)
        assert acknowledged <= names(await ingress.in_inbox())
    assert len(acknowledged) > 200


async def accepted(ingress: Ingress, which: AcceptedCallback) -> bool:
    try:
        await ingress.intake.accept(which)
    except NotDurable:
        return False
    return True


async def _probed(ingress: Ingress) -> bool:
    """At least one probe has failed."""
    return ingress.watch.attempts >= 2


async def _answers(redis: Redis) -> bool:
    try:
        return bool(await redis.ping())
    except RedisAway:
        return False


async def _is(value: bool) -> bool:
    return value
