"""Batches that an ingress of version 0.1 left under names without a prefix move into the inbox."""

import time

import pytest
from redis.asyncio import Redis

from adapters.intake.inbox import RedisInbox, encode_batch
from adapters.intake.legacy_inbox import LegacyInbox
from adapters.redis.names import DEFAULT_NAMES, RedisNames
from adapters.sealing.envelope import KeyRing
from tests.support.storage.stores import callback, payload
from tests.support.workers.batches import stored_batches

BATCH = [callback(), callback(payload(2))]


async def leave(redis: Redis, keys: KeyRing, batch_id: str, *, seconds_ago: float) -> None:
    """As version 0.1 wrote a batch."""
    await redis.set(f"inbox:{batch_id}", encode_batch(batch_id, BATCH, keys=keys))
    await redis.zadd("inbox:pending", {batch_id: (time.time() - seconds_ago) * 1000})


@pytest.fixture
def legacy(redis: Redis, keys: KeyRing) -> LegacyInbox:
    return LegacyInbox(redis, keys=keys, names=DEFAULT_NAMES)


async def test_an_old_batch_is_moved_whole(redis: Redis, keys: KeyRing, legacy: LegacyInbox) -> None:
    await leave(redis, keys, "b1", seconds_ago=70)
    assert await legacy.adopt() == 1
    assert await stored_batches(redis, keys) == {"b1": BATCH}
    assert await redis.keys("inbox:*") == []
    assert await legacy.adopt() == 0


async def test_one_that_an_old_worker_may_have_in_hand_stays(
    redis: Redis, keys: KeyRing, legacy: LegacyInbox
) -> None:
    await leave(redis, keys, "b1", seconds_ago=30)
    assert await legacy.adopt() == 0
    assert await redis.exists("inbox:b1") == 1


async def test_a_batch_sealed_with_another_key_stays(redis: Redis, legacy: LegacyInbox) -> None:
    await leave(redis, KeyRing([b"o" * 32]), "b1", seconds_ago=700)
    assert await legacy.adopt() == 0
    assert await redis.exists("inbox:b1") == 1


async def test_foreign_entries_hide_none_of_our_batches(
    redis: Redis, keys: KeyRing, legacy: LegacyInbox
) -> None:
    for n in range(250):
        await leave(redis, KeyRing([b"o" * 32]), f"o{n}", seconds_ago=700)
    await redis.zadd("inbox:pending", {b"\xff": 1})
    await leave(redis, keys, "b1", seconds_ago=70)
    assert await legacy.adopt() == 1
    assert await stored_batches(redis, keys) == {"b1": BATCH}


async def test_without_a_prefix_nothing_is_moved(redis: Redis, keys: KeyRing) -> None:
    bare = RedisNames(prefix="")
    await RedisInbox(redis, keys=keys, names=bare).hand_over("b1", BATCH)
    await redis.zadd("inbox:pending", {"b1": 1})
    assert await LegacyInbox(redis, keys=keys, names=bare).adopt() == 0
    assert await stored_batches(redis, keys, names=bare) == {"b1": BATCH}
