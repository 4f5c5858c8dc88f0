"""Redis keeps memory for the workers that drain it, however much ingresses write."""

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from redis.asyncio import BlockingConnectionPool, Redis
from redis.exceptions import OutOfMemoryError
from structlog.testing import capture_logs

from adapters.intake.inbox import RedisInbox
from adapters.intake.queue import create_queue
from adapters.intake.return_hints import RedisReturnHints
from adapters.redis.memory import read_memory
from adapters.redis.names import DEFAULT_NAMES
from adapters.sealing.batch_ids import new_batch_id
from adapters.sealing.envelope import KeyRing
from devstack.waiting import until
from domain.model import AcceptedCallback
from tests.support.servers.private import private_valkey
from tests.support.storage.intakes import Ingress, pool_on
from tests.support.storage.stores import callback, payload

PROCESSES = 3
ROOM = 4_000_000
"""Bytes of `maxmemory` beyond what an empty Redis uses."""


def large(n: int) -> AcceptedCallback:
    """A callback that compresses badly, as pictures do."""
    noise = "".join(f"{(n * 7919 + k * 104729) % 2**32:08x}" for k in range(1500))
    return callback(payload(n) | {"request_id": noise})


async def used_share(redis: Redis) -> float:
    memory = await read_memory(redis)
    return memory.used / memory.most


def spools(ingress: Ingress) -> bool:
    return ingress.intake.status().spool_bytes > 0


async def test_ingresses_leave_room_and_fill_the_inbox_again_when_it_empties(
    tmp_path: Path, keys: KeyRing
) -> None:
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(private_valkey(tmp_path))
        pool = await stack.enter_async_context(pool_on(server.url))
        redis: Redis = Redis(connection_pool=pool)
        await redis.config_set("maxmemory", (await read_memory(redis)).used + ROOM)
        ingresses = [
            await stack.enter_async_context(Ingress(pool, keys, folder=tmp_path / "spool"))
            for _ in range(PROCESSES)
        ]
        with capture_logs() as logs:
            sent = 0
            while not all(each.intake.status().redis_full and spools(each) for each in ingresses):
                await asyncio.gather(
                    *(ingresses[n % PROCESSES].intake.accept(large(n)) for n in range(sent, sent + 60))
                )
                sent += 60
        assert [each["event"] for each in logs].count("redis.full") >= PROCESSES
        assert not [each for each in logs if each.get("error") == "OutOfMemoryError"]
        assert 0.5 < await used_share(redis) < 0.9
        assert await redis.set("a worker's claim", b"x" * 50_000), "there is room for those who empty it"

        # The spool first: what it hands over meanwhile is in the inbox by then.
        kept = {each.key for each in ingresses[0].in_spool()}
        kept |= {each.key for each in await ingresses[0].in_inbox()}
        assert len(kept) == sent
        recorded: set[object] = set()

        async def all_is_through() -> bool:
            """The worker's part: remove recorded batches."""
            claim = await ingresses[0].inbox.claim(lease=timedelta(seconds=60))
            recorded.update(each.key for batch in claim.batches for each in batch.callbacks or ())
            if claim.batches:
                await ingresses[0].inbox.finish([batch.batch_id for batch in claim.batches])
            assert await used_share(redis) < 0.9
            return len(recorded) == sent

        await until(all_is_through, patience=30)
        assert not any(spools(each) for each in ingresses)


async def test_no_return_hint_is_sent_while_there_is_no_room(
    redis: Redis, redis_pool: BlockingConnectionPool
) -> None:
    room = False
    return_hints = RedisReturnHints(
        create_queue(redis_pool), grace=timedelta(seconds=30), has_room=lambda: room
    )
    return_hints.note_return(UUID(int=1))
    room = True
    return_hints.note_return(UUID(int=2))
    await return_hints.aclose()
    assert await redis.zcard(DEFAULT_NAMES.queue) == 1


async def test_batches_leave_a_redis_that_others_have_filled(redis: Redis, keys: KeyRing) -> None:
    inbox, ids = RedisInbox(redis, keys=keys), [new_batch_id(1) for _ in range(300)]
    for n, batch_id in enumerate(ids):
        await inbox.hand_over(batch_id, [callback(payload(n))])
    await redis.config_set("maxmemory", "1mb")
    try:
        with pytest.raises(OutOfMemoryError):
            await redis.set("anything", b"else")
        finished: list[str] = []
        while batches := (await inbox.claim(lease=timedelta(seconds=60), finished=finished)).batches:
            finished = [batch.batch_id for batch in batches]
            await inbox.renew(finished, lease=timedelta(seconds=60))
            await inbox.wake_another()
        assert await inbox.depth() == 0
    finally:
        await redis.config_set("maxmemory", "0")
