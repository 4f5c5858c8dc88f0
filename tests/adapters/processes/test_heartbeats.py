"""Heartbeats: Redis's clock decides which processes are alive; they continue through outages, and are removed
at the end.
"""

import asyncio
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from redis.asyncio import Redis
from redis.exceptions import OutOfMemoryError

from adapters.processes.heartbeats import Heartbeats, beating
from adapters.redis.client import RedisAway, create_redis_pool
from adapters.redis.names import DEFAULT_NAMES, RedisNames
from devstack.waiting import until
from domain.views.operations.processes import MISSED_BEATS, Heartbeat
from tests.support.servers.private import private_valkey
from tests.support.storage.stores import NOW

FAST = timedelta(milliseconds=50)


def heartbeat(pid: int = 1, *, role: str = "worker", every: float = 5, at: datetime = NOW) -> Heartbeat:
    return Heartbeat(role, "host", pid, "1", every, NOW, at, {"jobs": pid})


async def roles(redis: Redis) -> list[str]:
    return [seen.heartbeat.role for seen in await Heartbeats(redis).alive()]


async def test_a_heartbeats_status_is_read_by_role_and_id(redis: Redis) -> None:
    heartbeats = Heartbeats(redis)
    sent = [heartbeat(2), heartbeat(1), heartbeat(3, role="api")]
    for each in sent:
        await heartbeats.put(each)
    seen = await heartbeats.alive()
    assert [each.heartbeat for each in seen] == [sent[2], sent[1], sent[0]]
    assert all(timedelta(0) <= each.age < timedelta(seconds=5) for each in seen)


async def test_the_next_beat_replaces_the_last(redis: Redis) -> None:
    heartbeats = Heartbeats(redis)
    await heartbeats.put(heartbeat())
    await redis.pexpire(DEFAULT_NAMES.heartbeat(heartbeat().id), 5000)
    [late] = await heartbeats.alive()
    assert timedelta(seconds=10) <= late.age < timedelta(seconds=15)
    await heartbeats.put(heartbeat(at=NOW + timedelta(seconds=5)))
    [seen] = await heartbeats.alive()
    assert seen.heartbeat.at == NOW + timedelta(seconds=5)
    assert seen.age < timedelta(seconds=5)


async def test_two_processes_of_one_role_host_and_pid_are_two(redis: Redis) -> None:
    """As in two containers on their host's network, where each is number 1."""
    async with beating(redis, "worker", every=FAST), beating(redis, "worker", every=FAST):
        await until(lambda: _count(redis, 2))
    assert await roles(redis) == []


async def _count(redis: Redis, wanted: int) -> bool:
    alive = await Heartbeats(redis).alive()
    return len({(seen.heartbeat.host, seen.heartbeat.pid) for seen in alive}) == 1 and len(alive) == wanted


async def test_a_process_of_an_older_version_is_seen(redis: Redis) -> None:
    older = msgspec.to_builtins(heartbeat(7))
    del older["instance"], older["place"]
    await redis.execute_command("SADD", DEFAULT_NAMES.processes, "worker:host:7")
    await redis.set(DEFAULT_NAMES.heartbeat("worker:host:7"), msgspec.msgpack.encode(older), px=5000)
    [seen] = await Heartbeats(redis).alive()
    assert (seen.heartbeat.id, seen.heartbeat.place) == ("worker:host:7", "")


async def test_a_clock_that_is_wrong_by_a_day_makes_no_process_look_dead(redis: Redis) -> None:
    for day, role in ((-1, "a"), (1, "b")):
        await Heartbeats(redis).put(heartbeat(role=role, at=datetime.now(UTC) + timedelta(days=day)))
    assert await roles(redis) == ["a", "b"]


@pytest.mark.parametrize("ahead", [timedelta(0), timedelta(hours=1), timedelta(days=-2)])
async def test_a_clock_is_compared_with_the_one_of_redis(redis: Redis, ahead: timedelta) -> None:
    await Heartbeats(redis).put(heartbeat(at=datetime.now(UTC) + ahead))
    [seen] = await Heartbeats(redis).alive()
    assert abs(seen.clock_ahead - ahead) < timedelta(seconds=2)


async def test_a_full_redis_makes_no_process_look_dead(redis: Redis) -> None:
    await redis.config_set("maxmemory", "1mb")
    try:
        with pytest.raises(OutOfMemoryError):
            await redis.set("anything", b"else")
        await Heartbeats(redis).put(heartbeat(1))
        await Heartbeats(redis).put(heartbeat(1, at=NOW + timedelta(seconds=5)))
    finally:
        await redis.config_set("maxmemory", "0")
    [seen] = await Heartbeats(redis).alive()
    assert seen.heartbeat.at == NOW + timedelta(seconds=5)


async def test_a_process_that_misses_its_beats_is_removed(redis: Redis) -> None:
    heartbeats = Heartbeats(redis)
    await heartbeats.put(heartbeat(1, every=0.05))
    await heartbeats.put(heartbeat(2))
    assert await redis.pttl(DEFAULT_NAMES.heartbeat(heartbeat(1).id)) <= 50 * MISSED_BEATS

    async def one_is_left() -> bool:
        return [seen.heartbeat.pid for seen in await heartbeats.alive()] == [2]

    await until(one_is_left)
    assert await redis.zunion([DEFAULT_NAMES.processes]) == [heartbeat(2).id.encode()]


async def test_two_gateways_on_one_redis_do_not_count_each_others_processes(redis: Redis) -> None:
    other = Heartbeats(redis, names=RedisNames("other:"))
    await other.put(heartbeat(1))
    await Heartbeats(redis).put(heartbeat(2))
    assert [seen.heartbeat.pid for seen in await other.alive()] == [1]
    await other.remove(heartbeat(1).id)
    assert [seen.heartbeat.pid for seen in await Heartbeats(redis).alive()] == [2]
    assert all(key.startswith(b"faceid:") for key in await redis.keys("*"))


async def test_a_process_that_ended_is_removed_at_once(redis: Redis) -> None:
    heartbeats = Heartbeats(redis)
    await heartbeats.put(heartbeat())
    await heartbeats.remove(heartbeat().id)
    assert await heartbeats.alive() == []
    assert await redis.keys("*heartbeat*") == []


async def test_a_heartbeat_of_another_version_hides_no_other(redis: Redis) -> None:
    heartbeats = Heartbeats(redis)
    await heartbeats.put(heartbeat(1))
    await redis.execute_command("SADD", DEFAULT_NAMES.processes, "stranger")
    await redis.set(DEFAULT_NAMES.heartbeat("stranger"), msgspec.msgpack.encode({"pid": "one"}))
    assert len(await heartbeats.alive()) == 1


@pytest.mark.parametrize("every", [float("nan"), float("inf"), 1e300, -1.0])
async def test_a_heartbeat_that_cannot_be_one_hides_no_other(redis: Redis, every: float) -> None:
    odd = msgspec.msgpack.encode(msgspec.structs.asdict(heartbeat(1)) | {"every": every})
    async with redis.pipeline() as pipe:
        pipe.sadd(DEFAULT_NAMES.processes, "odd")
        pipe.set(DEFAULT_NAMES.heartbeat("odd"), odd, px=60_000)
        await pipe.execute()
    await Heartbeats(redis).put(heartbeat(2))
    assert [seen.heartbeat.pid for seen in await Heartbeats(redis).alive()] == [2]


async def test_a_process_beats_with_its_status_until_it_ends(redis: Redis) -> None:
    beats = 0

    def status() -> dict[str, object]:
        nonlocal beats
        beats += 1
        return {"beats": beats}

    async with beating(redis, "worker", every=FAST, status=status):

        async def third_beat() -> bool:
            return [seen.heartbeat.status["beats"] >= 3 for seen in await Heartbeats(redis).alive()] == [True]

        await until(third_beat)
        [seen] = await Heartbeats(redis).alive()
    assert (seen.heartbeat.role, seen.heartbeat.pid) == ("worker", os.getpid())
    assert abs(datetime.now(UTC) - seen.heartbeat.at) < timedelta(seconds=10)
    assert await Heartbeats(redis).alive() == []


async def test_a_status_that_fails_does_not_stop_the_heart(redis: Redis) -> None:
    failing = True

    def status() -> dict[str, object]:
        if failing:
            raise RuntimeError
        return {}

    async with beating(redis, "worker", every=FAST, status=status):
        failing = False
        await until(lambda: _beats(redis))


async def test_it_begins_and_ends_without_redis_and_beats_when_redis_is_there(tmp_path: Path) -> None:
    async with private_valkey(tmp_path) as valkey:
        await valkey.stop()
        pool = create_redis_pool(valkey.url, timeout=timedelta(milliseconds=200))
        redis = Redis(connection_pool=pool)
        async with beating(redis, "worker", every=FAST):
            await asyncio.wait_for(_refused(redis), 5)
            for _ in range(2):
                await valkey.start()
                await until(lambda: _beats(redis))
                await valkey.stop()
        await pool.disconnect()


async def _beats(redis: Redis) -> bool:
    try:
        return await roles(redis) == ["worker"]
    except RedisAway:
        return False


async def _refused(redis: Redis) -> None:
    while await _beats(redis):
        await asyncio.sleep(0.01)
