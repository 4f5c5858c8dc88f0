"""The inbox keeps batches without an end, hands untouched ones out again, and tells nothing."""

import asyncio
from datetime import timedelta

import pytest
from redis.asyncio import Redis

from adapters.envelope import KeyRing
from adapters.inbox import PENDING, STARTS, RedisInbox
from domain.errors import BrokenSeal
from domain.model import CallbackKind
from tests.adapters.builders import callback, dump_redis, payload, traces

MINUTE = timedelta(minutes=1)
AT_ONCE = timedelta(seconds=-1)
"""Untouched for less than nothing: every batch is stale."""

BATCH = [callback(), callback(payload(2), app_id="other", kind=CallbackKind.RETURN, secret_index=1)]


async def test_a_batch_comes_back_as_it_was_put(inbox: RedisInbox) -> None:
    await inbox.put("b1", BATCH)
    assert await inbox.load("b1") == BATCH
    assert await inbox.depth() == 1


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


async def test_writing_a_batch_twice_is_harmless(inbox: RedisInbox) -> None:
    await inbox.put("b1", BATCH)
    await inbox.put("b1", BATCH)
    assert await inbox.depth() == 1
    assert await inbox.load("b1") == BATCH


async def test_parts_take_the_place_of_a_batch_and_count_their_own_attempts(inbox: RedisInbox) -> None:
    await inbox.put("b1", BATCH)
    await inbox.start("b1")
    assert await inbox.claim_stale(untouched=AT_ONCE) == {"b1": 1}
    await inbox.replace("b1", {"b1-0": BATCH[:1], "b1-1": BATCH[1:]})
    assert await inbox.load("b1") is None
    assert await inbox.load("b1-0") == BATCH[:1]
    assert await inbox.load("b1-1") == BATCH[1:]
    assert await inbox.claim_stale(untouched=AT_ONCE) == {"b1-0": 0, "b1-1": 0}


async def test_a_batch_touched_by_a_clock_far_ahead_is_stale(inbox: RedisInbox, redis: Redis) -> None:
    for batch_id in ("ahead", "far-ahead"):
        await inbox.put(batch_id, BATCH)
    await redis.zincrby(PENDING, MINUTE.total_seconds() * 1000 * 0.9, "ahead")
    await redis.zincrby(PENDING, timedelta(hours=25).total_seconds() * 1000, "far-ahead")
    assert await inbox.claim_stale(untouched=MINUTE) == {"far-ahead": 0}
    assert await inbox.claim_stale(untouched=MINUTE) == {}


async def test_nothing_expires(inbox: RedisInbox, redis: Redis) -> None:
    await inbox.put("b1", BATCH)
    await inbox.replace("b0", {"b0-0": BATCH})
    await inbox.start("b1")
    keys = sorted(await redis.keys("*"))
    assert keys == [b"inbox:b0-0", b"inbox:b1", b"inbox:pending", b"inbox:starts"]
    assert [await redis.ttl(key) for key in keys] == [-1] * 4


async def test_a_fresh_batch_is_not_stale(inbox: RedisInbox) -> None:
    await inbox.put("b1", BATCH)
    assert await inbox.claim_stale(untouched=MINUTE) == {}


async def test_stale_batches_are_claimed_oldest_first_and_counted(inbox: RedisInbox, redis: Redis) -> None:
    for batch_id, score in (("b2", 2), ("b1", 1), ("b3", 3)):
        await inbox.put(batch_id, BATCH)
        await redis.zadd(PENDING, {batch_id: score})
    assert list(await inbox.claim_stale(untouched=MINUTE, limit=2)) == ["b1", "b2"]
    assert await inbox.claim_stale(untouched=MINUTE) == {"b3": 0}
    assert await inbox.claim_stale(untouched=MINUTE) == {}, "a claimed batch counts as touched"
    for _ in range(2):
        assert await inbox.start("b1") == BATCH
    await redis.zadd(PENDING, {"b1": 1})
    assert await inbox.claim_stale(untouched=MINUTE) == {"b1": 2}
    await inbox.forgive("b1")
    await redis.zadd(PENDING, {"b1": 1})
    assert await inbox.claim_stale(untouched=MINUTE) == {"b1": 0}


async def test_a_batch_that_is_gone_is_not_counted(inbox: RedisInbox, redis: Redis) -> None:
    assert await inbox.start("b1") is None
    assert await redis.keys("*") == []


async def test_loading_touches_a_batch(inbox: RedisInbox, redis: Redis) -> None:
    await inbox.put("b1", BATCH)
    await redis.zadd(PENDING, {"b1": 1})
    await inbox.load("b1")
    assert await inbox.claim_stale(untouched=MINUTE) == {}


async def test_a_batch_put_again_keeps_its_attempts(inbox: RedisInbox, redis: Redis) -> None:
    await inbox.put("b1", BATCH)
    await inbox.start("b1")
    await inbox.put("b1", BATCH)
    assert await redis.hgetall(STARTS) == {b"b1": b"1"}  # type: ignore[misc]


async def test_claiming_a_batch_that_is_just_finished_does_not_bring_it_back(
    inbox: RedisInbox, redis: Redis
) -> None:
    for number in range(40):
        await inbox.put(f"b{number}", BATCH)
    claims = (inbox.claim_stale(untouched=AT_ONCE) for _ in range(5))
    ends = (inbox.finish(f"b{number}") for number in range(40))
    await asyncio.gather(*claims, *ends)
    assert await inbox.depth() == 0
    assert await redis.keys("inbox:b*") == []


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
