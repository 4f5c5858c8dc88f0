"""Callbacks of one verification that wait in inbox and spool are counted, and nothing is changed."""

from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from redis.asyncio import Redis

from adapters.intake.inbox import RedisInbox, encode_batch
from adapters.intake.spool.frames import Frame, encode_frame
from adapters.intake.waiting import WaitingCallbacks
from adapters.redis.names import DEFAULT_NAMES
from adapters.sealing.batch_ids import new_batch_id
from adapters.sealing.envelope import KeyRing
from adapters.store.dead_letters import verification_named
from domain.model import verification_id
from tests.support.storage.dumps import dump_redis
from tests.support.storage.stores import biz_id, callback, payload

MINE = verification_id("demo", biz_id(1))
BATCH = [callback(payload(1)), callback(payload(2)), callback(payload(1), app_id="other")]


def waiting(redis: Redis, keys: KeyRing, spool: Path | None = None) -> WaitingCallbacks:
    return WaitingCallbacks(redis, keys=keys, named=verification_named, spool=spool)


async def test_every_batch_of_the_inbox_is_looked_into(
    inbox: RedisInbox, redis: Redis, keys: KeyRing
) -> None:
    found = waiting(redis, keys)
    assert await found.in_inbox(MINE) == 0
    for _ in range(102):
        await inbox.hand_over(new_batch_id(3), BATCH)
    await inbox.claim(lease=timedelta(minutes=1))
    await redis.set(DEFAULT_NAMES.batch + "sealed-by-another", b"x" * 80)
    await redis.zadd(DEFAULT_NAMES.unreadable, {"sealed-by-another": 1, "gone": 1})
    before = await dump_redis(redis)

    assert await found.in_inbox(MINE) == 102
    assert await found.in_inbox(verification_id("demo", biz_id(3))) == 0
    assert await dump_redis(redis) == before


async def test_whole_frames_of_the_spool_are_looked_into(redis: Redis, keys: KeyRing, tmp_path: Path) -> None:
    frames = b""
    for _ in range(2):
        batch_id = uuid4().hex
        frames += encode_frame(Frame(batch_id, encode_batch(batch_id, BATCH, keys=keys)))
    for folder, name in (("0", "000000000001.seg"), ("1", "000000000001.bad")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_bytes(frames + frames[:50])
    (tmp_path / "0" / "000000000002.seg").symlink_to(tmp_path / "1" / "000000000001.bad")

    assert await waiting(redis, keys, tmp_path).in_spool(MINE) == 4
    assert await waiting(redis, keys).in_spool(MINE) == 0
