"""Nothing is compressed before every live process can open it."""

import asyncio
from datetime import timedelta

import msgspec
from redis.asyncio import Redis

from adapters.processes.heartbeats import Heartbeats, beating
from adapters.processes.readers import Readers
from adapters.redis.client import RedisAway
from devstack.waiting import until
from domain.views.operations.processes import Heartbeat
from tests.support.storage.stores import NOW

FAST = timedelta(milliseconds=20)
OLDER = Heartbeat("worker", "host", 1, "0.1.0", 5, NOW, NOW, {})


class NoHeartbeats(Heartbeats):
    """Those of a Redis that is away."""

    async def alive(self) -> list[object]:  # type: ignore[override]
        raise RedisAway("away")


async def test_nobody_counts_before_the_first_look(redis: Redis) -> None:
    assert not Readers(Heartbeats(redis)).all_open_compressed()


async def test_processes_of_this_version_open_what_is_compressed(redis: Redis) -> None:
    readers = Readers(heartbeats := Heartbeats(redis))
    async with beating(redis, "worker", every=FAST):
        await until(lambda: _beats(heartbeats))
        await readers.look()
        assert readers.all_open_compressed()


async def test_one_of_an_older_version_does_not(redis: Redis) -> None:
    readers = Readers(heartbeats := Heartbeats(redis))
    await readers.look()
    assert readers.all_open_compressed(), "alone"
    await heartbeats.put(OLDER)
    await readers.look()
    assert not readers.all_open_compressed()


async def test_process_without_a_key_store_opens_no_epoch_keys(redis: Redis) -> None:
    readers = Readers(heartbeats := Heartbeats(redis))
    async with beating(redis, "ingress", every=FAST):
        await until(lambda: _beats(heartbeats))
        await readers.look()
        assert readers.all_open_epoch_keys(), "it opens no data key"
    async with beating(redis, "worker", every=FAST, opens_epochs=False):
        await until(lambda: _beats(heartbeats))
        await readers.look()
        assert readers.all_open_compressed()
        assert not readers.all_open_epoch_keys()


async def test_its_end_is_noticed(redis: Redis) -> None:
    readers = Readers(heartbeats := Heartbeats(redis))
    await heartbeats.put(OLDER)
    await readers.look()
    following = asyncio.create_task(readers.follow(every=FAST))
    try:
        await heartbeats.remove(OLDER.id)
        await until(lambda: _true(readers.all_open_compressed()))
    finally:
        following.cancel()


async def test_while_redis_is_away_the_last_look_counts(redis: Redis) -> None:
    readers = Readers(NoHeartbeats(redis))
    await readers.look()
    assert not readers.all_open_compressed()


async def test_an_older_heartbeat_has_no_formats(redis: Redis) -> None:
    packed = msgspec.to_builtins(OLDER)
    del packed["opens"]
    assert msgspec.convert(packed, Heartbeat).opens == ()


async def _beats(heartbeats: Heartbeats) -> bool:
    return bool(await heartbeats.alive())


async def _true(value: bool) -> bool:
    return value
