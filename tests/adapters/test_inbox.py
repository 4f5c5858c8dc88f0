"""What of the inbox is Redis's own: its keys have no end, and tell nothing. The rest: tests/contracts."""

from datetime import timedelta

import pytest
from redis.asyncio import Redis

from adapters.envelope import KeyRing
from adapters.inbox import RedisInbox
from domain.errors import BrokenSeal
from domain.model import CallbackKind
from tests.adapters.builders import callback, dump_redis, payload, traces

MINUTE = timedelta(minutes=1)
AT_ONCE = timedelta(seconds=-1)
"""Untouched for less than nothing: every batch is stale."""

BATCH = [callback(), callback(payload(2), app_id="other", kind=CallbackKind.RETURN, secret_index=1)]


async def test_an_unknown_batch_is_none_and_leaves_no_trace(inbox: RedisInbox, redis: Redis) -> None:
    assert await inbox.load("b1") is None
    assert await redis.keys("*") == []


async def test_a_finished_batch_leaves_nothing(inbox: RedisInbox, redis: Redis) -> None:
    await inbox.put("b1", BATCH)
    await inbox.claim_stale(untouched=AT_ONCE)
    await inbox.finish("b1")
    assert await inbox.load("b1") is None
    assert await redis.keys("*") == []
    await inbox.finish("b1")


async def test_nothing_expires(inbox: RedisInbox, redis: Redis) -> None:
    await inbox.put("b1", BATCH)
    await inbox.replace("b0", {"b0-0": BATCH})
    await inbox.start("b1")
    keys = sorted(await redis.keys("*"))
    assert keys == [b"inbox:b0-0", b"inbox:b1", b"inbox:pending", b"inbox:starts"]
    assert [await redis.ttl(key) for key in keys] == [-1] * 4


async def test_a_batch_that_is_gone_is_not_counted(inbox: RedisInbox, redis: Redis) -> None:
    assert await inbox.start("b1") is None
    assert await redis.keys("*") == []


async def test_another_key_does_not_open_a_batch(inbox: RedisInbox, redis: Redis) -> None:
    await inbox.put("b1", BATCH)
    with pytest.raises(BrokenSeal):
        await RedisInbox(redis, keys=KeyRing([b"o" * 32])).load("b1")


async def test_a_batch_under_another_id_does_not_open(inbox: RedisInbox, redis: Redis) -> None:
    await inbox.put("b1", BATCH)
    await redis.copy("inbox:b1", "inbox:b2")
    with pytest.raises(BrokenSeal):
        await inbox.load("b2")


async def test_redis_never_holds_an_identity(inbox: RedisInbox, redis: Redis) -> None:
    await inbox.put("b1", BATCH)
    await inbox.replace("b0", {"b0-0": BATCH})
    assert traces(await dump_redis(redis)) == []
    await redis.set("probe", BATCH[0].data)
    assert traces(await dump_redis(redis)), "the check would notice"
