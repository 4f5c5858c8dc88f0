"""The Redis side of the inbox: its keys never expire and contain no plain text. For the rest see
tests/usecases/ports.
"""

from datetime import timedelta

import pytest
import zstandard
from redis.asyncio import Redis

from adapters.intake.inbox import MOST_BYTES, RedisInbox
from adapters.redis.names import DEFAULT_NAMES, RedisNames
from adapters.sealing.batch_ids import new_batch_id
from adapters.sealing.envelope import KeyRing
from domain.model import CallbackKind
from tests.support.storage.dumps import dump_redis, traces
from tests.support.storage.stores import callback, payload

MINUTE = timedelta(minutes=1)
BATCH = [callback(), callback(payload(2), app_id="other", kind=CallbackKind.RETURN, secret_index=1)]


async def lapse(redis: Redis) -> None:
    for batch_id in await redis.zrange(DEFAULT_NAMES.claimed, 0, -1):
        await redis.zadd(DEFAULT_NAMES.claimed, {batch_id: 1})


async def inbox_keys(redis: Redis) -> list[str]:
    return sorted(key.decode() for key in await redis.keys("faceid:inbox:*"))


async def test_a_finished_batch_leaves_nothing(inbox: RedisInbox, redis: Redis) -> None:
    await inbox.hand_over("b1", BATCH)
    await inbox.claim(lease=MINUTE)
    await inbox.finish(["b1"])
    assert await inbox_keys(redis) == []


async def test_nothing_expires(inbox: RedisInbox, redis: Redis) -> None:
    await inbox.hand_over("b1", BATCH)
    await inbox.hand_over("b2", BATCH)
    await inbox.claim(lease=MINUTE, limit=1)
    await inbox.split("b0", BATCH[:1])
    keys = await inbox_keys(redis)
    names = ["b0-0", "b1", "b2", "claimed", "pending", "starts"]
    assert keys == [f"faceid:inbox:{name}" for name in names]
    assert {await redis.ttl(key) for key in keys} == {-1}


async def test_an_index_entry_without_its_batch_is_forgotten(inbox: RedisInbox, redis: Redis) -> None:
    await redis.zadd(DEFAULT_NAMES.pending, {"gone": 1})
    await redis.zadd(DEFAULT_NAMES.claimed, {"gone-too": 1})
    assert (await inbox.claim(lease=MINUTE)).batches == []
    assert await inbox_keys(redis) == []


async def test_foreign_ids_are_dropped_and_their_keys_stay(inbox: RedisInbox, redis: Redis) -> None:
    odd = [b"\xff\xfe", b"a b", "批次".encode(), b"x\ny"]
    for name in odd:
        await redis.set(b"faceid:inbox:" + name, b"theirs")
        await redis.zadd(DEFAULT_NAMES.pending, {name: 1})
    await inbox.hand_over("b1", BATCH)
    assert [batch.batch_id for batch in (await inbox.claim(lease=MINUTE)).batches] == ["b1"]
    assert await redis.zcard(DEFAULT_NAMES.pending) == 0
    assert {await redis.get(b"faceid:inbox:" + name) for name in odd} == {b"theirs"}


async def test_a_name_under_which_no_batch_can_stand_is_dropped(inbox: RedisInbox, redis: Redis) -> None:
    await inbox.hand_over("b1", BATCH)
    for name in ("pending", "claimed"):
        await redis.zadd(DEFAULT_NAMES.pending, {name: 1})
    await redis.zadd(DEFAULT_NAMES.claimed, {"pending": 1})
    assert [batch.batch_id for batch in (await inbox.claim(lease=MINUTE)).batches] == ["b1"]
    assert await redis.zcard(DEFAULT_NAMES.pending) == 0
    assert await redis.zrange(DEFAULT_NAMES.claimed, 0, -1) == [b"b1"]


@pytest.mark.parametrize("nonsense", ["", "x", "1.5", "-1", "1e9", "nan", "9" * 30, b"\xff"])
async def test_starts_that_are_no_number_count_as_none(
    inbox: RedisInbox, redis: Redis, nonsense: str | bytes
) -> None:
    await inbox.hand_over("b1", BATCH)
    await inbox.claim(lease=MINUTE)
    await redis.hset(DEFAULT_NAMES.starts, "b1", nonsense)  # type: ignore[misc, arg-type]
    for starts in (0, 1):
        await lapse(redis)
        [batch] = (await inbox.claim(lease=MINUTE)).batches
        assert batch.starts == starts


@pytest.mark.parametrize("packed", [b"", b"no zstandard", zstandard.compress(b'{"a": 1}')])
async def test_a_format_of_a_newer_version_counts_as_unreadable(
    inbox: RedisInbox, redis: Redis, keys: KeyRing, packed: bytes
) -> None:
    await inbox.hand_over_sealed("b1", keys.seal_batch("b1", packed))
    await inbox.hand_over("b2", BATCH)
    claim = await inbox.claim(lease=MINUTE)
    assert [(batch.batch_id, batch.callbacks) for batch in claim.batches] == [("b1", None), ("b2", BATCH)]


async def test_the_size_of_a_group_is_counted_in_callbacks(inbox: RedisInbox) -> None:
    for _ in range(4):
        await inbox.hand_over(new_batch_id(len(BATCH)), BATCH)
    claims = [await inbox.claim(lease=MINUTE, limit=5) for _ in range(2)]
    assert [len(claim.batches) for claim in claims] == [2, 2]


async def test_the_size_of_a_group_is_bounded_in_bytes_too(inbox: RedisInbox, redis: Redis) -> None:
    for number in range(3):
        sealed = b"x" * (MOST_BYTES // 2)
        await inbox.hand_over_sealed(f"b{number}", sealed)
    assert [len((await inbox.claim(lease=MINUTE)).batches) for _ in range(2)] == [2, 1]


async def test_a_batch_that_no_key_decrypts_is_unreadable_and_delays_no_other(
    inbox: RedisInbox, redis: Redis
) -> None:
    await RedisInbox(redis, keys=KeyRing([b"o" * 32])).hand_over("b1", BATCH)
    await inbox.hand_over("b2", BATCH)
    await redis.copy("faceid:inbox:b2", "faceid:inbox:b3")
    await redis.zadd(DEFAULT_NAMES.pending, {"b3": 1})
    read = {batch.batch_id: batch.callbacks for batch in (await inbox.claim(lease=MINUTE)).batches}
    assert read == {"b1": None, "b2": BATCH, "b3": None}


async def test_a_batch_set_aside_is_not_claimed_until_taken_back(inbox: RedisInbox, redis: Redis) -> None:
    await inbox.hand_over("b1", BATCH)
    await inbox.claim(lease=MINUTE)
    await inbox.set_aside("b1")
    await lapse(redis)
    assert (await inbox.claim(lease=MINUTE)).batches == []
    assert await inbox.depth() == 1
    assert await inbox.take_back(after=MINUTE) == 0
    assert await inbox.take_back(after=timedelta(0)) == 1
    [batch] = (await inbox.claim(lease=MINUTE)).batches
    assert (batch.batch_id, batch.starts, batch.callbacks) == ("b1", 0, BATCH)


async def test_two_gateways_with_different_prefixes_share_a_database(redis: Redis, keys: KeyRing) -> None:
    ours, theirs = (RedisInbox(redis, keys=keys, names=RedisNames(prefix)) for prefix in ("a:", "b:"))
    await ours.hand_over("b1", BATCH)
    assert (await theirs.claim(lease=MINUTE)).batches == []
    assert len((await ours.claim(lease=MINUTE)).batches) == 1
    assert all(b"a:" in key for key in await redis.keys("*"))


async def test_redis_never_holds_an_identity(inbox: RedisInbox, redis: Redis) -> None:
    await inbox.hand_over("b1", BATCH)
    await inbox.split("b0", BATCH)
    assert traces(await dump_redis(redis)) == []
    await redis.set("probe", BATCH[0].data)
    assert traces(await dump_redis(redis)), "the check would notice"
