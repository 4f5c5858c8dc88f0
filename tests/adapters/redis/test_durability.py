"""A server that would lose a write is named, and one that would lose it for a while is waited for."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from adapters.redis import watch as redis_watch
from adapters.redis.client import create_redis_pool
from adapters.redis.durability import Durability, NotDurableYet, check_durability, read_durability
from adapters.redis.watch import RedisWatch
from adapters.sealing.envelope import KeyRing
from devstack.processes import Process
from devstack.waiting import until
from domain.errors import SettingsError
from domain.limits.memory_room import MEMORY_RULES
from tests.support.servers.private import private_valkey
from tests.support.storage.intakes import Ingress, pool_on
from tests.support.storage.stores import callback, payload

REWRITE_TAKES: Final = 2_000_000
"""Microseconds, about."""


@pytest.mark.parametrize("wanted", ["fsync", "memory"])
async def test_a_well_set_server_is_fine(redis: Redis, wanted: Durability) -> None:
    await check_durability(redis, wanted)


@pytest.mark.parametrize(
    ("wanted", "name", "value", "message"),
    [
        ("fsync", "appendfsync", "everysec", "appendfsync is everysec, must be always"),
        ("fsync", "appendfsync", "no", "appendfsync is no, must be always"),
        ("fsync", "no-appendfsync-on-rewrite", "yes", "no-appendfsync-on-rewrite is yes, must be no"),
        ("fsync", "appendonly", "no", "appendonly is no, must be yes"),
        ("fsync", "maxmemory-policy", "volatile-ttl", "maxmemory-policy is volatile-ttl, must be noeviction"),
        ("memory", "maxmemory-policy", "allkeys-lru", "maxmemory-policy is allkeys-lru, must be noeviction"),
        ("memory", "appendfsync", "everysec", None),
    ],
)
async def test_each_setting_that_loses_writes_is_named(
    redis: Redis, wanted: Durability, name: str, value: str, message: str | None
) -> None:
    before = (await redis.config_get(name))[name]
    await redis.config_set(name, value)
    try:
        if message is None:
            await check_durability(redis, wanted)
        else:
            with pytest.raises(SettingsError, match=f"^FACEID_REDIS_URL: .*{message}$"):
                await check_durability(redis, wanted)
    finally:
        await redis.config_set(name, before)


async def test_a_server_that_does_not_tell_is_refused(redis: Redis, redis_url: str) -> None:
    await redis.execute_command("ACL", "SETUSER", "teller", "on", ">pw", "~*", "&*", "+@all", "-config")
    pool = create_redis_pool(
        redis_url.replace("redis://", "redis://teller:pw@"), timeout=timedelta(seconds=2)
    )
    try:
        client = Redis(connection_pool=pool)
        assert await read_durability(client) == {"appendonly": "yes", "maxmemory-policy": "noeviction"}
        await check_durability(client, "memory")
        with pytest.raises(SettingsError, match="appendfsync is not reported, must be always"):
            await check_durability(client, "fsync")
    finally:
        await pool.disconnect()
        await redis.execute_command("ACL", "DELUSER", "teller")


async def test_the_settings_in_effect_are_read_as_text(redis: Redis) -> None:
    assert await read_durability(redis) == {
        "appendonly": "yes",
        "appendfsync": "always",
        "no-appendfsync-on-rewrite": "no",
        "maxmemory-policy": "noeviction",
    }


@pytest.fixture
async def slow_to_rewrite(tmp_path: Path) -> AsyncIterator[Process]:
    """A Valkey whose append-only file is off, and whose rewrites take as long as a test wants."""
    async with private_valkey(tmp_path) as server, Redis.from_url(server.url) as redis:
        await redis.config_set("appendonly", "no")
        await redis.mset({f"filler:{n}": b"x" for n in range(2000)})
        await redis.config_set("rdb-key-save-delay", REWRITE_TAKES // 2000)
        yield server


@asynccontextmanager
async def client(server: Process, *, user: str = "") -> AsyncIterator[Redis]:
    pool = create_redis_pool(server.url.replace("redis://", f"redis://{user}"), timeout=timedelta(seconds=2))
    yield Redis(connection_pool=pool)
    await pool.disconnect()


async def log_is(redis: Redis, state: str) -> bool:
    return (await read_durability(redis))["appendonly"] == state


async def rewrites(redis: Redis) -> bool:
    persistence = await redis.info("persistence")
    return bool(persistence["aof_rewrite_in_progress"] or persistence["aof_rewrite_scheduled"])


async def test_a_log_counts_when_its_first_rewrite_has_ended(slow_to_rewrite: Process) -> None:
    async with client(slow_to_rewrite) as redis:
        assert await log_is(redis, "no")
        await redis.config_set("appendonly", "yes")
        assert await rewrites(redis)
        with pytest.raises(NotDurableYet, match="appendonly is being switched on, must be yes"):
            await check_durability(redis, "fsync")
        await check_durability(redis, "memory")
        await until(lambda: log_is(redis, "yes"))
        await check_durability(redis, "fsync")


async def test_a_later_rewrite_changes_nothing(slow_to_rewrite: Process) -> None:
    async with client(slow_to_rewrite) as redis:
        await redis.config_set("appendonly", "yes")
        await until(lambda: log_is(redis, "yes"))
        await redis.bgrewriteaof()
        assert await rewrites(redis)
        await check_durability(redis, "fsync")


async def test_a_setting_that_stays_wrong_is_not_temporary(slow_to_rewrite: Process) -> None:
    async with client(slow_to_rewrite) as redis:
        await redis.config_set("appendonly", "yes")
        await redis.config_set("appendfsync", "everysec")
        with pytest.raises(SettingsError) as caught:
            await check_durability(redis, "fsync")
        assert not isinstance(caught.value, NotDurableYet)


async def test_where_waitaof_is_missing_a_rewrite_that_began_under_our_eyes_is_a_later_one(
    slow_to_rewrite: Process,
) -> None:
    async with client(slow_to_rewrite) as admin, client(slow_to_rewrite, user="older:pw@") as older:
        await admin.execute_command("ACL", "SETUSER", "older", "on", ">pw", "~*", "&*", "+@all", "-waitaof")
        await admin.config_set("appendonly", "yes")
        with pytest.raises(NotDurableYet):
            await check_durability(older, "fsync")
        watch = RedisWatch(older, durability="fsync", timeout=timedelta(seconds=2), memory_rules=MEMORY_RULES)
        await watch.start()
        assert not await usable(watch)
        await until(lambda: usable(watch))
        with capture_logs() as logs:
            await admin.bgrewriteaof()
            await until(lambda: rewritten(admin))
        await watch.aclose()
    assert logs == []


async def test_a_server_that_answers_strangely_is_not_used_and_looked_at_again(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = RedisWatch(redis, durability="memory", timeout=timedelta(seconds=2), memory_rules=MEMORY_RULES)
    await watch.start()
    assert await usable(watch)
    with monkeypatch.context() as strange:
        strange.setattr(redis_watch, "read_memory", tell_no_memory)
        await until(lambda: has_failed(watch, 2))
        assert not await usable(watch)
    await until(lambda: usable(watch))
    await watch.aclose()


async def tell_no_memory(_: Redis) -> None:
    raise KeyError("used_memory")


async def has_failed(watch: RedisWatch, times: int) -> bool:
    return watch.attempts >= times


async def usable(watch: RedisWatch) -> bool:
    return watch.usable


async def rewritten(redis: Redis) -> bool:
    return not await rewrites(redis)


async def test_callbacks_accepted_during_the_first_rewrite_survive_a_crash_of_redis(
    slow_to_rewrite: Process, tmp_path: Path, keys: KeyRing
) -> None:
    sent = [callback(payload(n)) for n in range(20)]
    async with (
        client(slow_to_rewrite) as redis,
        pool_on(slow_to_rewrite.url) as pool,
        Ingress(pool, keys, folder=tmp_path / "spool") as ingress,
    ):
        await redis.config_set("rdb-key-save-delay", 60_000_000)
        await redis.config_set("appendonly", "yes")
        looked = ingress.watch.attempts
        await until(lambda: has_failed(ingress.watch, looked + 2))
        for each in sent:
            await ingress.intake.accept(each)
        assert await rewrites(redis)
        await slow_to_rewrite.kill()
        await slow_to_rewrite.start()
        await until(ingress.drained)
        assert {each.key for each in await ingress.in_inbox()} == {each.key for each in sent}
